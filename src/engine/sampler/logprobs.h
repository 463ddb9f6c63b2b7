// Log-probabilities of the raw logits, before any filter or penalty, in double.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace ingle::engine {

/// log(sum(exp(logits))).
double log_sum_exp(std::span<const float> logits);

/// The `k` most likely tokens with their log-probabilities; equal ones by lower id.
std::vector<std::pair<int32_t, double>> top_logprobs(std::span<const float> logits, double log_sum, uint32_t k);

}  // namespace ingle::engine
