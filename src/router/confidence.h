// Confidence: how likely an answer of the local model is right, from the log-probabilities it was given with and, where
// the answer is whole, from what the model says when it is asked whether it is right.
//
// Plain value, one thread: add() the tokens of an answer as they come, score() at any time. What the score is worth is
// measured by `ingle eval router`; where its weights come from stands in docs/router.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "chat/completer.h"
#include "chat/types.h"

namespace ingle::router {

/// What a request for an answer that is to be judged asks for: the likeliest tokens a step.
inline constexpr int32_t kConfidenceLogprobs = 20;

class Confidence {
 public:
  struct Features {
    double n_tokens = 0;
    double mean_logprob = 0;      // of the likeliest token of each step: what sampling then drew says little
    double min_logprob = 0;       // of the least sure step
    double weak_share = 0;        // share of steps whose likeliest token has less than half of the probability
    double mean_entropy = 0;      // in nats, over the likeliest tokens of each step
    double first_entropy = 0;     // of the first step that says something
    double first_alike = 0;       // the same among tokens of its kind: a letter among letters, a number among numbers
    double mean_alike = 0;        // mean of that over the steps that say something
    std::optional<double> p_yes;  // the model's own verdict; nothing: it was not asked
  };

  void add(const chat::TokenInfo& token);
  void add_verdict(double p_yes) { p_yes_ = p_yes; }
  bool empty() const { return n_tokens_ == 0; }
  Features features() const;
  /// From 0 to 1; 0 for no answer at all.
  double score(const chat::Description& model) const;

 private:
  size_t n_tokens_ = 0;
  double sum_logprob_ = 0;
  double min_logprob_ = 0;
  size_t n_weak_ = 0;
  double sum_entropy_ = 0;
  size_t n_content_ = 0;
  double first_entropy_ = 0;
  double first_alike_ = 0;
  double sum_alike_ = 0;
  std::optional<double> p_yes_;
};

/// Calibrated for models that were measured; for others by what those have in common. A verdict that is missing counts as
/// one that is torn.
double score_of(const Confidence::Features& features, const chat::Description& model);

/// Asks the model whether the answer it just gave is right: one short turn more, whose beginning is in the prefix cache.
/// The probability of yes against no, or nothing when it says neither. `request` is the one that was answered.
Result<std::optional<double>> ask_verdict(chat::Completer& model, const chat::CompleteRequest& request,
                                          std::string_view answer);

/// The id under which ask_verdict() asks on behalf of a request: what cancels it.
std::string verdict_id(std::string_view request_id);

/// Whether this model's verdict says anything: that of the smallest does not.
bool wants_verdict(const chat::Description& model);

/// Below this the router asks a provider, unless the policy says otherwise.
double default_threshold(const chat::Description& model);

}  // namespace ingle::router
