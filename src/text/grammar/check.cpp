#include "text/grammar/check.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "text/grammar/compile.h"
#include "text/grammar/json_text.h"
#include "text/grammar/schema.h"

namespace ingle::text::grammar {
namespace {

using Json = nlohmann::ordered_json;
using Nodes = std::vector<NodeId>;

constexpr int kMaxInstanceDepth = 256;

/// A state that stands for several ways to have written what came before.
void merge(State& into, const State& other) {
  into.accepts |= other.accepts;
  into.threads.insert(into.threads.end(), other.threads.begin(), other.threads.end());
  std::ranges::sort(into.threads);
  into.threads.erase(std::unique(into.threads.begin(), into.threads.end()), into.threads.end());
}

/// Feeds values in the order of the schema's members. Where alternatives have different orders, all are tried.
class Walk {
 public:
  Walk(const SchemaTree& tree, Masker& masker) : tree_(tree), masker_(masker) {}

  State value(const State& from, const Json& value, const Nodes& nodes) {
    if (!value.is_structured()) return bytes(from, scalar_text(value));
    const Nodes shapes = expanded(nodes, value.is_array() ? Node::Kind::kArray : Node::Kind::kObject);
    if (value.is_array()) return array(from, value, shapes);
    std::set<std::vector<std::string>> orders;
    State result;
    for (const NodeId shape : shapes) {
      const auto keys = ordered_keys(value, tree_.nodes[shape]);
      if (orders.insert(keys).second) merge(result, object(from, value, keys, shapes));
    }
    return result;
  }

 private:
  State bytes(State state, std::string_view text) {
    for (const char c : text) {
      const auto token = static_cast<TokenId>(static_cast<uint8_t>(c));
      if (!contains(masker_.allowed(state), token)) return {};
      state = masker_.after(state, token);
    }
    return state;
  }

  /// The nodes of one kind behind unions.
  Nodes expanded(const Nodes& nodes, Node::Kind kind) const {
    Nodes out;
    std::set<NodeId> seen;
    Nodes open = nodes;
    while (!open.empty()) {
      const NodeId id = open.back();
      open.pop_back();
      if (!seen.insert(id).second) continue;
      const Node& node = tree_.nodes[id];
      if (node.kind == Node::Kind::kUnion) open.insert(open.end(), node.parts.begin(), node.parts.end());
      if (node.kind == kind) out.push_back(id);
    }
    std::ranges::sort(out);
    return out;
  }

  State array(State state, const Json& value, const Nodes& shapes) {
    state = bytes(std::move(state), "[");
    for (size_t i = 0; i < value.size(); ++i) {
      Nodes children;
      for (const NodeId shape : shapes) {
        const Node& node = tree_.nodes[shape];
        const NodeId child = i < node.parts.size() ? node.parts[i] : node.rest;
        if (child != Node::kNone) children.push_back(child);
      }
      if (i > 0) state = bytes(std::move(state), ", ");
      state = this->value(state, value[i], children);
    }
    return bytes(std::move(state), "]");
  }

  static std::vector<std::string> ordered_keys(const Json& value, const Node& node) {
    std::vector<std::string> keys;
    for (const Node::Property& property : node.properties) {
      for (const auto& [key, element] : value.items()) {
        if (string_text(key) == property.key) keys.push_back(key);
      }
    }
    for (const auto& [key, element] : value.items()) {
      if (std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
    }
    return keys;
  }

  State object(State state, const Json& value, const std::vector<std::string>& keys, const Nodes& shapes) {
    state = bytes(std::move(state), "{");
    bool is_first = true;
    for (const std::string& key : keys) {
      const std::string text = string_text(key);
      Nodes children;
      for (const NodeId shape : shapes) {
        const Node& node = tree_.nodes[shape];
        const auto named = std::ranges::find(node.properties, text, &Node::Property::key);
        const NodeId child = named != node.properties.end() ? named->value : node.rest;
        if (child != Node::kNone) children.push_back(child);
      }
      state = bytes(std::move(state), (is_first ? "" : ", ") + text + ": ");
      state = this->value(state, value.at(key), children);
      is_first = false;
    }
    return bytes(std::move(state), "}");
  }

  const SchemaTree& tree_;
  Masker& masker_;
};

}  // namespace

Result<bool> fits_schema(std::string_view schema, std::string_view instance, std::span<const CopySource> sources) {
  const auto tokens = TokenTrie::of_bytes();
  INGLE_TRY(auto compiled, compile_schema(schema, sources, tokens->single_bytes()));
  auto parsed = parse_json(instance, kMaxInstanceDepth, "the instance");
  if (!parsed) return std::unexpected(Error::corrupt(parsed.error().message()));
  Masker masker(std::move(compiled.program), tokens);
  Walk walk(compiled.tree, masker);
  return walk.value(masker.automaton().start(), *parsed, {compiled.tree.root}).accepts;
}

}  // namespace ingle::text::grammar
