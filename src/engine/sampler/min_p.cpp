#include <cmath>
#include <limits>

#include "engine/sampler/filters.h"

namespace ingle::engine {

void filter_min_p(Candidates& candidates, float p) {
  if (p <= 0) return;
  float best = -std::numeric_limits<float>::infinity();
  for (const Candidate& c : candidates.items)
    best = std::max(best, c.logit);
  // p_i >= p * p_max, in logits; p above 1 still leaves the best.
  const float least = best + std::log(std::min(p, 1.0F));
  std::erase_if(candidates.items, [least](const Candidate& c) { return c.logit < least; });
}

}  // namespace ingle::engine
