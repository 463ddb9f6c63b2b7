#include "text/grammar/token_tree.h"

#include <algorithm>

namespace ingle::text::grammar {
namespace {

size_t common_prefix(std::string_view a, std::string_view b) {
  return static_cast<size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

}  // namespace

TokenTree::TokenTree(const std::vector<Entry>& sorted) {
  nodes_.clear();
  roots_.fill(kNone);
  std::vector<uint32_t> open;  // nodes on the way to the last string
  std::string_view last;
  const auto close_to = [&](size_t depth) {
    for (; open.size() > depth; open.pop_back())
      nodes_[open.back()].skip = static_cast<uint32_t>(nodes_.size());
  };
  for (const Entry& entry : sorted) {
    close_to(common_prefix(last, entry.bytes));
    for (size_t i = open.size(); i < entry.bytes.size(); ++i) {
      const auto byte = static_cast<uint8_t>(entry.bytes[i]);
      const auto node = static_cast<uint32_t>(nodes_.size());
      if (i == 0) roots_[byte] = node;
      open.push_back(node);
      nodes_.push_back({0, static_cast<uint32_t>(tokens_.size()), byte, static_cast<uint8_t>(i + 1)});
    }
    // In sorted order a string's node is always the newest one, so its tokens are the last of the list.
    tokens_.push_back(entry.id);
    last = entry.bytes;
  }
  close_to(0);
  nodes_.push_back({0, static_cast<uint32_t>(tokens_.size()), 0, 0});
}

}  // namespace ingle::text::grammar
