// What `multipleOf` asks of a number, in decimal digits.
#pragma once

#include <optional>

#include "text/grammar/ir.h"

namespace ingle::text::grammar {

/// The smallest number above 0 that is a multiple of both; nothing where it has too many digits.
std::optional<Decimal> common_multiple(const Decimal& a, const Decimal& b);

bool is_multiple(const Decimal& number, const Decimal& step);

}  // namespace ingle::text::grammar
