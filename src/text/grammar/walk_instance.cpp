#include "text/grammar/walk_instance.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "text/grammar/json_text.h"

namespace ingle::text::grammar {
namespace {

using validation::ExactNumber;
using validation::JsonValue;
using Nodes = std::vector<NodeId>;
using Keys = std::vector<std::string>;

// What may be fed to the masks over all ways: so many bytes, for each value so many more, and each text so many times.
constexpr size_t kBytesAtLeast = 20'000;
constexpr size_t kBytesEach = 500;
constexpr size_t kTimesEach = 64;
constexpr size_t kMaxWays = 256;  // at one time
constexpr int64_t kMostZeros = 64;
constexpr int64_t kMostFraction = 18;   // digits
constexpr int64_t kMostExponent = 199;  // of a number without bounds

/// One way to have written what came so far.
struct Way {
  State state;
  std::string text;
};
using Ways = std::vector<Way>;

/// The digits with a decimal point where `exponent` says; nothing where that takes too many zeros.
std::optional<std::string> plain_digits(const std::string& digits, int64_t exponent) {
  if (std::abs(exponent) > kMostZeros) return std::nullopt;
  if (exponent >= 0) return digits + std::string(static_cast<size_t>(exponent), '0');
  const int64_t point = static_cast<int64_t>(digits.size()) + exponent;  // digits before it
  if (point <= 0) return "0." + std::string(static_cast<size_t>(-point), '0') + digits;
  return std::string(digits).insert(static_cast<size_t>(point), ".");
}

/// The spellings of a number that grammars have: as constants are written, plain digits, with one digit before the point,
/// with as many as can be behind it, with the largest exponent.
std::vector<std::string> spellings(const ExactNumber& number) {
  if (number.is_zero()) return {"0"};
  const std::string sign = number.negative ? "-" : "";
  const std::string& digits = number.digits;
  const auto with_exponent = [&](int64_t exponent) { return exponent == 0 ? "" : "e" + std::to_string(exponent); };
  std::vector<std::string> out;
  try {
    std::string constant = scalar_text(nlohmann::ordered_json::parse(sign + digits + with_exponent(number.exponent)));
    if (ExactNumber::read(constant) == number) out.push_back(std::move(constant));
  } catch (const std::exception&) {  // too large for a double: never written that way
  }
  const int64_t n_more = static_cast<int64_t>(digits.size()) - 1;
  const int64_t clamped = std::clamp(number.exponent, -kMostExponent, kMostExponent);
  for (const int64_t exponent : {int64_t{0}, number.exponent + n_more, number.exponent + kMostFraction, clamped}) {
    const auto plain = plain_digits(digits, number.exponent - exponent);
    if (plain) out.push_back(sign + *plain + with_exponent(exponent));
  }
  return out;
}

size_t budget_of(const JsonValue& value) {
  size_t sum = kBytesEach;
  if (const auto* text = value.string()) sum += kTimesEach * text->size();
  if (const auto* list = value.array()) {
    for (const JsonValue& element : *list)
      sum += budget_of(element);
  }
  if (const auto* members = value.object()) {
    for (const auto& [key, member] : *members)
      sum += kTimesEach * key.size() + budget_of(member);
  }
  return sum;
}

/// What can be told of an object before it is written.
bool may_hold(const Node& shape, const JsonValue::Object& members) {
  const auto has = [&](const std::string& text) {
    return std::ranges::any_of(members, [&](const auto& member) { return string_text(member.key) == text; });
  };
  const auto is_named = [&](const auto& member) {
    return std::ranges::find(shape.properties, string_text(member.key), &Node::Property::key) != shape.properties.end();
  };
  return std::ranges::all_of(shape.properties, [&](const auto& named) { return !named.required || has(named.key); }) &&
         (!shape.others.empty() || std::ranges::all_of(members, is_named));
}

class Walk {
 public:
  Walk(const SchemaTree& tree, Masker& masker) : tree_(tree), masker_(masker) {}

  Result<std::optional<std::string>> run(const JsonValue& instance) && {
    bytes_left_ = kBytesAtLeast + budget_of(instance);
    const Ways ends = value({{masker_.automaton().start(), ""}}, instance, {tree_.root});
    if (is_over_limit_)
      return std::unexpected(Error::refused("the document can be written in too many ways to be followed"));
    const auto found = std::ranges::find_if(ends, [](const Way& way) { return way.state.accepts; });
    return found == ends.end() ? std::nullopt : std::optional(found->text);
  }

 private:
  Ways value(const Ways& from, const JsonValue& value, const Nodes& nodes) {
    if (from.empty()) return {};
    if (const auto* list = value.array()) return array(from, *list, expanded(nodes, Node::Kind::kArray));
    if (const auto* members = value.object()) return object(from, *members, expanded(nodes, Node::Kind::kObject));
    if (const auto* text = value.string()) return bytes(from, string_text(*text));
    if (const auto* flag = value.boolean()) return bytes(from, *flag ? "true" : "false");
    if (value.is_null()) return bytes(from, "null");
    Ways out;
    for (const std::string& spelling : spellings(*value.number()))
      join(out, bytes(from, spelling));
    return out;
  }

