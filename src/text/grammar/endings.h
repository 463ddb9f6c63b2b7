// How a program comes to its end: what ProgramBuilder::finish does before anybody runs the program.
//
// Fills in `distance` and `depth` of every operation, takes away alternatives that never end, joins references that only
// lead on, and finds left recursion. Iterative: the size of a program is hostile input. Time is n log n in its operations.
#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "text/grammar/program.h"

namespace ingle::text::grammar {

/// `rules`: declared operations and their names. kRefused: there is no end from program.start, or left recursion.
Status find_endings(Program& program, const ByteSet& available, const std::map<OpId, std::string>& rules);

}  // namespace ingle::text::grammar
