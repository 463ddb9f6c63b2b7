#include "text/grammar/gbnf.h"

#include "text/grammar/gbnf_parser.h"
#include "text/grammar/utf8_ops.h"

namespace ingle::text::grammar {
namespace {

constexpr OpId kReturn = ProgramBuilder::kReturnOp;

class Emitter {
 public:
  Emitter(const GbnfTree& tree, ProgramBuilder& builder) : tree_(tree), builder_(builder) {}

  OpId run() {
    for (const GbnfTree::Rule& rule : tree_.rules)
      rules_.push_back(builder_.declare(rule.name));
    for (size_t i = 0; i < tree_.rules.size() && !builder_.full(); ++i)
      builder_.define(rules_[i], group(tree_.rules[i].body, kReturn));
    return rules_[tree_.root];
  }

 private:
  OpId group(const GbnfTree::Group& group, OpId next) {
    std::vector<OpId> alternatives;
    for (const GbnfTree::Sequence& sequence : group)
      alternatives.push_back(this->sequence(sequence, next));
    return builder_.choice(alternatives);
  }

  OpId sequence(const GbnfTree::Sequence& items, OpId next) {
    for (size_t i = items.size(); i > 0; --i)
      next = repeated(items[i - 1], next);
    return next;
  }

  OpId repeated(const GbnfTree::Item& item, OpId next) {
    if (item.min == 1 && item.max == 1) return once(item, next);
    if (item.min == 0 && item.max == 1) return builder_.optional(once(item, next), next);
    return builder_.repeat({once(item, kReturn), item.min, item.max}, next);
  }

  OpId once(const GbnfTree::Item& item, OpId next) {
    switch (item.kind) {
      case GbnfTree::Item::Kind::kLiteral:
        return builder_.literal(item.text, next);
      case GbnfTree::Item::Kind::kSet:
        return emit_utf8(builder_, item.set, next);
      case GbnfTree::Item::Kind::kRule:
        return builder_.call(rules_[item.rule], next);
      default:
        return group(item.group, next);
    }
  }

  const GbnfTree& tree_;
  ProgramBuilder& builder_;
  std::vector<OpId> rules_;
};

}  // namespace

Result<std::shared_ptr<const Program>> compile_gbnf(std::string_view text, const ByteSet& available,
                                                    const GbnfLimits& limits) {
  INGLE_TRY(const GbnfTree tree, parse_gbnf(text, limits));
  ProgramBuilder builder(available);
  const OpId start = Emitter(tree, builder).run();
  return std::move(builder).finish(start, "grammar");
}

}  // namespace ingle::text::grammar
