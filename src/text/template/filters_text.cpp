// Filters that make text of text.
#include <fmt/format.h>

#include "text/template/arguments.h"
#include "text/template/format.h"
#include "text/template/natives.h"
#include "text/template/text_ops.h"
#include "text/template/unicode.h"

namespace ingle::text::jinja {
namespace text_filter {
namespace {

template <typename Change>
Result<Value> changed(Call& call, Change change) {
  INGLE_TRY(const Value text, to_str(call.heap, call.self));
  INGLE_TRY_VOID(call.heap.spend_bytes(4 * text.bytes().size()));
  return like(text, call.heap.text(change(text.str->text)));
}

Result<Value> upper(Call& call) {
  return changed(call, [](const MarkedText& text) { return change_case(text, Case::kUpper); });
}
Result<Value> lower(Call& call) {
  return changed(call, [](const MarkedText& text) { return change_case(text, Case::kLower); });
}
Result<Value> capitalize_filter(Call& call) {
  return changed(call, capitalize);
}
Result<Value> title(Call& call) {
  return changed(call, title_filter);
}

Result<Value> trim(Call& call) {
  INGLE_TRY(const auto chars, text_arg(call, 0));
  return changed(call, [&](const MarkedText& text) { return strip(text, chars, true, true); });
}

Result<Value> replace_filter(Call& call) {
  INGLE_TRY(const Value text, to_str(call.heap, call.self));
  INGLE_TRY(const Value from, to_str(call.heap, *call.arg[0]));
  INGLE_TRY(const Value to, to_str(call.heap, *call.arg[1]));
  INGLE_TRY(const int64_t count, int_arg(call, 2, -1));
  INGLE_TRY(MarkedText result, replace(call.heap, text.str->text, from.bytes(), to.str->text, count));
  return call.heap.text(std::move(result));
}

Result<Value> string(Call& call) {
  return to_str(call.heap, call.self);
}

Result<Value> safe(Call& call) {
  INGLE_TRY(Value text, to_str(call.heap, call.self));
  text.markup = true;
  return text;
}

Result<Value> force_escape(Call& call) {
  INGLE_TRY(const Value text, to_str(call.heap, call.self));
  INGLE_TRY_VOID(call.heap.spend_bytes(6 * text.bytes().size()));
  MarkedText out;
  append_escaped(out, text.str->text);
  Value result = call.heap.text(std::move(out));
  result.markup = true;
  return result;
}

Result<Value> escape(Call& call) {
  if (call.self.is_str() && call.self.markup) return call.self;
  return force_escape(call);
}

Result<Value> indent(Call& call) {
  if (!call.self.is_str()) return wrong_type(call.self, "a string");
  MarkedText step;
  if (call.arg[0] != nullptr && call.arg[0]->is_str()) {
    step = call.arg[0]->str->text;
  } else {
    INGLE_TRY(const int64_t width, int_arg(call, 0, 4));
    const auto spaces = static_cast<uint64_t>(std::max<int64_t>(width, 0));
    INGLE_TRY_VOID(call.heap.spend_bytes(spaces));
    step = MarkedText(std::string(spaces, ' '), true);
  }
  const bool first = bool_arg(call, 1, false);
  const bool blank = bool_arg(call, 2, false);
  MarkedText whole = call.self.str->text;
  INGLE_TRY_VOID(call.heap.spend_bytes(2 * whole.size()));
  whole.append("\n", true);
  const std::vector<MarkedText> lines = split_lines(whole, false);
  INGLE_TRY_VOID(call.heap.spend(lines.size() * (1 + step.size() / 16)));
  MarkedText out;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) out.append("\n", true);
    if (i == 0 ? first : blank || !lines[i].empty()) out.append(step);
    out.append(lines[i]);
  }
  return like(call.self, call.heap.text(std::move(out)));
}

Result<Value> center(Call& call) {
  INGLE_TRY(const Value text, to_str(call.heap, call.self));
  INGLE_TRY(const int64_t width, int_arg(call, 0, 80));
  const auto wanted = static_cast<uint64_t>(std::max<int64_t>(width, 0));
  // str.center puts the odd space to the left when the width is odd.
  MarkedText marked = text.str->text;
  if (wanted > text.str->length && ((wanted - text.str->length) & wanted & 1) != 0) {
    INGLE_TRY(marked, padded(call.heap, marked, text.str->length + 1, '>', MarkedText(" ", true)));
  }
  INGLE_TRY(MarkedText out, padded(call.heap, marked, wanted, '^', MarkedText(" ", true)));
  return call.heap.text(std::move(out));
}

Result<Value> format_filter(Call& call) {
  INGLE_TRY(const Value text, to_str(call.heap, call.self));
  if (!call.named.empty()) {
    Dict* dict = call.heap.dict();
    for (const NamedValue& entry : call.named)
      dict->set(Value::of(entry.name), entry.value);
    return format_percent(call.heap, text, Value::of(dict));
  }
  List* args = call.heap.list(List::Type::kTuple, {call.positional.begin(), call.positional.end()});
  return format_percent(call.heap, text, Value::of(args));
}

size_t offset_of(const Str& text, uint64_t code_points) {
  size_t at = 0;
  for (uint64_t i = 0; i < code_points && at < text.text.size(); ++i)
    at += code_point_at(text.text.bytes(), at).size;
  return at;
}

Result<Value> truncate(Call& call) {
  INGLE_TRY(const Value text, to_str(call.heap, call.self));
  INGLE_TRY(const int64_t length, int_arg(call, 0, 255));
  const bool kill_words = bool_arg(call, 1, false);
  const Value end = call.arg[2] != nullptr ? *call.arg[2] : call.heap.text("...");
  if (!end.is_str()) return wrong_type(end, "a string");
  INGLE_TRY(const int64_t leeway, int_arg(call, 3, 5));
  const auto end_length = static_cast<int64_t>(end.str->length);
  if (length < end_length || leeway < 0) return std::unexpected(Error::corrupt("truncate: length or leeway too small"));
  if (text.str->length <= static_cast<uint64_t>(length) + static_cast<uint64_t>(leeway)) return text;
  INGLE_TRY_VOID(call.heap.spend_bytes(text.bytes().size()));
  size_t cut = offset_of(*text.str, static_cast<uint64_t>(length - end_length));
  if (!kill_words) {
    const size_t space = text.bytes().substr(0, cut).rfind(' ');
    if (space != std::string_view::npos) cut = space;
  }
  MarkedText out = text.str->text.slice(0, cut);
  out.append(end.str->text);
  return call.heap.text(std::move(out));
}

Result<Value> word_count(Call& call) {
  INGLE_TRY(const Value text, to_str(call.heap, call.self));
  INGLE_TRY_VOID(call.heap.spend_bytes(text.bytes().size()));
  int64_t words = 0;
  bool inside = false;
  for (size_t at = 0; at < text.bytes().size();) {
    const CodePoint c = code_point_at(text.bytes(), at);
    const bool part = c.value == '_' || is_alpha(c.value) || is_numeric(c.value);
    if (part && !inside) ++words;
    inside = part;
    at += c.size;
  }
  return Value::of(words);
}

Result<Value> url_encode(Call& call) {
  INGLE_TRY(const Value text, to_str(call.heap, call.self));
  INGLE_TRY_VOID(call.heap.spend_bytes(3 * text.bytes().size()));
  MarkReader marks(text.str->text);
  MarkedText out;
  for (size_t at = 0; at < text.bytes().size(); ++at) {
    const char c = text.bytes()[at];
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       std::string_view("_.-~/").find(c) != std::string_view::npos;
    out.append(plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<uint8_t>(c)), marks.trusted(at));
  }
  return call.heap.text(std::move(out));
}

