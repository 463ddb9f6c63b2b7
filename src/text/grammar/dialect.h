// The drafts of JSON Schema, and where each of their keywords holds further schemas.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace ingle::text::grammar {

enum class Draft : uint8_t { k4, k6, k7, k2019, k2020 };

/// Of the value of "$schema"; nothing for a dialect that is not known.
std::optional<Draft> draft_of(std::string_view uri);

enum class Holds : uint8_t {
  kNoSchema,
  kSchema,
  kSchemas,       // a list
  kSchemaOrList,  // "items" up to draft 2019-09
  kNamed,         // an object of schemas
  kNamedOrNames,  // "dependencies": an object of schemas or of lists of names
};

/// Whether a keyword is one of the draft; of what no draft knows: false.
bool knows(Draft draft, std::string_view keyword);

/// Whether a keyword is one of any draft, or of our own.
bool is_keyword(std::string_view keyword);
/// All of those, for suggestions.
std::span<const std::string_view> keywords();

/// What the value of a keyword holds, in any draft that knows it.
Holds holds(std::string_view keyword);

/// Keywords that say nothing about which documents are valid.
bool is_annotation(std::string_view keyword);

}  // namespace ingle::text::grammar
