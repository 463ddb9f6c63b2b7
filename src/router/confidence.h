// Confidence: how likely an answer of the local model is right, from the log-probabilities it was given with.
//
// Plain value, one thread: add() the tokens of an answer as they come, score() at any time. What the score is worth is
// measured by `ingle eval router`; where its weights come from stands in docs/router.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "chat/types.h"

namespace ingle::router {

/// What a request for an answer that is to be judged asks for: the likeliest tokens a step.
inline constexpr int32_t kConfidenceLogprobs = 20;

class Confidence {
 public:
  struct Features {
    double n_tokens = 0;
    double mean_logprob = 0;   // of the likeliest token of each step: what sampling then drew says little
    double min_logprob = 0;    // of the least sure step
    double weak_share = 0;     // share of steps whose likeliest token has less than half of the probability
    double mean_entropy = 0;   // in nats, over the likeliest tokens of each step
    double first_entropy = 0;  // of the first step that says something
    double first_margin = 0;   // its likeliest over its second likeliest, as a difference of probabilities
  };

  void add(const chat::TokenInfo& token);
  bool empty() const { return n_tokens_ == 0; }
  Features features() const;
  /// From 0 to 1; 0 for no answer at all.
  double score() const;

 private:
  size_t n_tokens_ = 0;
  double sum_logprob_ = 0;
  double min_logprob_ = 0;
  size_t n_weak_ = 0;
  double sum_entropy_ = 0;
  bool has_first_ = false;
  double first_entropy_ = 0;
  double first_margin_ = 0;
};

double score_of(const Confidence::Features& features);

/// Below this the router asks a provider, unless the policy says otherwise.
inline constexpr double kDefaultThreshold = 0.5;

}  // namespace ingle::router
