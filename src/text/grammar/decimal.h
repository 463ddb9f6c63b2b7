// Decimal: bounds of numbers as digits, and the operations of a grammar that hold a number between two of them.
#pragma once

#include <optional>
#include <string_view>

#include "text/grammar/ir.h"
#include "text/grammar/program.h"

namespace ingle::text::grammar {

inline constexpr uint32_t kMaxWholeDigits = 18;  // a whole number always fits 64 bits
inline constexpr uint32_t kMaxFractionDigits = 18;

/// From plain digits or the exponent form of a double; nothing for more digits than can be enforced.
std::optional<Decimal> parse_decimal(std::string_view text);

/// < 0, 0, > 0 as a is less than, equal to, greater than b.
int compare(const Decimal& a, const Decimal& b);

/// The stricter of a bound that may be set already and another.
void tighten(std::optional<Bound>& bound, const Bound& other, bool is_lower);

/// A JSON number, before `next`. Without bounds a fractional one may have an exponent.
OpId emit_number(ProgramBuilder& builder, bool whole, const std::optional<Bound>& least,
                 const std::optional<Bound>& most, OpId next);

}  // namespace ingle::text::grammar
