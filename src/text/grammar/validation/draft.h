// The drafts of JSON Schema, and of each keyword with a meaning here: the drafts that know it and what its value must be.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "text/grammar/validation/json_value.h"

namespace ingle::text::grammar::validation {

enum class Draft : uint8_t { kDraft4, kDraft6, kDraft7, k2019, k2020 };

/// Of a URI in "$schema". Nothing: a draft of somebody's own.
std::optional<Draft> draft_named(std::string_view uri);

/// What a schema without "$schema" was written in, told by words that only some drafts have; 2020-12 where none is used.
Draft guess_draft(const JsonValue& schema);

struct KeywordRow {
  enum class Shape : uint8_t {
    kSchema,
    kSchemas,       // a list
    kSchemaMap,     // by name
    kPatternMap,    // by pattern
    kItems,         // a schema, up to 2019-09 also a list of them
    kDependencies,  // by name, a schema or a list of names
    kCount,         // a whole number from 0
    kNumber,
    kPositive,
    kBound,  // a number; in draft 4 true or false
    kText,
    kPattern,
    kNames,    // a list of texts
    kNameMap,  // by name, lists of texts
    kTypes,
    kList,
    kFlag,
    kAnything,
  };
  std::string_view name;
  Shape shape = Shape::kAnything;
  Draft first = Draft::kDraft4;
  Draft last = Draft::k2020;
};

/// Null: `draft` has no keyword `name`, or one that asserts nothing.
const KeywordRow* find_keyword(std::string_view name, Draft draft);

}  // namespace ingle::text::grammar::validation
