// TreeBuilder: whether a value that a schema lists (enum, const) fits a node.
#include <algorithm>

#include "text/grammar/decimal.h"
#include "text/grammar/json_text.h"
#include "text/grammar/multiples.h"
#include "text/grammar/tree_builder.h"

namespace ingle::text::grammar {
namespace {

using Json = nlohmann::ordered_json;

bool takes_number(const Node& node, const Json& value) {
  const Types type = type_of(value);
  if (node.kind == Node::Kind::kInteger && type != kWholeType) return false;
  if (node.fractional && type != kFractionalType) return false;
  const auto number = parse_decimal(scalar_text(value));
  if (!number) return !node.multiple_of;  // so small that no bound is near
  const auto is_beyond = [&](const std::optional<Bound>& bound, int side) {
    if (!bound) return false;
    const int order = compare(*number, bound->value) * side;
    return order > 0 || (order == 0 && bound->exclusive);
  };
  return !is_beyond(node.least, -1) && !is_beyond(node.most, 1) &&
         (!node.multiple_of || is_multiple(*number, *node.multiple_of));
}

bool takes_string(const Node& node, const std::string& value) {
  if (node.language) return node.language->contains(value);
  const auto n = static_cast<uint32_t>(
      std::ranges::count_if(value, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
  return n >= node.min && n <= node.max;
}

}  // namespace

Result<bool> TreeBuilder::takes(NodeId id, const Json& value, Told& left_out) {
  INGLE_TRY_VOID(answer(id));
  if (const auto question = questions_.find(id); question != questions_.end()) {
    const Told& told = question->second.unenforced;
    left_out.insert(left_out.end(), told.begin(), told.end());
    // What is being answered just now refers to itself: its own values cannot be asked.
    if (question->second.progress == Progress::kOpen) {
      left_out.push_back({"enum", "#", "a value is listed inside of what it must fit"});
      return true;
    }
  }
  const Node& node = tree_.nodes[id];
  INGLE_TRY_VOID(expander_.spend(1 + node.parts.size() + node.properties.size() * (1 + value.size())));
  switch (node.kind) {
    case Node::Kind::kNothing:
      return false;
    case Node::Kind::kLiteral:
      return !value.is_structured() && scalar_text(value) == node.text;
    case Node::Kind::kNumber:
    case Node::Kind::kInteger:
      return value.is_number() && takes_number(node, value);
    case Node::Kind::kString:
      return value.is_string() && takes_string(node, value.get_ref<const std::string&>());
    case Node::Kind::kCopy:
      return std::unexpected(Error::refused("schema: 'x-ingle-copy' cannot be combined with its neighbours")
                                 .hint("leave out 'enum' and 'const' beside it"));
    case Node::Kind::kArray:
      return value.is_array() ? takes_array(id, value, left_out) : false;
    case Node::Kind::kObject:
      return value.is_object() ? takes_object(id, value, left_out) : false;
    case Node::Kind::kUnion:
      break;
  }
  const Parts parts = node.parts;
  for (const NodeId part : parts) {
    INGLE_TRY(const bool fits, takes(part, value, left_out));
    if (fits) return true;
  }
  return false;
}

Result<bool> TreeBuilder::takes_array(NodeId id, const Json& value, Told& left_out) {
  const Node node = tree_.nodes[id];
  if (value.size() < node.min || value.size() > node.max) return false;
  uint32_t n_counted = 0;
  for (size_t i = 0; i < value.size(); ++i) {
    const bool is_first = i < node.parts.size();
    const NodeId plain = is_first ? node.parts[i] : node.rest;
    bool fits = false;
    if (node.counted) {
      const NodeId wanted = is_first ? node.counted->parts[i] : node.counted->rest;
      if (wanted != Node::kNone) {
        INGLE_TRY(fits, takes(wanted, value[i], left_out));
      }
      n_counted += fits ? 1 : 0;
    }
    if (!fits && plain != Node::kNone) {
      INGLE_TRY(fits, takes(plain, value[i], left_out));
    }
    if (!fits) return false;
  }
  return !node.counted || (n_counted >= node.counted->min && n_counted <= node.counted->max);
}

Result<bool> TreeBuilder::takes_object(NodeId id, const Json& value, Told& left_out) {
  const Node node = tree_.nodes[id];
  if (value.size() < node.min || value.size() > node.max) return false;
  for (const Node::Property& property : node.properties) {
    if (property.required && !value.contains(Json::parse(property.key).get<std::string>())) return false;
  }
  for (const auto& [name, element] : value.items()) {
    const auto named = std::ranges::find(node.properties, string_text(name), &Node::Property::key);
    NodeId wanted = Node::kNone;
    if (named != node.properties.end()) {
      wanted = named->value;
    } else {
      for (const Node::Others& others : node.others) {
        if (others.names.contains(name)) wanted = others.value;
      }
    }
    if (wanted == Node::kNone) return false;
    INGLE_TRY(const bool fits, takes(wanted, element, left_out));
    if (!fits) return false;
  }
  return true;
}

}  // namespace ingle::text::grammar
