// What Python's str can do, on marked text: every byte of a result has the mark of the byte it was made from.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/template/value.h"

namespace ingle::text::jinja {

enum class Case : uint8_t { kUpper, kLower, kSwap };
MarkedText change_case(const MarkedText& text, Case to);
MarkedText capitalize(const MarkedText& text);
/// str.title, which begins a word after every letter that has no case; the filter begins one after spaces and brackets.
MarkedText title_method(const MarkedText& text);
MarkedText title_filter(const MarkedText& text);

/// `chars`: the code points to take off; none: white space.
MarkedText strip(const MarkedText& text, std::optional<std::string_view> chars, bool left, bool right);
/// `count` < 0: all.
Result<MarkedText> replace(Heap& heap, const MarkedText& text, std::string_view from, const MarkedText& to,
                           int64_t count);
/// `separator`: none splits at white space; `limit` < 0: everywhere.
Result<std::vector<Value>> split(Heap& heap, const MarkedText& text, std::optional<std::string_view> separator,
                                 int64_t limit);
Result<std::vector<Value>> split_from_right(Heap& heap, const MarkedText& text,
                                            std::optional<std::string_view> separator, int64_t limit);
std::vector<MarkedText> split_lines(const MarkedText& text, bool keep_ends);

/// Byte offsets of the non-overlapping occurrences, `limit` at most if it is not negative.
std::vector<size_t> occurrences(std::string_view text, std::string_view needle, int64_t limit = -1);

}  // namespace ingle::text::jinja
