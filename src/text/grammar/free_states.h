// States of a language in which a string is free: any characters may come next, for a while, and make no end farther.
#pragma once

#include <vector>

#include "text/grammar/dfa.h"

namespace ingle::text::grammar {

/// Of each state, whether any kManyCharacters characters may follow that need no escape in a JSON string. None, where the
/// table is too large to be searched for them.
std::vector<bool> free_states(const Dfa& dfa);

inline constexpr int kManyCharacters = 16;

}  // namespace ingle::text::grammar
