#include "text/template/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "text/template/evaluator.h"
#include "text/template/operators.h"
#include "text/template/printing.h"
#include "text/template/unicode.h"

namespace ingle::text::jinja {
namespace {

constexpr uint64_t kMaxPrecision = 400;

struct Spec {
  MarkedText fill{" ", true};
  char align = '\0';
  char sign = '-';
  bool alternate = false;
  bool group = false;
  uint64_t width = 0;
  std::optional<uint64_t> precision;
  char type = '\0';
};

std::unexpected<Error> bad_format(std::string_view what) {
  return std::unexpected(Error::corrupt(fmt::format("string formatting: {}", what)));
}

// Reads digits; a number beyond any limit stays beyond it.
uint64_t read_number(std::string_view text, size_t& at) {
  uint64_t value = 0;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    value = std::min<uint64_t>(value * 10 + static_cast<uint64_t>(text[at] - '0'), uint64_t{1} << 40);
  }
  return value;
}

std::string grouped(const std::string& digits) {
  const size_t whole = std::min(digits.find_first_not_of("0123456789"), digits.size());
  std::string out;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && i < whole && (whole - i) % 3 == 0) out.push_back(',');
    out.push_back(digits[i]);
  }
  return out;
}

// Digits, and the sign apart, as zero padding goes between them.
Result<std::string> number_digits(const Value& value, const Spec& spec) {
  const char type = spec.type;
  const auto lower = static_cast<char>(type | 0x20);
  if (spec.precision.value_or(0) > kMaxPrecision) return bad_format("precision too large");
  if (lower == 'f' || lower == 'e' || lower == 'g' || type == '%') {
    const int precision = static_cast<int>(spec.precision.value_or(6));
    const double real = std::fabs(value.as_real() * (type == '%' ? 100 : 1));
    std::string digits = lower == 'e'   ? fmt::format("{:.{}e}", real, precision)
                         : lower == 'g' ? fmt::format("{:.{}g}", real, precision)
                                        : fmt::format("{:.{}f}", real, precision);
    if (type >= 'A' && type <= 'Z') {
      std::transform(digits.begin(), digits.end(), digits.begin(),
                     [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    }
    return type == '%' ? digits + "%" : digits;
  }
  const int64_t integer = value.as_integer();
  const uint64_t size = integer < 0 ? uint64_t{0} - static_cast<uint64_t>(integer) : static_cast<uint64_t>(integer);
  std::string digits;
  switch (type) {
    case 'x':
      digits = fmt::format("{}{:x}", spec.alternate ? "0x" : "", size);
      break;
    case 'X':
      digits = fmt::format("{}{:X}", spec.alternate ? "0X" : "", size);
      break;
    case 'o':
      digits = fmt::format("{}{:o}", spec.alternate ? "0o" : "", size);
      break;
    case 'b':
      digits = fmt::format("{}{:b}", spec.alternate ? "0b" : "", size);
      break;
    default:
      digits = fmt::format("{}", size);
  }
  return digits;
}

Status append_number(Heap& heap, MarkedText& out, const Value& value, const Spec& spec) {
  INGLE_TRY(std::string digits, number_digits(value, spec));
  if (spec.group) digits = grouped(digits);
  const bool negative = value.is(Kind::kFloat) ? std::signbit(value.real) : value.as_integer() < 0;
  std::string sign = negative ? "-" : spec.sign == '-' ? "" : std::string(1, spec.sign);
  if (spec.align == '=') {
    const uint64_t used = digits.size() + sign.size();
    INGLE_TRY_VOID(heap.spend_bytes(spec.width));
    out.append(sign, true);
    for (uint64_t i = used; i < spec.width; ++i)
      out.append(spec.fill);
    out.append(digits, true);
    return {};
  }
  const MarkedText text(sign + digits, true);
  INGLE_TRY(const MarkedText field, padded(heap, text, spec.width, spec.align == '\0' ? '>' : spec.align, spec.fill));
  out.append(field);
  return {};
}

Status append_text(Heap& heap, MarkedText& out, const MarkedText& text, const Spec& spec, char align) {
  MarkedText cut = text;
  if (spec.precision && count_code_points(text.bytes()) > *spec.precision) {
    size_t end = 0;
    for (uint64_t i = 0; i < *spec.precision; ++i)
      end += code_point_at(text.bytes(), end).size;
    cut = text.slice(0, end);
  }
  INGLE_TRY(const MarkedText field, padded(heap, cut, spec.width, spec.align == '\0' ? align : spec.align, spec.fill));
  out.append(field);
  return {};
}

class Percent {
 public:
  Percent(Heap& heap, const MarkedText& format, const Value& args) : heap_(heap), format_(format), args_(args) {
    if (args.is(Kind::kList) && args.list->type == List::Type::kTuple) {
      values_ = args.list->items;
    } else {
      values_ = {args};
    }
  }

  Result<Value> run() {
    const std::string_view text = format_.bytes();
    size_t at = 0;
    while (at < text.size()) {
      const size_t percent = std::min(text.find('%', at), text.size());
      out_.append(format_, at, percent);
      at = percent + 1;
      if (percent < text.size()) INGLE_TRY_VOID(directive(text, at));
    }
    const bool mapping = args_.is(Kind::kDict) || (args_.is(Kind::kList) && args_.list->type != List::Type::kTuple);
    if (next_ < values_.size() && !mapping) return bad_format("not all arguments converted");
    return heap_.text(std::move(out_));
  }

 private:
  Result<Value> take() {
    if (next_ >= values_.size()) return bad_format("not enough arguments");
    return values_[next_++];
  }

  Result<uint64_t> width(std::string_view text, size_t& at, Spec& spec) {
    if (at >= text.size() || text[at] != '*') return read_number(text, at);
    ++at;
    INGLE_TRY(const Value value, take());
    if (!value.is_integer()) return bad_format("* wants an integer");
    if (value.as_integer() < 0) spec.align = '<';
    return static_cast<uint64_t>(std::min<uint64_t>(value.as_integer() < 0
                                                        ? uint64_t{0} - static_cast<uint64_t>(value.as_integer())
                                                        : static_cast<uint64_t>(value.as_integer()),
                                                    uint64_t{1} << 40));
  }

  Status directive(std::string_view text, size_t& at) {
    Spec spec;
    Value value;
    bool has_value = false;
    if (at < text.size() && text[at] == '(') {
      const size_t close = text.find(')', at);
      if (close == std::string_view::npos) return bad_format("incomplete format key");
      if (!args_.is(Kind::kDict)) return bad_format("format requires a mapping");
      const Value* found = args_.dict->find(text.substr(at + 1, close - at - 1));
      if (found == nullptr) return bad_format("a key of the format is not in the mapping");
      value = *found;
      has_value = true;
      at = close + 1;
    }
    bool zero = false;
    for (; at < text.size() && std::string_view("-+ #0").find(text[at]) != std::string_view::npos; ++at) {
      if (text[at] == '-') spec.align = '<';
      if (text[at] == '+' || (text[at] == ' ' && spec.sign != '+')) spec.sign = text[at];
      if (text[at] == '#') spec.alternate = true;
      if (text[at] == '0') zero = true;
    }
    INGLE_TRY(spec.width, width(text, at, spec));
    if (at < text.size() && text[at] == '.') {
      ++at;
      INGLE_TRY(spec.precision, width(text, at, spec));
    }
    while (at < text.size() && std::string_view("hlL").find(text[at]) != std::string_view::npos)
      ++at;
    if (at >= text.size()) return bad_format("incomplete format");
    spec.type = text[at++];
    if (spec.type == '%') {
      out_.append("%", true);
      return {};
    }
    if (!has_value) {
      INGLE_TRY(value, take());
    }
    if (zero && spec.align == '\0') {
      spec.align = '=';
      spec.fill = MarkedText("0", true);
    }
    return convert(value, spec);
  }

  Status convert(const Value& value, Spec& spec) {
    if (spec.type == 's' || spec.type == 'r' || spec.type == 'a') {
      MarkedText text;
      INGLE_TRY_VOID(spec.type == 's' ? write_str(heap_, text, value) : write_repr(heap_, text, value));
      if (spec.align == '=') spec.align = '>', spec.fill = MarkedText(" ", true);
      return append_text(heap_, out_, text, spec, '>');
    }
    if (spec.type == 'c' && value.is_str() && value.str->length == 1) {
      return append_text(heap_, out_, value.str->text, spec, '>');
    }
    if (value.is_undefined()) return std::unexpected(undefined_error(value));
    if (std::string_view("diufFeEgGxXo").find(spec.type) == std::string_view::npos) {
      return bad_format(fmt::format("unsupported format character '{}'", spec.type));
    }
    if (!value.is_number()) return bad_format(fmt::format("%{} wants a number, not {}", spec.type, type_name(value)));
    if (std::string_view("diu").find(spec.type) == std::string_view::npos) {
      if (value.is(Kind::kFloat) && std::string_view("xXo").find(spec.type) != std::string_view::npos) {
        return bad_format("an integer is required");
      }
      return append_number(heap_, out_, value, spec);
    }
    if (value.is(Kind::kFloat) && !(std::fabs(value.real) < 9e18)) return bad_format("the number is no 64-bit integer");
    const int64_t integer = value.is(Kind::kFloat) ? static_cast<int64_t>(value.real) : value.as_integer();
    return append_number(heap_, out_, Value::of(integer), spec);
  }

  Heap& heap_;
  const MarkedText& format_;
  const Value& args_;
  std::vector<Value> values_;
  size_t next_ = 0;
  MarkedText out_;
};

class Braces {
 public:
  Braces(Evaluator& eval, Heap& heap, std::span<const Value> positional, std::span<const NamedValue> named)
      : eval_(eval), heap_(heap), positional_(positional), named_(named) {}

  Result<MarkedText> run(const MarkedText& format, int depth) {
    if (depth > 1) return bad_format("max string recursion exceeded");
    const std::string_view text = format.bytes();
    MarkedText out;
    for (size_t at = 0; at < text.size();) {
      const size_t brace = std::min(text.find_first_of("{}", at), text.size());
      out.append(format, at, brace);
      if (brace == text.size()) break;
      at = brace + 1;
      if (at < text.size() && text[at] == text[brace]) {
        out.append(format, brace, at);
        ++at;
        continue;
      }
      if (text[brace] == '}') return bad_format("single '}' encountered");
      size_t end = at;
      for (int open = 1; end < text.size(); ++end) {
        if (text[end] == '{') ++open;
        if (text[end] == '}' && --open == 0) break;
      }
      if (end >= text.size()) return bad_format("expected '}' before end of string");
      INGLE_TRY_VOID(field(format, at, end, out, depth));
      at = end + 1;
    }
    return out;
  }

 private:
  Status field(const MarkedText& format, size_t begin, size_t end, MarkedText& out, int depth) {
    INGLE_TRY_VOID(heap_.spend(1));
    const std::string_view text = format.bytes().substr(0, end);
    const size_t name_end = std::min(text.find_first_of("!:", begin), end);
    INGLE_TRY(Value value, look_up(text.substr(begin, name_end - begin)));
    size_t at = name_end;
    char conversion = '\0';
    if (at < end && text[at] == '!') {
      if (at + 1 >= end || (at + 2 < end && text[at + 2] != ':')) return bad_format("malformed conversion");
      conversion = text[at + 1];
      at += 2;
    }
    MarkedText spec_text;
    if (at < end && text[at] == ':') {
      INGLE_TRY(spec_text, run(format.slice(at + 1, end), depth + 1));
    }
    if (conversion != '\0') {
      MarkedText converted;
      INGLE_TRY_VOID(conversion == 's' ? write_str(heap_, converted, value) : write_repr(heap_, converted, value));
      value = heap_.text(std::move(converted));
    }
    return convert(value, spec_text, out);
  }

  Result<Value> look_up(std::string_view name) {
    const size_t first_end = std::min(name.find_first_of(".["), name.size());
    const std::string_view first = name.substr(0, first_end);
    Value value;
    size_t digits = 0;
    const uint64_t index = read_number(first, digits);
    if (first.empty() || digits == first.size()) {
      const uint64_t position = first.empty() ? automatic_++ : index;
      if (position >= positional_.size()) return bad_format("replacement index out of range");
      value = positional_[position];
    } else {
      const auto found = std::find_if(named_.begin(), named_.end(),
                                      [&](const NamedValue& entry) { return entry.name->text.bytes() == first; });
      if (found == named_.end()) return bad_format("a named field has no value");
      value = found->value;
    }
    for (size_t at = first_end; at < name.size();) {
      const bool subscript = name[at] == '[';
      const size_t part = at + 1;
      const size_t end = std::min(subscript ? name.find(']', part) : name.find_first_of(".[", part), name.size());
      const std::string_view key = name.substr(part, end - part);
      size_t key_digits = 0;
      const uint64_t number = read_number(key, key_digits);
      const bool numeric = subscript && !key.empty() && key_digits == key.size();
      const Value key_value = numeric ? Value::of(static_cast<int64_t>(number)) : heap_.text(key);
      INGLE_TRY(value, subscript ? eval_.item(value, key_value) : eval_.attribute(value, *key_value.str));
      at = subscript ? end + 1 : end;
    }
    return value;
  }

  Result<Spec> parse_spec(const MarkedText& marked) {
    const std::string_view text = marked.bytes();
    constexpr std::string_view kAligns = "<>^=";
    Spec spec;
    size_t at = 0;
    if (!text.empty()) {
      const size_t first = code_point_at(text, 0).size;
      if (first < text.size() && kAligns.find(text[first]) != std::string_view::npos) {
        spec.fill = marked.slice(0, first);
        spec.align = text[first];
        at = first + 1;
      } else if (kAligns.find(text[0]) != std::string_view::npos) {
        spec.align = text[0];
        at = 1;
      }
    }
    if (at < text.size() && std::string_view("+- ").find(text[at]) != std::string_view::npos) spec.sign = text[at++];
    if (at < text.size() && text[at] == '#') spec.alternate = true, ++at;
    if (at < text.size() && text[at] == '0') {
      ++at;
      if (spec.align == '\0') spec.align = '=', spec.fill = MarkedText("0", true);
    }
    spec.width = read_number(text, at);
    if (at < text.size() && text[at] == ',') spec.group = true, ++at;
    if (at < text.size() && text[at] == '.') {
      ++at;
      spec.precision = read_number(text, at);
    }
    if (at < text.size()) spec.type = text[at++];
    if (at < text.size()) return bad_format("invalid format specifier");
    return spec;
  }

  Status convert(const Value& value, const MarkedText& spec_text, MarkedText& out) {
    if (spec_text.empty()) return write_str(heap_, out, value);
    INGLE_TRY(Spec spec, parse_spec(spec_text));
    if (value.is_number()) {
      const bool real = value.is(Kind::kFloat);
      if (spec.type == '\0' && real && !spec.precision) {
        return append_text(heap_, out, MarkedText(float_repr(value.real), true), spec, '>');
      }
      if (spec.type == '\0') spec.type = real ? 'g' : 'd';
      const std::string_view known = real ? "fFeEgG%" : "dxXobfFeEgG%";
      if (known.find(spec.type) == std::string_view::npos) return bad_format("unknown format code");
      return append_number(heap_, out, value, spec);
    }
    if (!value.is_str()) return bad_format("unsupported format specifier for this type");
    if (spec.type != '\0' && spec.type != 's') return bad_format("unknown format code");
    MarkedText text;
    INGLE_TRY_VOID(write_str(heap_, text, value));
    if (spec.align == '=') spec.align = '<';
    return append_text(heap_, out, text, spec, '<');
  }

  Evaluator& eval_;
  Heap& heap_;
  std::span<const Value> positional_;
  std::span<const NamedValue> named_;
  uint64_t automatic_ = 0;
};

}  // namespace

Result<MarkedText> padded(Heap& heap, const MarkedText& text, uint64_t width, char align, const MarkedText& fill) {
  const uint64_t length = count_code_points(text.bytes());
  if (length >= width) return text;
  const uint64_t space = width - length;
  INGLE_TRY_VOID(heap.spend_bytes(space * fill.size()));
  const uint64_t left = align == '>' ? space : align == '^' ? space / 2 : 0;
  MarkedText out;
  for (uint64_t i = 0; i < left; ++i)
    out.append(fill);
  out.append(text);
  for (uint64_t i = left; i < space; ++i)
    out.append(fill);
  return out;
}

Result<Value> format_percent(Heap& heap, const Value& format, const Value& args) {
  return Percent(heap, format.str->text, args).run();
}

Result<Value> format_braces(Evaluator& eval, Heap& heap, const Value& format, std::span<const Value> positional,
                            std::span<const NamedValue> named) {
  INGLE_TRY(MarkedText text, Braces(eval, heap, positional, named).run(format.str->text, 0));
  return heap.text(std::move(text));
}

}  // namespace ingle::text::jinja
