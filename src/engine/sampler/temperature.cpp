#include <limits>

#include "engine/sampler/filters.h"

namespace ingle::engine {

void apply_temperature(Candidates& candidates, float temperature) {
  float best = -std::numeric_limits<float>::infinity();
  for (const Candidate& c : candidates.items)
    best = std::max(best, c.logit);
  for (Candidate& c : candidates.items)
    c.logit = (c.logit - best) / temperature;
}

}  // namespace ingle::engine
