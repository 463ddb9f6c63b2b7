#include "text/grammar/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <map>
#include <nlohmann/json.hpp>

#include "text/grammar/decimal.h"
#include "text/grammar/disjoint.h"
#include "text/grammar/distance.h"
#include "text/grammar/formats.h"
#include "text/grammar/json_text.h"

namespace ingle::text::grammar {
namespace {

using Json = nlohmann::ordered_json;

using Types = uint8_t;
constexpr Types kNull = 1, kBoolean = 2, kWhole = 4, kFractional = 8, kString = 16, kArray = 32, kObject = 64;
constexpr Types kAllTypes = 127;

constexpr std::string_view kAnnotations[] = {"title",     "description", "default",     "examples",   "example",
                                             "$schema",   "$id",         "$comment",    "deprecated", "readOnly",
                                             "writeOnly", "$defs",       "definitions", "$anchor"};
constexpr std::string_view kTypedKeywords[] = {"type",
                                               "minLength",
                                               "maxLength",
                                               "pattern",
                                               "format",
                                               "minimum",
                                               "maximum",
                                               "exclusiveMinimum",
                                               "exclusiveMaximum",
                                               "items",
                                               "prefixItems",
                                               "minItems",
                                               "maxItems",
                                               "uniqueItems",
                                               "properties",
                                               "required",
                                               "additionalProperties"};

std::optional<Types> type_named(std::string_view name) {
  if (name == "null") return kNull;
  if (name == "boolean") return kBoolean;
  if (name == "integer") return kWhole;
  if (name == "number") return kWhole | kFractional;
  if (name == "string") return kString;
  if (name == "array") return kArray;
  if (name == "object") return kObject;
  return std::nullopt;
}

Types type_of(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return kNull;
    case Json::value_t::boolean:
      return kBoolean;
    case Json::value_t::string:
      return kString;
    case Json::value_t::array:
      return kArray;
    case Json::value_t::object:
      return kObject;
    default:
      return scalar_text(value).find_first_of(".e") == std::string::npos ? kWhole : kFractional;
  }
}

bool is_annotation(std::string_view keyword) {
  if (keyword.starts_with("x-ingle-")) return false;
  return keyword.starts_with("x-") || std::ranges::find(kAnnotations, keyword) != std::end(kAnnotations);
}

/// A dialect of somebody's own may give other meanings to the same words.
bool is_known_dialect(const Json& name) {
  if (!name.is_string()) return false;
  const std::string& uri = name.get_ref<const std::string&>();
  return uri.starts_with("http://json-schema.org/") || uri.starts_with("https://json-schema.org/");
}

/// A place in the schema as a JSON pointer.
std::string under(const std::string& path, std::string_view key) {
  std::string out = path + "/";
  for (const char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

class Parser {
 public:
  Parser(const Json& root, std::span<const std::string> sources, const SchemaLimits& limits)
      : root_(root), sources_(sources), limits_(limits) {}

  Result<SchemaTree> run() && {
    INGLE_TRY(any_, make_any());
    INGLE_TRY(tree_.root, parse_reference("#", root_, "#", kAllTypes, 0));
    return std::move(tree_);
  }

 private:
  using Keywords = std::initializer_list<std::string_view>;

  static std::unexpected<Error> refuse(const std::string& path, std::string_view why) {
    return std::unexpected(Error::refused(fmt::format("schema: {} at {}", why, path)));
  }
  static std::unexpected<Error> malformed(const std::string& path, std::string_view why) {
    return std::unexpected(Error::usage(fmt::format("schema: {} at {}", why, path)));
  }

  Result<NodeId> add(Node node, const std::string& path) {
    if (tree_.nodes.size() >= limits_.max_nodes)
      return refuse(path, fmt::format("more than {} values are described", limits_.max_nodes));
    tree_.nodes.push_back(std::move(node));
    return static_cast<NodeId>(tree_.nodes.size() - 1);
  }

  Result<NodeId> add_union(std::vector<NodeId> parts, const std::string& path) {
    if (parts.size() == 1) return parts.front();
    Node node{.kind = parts.empty() ? Node::Kind::kNothing : Node::Kind::kUnion};
    node.parts = std::move(parts);
    return add(std::move(node), path);
  }

  Result<NodeId> add_literal(std::string text, const std::string& path) {
    return add({.kind = Node::Kind::kLiteral, .text = std::move(text)}, path);
  }

  /// Free JSON: a node that refers to itself.
  Result<NodeId> make_any() {
    INGLE_TRY(const NodeId any, add({.kind = Node::Kind::kUnion}, "#"));
    std::vector<NodeId> parts;
    for (const char* word : {"null", "true", "false"}) {
      INGLE_TRY(const NodeId literal, add_literal(word, "#"));
      parts.push_back(literal);
    }
    for (const Node::Kind kind : {Node::Kind::kNumber, Node::Kind::kString, Node::Kind::kArray, Node::Kind::kObject}) {
      INGLE_TRY(const NodeId node, add({.kind = kind}, "#"));
      if (kind == Node::Kind::kArray || kind == Node::Kind::kObject) tree_.nodes[node].rest = any;
      parts.push_back(node);
    }
    tree_.nodes[any].parts = std::move(parts);
    return any;
  }

  /// No keyword but annotations and those in `known`.
  static Status check_keywords(const Json& schema, const std::string& path, std::span<const std::string_view> known) {
    for (const auto& [keyword, value] : schema.items()) {
      if (is_annotation(keyword) || std::ranges::find(known, keyword) != known.end()) continue;
      if (std::ranges::find(kTypedKeywords, keyword) != std::end(kTypedKeywords) || keyword == "anyOf" ||
          keyword == "oneOf" || keyword == "allOf" || keyword == "enum" || keyword == "const") {
        return refuse(under(path, keyword), fmt::format("'{}' cannot be combined with its neighbours", keyword));
      }
      return refuse(under(path, keyword), fmt::format("the keyword '{}' cannot be enforced", keyword));
    }
    return {};
  }

  Result<NodeId> parse(const Json& schema, const std::string& path, Types allowed, uint32_t depth) {
    if (depth > limits_.max_depth) return refuse(path, fmt::format("schemas nested deeper than {}", limits_.max_depth));
    if (schema.is_boolean()) {
      if (!schema.get<bool>()) return add({}, path);
      return allowed == kAllTypes ? Result<NodeId>(any_) : parse_types(Json::object(), path, allowed, depth);
    }
    if (!schema.is_object()) return malformed(path, "a schema must be an object, true or false");
    if (const auto dialect = schema.find("$schema"); dialect != schema.end() && !is_known_dialect(*dialect))
      return refuse(under(path, "$schema"), "this dialect of JSON Schema is not known");
    if (schema.contains("$ref")) return parse_ref(schema, path, allowed, depth);
    INGLE_TRY(allowed, own_types(schema, path, allowed));
    if (schema.contains("x-ingle-copy")) return parse_copy(schema, path, allowed);
    if (schema.contains("const") || schema.contains("enum")) return parse_values(schema, path, allowed);
    for (const char* keyword : {"anyOf", "oneOf", "allOf"}) {
      if (schema.contains(keyword)) return parse_combined(schema, keyword, path, allowed, depth);
    }
    INGLE_TRY_VOID(check_keywords(schema, path, kTypedKeywords));
    return parse_types(schema, path, allowed, depth);
  }

  static Result<Types> own_types(const Json& schema, const std::string& path, Types allowed) {
    const auto found = schema.find("type");
    if (found == schema.end()) return allowed;
    const Json list = found->is_array() ? *found : Json::array({*found});
    Types types = 0;
    for (const Json& name : list) {
      const auto type = name.is_string() ? type_named(name.get_ref<const std::string&>()) : std::nullopt;
      if (!type) return malformed(under(path, "type"), "an unknown type");
      types |= *type;
    }
    return static_cast<Types>(types & allowed);
  }

  Result<NodeId> parse_ref(const Json& schema, const std::string& path, Types allowed, uint32_t depth) {
    constexpr std::string_view kKnown[] = {"$ref"};
    INGLE_TRY_VOID(check_keywords(schema, path, kKnown));
    const Json& target = schema.at("$ref");
    if (!target.is_string()) return malformed(under(path, "$ref"), "'$ref' must be a string");
    const std::string& name = target.get_ref<const std::string&>();
    if (name != "#" && !name.starts_with("#/"))
      return refuse(under(path, "$ref"), "'$ref' can only point into the same schema (#/...)");
    try {
      const Json& found = root_.at(Json::json_pointer(name.substr(1)));
      return parse_reference(name, found, name, allowed, depth);
    } catch (const Json::exception&) {
      return malformed(under(path, "$ref"), "'$ref' points to nothing");
    }
  }

  /// One node for each target, made before what it contains: it may contain itself.
  Result<NodeId> parse_reference(const std::string& name, const Json& schema, const std::string& path, Types allowed,
                                 uint32_t depth) {
    const auto [known, is_new] = references_.try_emplace({name, allowed}, 0);
    if (!is_new) return known->second;
    INGLE_TRY(const NodeId node, add({.kind = Node::Kind::kUnion}, path));
    known->second = node;
    INGLE_TRY(const NodeId target, parse(schema, path, allowed, depth + 1));
    tree_.nodes[node].parts = {target};
    return node;
  }

  Result<NodeId> parse_copy(const Json& schema, const std::string& path, Types allowed) {
    constexpr std::string_view kKnown[] = {"type", "x-ingle-copy", "x-ingle-copy-as", "minLength", "maxLength"};
    INGLE_TRY_VOID(check_keywords(schema, path, kKnown));
    const Json& name = schema.at("x-ingle-copy");
    if (!name.is_string()) return malformed(under(path, "x-ingle-copy"), "the name of a copy source must be a string");
    const auto source = std::ranges::find(sources_, name.get_ref<const std::string&>());
    if (source == sources_.end())
      return malformed(under(path, "x-ingle-copy"), "the request has no copy source of this name");
    if (const auto as = schema.find("x-ingle-copy-as"); as != schema.end() && *as != "text")
      return refuse(under(path, "x-ingle-copy-as"), "copies can only be taken as \"text\"");
    Node node{.kind = Node::Kind::kCopy};
    node.copy = static_cast<uint32_t>(source - sources_.begin());
    INGLE_TRY(node.min, count(schema, "minLength", path, 0));
    INGLE_TRY(node.max, count(schema, "maxLength", path, kUnlimited));
    std::vector<NodeId> parts;
    if (schema.contains("type") && (allowed & kNull) != 0) {
      INGLE_TRY(const NodeId null, add_literal("null", path));
      parts.push_back(null);
    }
    if (schema.contains("type") && (allowed & ~(kNull | kString)) != 0)
      return refuse(under(path, "type"), "'x-ingle-copy' makes a string, the type can only add null to it");
    INGLE_TRY(const NodeId copied, add(std::move(node), path));
    if ((allowed & kString) != 0) parts.push_back(copied);
    return add_union(std::move(parts), path);
  }

  Result<NodeId> parse_values(const Json& schema, const std::string& path, Types allowed) {
    const bool is_enum = schema.contains("enum");
    constexpr std::string_view kConst[] = {"type", "const"};
    constexpr std::string_view kEnum[] = {"type", "enum"};
    INGLE_TRY_VOID(check_keywords(schema, path, is_enum ? kEnum : kConst));
    const Json values = is_enum ? schema.at("enum") : Json::array({schema.at("const")});
    if (!values.is_array()) return malformed(under(path, "enum"), "'enum' must be an array");
    std::vector<NodeId> parts;
    for (const Json& value : values) {
      if ((type_of(value) & allowed) == 0) continue;
      INGLE_TRY(const NodeId part, value_node(value, path));
      parts.push_back(part);
    }
    return add_union(std::move(parts), path);
  }

  Result<NodeId> value_node(const Json& value, const std::string& path) {
    if (!value.is_structured()) return add_literal(scalar_text(value), path);
    Node node{.kind = value.is_array() ? Node::Kind::kArray : Node::Kind::kObject};
    if (value.is_array()) node.min = node.max = static_cast<uint32_t>(value.size());
    for (const auto& [key, element] : value.items()) {
      INGLE_TRY(const NodeId part, value_node(element, path));
      if (value.is_array()) {
        node.parts.push_back(part);
      } else {
        node.properties.push_back({string_text(key), part, true});
      }
    }
    return add(std::move(node), path);
  }

  Result<NodeId> parse_combined(const Json& schema, const char* keyword, const std::string& path, Types allowed,
                                uint32_t depth) {
    const std::string_view known[] = {"type", keyword};
    INGLE_TRY_VOID(check_keywords(schema, path, known));
    const Json& list = schema.at(keyword);
    const std::string place = under(path, keyword);
    if (!list.is_array() || list.empty()) return malformed(place, fmt::format("'{}' must be a list", keyword));
    const bool is_all = std::string_view(keyword) == "allOf";
    if (is_all && list.size() > 1) return refuse(place, "'allOf' of more than one schema cannot be enforced");
    std::vector<NodeId> parts;
    for (size_t i = 0; i < list.size(); ++i) {
      INGLE_TRY(const NodeId part, parse(list[i], under(place, std::to_string(i)), allowed, depth + 1));
      parts.push_back(part);
    }
    if (std::string_view(keyword) == "oneOf") {
      for (size_t i = 0; i < parts.size(); ++i) {
        for (size_t j = 0; j < i; ++j) {
          if (!are_disjoint(tree_, parts[i], parts[j]))
            return refuse(place, "'oneOf' whose alternatives may overlap cannot be enforced, use 'anyOf'");
        }
      }
    }
    return add_union(std::move(parts), path);
  }

  Result<NodeId> parse_types(const Json& schema, const std::string& path, Types allowed, uint32_t depth) {
    std::vector<NodeId> parts;
    const auto append = [&](Result<NodeId> node) -> Status {
      if (!node) return std::unexpected(std::move(node).error());
      parts.push_back(*node);
      return {};
    };
    if ((allowed & kNull) != 0) INGLE_TRY_VOID(append(add_literal("null", path)));
    if ((allowed & kBoolean) != 0) {
      INGLE_TRY_VOID(append(add_literal("true", path)));
      INGLE_TRY_VOID(append(add_literal("false", path)));
    }
    if ((allowed & (kWhole | kFractional)) != 0)
      INGLE_TRY_VOID(append(parse_number(schema, path, (allowed & kFractional) == 0)));
    if ((allowed & kString) != 0) INGLE_TRY_VOID(append(parse_string(schema, path)));
    if ((allowed & kArray) != 0) INGLE_TRY_VOID(append(parse_array(schema, path, depth)));
    if ((allowed & kObject) != 0) INGLE_TRY_VOID(append(parse_object(schema, path, depth)));
    return add_union(std::move(parts), path);
  }

  Result<NodeId> parse_number(const Json& schema, const std::string& path, bool whole) {
    Node node{.kind = whole ? Node::Kind::kInteger : Node::Kind::kNumber};
    for (const char* keyword : {"minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"}) {
      const auto found = schema.find(keyword);
      if (found == schema.end()) continue;
      if (!found->is_number()) return malformed(under(path, keyword), fmt::format("'{}' must be a number", keyword));
      const std::string_view name = keyword;
      const bool is_lower = name.ends_with("inimum");
      const auto decimal = parse_decimal(scalar_text(*found));
      if (!decimal)
        return refuse(under(path, keyword), fmt::format("'{}' has too many digits to be enforced", keyword));
      tighten(is_lower ? node.least : node.most, {*decimal, name.starts_with("exclusive")}, is_lower);
    }
    return add(std::move(node), path);
  }

  Result<NodeId> parse_string(const Json& schema, const std::string& path) {
    Node node{.kind = Node::Kind::kString};
    INGLE_TRY(node.min, count(schema, "minLength", path, 0));
    INGLE_TRY(node.max, count(schema, "maxLength", path, kUnlimited));
    const auto pattern = schema.find("pattern");
    const auto format = schema.find("format");
    if (pattern != schema.end()) {
      if (!pattern->is_string()) return malformed(under(path, "pattern"), "'pattern' must be a string");
      node.text = pattern->get<std::string>();
    }
    if (format != schema.end()) {
      if (!format->is_string()) return malformed(under(path, "format"), "'format' must be a string");
      const std::string_view shape = pattern_of_format(format->get_ref<const std::string&>());
      if (shape.empty() || pattern != schema.end())
        return refuse(under(path, "format"),
                      fmt::format("the format '{}' cannot be enforced{}", format->get_ref<const std::string&>(),
                                  shape.empty() ? "" : " beside a pattern"));
      node.text = shape;
    }
    if (!node.text.empty() && (node.min > 0 || node.max != kUnlimited))
      return refuse(path, "a length beside 'pattern' or 'format' cannot be enforced");
    return add(std::move(node), path);
  }

  Result<NodeId> parse_array(const Json& schema, const std::string& path, uint32_t depth) {
    Node node{.kind = Node::Kind::kArray};
    INGLE_TRY(node.min, count(schema, "minItems", path, 0));
    INGLE_TRY(node.max, count(schema, "maxItems", path, kUnlimited));
    if (const auto unique = schema.find("uniqueItems"); unique != schema.end() && *unique != false)
      return refuse(under(path, "uniqueItems"), "'uniqueItems' cannot be enforced");
    if (const auto prefix = schema.find("prefixItems"); prefix != schema.end()) {
      if (!prefix->is_array()) return malformed(under(path, "prefixItems"), "'prefixItems' must be a list");
      for (size_t i = 0; i < prefix->size(); ++i) {
        INGLE_TRY(const NodeId part,
                  parse((*prefix)[i], under(under(path, "prefixItems"), std::to_string(i)), kAllTypes, depth + 1));
        node.parts.push_back(part);
      }
    }
    node.rest = any_;
    if (const auto items = schema.find("items"); items != schema.end()) {
      if (items->is_array()) return refuse(under(path, "items"), "a list in 'items' is written 'prefixItems' now");
      INGLE_TRY(node.rest, parse(*items, under(path, "items"), kAllTypes, depth + 1));
    }
    return add(std::move(node), path);
  }

  Result<NodeId> parse_object(const Json& schema, const std::string& path, uint32_t depth) {
    Node node{.kind = Node::Kind::kObject};
    node.rest = any_;
    if (const auto more = schema.find("additionalProperties"); more != schema.end()) {
      INGLE_TRY(node.rest, parse(*more, under(path, "additionalProperties"), kAllTypes, depth + 1));
    }
    if (const auto members = schema.find("properties"); members != schema.end()) {
      const std::string place = under(path, "properties");
      if (!members->is_object()) return malformed(place, "'properties' must be an object");
      for (const auto& [key, value] : members->items()) {
        INGLE_TRY(const NodeId child, parse(value, under(place, key), kAllTypes, depth + 1));
        node.properties.push_back({string_text(key), child, false});
      }
    }
    const auto required = schema.find("required");
    if (required == schema.end()) return add(std::move(node), path);
    if (!required->is_array()) return malformed(under(path, "required"), "'required' must be a list of names");
    for (const Json& name : *required) {
      if (!name.is_string()) return malformed(under(path, "required"), "'required' must be a list of names");
      const std::string key = string_text(name.get_ref<const std::string&>());
      const auto found = std::ranges::find(node.properties, key, &Node::Property::key);
      if (found != node.properties.end()) {
        found->required = true;
      } else {
        node.properties.push_back({key, node.rest, true});
      }
    }
    return add(std::move(node), path);
  }

  static Result<uint32_t> count(const Json& schema, const char* keyword, const std::string& path, uint32_t otherwise) {
    const auto found = schema.find(keyword);
    if (found == schema.end()) return otherwise;
    const bool is_whole = found->is_number() && type_of(*found) == kWhole;
    if (!is_whole || found->get<double>() < 0)
      return malformed(under(path, keyword), fmt::format("'{}' must be a whole number from 0", keyword));
    return static_cast<uint32_t>(std::min(found->get<double>(), double{kFar}));
  }

  const Json& root_;
  std::span<const std::string> sources_;
  const SchemaLimits& limits_;
  SchemaTree tree_;
  NodeId any_ = 0;
  std::map<std::pair<std::string, Types>, NodeId> references_;
};

}  // namespace

Result<SchemaTree> parse_schema(std::string_view json, std::span<const std::string> copy_sources,
                                const SchemaLimits& limits) {
  if (json.size() > limits.max_bytes) {
    return std::unexpected(
        Error::refused(fmt::format("the schema has {} bytes, at most {} are taken", json.size(), limits.max_bytes)));
  }
  INGLE_TRY(const Json root, parse_json(json, static_cast<int>(limits.max_depth) * 4, "the schema"));
  return Parser(root, copy_sources, limits).run();
}

}  // namespace ingle::text::grammar
