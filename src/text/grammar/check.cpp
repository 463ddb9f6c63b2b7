#include "text/grammar/check.h"

#include "text/grammar/schema.h"
#include "text/grammar/walk_instance.h"

namespace ingle::text::grammar {
namespace {

constexpr size_t kMaxInstanceDepth = 256;

constexpr int64_t kMostDigits = 18;

/// A schema that nothing fits has no masks, but it is enforced: every document is rejected.
bool is_nothing(const Result<SchemaTree>& tree) {
  return tree && tree->nodes[tree->root].kind == Node::Kind::kNothing;
}

/// What of a valid document generation never writes; empty where that is not known.
std::string_view unwritten(const validation::JsonValue& value) {
  if (const auto* number = value.number()) {
    const auto n_digits = static_cast<int64_t>(number->digits.size());
    if (number->exponent < -kMostDigits) return "more than 18 digits behind the point";
    if (n_digits + number->exponent > kMostDigits) return "whole numbers of more than 18 digits";
  }
  if (const auto* list = value.array()) {
    for (const auto& element : *list)
      if (const auto what = unwritten(element); !what.empty()) return what;
  }
  if (const auto* members = value.object()) {
    for (const auto& [key, member] : *members)
      if (const auto what = unwritten(member); !what.empty()) return what;
  }
  return {};
}

}  // namespace

Result<Checker> Checker::create(std::string_view schema, const CheckOptions& options) {
  const auto tokens = TokenTrie::of_bytes();
  Checker made;
  auto validator = Validator::create(schema);
  auto compiled = compile_schema(schema, options.sources, tokens->single_bytes(), {.may_check = !options.strict});
  if (!compiled) {
    auto tree = parse_schema(schema, options.sources, {.may_check = !options.strict});
    if (!is_nothing(tree)) return std::unexpected(std::move(compiled).error());
    made.ignored_ = std::move(tree->ignored);
    if (validator) made.validator_ = std::move(*validator);
    return made;
  }
  made.masker_ = std::make_unique<Masker>(compiled->program, tokens);
  made.compiled_ = std::move(*compiled);
  made.ignored_ = made.compiled_->tree.ignored;
  for (const Unenforced& left_out : made.compiled_->tree.unenforced)
    made.unenforced_.push_back(left_out.message());
  if (validator) {
    made.validator_ = std::move(*validator);
  } else if (!made.unenforced_.empty()) {
    return std::unexpected(std::move(validator).error());
  }
  return made;
}

/// The masks know that a document is wrong, the validator knows why.
void Checker::explain(const validation::JsonValue& document, std::string_view instance, Outcome& outcome) const {
  outcome.reason = "it does not fit the schema";
  if (!validator_) return;
  auto judged = validator_->validate(instance);
  if (!judged) return;
  outcome.violation = std::move(*judged);
  if (outcome.violation) {
    outcome.reason = outcome.violation->message();
    return;
  }
  const std::string_view what = unwritten(document);
  outcome.reason = "it fits, but Inglenook does not write " + (what.empty() ? "such a document" : std::string(what));
}

Result<Checker::Outcome> Checker::check(std::string_view instance) {
  auto parsed = validation::read_json(instance, kMaxInstanceDepth, "the instance");
  if (!parsed) return std::unexpected(Error::corrupt(parsed.error().message()));
  Outcome outcome;
  std::optional<std::string> text;
  if (masker_) {
    INGLE_TRY(text, walk_instance(compiled_->tree, *masker_, *parsed));
  }
  if (!text) {
    outcome.by_masks = true;
    explain(*parsed, instance, outcome);
    return outcome;
  }
  outcome.text = std::move(*text);
  if (!unenforced_.empty()) {
    INGLE_TRY(outcome.violation, validator_->validate(instance));
  }
  outcome.accepted = !outcome.violation;
  if (outcome.violation) outcome.reason = outcome.violation->message();
  return outcome;
}

}  // namespace ingle::text::grammar
