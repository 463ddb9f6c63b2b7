// A vector's items in the order of one of their members, equals in the order of the vector, as indices: how names are looked up and duplicates found.
// Sorting, not hashing: names come from files, and a file could be made whose names all collide. Private to this module.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <numeric>
#include <vector>

namespace ingle::gguf {

template <typename Item, typename Key>
std::vector<uint32_t> order_by(const std::vector<Item>& items, Key Item::* key) {
  std::vector<uint32_t> order(items.size());
  std::iota(order.begin(), order.end(), uint32_t{0});
  std::ranges::sort(order, [&](uint32_t a, uint32_t b) {
    if (items[a].*key < items[b].*key) return true;
    if (items[b].*key < items[a].*key) return false;
    return a < b;
  });
  return order;
}

}  // namespace ingle::gguf