  Ways bytes(Ways ways, std::string_view text) {
    const size_t n_bytes = text.size() * ways.size();
    is_over_limit_ |= n_bytes > bytes_left_;
    if (is_over_limit_) return {};
    bytes_left_ -= n_bytes;
    std::erase_if(ways, [&](Way& way) { return !feed(way, text); });
    return ways;
  }

  bool feed(Way& way, std::string_view text) {
    for (const char c : text) {
      const auto token = static_cast<TokenId>(static_cast<uint8_t>(c));
      if (!contains(masker_.allowed(way.state), token)) return false;
      way.state = masker_.after(way.state, token);
    }
    way.text += text;
    return true;
  }

  /// Ways that led to the same state go on as one.
  void join(Ways& into, Ways more) {
    for (Way& way : more) {
      if (std::ranges::find(into, way.state, &Way::state) == into.end()) into.push_back(std::move(way));
    }
    is_over_limit_ |= into.size() > kMaxWays;
  }

  /// The nodes of one kind behind unions.
  Nodes expanded(const Nodes& nodes, Node::Kind kind) const {
    Nodes out;
    std::set<NodeId> seen;
    Nodes open = nodes;
    while (!open.empty()) {
      const NodeId id = open.back();
      open.pop_back();
      if (id == Node::kNone || !seen.insert(id).second) continue;
      const Node& node = tree_.nodes[id];
      if (node.kind == Node::Kind::kUnion) open.insert(open.end(), node.parts.begin(), node.parts.end());
      if (node.kind == kind) out.push_back(id);
    }
    std::ranges::sort(out);
    return out;
  }

  Ways array(const Ways& from, const JsonValue::Array& list, const Nodes& shapes) {
    Ways ways = bytes(from, "[");
    for (size_t i = 0; i < list.size() && !ways.empty(); ++i) {
      Nodes children;
      for (const NodeId shape : shapes) {
        const Node& node = tree_.nodes[shape];
        const bool is_first = i < node.parts.size();
        children.push_back(is_first ? node.parts[i] : node.rest);
        if (node.counted) children.push_back(is_first ? node.counted->parts[i] : node.counted->rest);
      }
      ways = value(i > 0 ? bytes(std::move(ways), ", ") : std::move(ways), list[i], children);
    }
    return bytes(std::move(ways), "]");
  }

  Ways object(const Ways& from, const JsonValue::Object& members, const Nodes& shapes) {
    std::set<Keys> orders;
    Nodes fitting;
    for (const NodeId shape : shapes) {
      if (!may_hold(tree_.nodes[shape], members)) continue;
      fitting.push_back(shape);
      orders.insert(ordered_keys(members, tree_.nodes[shape]));
    }
    Ways out;
    for (const Keys& keys : orders)
      join(out, object_in_order(from, members, keys, fitting));
    return out;
  }

  static Keys ordered_keys(const JsonValue::Object& members, const Node& node) {
    Keys keys;
    for (const Node::Property& property : node.properties) {
      for (const auto& [key, value] : members) {
        if (string_text(key) == property.key) keys.push_back(key);
      }
    }
    for (const auto& [key, value] : members) {
      if (std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
    }
    return keys;
  }

  Ways object_in_order(const Ways& from, const JsonValue::Object& members, const Keys& keys, const Nodes& shapes) {
    Ways ways = bytes(from, "{");
    for (size_t i = 0; i < keys.size() && !ways.empty(); ++i) {
      const std::string text = string_text(keys[i]);
      Nodes children;
      for (const NodeId shape : shapes) {
        const Node& node = tree_.nodes[shape];
        const auto named = std::ranges::find(node.properties, text, &Node::Property::key);
        if (named != node.properties.end()) {
          children.push_back(named->value);
          continue;
        }
        for (const Node::Others& others : node.others) {
          if (others.names.contains(keys[i])) children.push_back(others.value);
        }
      }
      ways = bytes(std::move(ways), (i > 0 ? ", " : "") + text + ": ");
      ways = value(ways, std::ranges::lower_bound(members, keys[i], {}, &JsonValue::Member::key)->value, children);
    }
    return bytes(std::move(ways), "}");
  }

  const SchemaTree& tree_;
  Masker& masker_;
  size_t bytes_left_ = 0;
  bool is_over_limit_ = false;
};

}  // namespace

Result<std::optional<std::string>> walk_instance(const SchemaTree& tree, Masker& masker, const JsonValue& instance) {
  return Walk(tree, masker).run(instance);
}

}  // namespace ingle::text::grammar
