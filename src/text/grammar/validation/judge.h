// Judge: one question whether a value fits a schema, keyword by keyword, and what the first answer "no" was.
#pragma once

#include <optional>

#include "base/result.h"
#include "text/grammar/validation/schema_document.h"
#include "text/grammar/validator.h"

namespace ingle::text::grammar::validation {

/// Nothing: it fits. `schema` is a schema of `document`. kRefused: more than `max_steps`, or nested too deep.
Result<std::optional<Violation>> judge(const SchemaDocument& document, const JsonValue& schema,
                                       const JsonValue& instance, size_t max_steps);

}  // namespace ingle::text::grammar::validation
