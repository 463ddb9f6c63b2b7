#include "engine/sampler/filters.h"

namespace ingle::engine {

void filter_top_p(Candidates& candidates, float p) {
  if (p >= 1) return;
  auto& items = candidates.items;
  softmax(candidates);
  size_t n_sorted = candidates.sorted ? items.size() : 0;
  double sum = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    if (i == n_sorted) {
      n_sorted = std::min(items.size(), std::max<size_t>(256, n_sorted * 8));
      sort_front(items, n_sorted, likelier);
    }
    sum += static_cast<double>(items[i].p);
    if (sum >= static_cast<double>(p)) {
      items.resize(i + 1);
      break;
    }
  }
  candidates.sorted = n_sorted >= items.size();
}

}  // namespace ingle::engine
