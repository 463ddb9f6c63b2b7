#include "router/confidence.h"

#include <algorithm>
#include <cmath>

namespace ingle::router {
namespace {

/// Says something: any letter or digit, or a byte of a character beyond ASCII.
bool is_content(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           static_cast<unsigned char>(c) >= 0x80;
  });
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
  if (has_first_ || !is_content(token.chosen.text)) return;
  has_first_ = true;
  first_entropy_ = entropy;
  const double second = token.top.size() > 1 ? std::exp(static_cast<double>(token.top[1].logprob)) : 0;
  first_margin_ = std::exp(best) - second;
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
          .first_margin = first_margin_};
}

double score_of(const Confidence::Features& f) {
  if (f.n_tokens == 0) return 0;
  const double z = 1.5 + 1.0 * f.mean_logprob + 0.5 * f.min_logprob - 0.5 * f.first_entropy;
  return 1 / (1 + std::exp(-z));
}

double Confidence::score() const {
  return score_of(features());
}

}  // namespace ingle::router
