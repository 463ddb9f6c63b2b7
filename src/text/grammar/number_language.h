// Numbers as a Language: the texts that are a multiple of something and lie within bounds.
//
// The digits are read once, left to right; what is kept of them is the remainder, and how they compare with the bound so
// far. So the automaton grows with the divisor: 7, 0.05 and 1000 are small, 123457 is refused. Texts are those that
// emit_number() writes: at most kMaxWholeDigits digits before the point and no exponent.
#pragma once

#include <optional>

#include "text/grammar/decimal.h"
#include "text/grammar/language.h"

namespace ingle::text::grammar {

/// `whole`: no fraction. `multiple_of` is above zero. kRefused: too many remainders to be told apart.
Result<Language> language_of_numbers(bool whole, const std::optional<Bound>& least, const std::optional<Bound>& most,
                                     const std::optional<Decimal>& multiple_of, Budget* budget = nullptr);

}  // namespace ingle::text::grammar
