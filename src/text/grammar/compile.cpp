#include "text/grammar/compile.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "text/grammar/decimal.h"
#include "text/grammar/emit_containers.h"

namespace ingle::text::grammar {
namespace {

constexpr OpId kReturn = ProgramBuilder::kReturnOp;
constexpr OpId kNever = ProgramBuilder::kNever;
constexpr size_t kMaxSources = 64;

class Compiler {
 public:
  Compiler(const SchemaTree& tree, ProgramBuilder& builder, Layout layout)
      : tree_(tree), builder_(builder), layout_(layout) {}
  Compiler(const Compiler&) = delete;
  Compiler& operator=(const Compiler&) = delete;

  Result<OpId> run(OpId next) {
    INGLE_TRY(const OpId start, value(tree_.root, next));
    while (!undefined_.empty() && !builder_.full()) {
      const auto [id, rule] = undefined_.back();
      undefined_.pop_back();
      const Node& node = tree_.nodes[id];
      INGLE_TRY(const OpId body, node.kind == Node::Kind::kArray ? emit_array(builder_, node, emit_value_, layout_)
                                                                 : emit_object(builder_, node, emit_value_, layout_));
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
        if (node.language) return builder_.language(*node.language, Spelling::kPlain, next);
        return emit_number(builder_, node.kind == Node::Kind::kInteger, node.least, node.most, next);
      case Node::Kind::kString:
        return string(node, builder_.byte('"', next));
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
    std::vector<std::string_view> words;
    for (const NodeId part : parts) {
      if (tree_.nodes[part].kind == Node::Kind::kLiteral) {
        words.push_back(tree_.nodes[part].text);
        continue;
      }
      INGLE_TRY(const OpId op, value(part, kReturn));
      alternatives.push_back(op);
    }
    alternatives.push_back(builder_.literals(std::move(words), kReturn));
    return builder_.choice(alternatives);
  }

  OpId string(const Node& node, OpId close) {
    const OpId text = node.language ? builder_.language(*node.language, Spelling::kJsonString, close)
                                    : builder_.text({node.min, node.max}, close);
    return builder_.byte('"', text);
  }

  const SchemaTree& tree_;
  ProgramBuilder& builder_;
  Layout layout_;
  EmitValue emit_value_ = [this](NodeId id, OpId next) { return value(id, next); };
  std::map<NodeId, OpId> rules_;
  std::set<NodeId> open_;                           // unions that are being made
  std::vector<std::pair<NodeId, OpId>> undefined_;  // arrays and objects that are declared only
};

}  // namespace

Result<CompiledSchema> compile_schema(std::string_view json, std::span<const CopySource> sources,
                                      const ByteSet& available, const SchemaOptions& options) {
  if (sources.size() > kMaxSources) {
    return std::unexpected(Error::refused(
        fmt::format("there are {} texts to copy from, at most {} are taken", sources.size(), kMaxSources)));
  }
  std::vector<std::shared_ptr<const CopyText>> texts;
  for (const CopySource& source : sources) {
    INGLE_TRY(auto text, CopyText::create(source.text, available));
    texts.push_back(std::move(text));
  }
  CompiledSchema compiled;
  INGLE_TRY(compiled.tree, parse_schema(json, sources, options));
  INGLE_TRY(compiled.program, compile(compiled.tree, std::move(texts), available));
  return compiled;
}

Result<OpId> emit_schema(ProgramBuilder& builder, const SchemaTree& tree, OpId next, Layout layout) {
  return Compiler(tree, builder, layout).run(next);
}

Result<std::shared_ptr<const Program>> compile(const SchemaTree& tree,
                                               std::vector<std::shared_ptr<const CopyText>> sources,
                                               const ByteSet& available) {
  ProgramBuilder builder(available);
  builder.set_sources(std::move(sources));
  builder.set_needs_check(!tree.unenforced.empty());
  INGLE_TRY(const OpId start, emit_schema(builder, tree, kReturn));
  return std::move(builder).finish(start, "schema");
}

}  // namespace ingle::text::grammar
