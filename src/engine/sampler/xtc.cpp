#include "engine/sampler/filters.h"

namespace ingle::engine {

void filter_xtc(Candidates& candidates, float threshold) {
  if (threshold > 0.5F) return;
  softmax(candidates);
  const Candidate* least = nullptr;
  const auto reaches = [threshold](const Candidate& c) { return c.p >= threshold && c.p > 0; };
  for (const Candidate& c : candidates.items) {
    if (reaches(c) && (least == nullptr || likelier(*least, c))) least = &c;
  }
  if (least == nullptr) return;
  const int32_t kept = least->id;
  std::erase_if(candidates.items, [&](const Candidate& c) { return reaches(c) && c.id != kept; });
}

}  // namespace ingle::engine
