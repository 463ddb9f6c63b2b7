#include "text/grammar/disjoint.h"

#include <algorithm>

namespace ingle::text::grammar {
namespace {

using Kind = Node::Kind;

constexpr int kMaxDepth = 8;  // what is nested deeper is taken to overlap

/// 'n' null, 'b' boolean, '0' number, '"' string, '[' array, '{' object.
char type_of(const Node& node) {
  switch (node.kind) {
    case Kind::kLiteral:
      switch (node.text.front()) {
        case 'n':
          return 'n';
        case 't':
        case 'f':
          return 'b';
        case '"':
          return '"';
        default:
          return '0';
      }
    case Kind::kNumber:
    case Kind::kInteger:
      return '0';
    case Kind::kString:
    case Kind::kCopy:
      return '"';
    case Kind::kArray:
      return '[';
    default:
      return '{';
  }
}

bool disjoint(const SchemaTree& tree, NodeId a, NodeId b, int depth);

bool told_apart_by_member(const SchemaTree& tree, const Node& a, const Node& b, int depth) {
  return std::ranges::any_of(a.properties, [&](const Node::Property& mine) {
    const auto other = std::ranges::find(b.properties, mine.key, &Node::Property::key);
    return other != b.properties.end() && mine.required && other->required &&
           disjoint(tree, mine.value, other->value, depth + 1);
  });
}

bool disjoint(const SchemaTree& tree, NodeId a_id, NodeId b_id, int depth) {
  if (depth > kMaxDepth) return false;
  const Node& a = tree.nodes[a_id];
  const Node& b = tree.nodes[b_id];
  if (a.kind == Kind::kNothing || b.kind == Kind::kNothing) return true;
  if (a.kind == Kind::kUnion)
    return std::ranges::all_of(a.parts, [&](NodeId part) { return disjoint(tree, part, b_id, depth + 1); });
  if (b.kind == Kind::kUnion) return disjoint(tree, b_id, a_id, depth + 1);
  if (type_of(a) != type_of(b)) return true;
  if (a.kind == Kind::kLiteral && b.kind == Kind::kLiteral) return a.text != b.text;
  if (a.kind == Kind::kObject && b.kind == Kind::kObject) return told_apart_by_member(tree, a, b, depth);
  return false;
}

}  // namespace

bool are_disjoint(const SchemaTree& tree, NodeId a, NodeId b) {
  return disjoint(tree, a, b, 0);
}

}  // namespace ingle::text::grammar
