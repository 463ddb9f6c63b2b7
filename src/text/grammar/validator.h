// Validator: whether a JSON document fits a JSON Schema, told by reading the document: drafts 4, 6, 7, 2019-09 and 2020-12
// with all their assertions. It shares nothing with the automata that write documents, so that each can be held against
// the other, and it judges what automata cannot enforce.
//
// References lead to places in the same schema; one to another document is an error that says so. Numbers are compared as
// they are written, without rounding. "format" asserts where the format is known. Work is counted, not timed: over the
// budget is an error. Immutable after create; any thread may validate.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ingle::text::grammar {

namespace validation {
struct JsonValue;
class SchemaDocument;
}  // namespace validation

/// The first thing that is wrong with a document.
struct Violation {
  std::string keyword;        // "uniqueItems"; "false schema" where nothing is allowed
  std::string instance_path;  // JSON pointer into the document, "" = all of it
  std::string schema_path;    // JSON pointer to the keyword in the schema
  /// "'uniqueItems' does not hold at /items"
  std::string message() const;
};

struct ValidatorLimits {
  size_t max_bytes = size_t{64} << 20;  // of a document
  size_t max_depth = 512;               // of a document
  size_t max_steps = 4'000'000;         // keywords asked and values compared, for one document
};

class Validator {
 public:
  /// kUsage: no JSON, or no schema. kRefused: a reference to another document, an unknown draft, a pattern that is none.
  static Result<Validator> create(std::string_view schema, const ValidatorLimits& limits = {});

  /// Nothing: it is valid. kCorrupt: the document is no JSON. kRefused: a limit.
  Result<std::optional<Violation>> validate(std::string_view instance) const;
  /// A value against the schema at `pointer` (a JSON pointer, "" = the whole) inside the document of this one.
  Result<std::optional<Violation>> validate_at(std::string_view pointer, const nlohmann::ordered_json& instance) const;

 private:
  Validator(std::shared_ptr<const validation::SchemaDocument> document, const ValidatorLimits& limits)
      : document_(std::move(document)), limits_(limits) {}
  Result<std::optional<Violation>> run(const validation::JsonValue& schema,
                                       const validation::JsonValue& instance) const;

  std::shared_ptr<const validation::SchemaDocument> document_;  // copies share it
  ValidatorLimits limits_;
};

Result<std::optional<Violation>> validate(std::string_view schema, std::string_view instance);

}  // namespace ingle::text::grammar
