// The methods of str.
#include <fmt/format.h>

#include <algorithm>

#include "text/template/arguments.h"
#include "text/template/evaluator.h"
#include "text/template/format.h"
#include "text/template/natives.h"
#include "text/template/text_ops.h"
#include "text/template/text_search.h"
#include "text/template/unicode.h"

namespace ingle::text::jinja {
namespace str_method {
namespace {

const MarkedText& self(const Call& call) {
  return call.self.str->text;
}

Value result(Call& call, MarkedText text) {
  return like(call.self, call.heap.text(std::move(text)));
}

Value list_of(Call& call, std::vector<Value> items, List::Type type = List::Type::kList) {
  for (Value& item : items) {
    if (item.is_str()) item.markup = call.self.markup;
  }
  return Value::of(call.heap.list(type, std::move(items)));
}

template <typename Change>
Result<Value> changed(Call& call, Change change) {
  INGLE_TRY_VOID(call.heap.spend_bytes(4 * self(call).size()));
  return result(call, change(self(call)));
}

Result<Value> upper(Call& call) {
  return changed(call, [](const MarkedText& text) { return change_case(text, Case::kUpper); });
}
Result<Value> lower(Call& call) {
  return changed(call, [](const MarkedText& text) { return change_case(text, Case::kLower); });
}
Result<Value> swap_case(Call& call) {
  return changed(call, [](const MarkedText& text) { return change_case(text, Case::kSwap); });
}
Result<Value> title(Call& call) {
  return changed(call, title_method);
}
Result<Value> capitalize_method(Call& call) {
  return changed(call, capitalize);
}

Result<Value> stripped(Call& call, bool left, bool right) {
  INGLE_TRY(const auto chars, text_arg(call, 0));
  return changed(call, [&](const MarkedText& text) { return strip(text, chars, left, right); });
}
Result<Value> strip_both(Call& call) {
  return stripped(call, true, true);
}
Result<Value> strip_left(Call& call) {
  return stripped(call, true, false);
}
Result<Value> strip_right(Call& call) {
  return stripped(call, false, true);
}

Result<Value> split_at(Call& call, bool from_right) {
  INGLE_TRY(const auto separator, text_arg(call, 0));
  INGLE_TRY(const int64_t limit, int_arg(call, 1, -1));
  if (separator && separator->empty()) return std::unexpected(Error::corrupt("split: empty separator"));
  INGLE_TRY(std::vector<Value> parts, from_right ? split_from_right(call.heap, self(call), separator, limit)
                                                 : split(call.heap, self(call), separator, limit));
  return list_of(call, std::move(parts));
}
Result<Value> split_left(Call& call) {
  return split_at(call, false);
}
Result<Value> split_right(Call& call) {
  return split_at(call, true);
}

Result<Value> lines(Call& call) {
  INGLE_TRY_VOID(call.heap.spend_bytes(2 * self(call).size()));
  std::vector<Value> out;
  for (MarkedText& line : split_lines(self(call), bool_arg(call, 0, false))) {
    INGLE_TRY_VOID(call.heap.spend(1));
    out.push_back(call.heap.text(std::move(line)));
  }
  return list_of(call, std::move(out));
}

// startswith and endswith take one text or a tuple of them.
Result<Value> matches_any(Call& call, bool at_start) {
  const Value& wanted = *call.arg[0];
  std::vector<Value> candidates = {wanted};
  if (wanted.is(Kind::kList) && wanted.list->type == List::Type::kTuple) {
    INGLE_TRY(candidates, call.eval.items(wanted));
  }
  INGLE_TRY_VOID(call.heap.spend(candidates.size()));
  const std::string_view text = self(call).bytes();
  for (const Value& candidate : candidates) {
    if (!candidate.is_str()) return wrong_type(candidate, "a string or a tuple of strings");
    INGLE_TRY_VOID(call.heap.spend_bytes(candidate.bytes().size()));
    if (at_start ? text.starts_with(candidate.bytes()) : text.ends_with(candidate.bytes())) return Value::of(true);
  }
  return Value::of(false);
}
Result<Value> starts_with(Call& call) {
  return matches_any(call, true);
}
Result<Value> ends_with(Call& call) {
  return matches_any(call, false);
}

Result<Value> replace_method(Call& call) {
  if (!call.arg[0]->is_str()) return wrong_type(*call.arg[0], "a string");
  if (!call.arg[1]->is_str()) return wrong_type(*call.arg[1], "a string");
  INGLE_TRY(const int64_t count, int_arg(call, 2, -1));
  INGLE_TRY(MarkedText text, replace(call.heap, self(call), call.arg[0]->bytes(), call.arg[1]->str->text, count));
  return result(call, std::move(text));
}

// find, rfind, index, rindex: positions in code points; -1 for nowhere.
Result<int64_t> position(Call& call, bool last) {
  if (!call.arg[0]->is_str()) return wrong_type(*call.arg[0], "a string");
  const std::string_view needle = call.arg[0]->bytes();
  const Value none = Value::none();
  const Value bounds[] = {call.arg[1] != nullptr ? *call.arg[1] : none, call.arg[2] != nullptr ? *call.arg[2] : none,
                          none};
  INGLE_TRY(const Value within, call.eval.slice(call.self, bounds));
  const std::string_view text = within.bytes();
  INGLE_TRY_VOID(call.heap.spend_bytes(text.size() + needle.size()));
  size_t at = last ? text.size() : 0;
  if (!needle.empty()) {
    at = Finder(needle).find(text, 0);
    if (last && at != Finder::kNone) {
      const std::string turned(text.rbegin(), text.rend());
      const std::string turned_needle(needle.rbegin(), needle.rend());
      at = text.size() - needle.size() - Finder(turned_needle).find(turned, 0);
    }
  }
  if (at == Finder::kNone) return -1;
  INGLE_TRY(int64_t start, int_arg(call, 1, 0));
  const auto length = static_cast<int64_t>(call.self.str->length);
  if (start < 0) start = std::max<int64_t>(0, start + length);
  if (start > length) return -1;
  return start + static_cast<int64_t>(count_code_points(text.substr(0, at)));
}

Result<Value> find(Call& call) {
  INGLE_TRY(const int64_t at, position(call, false));
  return Value::of(at);
}
Result<Value> find_last(Call& call) {
  INGLE_TRY(const int64_t at, position(call, true));
  return Value::of(at);
}
Result<Value> index_of(Call& call, bool last) {
  INGLE_TRY(const int64_t at, position(call, last));
  if (at < 0) return std::unexpected(Error::corrupt("index: substring not found"));
  return Value::of(at);
}
Result<Value> index(Call& call) {
  return index_of(call, false);
}
Result<Value> index_last(Call& call) {
  return index_of(call, true);
}

Result<Value> count(Call& call) {
  if (!call.arg[0]->is_str()) return wrong_type(*call.arg[0], "a string");
  if (call.arg[0]->bytes().empty()) return Value::of(static_cast<int64_t>(call.self.str->length) + 1);
  INGLE_TRY_VOID(call.heap.spend_bytes(self(call).size() + call.arg[0]->bytes().size()));
  return Value::of(static_cast<int64_t>(occurrences(self(call).bytes(), call.arg[0]->bytes()).size()));
}

Result<Value> join(Call& call) {
  INGLE_TRY(const std::vector<Value> items, call.eval.items(*call.arg[0]));
  MarkedText out;
  for (size_t i = 0; i < items.size(); ++i) {
    if (!items[i].is_str()) return wrong_type(items[i], "strings to join");
    if (i > 0) INGLE_TRY_VOID(write_str(call.heap, out, call.self));
    INGLE_TRY_VOID(write_str(call.heap, out, items[i]));
  }
  return result(call, std::move(out));
}

Result<Value> format_method(Call& call) {
  return format_braces(call.eval, call.heap, call.self, call.positional, call.named);
}

Result<Value> partition_at(Call& call, bool last) {
  if (!call.arg[0]->is_str()) return wrong_type(*call.arg[0], "a string");
  const std::string_view separator = call.arg[0]->bytes();
  if (separator.empty()) return std::unexpected(Error::corrupt("partition: empty separator"));
  INGLE_TRY(std::vector<Value> parts,
            last ? split_from_right(call.heap, self(call), separator, 1) : split(call.heap, self(call), separator, 1));
  const Value empty = call.heap.text("");
  if (parts.size() == 2) {
    parts.insert(parts.begin() + 1, *call.arg[0]);
  } else if (last) {
    parts = {empty, empty, call.self};
  } else {
    parts = {call.self, empty, empty};
  }
  return list_of(call, std::move(parts), List::Type::kTuple);
}
Result<Value> partition(Call& call) {
  return partition_at(call, false);
}
Result<Value> partition_last(Call& call) {
  return partition_at(call, true);
}

Result<Value> remove_prefix(Call& call) {
  if (!call.arg[0]->is_str()) return wrong_type(*call.arg[0], "a string");
  const bool has = self(call).bytes().starts_with(call.arg[0]->bytes());
  return result(call, self(call).slice(has ? call.arg[0]->bytes().size() : 0, self(call).size()));
}
Result<Value> remove_suffix(Call& call) {
  if (!call.arg[0]->is_str()) return wrong_type(*call.arg[0], "a string");
  const bool has = self(call).bytes().ends_with(call.arg[0]->bytes());
  return result(call, self(call).slice(0, self(call).size() - (has ? call.arg[0]->bytes().size() : 0)));
}

Result<Value> aligned(Call& call, char align) {
  INGLE_TRY(const int64_t width, int_arg(call, 0, 0));
  MarkedText fill(" ", true);
  if (call.has(1)) {
    if (!call.arg[1]->is_str() || call.arg[1]->str->length != 1) return wrong_type(*call.arg[1], "one character");
    fill = call.arg[1]->str->text;
  }
  const auto wanted = static_cast<uint64_t>(std::max<int64_t>(width, 0));
  MarkedText text = self(call);
  const uint64_t length = call.self.str->length;
  if (align == '^' && wanted > length && ((wanted - length) & wanted & 1) != 0) {
    INGLE_TRY(text, padded(call.heap, text, length + 1, '>', fill));
  }
  INGLE_TRY(text, padded(call.heap, text, wanted, align, fill));
  return result(call, std::move(text));
}
Result<Value> left(Call& call) {
  return aligned(call, '<');
}
Result<Value> right(Call& call) {
  return aligned(call, '>');
}
Result<Value> center(Call& call) {
  return aligned(call, '^');
}

Result<Value> zero_fill(Call& call) {
  INGLE_TRY(const int64_t width, int_arg(call, 0, 0));
  const std::string_view bytes = self(call).bytes();
  const size_t sign = !bytes.empty() && (bytes[0] == '-' || bytes[0] == '+') ? 1 : 0;
  const auto wanted = static_cast<uint64_t>(std::max<int64_t>(width, 0));
  MarkedText out = self(call).slice(0, sign);
  INGLE_TRY(const MarkedText rest, padded(call.heap, self(call).slice(sign, bytes.size()),
                                          wanted - std::min<uint64_t>(wanted, sign), '>', MarkedText("0", true)));
  out.append(rest);
  return result(call, std::move(out));
}

// True when the text is not empty and every code point is what the method asks for.
template <typename Is>
Result<Value> every(Call& call, Is is) {
  INGLE_TRY_VOID(call.heap.spend_bytes(self(call).size()));
  const std::string_view bytes = self(call).bytes();
  for (size_t at = 0; at < bytes.size();) {
    const CodePoint c = code_point_at(bytes, at);
    if (!is(c.value)) return Value::of(false);
    at += c.size;
  }
  return Value::of(!bytes.empty());
}
Result<Value> all_space(Call& call) {
  return every(call, is_space);
}
Result<Value> all_alpha(Call& call) {
  return every(call, is_alpha);
}
Result<Value> all_digits(Call& call) {
  return every(call, is_digit);
}
Result<Value> all_numeric(Call& call) {
  return every(call, is_numeric);
}
Result<Value> all_alnum(Call& call) {
  return every(call, [](char32_t c) { return is_alpha(c) || is_numeric(c); });
}
Result<Value> is_ascii(Call& call) {
  return Value::of(call.self.str->ascii());
}
Result<Value> is_upper_text(Call& call) {
  return call.eval.call_native(*find_test("upper"), call.self, {}, {});
}
Result<Value> is_lower_text(Call& call) {
  return call.eval.call_native(*find_test("lower"), call.self, {}, {});
}

constexpr Native kMethods[] = {
    {"capitalize", capitalize_method},
    {"casefold", lower},
    {"center", center, {"width", "fillchar"}, 1},
    {"count", count, {"sub"}, 1},
    {"endswith", ends_with, {"suffix"}, 1},
    {"find", find, {"sub", "start", "end"}, 1},
    {"format", format_method, {}, 0, true},
    {"index", index, {"sub", "start", "end"}, 1},
    {"isalnum", all_alnum},
    {"isalpha", all_alpha},
    {"isascii", is_ascii},
    {"isdecimal", all_digits},
    {"isdigit", all_digits},
    {"islower", is_lower_text},
    {"isnumeric", all_numeric},
    {"isspace", all_space},
    {"isupper", is_upper_text},
    {"join", join, {"iterable"}, 1},
    {"ljust", left, {"width", "fillchar"}, 1},
    {"lower", lower},
    {"lstrip", strip_left, {"chars"}},
    {"partition", partition, {"sep"}, 1},
    {"removeprefix", remove_prefix, {"prefix"}, 1},
    {"removesuffix", remove_suffix, {"suffix"}, 1},
    {"replace", replace_method, {"old", "new", "count"}, 2},
    {"rfind", find_last, {"sub", "start", "end"}, 1},
    {"rindex", index_last, {"sub", "start", "end"}, 1},
    {"rjust", right, {"width", "fillchar"}, 1},
    {"rpartition", partition_last, {"sep"}, 1},
    {"rsplit", split_right, {"sep", "maxsplit"}},
    {"rstrip", strip_right, {"chars"}},
    {"split", split_left, {"sep", "maxsplit"}},
    {"splitlines", lines, {"keepends"}},
    {"startswith", starts_with, {"prefix"}, 1},
    {"strip", strip_both, {"chars"}},
    {"swapcase", swap_case},
    {"title", title},
    {"upper", upper},
    {"zfill", zero_fill, {"width"}, 1},
};

}  // namespace
}  // namespace str_method

const Native* find_str_method(std::string_view name) {
  return find_in(str_method::kMethods, name);
}

}  // namespace ingle::text::jinja
