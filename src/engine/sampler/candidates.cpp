#include "engine/sampler/candidates.h"

#include <cmath>
#include <limits>

#include "base/check.h"

namespace ingle::engine {
namespace {

float max_logit(const Candidates& candidates) {
  if (candidates.sorted) return candidates.items.front().logit;
  float best = -std::numeric_limits<float>::infinity();
  for (const Candidate& c : candidates.items)
    best = std::max(best, c.logit);
  return best;
}

}  // namespace

void select_top_k(std::span<const float> logits, int32_t k, Candidates& out) {
  INGLE_CHECK(!logits.empty());
  out.items.clear();
  if (k <= 0 || static_cast<size_t>(k) >= logits.size()) {
    out.items.resize(logits.size());
    for (size_t i = 0; i < logits.size(); ++i)
      out.items[i] = {static_cast<int32_t>(i), logits[i], 0};
    out.sorted = false;
    return;
  }
  // A heap of the k best so far with the worst on top: most of the vocabulary costs one comparison.
  const auto wanted = static_cast<size_t>(k);
  for (size_t i = 0; i < wanted; ++i)
    out.items.push_back({static_cast<int32_t>(i), logits[i], 0});
  std::make_heap(out.items.begin(), out.items.end(), likelier);
  for (size_t i = wanted; i < logits.size(); ++i) {
    // Ids grow, so an equal logit met later is the less likely one.
    if (logits[i] <= out.items.front().logit) continue;
    std::pop_heap(out.items.begin(), out.items.end(), likelier);
    out.items.back() = {static_cast<int32_t>(i), logits[i], 0};
    std::push_heap(out.items.begin(), out.items.end(), likelier);
  }
  std::sort_heap(out.items.begin(), out.items.end(), likelier);
  out.sorted = true;
}

void softmax(Candidates& candidates) {
  const float best = max_logit(candidates);
  double total = 0;
  for (Candidate& c : candidates.items) {
    c.p = std::exp(c.logit - best);
    total += static_cast<double>(c.p);
  }
  const auto scale = static_cast<float>(1.0 / total);
  for (Candidate& c : candidates.items)
    c.p *= scale;
}

int32_t argmax(std::span<const float> logits) {
  size_t best = 0;
  for (size_t i = 1; i < logits.size(); ++i) {
    if (logits[i] > logits[best]) best = i;
  }
  return static_cast<int32_t>(best);
}

int32_t draw(const Candidates& candidates, double u) {
  const auto best = static_cast<double>(max_logit(candidates));
  double total = 0;
  for (const Candidate& c : candidates.items)
    total += std::exp(static_cast<double>(c.logit) - best);
  const double target = u * total;
  double reached = 0;
  int32_t last_possible = candidates.items.front().id;
  for (const Candidate& c : candidates.items) {
    const double weight = std::exp(static_cast<double>(c.logit) - best);
    if (weight == 0) continue;
    reached += weight;
    last_possible = c.id;
    if (target < reached) break;
  }
  return last_possible;
}

}  // namespace ingle::engine
