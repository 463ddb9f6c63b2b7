// Pulling with a progress line; shared by `pull` and by `run`, which pulls what it does not find.
#pragma once

#include <string_view>

#include "cli/verb.h"

namespace ingle::cli {

/// Pulls and shows it on stderr: one bar on a terminal; elsewhere nothing but notes, and a line every tenth if `lines`.
Result<store::PullReport> pull_model(Context& context, std::string_view name, bool lines);

}  // namespace ingle::cli
