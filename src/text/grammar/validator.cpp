#include "text/grammar/validator.h"

#include <nlohmann/json.hpp>

#include "text/grammar/null_keywords.h"
#include "text/grammar/validation/judge.h"

namespace ingle::text::grammar {

using validation::JsonValue;
using validation::SchemaDocument;

std::string Violation::message() const {
  return "'" + keyword + "' does not hold at " + (instance_path.empty() ? "the top" : instance_path);
}

Result<Validator> Validator::create(std::string_view schema, const ValidatorLimits& limits) {
  INGLE_TRY(JsonValue root, validation::read_json(schema, SchemaDocument::kMaxDepth, "the schema"));
  drop_null_keywords(root);
  INGLE_TRY(SchemaDocument document, SchemaDocument::read(std::move(root)));
  return Validator(std::make_shared<const SchemaDocument>(std::move(document)), limits);
}

Result<std::optional<Violation>> Validator::run(const JsonValue& schema, const JsonValue& instance) const {
  return validation::judge(*document_, schema, instance, limits_.max_steps);
}

Result<std::optional<Violation>> Validator::validate(std::string_view instance) const {
  if (instance.size() > limits_.max_bytes)
    return std::unexpected(Error::refused("the document is too long to be checked"));
  auto value = validation::read_json(instance, limits_.max_depth, "the document");
  if (!value && value.error().code() == ErrorCode::kUsage)
    return std::unexpected(Error::corrupt(value.error().message()));
  if (!value) return std::unexpected(std::move(value).error());
  return run(document_->root(), *value);
}

Result<std::optional<Violation>> Validator::validate_at(std::string_view pointer,
                                                        const nlohmann::ordered_json& instance) const {
  const JsonValue* schema = &document_->root();
  while (schema != nullptr && !pointer.empty())
    schema = validation::take_step(*schema, pointer);
  if (schema == nullptr || document_->place(*schema) == nullptr)
    return std::unexpected(Error::usage("there is no schema at #" + std::string(pointer)));
  return run(*schema, validation::to_exact(instance));
}

Result<std::optional<Violation>> validate(std::string_view schema, std::string_view instance) {
  INGLE_TRY(const Validator validator, Validator::create(schema));
  return validator.validate(instance);
}

}  // namespace ingle::text::grammar
