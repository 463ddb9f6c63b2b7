#include <cmath>

#include "engine/sampler/filters.h"

namespace ingle::engine {

void filter_mirostat(Candidates& candidates, float mu) {
  softmax(candidates);
  auto& items = candidates.items;
  const Candidate best = *std::min_element(items.begin(), items.end(), likelier);
  std::erase_if(items, [mu](const Candidate& c) { return -std::log2(c.p) > mu; });
  if (items.empty()) items.push_back(best);
}

float updated_mu(Candidates& candidates, int32_t id, float mu, float tau, float eta) {
  softmax(candidates);
  const auto drawn =
      std::find_if(candidates.items.begin(), candidates.items.end(), [id](const Candidate& c) { return c.id == id; });
  const float surprise = -std::log2(drawn->p);
  const float next = mu - eta * (surprise - tau);
  return std::isfinite(next) ? next : 2 * tau;
}

}  // namespace ingle::engine
