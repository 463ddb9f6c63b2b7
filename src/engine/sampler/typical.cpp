#include <cmath>

#include "engine/sampler/filters.h"

namespace ingle::engine {

void filter_typical(Candidates& candidates, float p) {
  if (p >= 1) return;
  auto& items = candidates.items;
  softmax(candidates);
  double entropy = 0;
  for (const Candidate& c : items) {
    if (c.p > 0) entropy -= static_cast<double>(c.p) * std::log(static_cast<double>(c.p));
  }
  const auto distance = [entropy](const Candidate& c) {
    return std::abs(-std::log(static_cast<double>(c.p)) - entropy);
  };
  const auto more_typical = [&](const Candidate& a, const Candidate& b) {
    const double da = distance(a);
    const double db = distance(b);
    return da < db || (da == db && likelier(a, b));
  };
  // Few candidates are usually enough, and the vocabulary is long: sort as much as is needed.
  size_t n_sorted = 0;
  double sum = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    if (i == n_sorted) {
      n_sorted = std::min(items.size(), std::max<size_t>(256, n_sorted * 8));
      sort_front(items, n_sorted, more_typical);
    }
    sum += static_cast<double>(items[i].p);
    if (sum > static_cast<double>(p)) {
      items.resize(i + 1);
      break;
    }
  }
  candidates.sorted = false;
}

}  // namespace ingle::engine
