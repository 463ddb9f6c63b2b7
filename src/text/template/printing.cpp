#include "text/template/printing.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "text/template/operators.h"
#include "text/template/unicode.h"

namespace ingle::text::jinja {
namespace {

std::string escape_of(char32_t c) {
  const auto code = static_cast<uint32_t>(c);
  if (c < 0x100) return fmt::format("\\x{:02x}", code);
  return c < 0x10000 ? fmt::format("\\u{:04x}", code) : fmt::format("\\U{:08x}", code);
}

void write_quoted(MarkedText& out, const MarkedText& text) {
  const std::string_view bytes = text.bytes();
  const bool double_quotes = bytes.find('\'') != std::string_view::npos && bytes.find('"') == std::string_view::npos;
  const char quote = double_quotes ? '"' : '\'';
  const std::string_view quote_text(&quote, 1);
  MarkReader marks(text);
  out.append(quote_text, true);
  for (size_t at = 0; at < bytes.size();) {
    const CodePoint c = code_point_at(bytes, at);
    const bool trusted = marks.trusted(at);
    if (c.value == static_cast<char32_t>(quote) || c.value == '\\') {
      out.append("\\", trusted);
      out.append(bytes.substr(at, 1), trusted);
    } else if (c.value == '\n') {
      out.append("\\n", trusted);
    } else if (c.value == '\r') {
      out.append("\\r", trusted);
    } else if (c.value == '\t') {
      out.append("\\t", trusted);
    } else if (is_printable(c.value)) {
      out.append(bytes.substr(at, c.size), trusted);
    } else {
      out.append(escape_of(c.value), trusted);
    }
    at += c.size;
  }
  out.append(quote_text, true);
}

std::string json_escape(char32_t c) {
  switch (c) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    case '\f':
      return "\\f";
    case '\b':
      return "\\b";
    default:
      break;
  }
  const auto code = static_cast<uint32_t>(c);
  if (c < 0x10000) return fmt::format("\\u{:04x}", code);
  const uint32_t offset = code - 0x10000;
  return fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + (offset >> 10), 0xDC00 + (offset & 0x3FF));
}

void write_json_string(MarkedText& out, const MarkedText& text, bool ascii) {
  const std::string_view bytes = text.bytes();
  MarkReader marks(text);
  out.append("\"", true);
  size_t copied = 0;  // what needs no escape is copied in stretches
  for (size_t at = 0; at < bytes.size();) {
    const CodePoint c = code_point_at(bytes, at);
    if (c.value < 0x20 || c.value == '"' || c.value == '\\' || (ascii && c.value > 0x7E)) {
      out.append(text, copied, at);
      out.append(json_escape(c.value), marks.trusted(at));
      copied = at + c.size;
    }
    at += c.size;
  }
  out.append(text, copied, bytes.size());
  out.append("\"", true);
}

std::string json_number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  return float_repr(value);
}

Status write_json_key(Heap& heap, MarkedText& out, const Value& key, const JsonStyle& style) {
  if (key.is_str()) {
    write_json_string(out, key.str->text, style.ascii);
    return {};
  }
  if (!key.is_number() && !key.is_none()) {
    return std::unexpected(
        type_error(fmt::format("keys must be str, int, float, bool or None, not {}", type_name(key))));
  }
  out.append("\"", true);
  INGLE_TRY_VOID(write_json(heap, out, key, style));
  out.append("\"", true);
  return {};
}

void new_line(MarkedText& out, const JsonStyle& style, int depth) {
  if (!style.indent) return;
  out.append("\n", true);
  for (int i = 0; i < depth; ++i)
    out.append(*style.indent);
}

Status write_json_list(Heap& heap, MarkedText& out, const List& list, const JsonStyle& style, int depth) {
  if (list.items.empty()) {
    out.append("[]", true);
    return {};
  }
  out.append("[", true);
  bool first = true;
  for (const Value& item : list.items) {
    if (!first) out.append(style.item_separator);
    first = false;
    new_line(out, style, depth + 1);
    INGLE_TRY_VOID(write_json(heap, out, item, style, depth + 1));
  }
  new_line(out, style, depth);
  out.append("]", true);
  return {};
}

