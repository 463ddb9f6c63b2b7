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

}  // namespace ingle::text::grammar::testing
