#include "router/confidence.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace ingle::router {
namespace {

/// Letters and digits only, small: " B", "**B" and "b" say the same.
std::string said_by(std::string_view token) {
  std::string said;
  for (const char c : token) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80) {
      said += upper ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  return said;
}

enum class Kind : uint8_t { kNothing, kNumber, kLetter, kName, kWord };

Kind kind_of(std::string_view token) {
  const std::string said = said_by(token);
  if (said.empty()) return Kind::kNothing;
  if (std::ranges::all_of(said, [](char c) { return c >= '0' && c <= '9'; })) return Kind::kNumber;
  if (said.size() == 1) return Kind::kLetter;
  const auto first = std::ranges::find_if(token, [](char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; });
  return first != token.end() && *first >= 'A' && *first <= 'Z' ? Kind::kName : Kind::kWord;
}

/// Entropy among what could have been said in this place instead: tokens of another kind are other ways to begin a
/// sentence, and tokens that say the same are one.
double alike_entropy(const chat::TokenInfo& token, Kind kind) {
  std::array<std::pair<std::string, double>, kConfidenceLogprobs> groups;
  size_t n = 0;
  double sum = 0;
  for (const chat::TokenLogprob& other : token.top) {
    if (kind_of(other.text) != kind) continue;
    std::string said = said_by(other.text);
    size_t at = 0;
    while (at < n && groups[at].first != said)
      ++at;
    if (at == groups.size()) break;
    if (at == n) groups[n++] = {std::move(said), 0};
    const double p = std::exp(static_cast<double>(other.logprob));
    groups[at].second += p;
    sum += p;
  }
  double entropy = 0;
  for (size_t i = 0; i < n; ++i) {
    const double p = groups[i].second / sum;
    if (p > 0) entropy -= p * std::log(p);
  }
  return entropy;
}

/// Weights of a logistic regression: intercept, then in the order of terms().
struct Weights {
  double bias;
  std::array<double, 6> of;
};

struct Calibration {
  std::string_view architecture;
  uint64_t min_parameters;
  uint64_t max_parameters;
  Weights with_verdict;
  Weights without;
};

constexpr uint64_t kMillion = 1'000'000;

/// The last row is for every other model.
constexpr Calibration kCalibrations[] = {
    {"", 0, UINT64_MAX, {1.5, {0.5, 0.5, -0.5, -0.5, 0, 0.5}}, {1.5, {0.5, 0.5, -0.5, -0.5, 0, 0}}},
};

double logit(double p) {
  constexpr double kLeast = 1e-4;
  const double q = std::clamp(p, kLeast, 1 - kLeast);
  return std::log(q / (1 - q));
}

std::array<double, 6> terms(const Confidence::Features& f) {
  return {f.mean_logprob, f.min_logprob,        f.first_alike,
          f.mean_alike,   std::log(f.n_tokens), f.p_yes ? logit(*f.p_yes) : 0};
}

}  // namespace

void Confidence::add(const chat::TokenInfo& token) {
  if (token.top.empty()) return;
  // What lies beyond the likeliest tokens counts as one more outcome, so that a flat distribution is not taken for a sure one.
  double entropy = 0;
  double covered = 0;
  for (const chat::TokenLogprob& outcome : token.top) {
    const double p = std::exp(static_cast<double>(outcome.logprob));
    covered += p;
    if (p > 0) entropy -= p * static_cast<double>(outcome.logprob);
  }
  if (const double rest = 1 - covered; rest > 1e-9) entropy -= rest * std::log(rest);
  const double best = std::min(0.0, static_cast<double>(token.top.front().logprob));
  ++n_tokens_;
  sum_logprob_ += best;
  min_logprob_ = std::min(min_logprob_, best);
  if (best < std::log(0.5)) ++n_weak_;
  sum_entropy_ += entropy;
  const Kind kind = kind_of(token.chosen.text);
  if (kind == Kind::kNothing) return;
  const double alike = alike_entropy(token, kind);
  if (n_content_++ == 0) {
    first_entropy_ = entropy;
    first_alike_ = alike;
  }
  sum_alike_ += alike;
}

Confidence::Features Confidence::features() const {
  if (n_tokens_ == 0) return {};
  const auto n = static_cast<double>(n_tokens_);
  return {.n_tokens = n,
          .mean_logprob = sum_logprob_ / n,
          .min_logprob = min_logprob_,
          .weak_share = static_cast<double>(n_weak_) / n,
          .mean_entropy = sum_entropy_ / n,
          .first_entropy = first_entropy_,
          .first_alike = first_alike_,
          .mean_alike = n_content_ == 0 ? 0 : sum_alike_ / static_cast<double>(n_content_),
          .p_yes = p_yes_};
}

double score_of(const Confidence::Features& features, const chat::Description& model) {
  if (features.n_tokens == 0) return 0;
  const Calibration* row = std::ranges::find_if(kCalibrations, [&](const Calibration& c) {
    return (c.architecture.empty() || c.architecture == model.architecture) && model.parameters >= c.min_parameters &&
           model.parameters <= c.max_parameters;
  });
  const Weights& weights = features.p_yes ? row->with_verdict : row->without;
  const auto values = terms(features);
  double z = weights.bias;
  for (size_t i = 0; i < values.size(); ++i)
    z += weights.of[i] * values[i];
  return 1 / (1 + std::exp(-z));
}

double Confidence::score(const chat::Description& model) const {
  return score_of(features(), model);
}

Result<std::optional<double>> ask_verdict(chat::Completer& model, const chat::CompleteRequest& request,
                                          std::string_view answer) {
  const auto* prompt = std::get_if<chat::ChatPrompt>(&request.prompt);
  if (prompt == nullptr) return std::nullopt;
  chat::ChatPrompt question = *prompt;
  question.messages.push_back({"assistant", chat::Private(std::string(answer)), {}, {}, {}});
  question.messages.push_back({"user", chat::Private("Is that answer correct? Reply with yes or no."), {}, {}, {}});
  chat::CompleteRequest check;
  check.id = request.id + "/verdict";
  check.prompt = std::move(question);
  check.sampling.temperature = 0;
  check.max_tokens = 1;
  check.logprobs = kConfidenceLogprobs;
  double yes = 0;
  double no = 0;
  const auto ended = chat::complete_and_wait(model, std::move(check), [&](const chat::Event& event) {
    const auto* delta = std::get_if<chat::Delta>(&event);
    if (delta == nullptr || delta->tokens.empty()) return;
    for (const chat::TokenLogprob& token : delta->tokens.front().top) {
      const std::string said = said_by(token.text);
      if (said == "yes") yes += std::exp(static_cast<double>(token.logprob));
      if (said == "no") no += std::exp(static_cast<double>(token.logprob));
    }
  });
  if (!ended) return std::unexpected(ended.error());
  if (yes + no <= 0) return std::nullopt;
  return yes / (yes + no);
}

}  // namespace ingle::router
