#include "text/grammar/token_tree.h"

#include <algorithm>
#include <utility>

namespace ingle::text::grammar {
namespace {

size_t common_prefix(std::string_view a, std::string_view b) {
  return static_cast<size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

std::array<uint64_t, 256> make_groups() {
  std::array<uint64_t, 256> groups{};
  unsigned n = 0;
  const auto add = [&](unsigned first, unsigned last) {
    for (unsigned byte = first; byte <= last; ++byte)
      groups[byte] = uint64_t{1} << n;
    ++n;
  };
  add(0, 0x1F);
  for (unsigned byte = 0x20; byte < 0x7F; ++byte) {
    const auto is = [byte](char first, char last) { return byte >= unsigned(first) && byte <= unsigned(last); };
    if (!is('0', '9') && !is('a', 'z') && !is('A', 'Z')) add(byte, byte);
  }
  add('0', '9');
  add('a', 'f');
  add('g', 'z');
  add('A', 'F');
  add('G', 'Z');
  for (const char c : {'\t', '\n', '\r'})
    add(static_cast<uint8_t>(c), static_cast<uint8_t>(c));
  add(0x7F, 0x7F);
  add(0x80, 0xFE);
  add(0xFF, 0xFF);
  return groups;
}

}  // namespace

uint64_t group_of(uint8_t byte) {
  static const std::array<uint64_t, 256> groups = make_groups();
  return groups[byte];
}

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
      nodes_.push_back({0, 0, static_cast<uint32_t>(tokens_.size()), byte, static_cast<uint8_t>(i + 1)});
    }
    // In sorted order a string's node is always the newest one, so its tokens are the last of the list.
    tokens_.push_back(entry.id);
    last = entry.bytes;
  }
  close_to(0);
  std::array<uint64_t, 257> below{};  // [depth]: of the nodes behind that have not met their parent
  for (size_t i = nodes_.size(); i > 0; --i) {
    Node& node = nodes_[i - 1];
    node.below = std::exchange(below[node.depth], 0);
    below[node.depth - 1U] |= node.below | group_of(node.byte);
  }
  nodes_.push_back({0, 0, static_cast<uint32_t>(tokens_.size()), 0, 0});
}

}  // namespace ingle::text::grammar