Status write_json_dict(Heap& heap, MarkedText& out, const Dict& dict, const JsonStyle& style, int depth) {
  if (dict.entries.empty()) {
    out.append("{}", true);
    return {};
  }
  std::vector<const Dict::Entry*> entries;
  for (const Dict::Entry& entry : dict.entries)
    entries.push_back(&entry);
  if (style.sort_keys) {
    std::vector<Value> keys;
    for (const Dict::Entry& entry : dict.entries)
      keys.push_back(entry.key);
    INGLE_TRY(const auto order, sorted_order(heap, keys, false));
    for (size_t i = 0; i < order.size(); ++i)
      entries[i] = &dict.entries[order[i]];
  }
  out.append("{", true);
  bool first = true;
  for (const Dict::Entry* entry : entries) {
    if (!first) out.append(style.item_separator);
    first = false;
    new_line(out, style, depth + 1);
    INGLE_TRY_VOID(write_json_key(heap, out, entry->key, style));
    out.append(style.key_separator);
    INGLE_TRY_VOID(write_json(heap, out, entry->value, style, depth + 1));
  }
  new_line(out, style, depth);
  out.append("}", true);
  return {};
}

Status write_list_repr(Heap& heap, MarkedText& out, const List& list, int depth) {
  switch (list.type) {
    case List::Type::kGenerator:
      out.append("<generator object>", true);
      return {};
    case List::Type::kRange: {
      const auto& items = list.items;
      const int64_t start = items.empty() ? 0 : items.front().integer;
      const int64_t step = items.size() < 2 ? 1 : items[1].integer - start;
      // Modulo 2^64: the end of a range near the limits is only shown.
      const auto stop = static_cast<int64_t>(items.empty() ? 0 : uint64_t(items.back().integer) + uint64_t(step));
      out.append(
          step == 1 ? fmt::format("range({}, {})", start, stop) : fmt::format("range({}, {}, {})", start, stop, step),
          true);
      return {};
    }
    case List::Type::kKeys:
      out.append("dict_keys([", true);
      break;
    case List::Type::kValues:
      out.append("dict_values([", true);
      break;
    case List::Type::kItems:
      out.append("dict_items([", true);
      break;
    case List::Type::kTuple:
      out.append("(", true);
      break;
    case List::Type::kList:
      out.append("[", true);
      break;
  }
  bool first = true;
  for (const Value& item : list.items) {
    if (!first) out.append(", ", true);
    first = false;
    INGLE_TRY_VOID(write_repr(heap, out, item, depth + 1));
  }
  if (list.type == List::Type::kTuple) {
    out.append(list.items.size() == 1 ? ",)" : ")", true);
  } else {
    out.append(list.type == List::Type::kList ? "]" : "])", true);
  }
  return {};
}

Status write_dict_repr(Heap& heap, MarkedText& out, const Dict& dict, int depth) {
  out.append("{", true);
  bool first = true;
  for (const Dict::Entry& entry : dict.entries) {
    if (!first) out.append(", ", true);
    first = false;
    INGLE_TRY_VOID(write_repr(heap, out, entry.key, depth + 1));
    out.append(": ", true);
    INGLE_TRY_VOID(write_repr(heap, out, entry.value, depth + 1));
  }
  out.append("}", true);
  return {};
}

}  // namespace

std::string float_repr(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[40];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  std::string_view shortest(buffer, static_cast<size_t>(end - buffer));
  const size_t e = shortest.find('e');
  int exponent = 0;
  const char* sign = shortest.data() + e + 1;
  std::from_chars(*sign == '+' ? sign + 1 : sign, end, exponent);
  const std::string minus = shortest[0] == '-' ? "-" : "";
  std::string digits;
  for (const char c : shortest.substr(minus.size(), e - minus.size())) {
    if (c != '.') digits.push_back(c);
  }
  if (exponent < -4 || exponent >= 16) {
    const std::string rest = digits.size() > 1 ? "." + digits.substr(1) : "";
    return fmt::format("{}{}{}e{}{:02}", minus, digits[0], rest, exponent < 0 ? '-' : '+', std::abs(exponent));
  }
  if (exponent < 0) return minus + "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
  const auto whole = static_cast<size_t>(exponent) + 1;
  if (digits.size() <= whole) return minus + digits + std::string(whole - digits.size(), '0') + ".0";
  return minus + digits.substr(0, whole) + "." + digits.substr(whole);
}

