// Python's two ways to format text: "%s" % args and "{}".format(args). The text that goes in keeps its marks.
#pragma once

#include <span>

#include "base/result.h"
#include "text/template/value.h"

namespace ingle::text::jinja {

Result<Value> format_percent(Heap& heap, const Value& format, const Value& args);
Result<Value> format_braces(Evaluator& eval, Heap& heap, const Value& format, std::span<const Value> positional,
                            std::span<const NamedValue> named);

/// `text` in a field of `width` code points; align is '<', '>' or '^' (the odd space goes right).
Result<MarkedText> padded(Heap& heap, const MarkedText& text, uint64_t width, char align, const MarkedText& fill);

}  // namespace ingle::text::jinja
