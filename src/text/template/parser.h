// The parser of templates: jinja2's grammar with the loopcontrols extension and transformers' generation blocks.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "text/template/ast.h"

namespace ingle::text::jinja {

/// kCorrupt with line and column; kUnsupported for include, import, from and extends. Nesting is limited, so hostile
/// source cannot exhaust the stack.
Result<std::unique_ptr<const Tree>> parse(std::string_view source);

}  // namespace ingle::text::jinja