Status write_repr(Heap& heap, MarkedText& out, const Value& value, int depth) {
  if (depth > kMaxValueDepth) return std::unexpected(nested_too_deeply());
  INGLE_TRY_VOID(heap.spend(1));
  switch (value.kind) {
    case Kind::kUndefined:
      out.append("Undefined", true);
      return {};
    case Kind::kNone:
      out.append("None", true);
      return {};
    case Kind::kBool:
      out.append(value.boolean ? "True" : "False", true);
      return {};
    case Kind::kInt:
      out.append(fmt::format("{}", value.integer), true);
      return {};
    case Kind::kFloat:
      out.append(float_repr(value.real), true);
      return {};
    case Kind::kStr:
      INGLE_TRY_VOID(heap.spend_bytes(value.bytes().size()));
      if (value.markup) out.append("Markup(", true);
      write_quoted(out, value.str->text);
      if (value.markup) out.append(")", true);
      return {};
    case Kind::kList:
      return write_list_repr(heap, out, *value.list, depth);
    case Kind::kDict:
      return write_dict_repr(heap, out, *value.dict, depth);
    case Kind::kNamespace:
      out.append("<Namespace ", true);
      INGLE_TRY_VOID(write_dict_repr(heap, out, *value.dict, depth));
      out.append(">", true);
      return {};
    case Kind::kFunction:
      out.append("<function>", true);
      return {};
    case Kind::kLoop:
      out.append(fmt::format("<LoopContext {}/{}>", value.loop->index + 1, value.loop->items.size()), true);
      return {};
  }
  return {};
}

Status write_str(Heap& heap, MarkedText& out, const Value& value) {
  if (value.is_undefined()) return {};
  if (!value.is_str()) return write_repr(heap, out, value);
  INGLE_TRY_VOID(heap.spend_bytes(value.bytes().size()));
  out.append(value.str->text);
  return {};
}

Result<Value> to_str(Heap& heap, const Value& value) {
  if (value.is_str()) return value;
  MarkedText text;
  INGLE_TRY_VOID(write_str(heap, text, value));
  return heap.text(std::move(text));
}

Status write_json(Heap& heap, MarkedText& out, const Value& value, const JsonStyle& style, int depth) {
  if (depth > kMaxValueDepth) return std::unexpected(nested_too_deeply());
  const uint64_t indent = style.indent ? style.indent->size() * static_cast<uint64_t>(depth) : 0;
  INGLE_TRY_VOID(heap.spend(1 + (indent + style.item_separator.size() + style.key_separator.size()) / 4));
  switch (value.kind) {
    case Kind::kNone:
      out.append("null", true);
      return {};
    case Kind::kBool:
      out.append(value.boolean ? "true" : "false", true);
      return {};
    case Kind::kInt:
      out.append(fmt::format("{}", value.integer), true);
      return {};
    case Kind::kFloat:
      out.append(json_number(value.real), true);
      return {};
    case Kind::kStr:
      INGLE_TRY_VOID(heap.spend_bytes(value.bytes().size()));
      write_json_string(out, value.str->text, style.ascii);
      return {};
    case Kind::kList:
      if (value.list->type != List::Type::kList && value.list->type != List::Type::kTuple) break;
      return write_json_list(heap, out, *value.list, style, depth);
    case Kind::kDict:
      return write_json_dict(heap, out, *value.dict, style, depth);
    default:
      break;
  }
  return std::unexpected(type_error(fmt::format("Object of type {} is not JSON serializable", type_name(value))));
}

void append_escaped(MarkedText& out, const MarkedText& text) {
  MarkReader marks(text);
  const std::string_view bytes = text.bytes();
  for (size_t at = 0; at < bytes.size(); ++at) {
    const bool trusted = marks.trusted(at);
    switch (bytes[at]) {
      case '&':
        out.append("&amp;", trusted);
        break;
      case '<':
        out.append("&lt;", trusted);
        break;
      case '>':
        out.append("&gt;", trusted);
        break;
      case '\'':
        out.append("&#39;", trusted);
        break;
      case '"':
        out.append("&#34;", trusted);
        break;
      default:
        out.append(bytes.substr(at, 1), trusted);
    }
  }
}

}  // namespace ingle::text::jinja
