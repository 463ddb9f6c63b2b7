#include "text/grammar/compile.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "text/grammar/decimal.h"
#include "text/grammar/other_keys.h"
#include "text/grammar/pattern.h"

namespace ingle::text::grammar {
namespace {

constexpr OpId kReturn = ProgramBuilder::kReturnOp;
constexpr OpId kNever = ProgramBuilder::kNever;
constexpr size_t kMaxSources = 64;

class Compiler {
 public:
  Compiler(const SchemaTree& tree, ProgramBuilder& builder) : tree_(tree), builder_(builder) {}

  Result<OpId> run(OpId next) {
    INGLE_TRY(const OpId start, value(tree_.root, next));
    while (!undefined_.empty() && !builder_.full()) {
      const auto [id, rule] = undefined_.back();
      undefined_.pop_back();
      const Node& node = tree_.nodes[id];
      INGLE_TRY(const OpId body, node.kind == Node::Kind::kArray ? array(node) : object(node));
      builder_.define(rule, body);
    }
    if (builder_.full()) return std::unexpected(Error::refused("schema: it is too large to be enforced"));
    return start;
  }

 private:
  Result<OpId> value(NodeId id, OpId next) {
    const Node& node = tree_.nodes[id];
    switch (node.kind) {
      case Node::Kind::kNothing:
        return kNever;
      case Node::Kind::kLiteral:
        return builder_.literal(node.text, next);
      case Node::Kind::kNumber:
      case Node::Kind::kInteger:
        return emit_number(builder_, node.kind == Node::Kind::kInteger, node.least, node.most, next);
      case Node::Kind::kString:
        return string(node, next);
      case Node::Kind::kCopy:
        return builder_.byte('"',
                             builder_.copy({node.copy, std::max(node.min, 1U), node.max}, builder_.byte('"', next)));
      default:
        break;
    }
    // Everything that contains other values stands once in the program, however often it is used.
    const auto known = rules_.find(id);
    if (known != rules_.end()) return builder_.call(known->second, next);
    if (node.kind == Node::Kind::kUnion) {
      if (!open_.insert(id).second)
        return std::unexpected(Error::refused("schema: a '$ref' leads back to itself with nothing in between"));
      INGLE_TRY(const OpId rule, any_of(node.parts));
      open_.erase(id);
      rules_[id] = rule;
      return builder_.call(rule, next);
    }
    const OpId rule = builder_.declare();
    rules_[id] = rule;
    undefined_.emplace_back(id, rule);
    return builder_.call(rule, next);
  }

  Result<OpId> any_of(const std::vector<NodeId>& parts) {
    std::vector<OpId> alternatives;
    for (const NodeId part : parts) {
      INGLE_TRY(const OpId op, value(part, kReturn));
      alternatives.push_back(op);
    }
    return builder_.choice(alternatives);
  }

  Result<OpId> string(const Node& node, OpId next) {
    const OpId close = builder_.byte('"', next);
    if (node.text.empty()) return builder_.byte('"', builder_.text({node.min, node.max}, close));
    auto matched = emit_pattern(builder_, node.text, close);
    if (!matched) return std::unexpected(std::move(matched).error().within("schema"));
    return builder_.byte('"', *matched);
  }

  OpId separator(char c, OpId next) { return builder_.byte(c, builder_.byte(' ', next)); }

  Result<OpId> array(const Node& node) {
    const OpId close = builder_.byte(']', kReturn);
    const auto n_first = static_cast<uint32_t>(std::min<size_t>(node.parts.size(), node.max));
    OpId tail = close;
    if (node.rest != Node::kNone && node.max > n_first) {
      INGLE_TRY(const OpId element, value(node.rest, kReturn));
      const OpId more = separator(',', element);
      const uint32_t max = node.max == kUnlimited ? kUnlimited : node.max - n_first;
      const uint32_t min = node.min > n_first ? node.min - n_first : 0;
      if (n_first == 0) {
        // The first element has no comma before it.
        const OpId others = builder_.repeat({more, min == 0 ? 0 : min - 1, max == kUnlimited ? max : max - 1}, close);
        const OpId elements = builder_.call(element, others);
        return builder_.byte('[', min == 0 ? builder_.optional(elements, close) : elements);
      }
      tail = builder_.repeat({more, min, max}, close);
    } else if (node.min > n_first) {
      tail = kNever;
    }
    for (uint32_t i = n_first; i > 0; --i) {
      INGLE_TRY(const OpId element, value(node.parts[i - 1], tail));
      const OpId next = i == 1 ? element : separator(',', element);
      tail = node.min < i ? builder_.optional(next, close) : next;
    }
    return builder_.byte('[', tail);
  }

  Result<OpId> object(const Node& node) {
    const OpId close = builder_.byte('}', kReturn);
    OpId after_some = close;  // where at least one member stands before
    OpId after_none = close;
    if (node.rest != Node::kNone) {
      INGLE_TRY(const OpId element, value(node.rest, kReturn));
      const OpId member = emit_other_key(builder_, node.properties, separator(':', element));
      after_some = builder_.repeat({separator(',', member), 0, kUnlimited}, close);
      after_none = builder_.optional(builder_.call(member, after_some), close);
    }
    for (size_t i = node.properties.size(); i > 0; --i) {
      const Node::Property& property = node.properties[i - 1];
      INGLE_TRY(const OpId element, value(property.value, after_some));
      const OpId member = builder_.literal(property.key, separator(':', element));
      const OpId another = separator(',', member);
      after_some = property.required ? another : builder_.optional(another, after_some);
      after_none = property.required ? member : builder_.optional(member, after_none);
    }
    return builder_.byte('{', after_none);
  }

  const SchemaTree& tree_;
  ProgramBuilder& builder_;
  std::map<NodeId, OpId> rules_;
  std::set<NodeId> open_;                           // unions that are being made
  std::vector<std::pair<NodeId, OpId>> undefined_;  // arrays and objects that are declared only
};

}  // namespace

Result<CompiledSchema> compile_schema(std::string_view json, std::span<const CopySource> sources,
                                      const ByteSet& available, const SchemaLimits& limits) {
  if (sources.size() > kMaxSources) {
    return std::unexpected(Error::refused(
        fmt::format("there are {} texts to copy from, at most {} are taken", sources.size(), kMaxSources)));
  }
  std::vector<std::string> names;
  std::vector<std::shared_ptr<const CopyText>> texts;
  for (const CopySource& source : sources) {
    names.push_back(source.name);
    INGLE_TRY(auto text, CopyText::create(source.text, available));
    texts.push_back(std::move(text));
  }
  CompiledSchema compiled;
  INGLE_TRY(compiled.tree, parse_schema(json, names, limits));
  INGLE_TRY(compiled.program, compile(compiled.tree, std::move(texts), available));
  return compiled;
}

Result<OpId> emit_schema(ProgramBuilder& builder, const SchemaTree& tree, OpId next) {
  return Compiler(tree, builder).run(next);
}

Result<std::shared_ptr<const Program>> compile(const SchemaTree& tree,
                                               std::vector<std::shared_ptr<const CopyText>> sources,
                                               const ByteSet& available) {
  ProgramBuilder builder(available);
  builder.set_sources(std::move(sources));
  INGLE_TRY(const OpId start, emit_schema(builder, tree, kReturn));
  return std::move(builder).finish(start, "schema");
}

}  // namespace ingle::text::grammar
