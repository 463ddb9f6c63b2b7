#include "engine/sampler/logprobs.h"

#include <algorithm>
#include <cmath>

#include "engine/sampler/candidates.h"
#include "engine/sampler/exponential.h"

namespace ingle::engine {

double log_sum_exp(std::span<const float> logits) {
  const float best = logits[static_cast<size_t>(argmax(logits))];
  return static_cast<double>(best) + std::log(sum_of_exponentials(logits, best));
}

std::vector<std::pair<int32_t, double>> top_logprobs(std::span<const float> logits, double log_sum, uint32_t k) {
  std::vector<std::pair<int32_t, double>> top;
  if (k == 0) return top;
  Candidates candidates;
  select_top_k(logits, static_cast<int32_t>(std::min<size_t>(k, logits.size())), candidates);
  if (!candidates.sorted) std::sort(candidates.items.begin(), candidates.items.end(), likelier);
  top.reserve(candidates.items.size());
  for (const Candidate& c : candidates.items)
    top.emplace_back(c.id, static_cast<double>(c.logit) - log_sum);
  return top;
}

}  // namespace ingle::engine
