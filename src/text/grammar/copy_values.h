// Values that a text states in its own way, and their one normal form: "1.234,56 EUR" is the amount 1234.56, "3. März 2024"
// the date 2024-03-03. What "x-ingle-copy-as" lets a model write, beside copy_text.h which copies letter by letter.
//
// Where a writing can be read in two ways ("1.234", "03/04/2024", "- 12"), both readings are found: the model says which is
// meant, it cannot say a third. Linear in the text, which has at most CopyText::kMaxBytes; pure, any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/grammar/copy_text.h"
#include "text/grammar/language.h"

namespace ingle::text::grammar {

struct CopiedValue {
  std::string value;   // an amount: decimals as they are written, "1234.50"; a date: "2024-03-03"
  CodePointSpan span;  // where the text states it
  friend bool operator==(const CopiedValue&, const CopiedValue&) = default;
};

/// Numbers with decimal point or comma, groups of thousands by point, comma, apostrophe or space, signs before or after. Not
/// what is part of a word, a date or a longer row of digits and marks.
std::vector<CopiedValue> amounts_in(std::string_view text);

/// Days in figures, year first or last, month and day in either order where '/' or '-' leave it open, and with names of
/// months in English, German, French, Spanish, Italian and Dutch.
std::vector<CopiedValue> dates_in(std::string_view text);

enum class CopyAs : uint8_t {
  kAmountNumber,  // a JSON number, without needless zeros
  kAmountText,    // the same inside a string, with the decimals that the text has
  kDate,          // a string
};

/// The values as a language: of number texts for kAmountNumber (Spelling::kPlain), else of what stands in the string. Empty
/// where the text states none. kRefused: too many different ones.
Result<Language> language_of_copies(CopyAs as, std::string_view text, Budget* budget = nullptr);

/// Where the text states a value of the document, in order; `value` is what stands in the document.
std::vector<CodePointSpan> find_copied_value(CopyAs as, std::string_view text, std::string_view value);

}  // namespace ingle::text::grammar
