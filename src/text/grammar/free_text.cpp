#include "text/grammar/free_text.h"

#include <algorithm>

namespace ingle::text::grammar {
namespace {

struct Node {
  bool is_control = false;            // inside the spelling of a control token
  uint32_t marker = FreeText::kNone;  // the longest one that ends here
  uint32_t fallback = 0;              // the longest proper suffix that is a state too
  std::vector<std::pair<uint8_t, uint32_t>> children;
};

bool is_covered(const std::vector<Marker>& markers, const Marker& marker) {
  return std::ranges::any_of(markers, [&](const Marker& other) {
    const size_t at = marker.text.find(other.text);
    return &other != &marker && at != std::string::npos && at + other.text.size() < marker.text.size();
  });
}

uint32_t child_of(std::vector<Node>& nodes, uint32_t at, uint8_t byte) {
  for (const auto& [label, child] : nodes[at].children) {
    if (label == byte) return child;
  }
  const auto made = static_cast<uint32_t>(nodes.size());
  const bool is_control = nodes[at].is_control || byte == static_cast<uint8_t>(kControlMark);
  nodes.push_back({.is_control = is_control, .children = {}});
  nodes[at].children.emplace_back(byte, made);
  return made;
}

}  // namespace

FreeText make_free_text(std::vector<Marker> markers) {
  FreeText out;
  for (const Marker& marker : markers) {
    if (!marker.text.empty() && !is_covered(markers, marker)) out.markers.push_back(marker);
  }
  std::vector<Node> nodes(1);
  for (uint32_t i = 0; i < out.markers.size(); ++i) {
    uint32_t at = 0;
    for (const char c : out.markers[i].text)
      at = child_of(nodes, at, static_cast<uint8_t>(c));
    nodes[at].marker = i;
  }
  // Breadth first: a state's fallback is complete before the state is.
  std::vector<uint32_t> order = {0};
  out.control.assign(nodes.size(), false);
  out.steps.assign(nodes.size() * 256, FreeText::kNone);
  for (size_t i = 0; i < order.size(); ++i) {
    const uint32_t id = order[i];
    const Node& node = nodes[id];
    out.control[id] = node.is_control;
    uint32_t* row = out.steps.data() + size_t{id} * 256;
    if (id == 0) {
      std::fill(row, row + 255, 0);
    } else if (!node.is_control) {
      std::copy_n(out.steps.data() + size_t{node.fallback} * 256, 256, row);
    }
    for (const auto& [byte, child] : node.children) {
      const uint32_t shorter = row[byte];
      row[byte] = child;
      if (nodes[child].marker != FreeText::kNone) {
        row[byte] = FreeText::kMarker | nodes[child].marker;
      } else if (shorter != FreeText::kNone && (shorter & FreeText::kMarker) != 0) {
        row[byte] = shorter;  // another marker ends inside this one
      } else {
        nodes[child].fallback = nodes[child].is_control || id == 0 ? 0 : shorter;
        order.push_back(child);
      }
    }
  }
  return out;
}

}  // namespace ingle::text::grammar
