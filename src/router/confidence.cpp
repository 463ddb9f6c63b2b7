#include "router/confidence.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace ingle::router {
namespace {

/// Less than any token that was ever the likeliest; keeps a broken engine's infinities out of the sums.
constexpr double kLeastLogprob = -30;

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

constexpr size_t kTerms = 5;

/// A logistic regression, fitted by `tools/fit_confidence.py` under the condition that a surer step never makes an answer
/// less sure; the weights are in the order of terms().
struct Calibration {
  std::string_view architecture;  // empty: any
  double min_billions;            // of parameters
  double max_billions;
  double bias;
  std::array<double, kTerms> weights;
  double threshold;  // from which nearly nine of ten short facts that stay are right
};

/// The last row is for every other model: what the measured ones have in common.
constexpr Calibration kCalibrations[] = {
    {"qwen2", 0.4, 0.8, 2.734, {1.328, 1.82, 0, -2.772, 0}, 0.65},
    {"qwen2", 1.4, 2.0, -0.368, {0, 2.541, -0.092, 0, 2.103}, 0.65},
    {"", 0, 1e9, 0.99, {0, 1.84, 0, 0, 0.68}, 0.55},
};

const Calibration& calibration_of(const chat::Description& model) {
  const double billions = static_cast<double>(model.parameters) / 1e9;
  return *std::ranges::find_if(kCalibrations, [&](const Calibration& c) {
    return (c.architecture.empty() || c.architecture == model.architecture) && billions >= c.min_billions &&
           billions <= c.max_billions;
  });
}

double logit(double p) {
  constexpr double kLeast = 1e-4;
  const double q = std::clamp(p, kLeast, 1 - kLeast);
  return std::log(q / (1 - q));
}

std::array<double, kTerms> terms(const Confidence::Features& f) {
  // A longer answer has more places to be torn in, and the least sure of them is less sure for that reason alone.
  constexpr double kShort = 16;
  const double least = f.min_logprob / (1 + std::log(std::max(f.n_tokens, kShort) / kShort));
  return {f.mean_logprob, least, f.first_alike, f.mean_alike, f.p_yes ? logit(*f.p_yes) : 0};
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
  const double best = std::clamp(static_cast<double>(token.top.front().logprob), kLeastLogprob, 0.0);
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
  const Calibration& row = calibration_of(model);
  const auto values = terms(features);
  double z = row.bias;
  for (size_t i = 0; i < values.size(); ++i)
    z += row.weights[i] * values[i];
  return 1 / (1 + std::exp(-z));
}

bool wants_verdict(const chat::Description& model) {
  return calibration_of(model).weights.back() != 0;
}

double default_threshold(const chat::Description& model) {
  return calibration_of(model).threshold;
}

double Confidence::score(const chat::Description& model) const {
  return score_of(features(), model);
}

std::string verdict_id(std::string_view request_id) {
  return std::string(request_id) + "/verdict";
}

Result<std::optional<double>> ask_verdict(chat::Completer& model, const chat::CompleteRequest& request,
                                          std::string_view answer) {
  const auto* prompt = std::get_if<chat::ChatPrompt>(&request.prompt);
  if (prompt == nullptr) return std::nullopt;
  chat::ChatPrompt question = *prompt;
  question.messages.push_back({"assistant", chat::Private(std::string(answer)), {}, {}, {}});
  question.messages.push_back({"user", chat::Private("Is that answer correct? Reply with yes or no."), {}, {}, {}});
  chat::CompleteRequest check;
  check.id = verdict_id(request.id);
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