Result<Value> to_json(Call& call) {
  JsonStyle style;
  style.ascii = bool_arg(call, 0, false);
  if (call.has(1)) {
    if (call.arg[1]->is_str()) {
      style.indent = call.arg[1]->str->text;
    } else {
      INGLE_TRY(const int64_t width, int_arg(call, 1, 0));
      const auto spaces = static_cast<uint64_t>(std::max<int64_t>(width, 0));
      INGLE_TRY_VOID(call.heap.spend_bytes(spaces));
      style.indent = MarkedText(std::string(spaces, ' '), true);
    }
    style.item_separator = MarkedText(",", true);
  }
  if (call.has(2)) {
    const Value& pair = *call.arg[2];
    if (!pair.is(Kind::kList) || pair.list->items.size() != 2 || !pair.list->items[0].is_str() ||
        !pair.list->items[1].is_str()) {
      return wrong_type(pair, "two separators");
    }
    style.item_separator = pair.list->items[0].str->text;
    style.key_separator = pair.list->items[1].str->text;
  }
  style.sort_keys = bool_arg(call, 3, false);
  MarkedText out;
  INGLE_TRY_VOID(write_json(call.heap, out, call.self, style));
  return call.heap.text(std::move(out));
}

constexpr Native kTextFilters[] = {
    {"capitalize", capitalize_filter},
    {"center", center, {"width"}},
    {"e", escape},
    {"escape", escape},
    {"forceescape", force_escape},
    {"format", format_filter, {}, 0, true},
    {"indent", indent, {"width", "first", "blank"}},
    {"lower", lower},
    {"replace", replace_filter, {"old", "new", "count"}, 2},
    {"safe", safe},
    {"string", string},
    {"title", title},
    {"tojson", to_json, {"ensure_ascii", "indent", "separators", "sort_keys"}},
    {"trim", trim, {"chars"}},
    {"truncate", truncate, {"length", "killwords", "end", "leeway"}},
    {"upper", upper},
    {"urlencode", url_encode},
    {"wordcount", word_count},
};

}  // namespace
}  // namespace text_filter

std::span<const Native> text_filters() {
  return text_filter::kTextFilters;
}

}  // namespace ingle::text::jinja
