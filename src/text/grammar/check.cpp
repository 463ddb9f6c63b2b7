#include "text/grammar/check.h"

#include "text/grammar/schema.h"
#include "text/grammar/walk_instance.h"

namespace ingle::text::grammar {
namespace {

constexpr size_t kMaxInstanceDepth = 256;

/// A schema that nothing fits has no masks, but it is enforced: every document is rejected.
bool has_no_document(std::string_view schema) {
  const auto tree = parse_schema(schema, {});
  return tree && tree->nodes[tree->root].kind == Node::Kind::kNothing;
}

}  // namespace

Result<Checker> Checker::create(std::string_view schema, const CheckOptions& options) {
  const auto tokens = TokenTrie::of_bytes();
  Checker made;
  auto compiled = compile_schema(schema, options.sources, tokens->single_bytes(), {.may_check = !options.strict});
  if (!compiled && has_no_document(schema)) return made;
  if (!compiled && (options.strict || compiled.error().code() != ErrorCode::kRefused))
    return std::unexpected(std::move(compiled).error());
  if (compiled) {
    made.masker_ = std::make_unique<Masker>(compiled->program, tokens);
    made.compiled_ = std::move(*compiled);
    for (const Unenforced& left_out : made.compiled_->tree.unenforced)
      made.unenforced_.push_back(left_out.message());
    if (made.unenforced_.empty()) return made;
  } else {
    made.unenforced_.push_back(compiled.error().message());
  }
  INGLE_TRY(made.validator_, Validator::create(schema));
  return made;
}

Result<Checker::Outcome> Checker::check(std::string_view instance) {
  auto parsed = validation::read_json(instance, kMaxInstanceDepth, "the instance");
  if (!parsed) return std::unexpected(Error::corrupt(parsed.error().message()));
  Outcome outcome;
  if (!masker_ && !validator_) return outcome;
  if (masker_) {
    INGLE_TRY(auto text, walk_instance(compiled_->tree, *masker_, *parsed));
    if (!text) return outcome;
    outcome.text = std::move(*text);
  }
  if (validator_) {
    INGLE_TRY(outcome.violation, validator_->validate(instance));
  }
  outcome.accepted = !outcome.violation;
  return outcome;
}

}  // namespace ingle::text::grammar
