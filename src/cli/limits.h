// The table of `ingle serve --print-limits`: what a client of the server can ask for at most, from the constants themselves.
#pragma once

#include "cli/console.h"

namespace ingle::cli {

void print_limits(Console& console, bool json);

}  // namespace ingle::cli
