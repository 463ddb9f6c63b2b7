// The formats of JSON Schema as languages: what "format" says about a string, after the RFC that each of them names.
//
// Every valid text is in its language. Where not every text of the language is valid (kWider), a finished value has to be
// checked: fits_format() does. Languages are made once, at their first use, and kept; any thread.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "text/grammar/language.h"

namespace ingle::text::grammar {

enum class FormatFit : uint8_t {
  kUnknown,  // not a format of the specification: it says nothing about values
  kExact,    // the language holds the valid texts and no others
  kWider,  // and some that are not valid: hostname and idn-hostname (punycode), idn-email (its domain), regex (all texts)
};

FormatFit format_fit(std::string_view format);
/// All that are known, for suggestions.
std::span<const std::string_view> format_names();

/// Nothing for an unknown format.
std::optional<Language> language_of_format(std::string_view format);

/// Whether the text is valid, as far as that can be known without tables of IDNA. True for an unknown format.
bool fits_format(std::string_view format, std::string_view text);

}  // namespace ingle::text::grammar
