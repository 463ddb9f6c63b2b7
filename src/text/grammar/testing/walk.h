// What tests and fuzz targets do with a program: compile a schema, feed it bytes.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/grammar/constraint.h"

namespace ingle::text::grammar::testing {

Result<std::shared_ptr<const Program>> compiled(std::string_view schema, const std::vector<CopySource>& sources = {});

/// Whether the bytes of `text` are a whole document.
bool accepts(const std::shared_ptr<const Program>& program, std::string_view text);

/// A text that the constraint takes, drawn at random from what it allows in the fewest bytes and 40 more; checks that there
/// always is one. Its tokens must be single bytes.
std::string random_text(Constraint constraint, uint64_t seed);

}  // namespace ingle::text::grammar::testing
