#include "text/template/text_ops.h"

#include <algorithm>

#include "text/template/text_search.h"
#include "text/template/unicode.h"

namespace ingle::text::jinja {
namespace {

constexpr char32_t kSigma = 0x3A3;
constexpr char32_t kFinalSigma = 0x3C2;

enum class Mapping : uint8_t { kUpper, kLower, kTitle };

// Unicode 15, section 3.13: a sigma is final after a cased letter and before none.
bool is_final_sigma(std::string_view bytes, size_t at) {
  bool after_letter = false;
  for (size_t end = at; end > 0;) {
    const size_t previous = previous_code_point(bytes, end);
    const char32_t c = code_point_at(bytes, previous).value;
    end = previous;
    if (is_case_ignorable(c)) continue;
    after_letter = is_cased(c);
    break;
  }
  if (!after_letter) return false;
  for (size_t next = at + 2; next < bytes.size();) {
    const CodePoint c = code_point_at(bytes, next);
    next += c.size;
    if (!is_case_ignorable(c.value)) return !is_cased(c.value);
  }
  return true;
}

void append_mapped(MarkedText& out, std::string_view bytes, size_t at, char32_t c, Mapping mapping, bool trusted) {
  char32_t room[3];
  std::u32string_view mapped;
  if (mapping == Mapping::kLower) {
    mapped = to_lower(c, room);
    if (c == kSigma && is_final_sigma(bytes, at)) room[0] = kFinalSigma;
  } else {
    mapped = mapping == Mapping::kUpper ? to_upper(c, room) : to_title(c, room);
  }
  std::string utf8;
  for (const char32_t one : mapped)
    append_utf8(utf8, one);
  out.append(utf8, trusted);
}

// Applies `choose(code point, index)` to each code point.
template <typename Choose>
MarkedText map_case(const MarkedText& text, Choose choose) {
  const std::string_view bytes = text.bytes();
  MarkReader marks(text);
  MarkedText out;
  for (size_t at = 0; at < bytes.size();) {
    const CodePoint c = code_point_at(bytes, at);
    append_mapped(out, bytes, at, c.value, choose(c.value), marks.trusted(at));
    at += c.size;
  }
  return out;
}

// What strip takes off: sorted, because both the text and the set can be long and hostile.
class CharSet {
 public:
  explicit CharSet(std::optional<std::string_view> chars) : spaces_(!chars) {
    for (size_t at = 0; chars && at < chars->size();) {
      const CodePoint c = code_point_at(*chars, at);
      chars_.push_back(c.value);
      at += c.size;
    }
    std::sort(chars_.begin(), chars_.end());
  }
  bool has(char32_t c) const { return spaces_ ? is_space(c) : std::binary_search(chars_.begin(), chars_.end(), c); }

 private:
  bool spaces_;
  std::vector<char32_t> chars_;
};

Status add_piece(Heap& heap, std::vector<Value>& out, const MarkedText& text, size_t begin, size_t end) {
  INGLE_TRY_VOID(heap.spend(2));
  out.push_back(heap.text(text.slice(begin, end)));
  return {};
}

size_t skip_spaces(std::string_view bytes, size_t at) {
  while (at < bytes.size()) {
    const CodePoint c = code_point_at(bytes, at);
    if (!is_space(c.value)) break;
    at += c.size;
  }
  return at;
}

size_t skip_word(std::string_view bytes, size_t at) {
  while (at < bytes.size()) {
    const CodePoint c = code_point_at(bytes, at);
    if (is_space(c.value)) break;
    at += c.size;
  }
  return at;
}

size_t spaces_before(std::string_view bytes, size_t end) {
  while (end > 0) {
    const size_t previous = previous_code_point(bytes, end);
    if (!is_space(code_point_at(bytes, previous).value)) break;
    end = previous;
  }
  return end;
}

size_t word_before(std::string_view bytes, size_t end) {
  while (end > 0) {
    const size_t previous = previous_code_point(bytes, end);
    if (is_space(code_point_at(bytes, previous).value)) break;
    end = previous;
  }
  return end;
}

}  // namespace

MarkedText change_case(const MarkedText& text, Case to) {
  return map_case(text, [to](char32_t c) {
    if (to == Case::kSwap) return is_upper(c) ? Mapping::kLower : Mapping::kUpper;
    return to == Case::kUpper ? Mapping::kUpper : Mapping::kLower;
  });
}

MarkedText capitalize(const MarkedText& text) {
  bool first = true;
  return map_case(text, [&](char32_t) { return std::exchange(first, false) ? Mapping::kTitle : Mapping::kLower; });
}

MarkedText title_method(const MarkedText& text) {
  bool after_cased = false;
  return map_case(
      text, [&](char32_t c) { return std::exchange(after_cased, is_cased(c)) ? Mapping::kLower : Mapping::kTitle; });
}

MarkedText title_filter(const MarkedText& text) {
  // The pieces of a split by these characters, and the stretches between them, each begin in upper case.
  const auto is_gap = [](char32_t c) {
    return is_space(c) || std::u32string_view(U"-({[<").find(c) != std::u32string_view::npos;
  };
  const std::string_view bytes = text.bytes();
  MarkedText out;
  for (size_t begin = 0; begin < bytes.size();) {
    const CodePoint first = code_point_at(bytes, begin);
    size_t end = begin + first.size;
    while (end < bytes.size()) {
      const CodePoint c = code_point_at(bytes, end);
      if (is_gap(c.value) != is_gap(first.value)) break;
      end += c.size;
    }
    out.append(change_case(text.slice(begin, begin + first.size), Case::kUpper));
    out.append(change_case(text.slice(begin + first.size, end), Case::kLower));
    begin = end;
  }
  return out;
}

MarkedText strip(const MarkedText& text, std::optional<std::string_view> chars, bool left, bool right) {
  const std::string_view bytes = text.bytes();
  const CharSet set(chars);
  size_t begin = 0;
  size_t end = bytes.size();
  while (left && begin < end) {
    const CodePoint c = code_point_at(bytes, begin);
    if (!set.has(c.value)) break;
    begin += c.size;
  }
  while (right && end > begin) {
    const size_t previous = previous_code_point(bytes, end);
    if (!set.has(code_point_at(bytes, previous).value)) break;
    end = previous;
  }
  return text.slice(begin, end);
}

std::vector<size_t> occurrences(std::string_view text, std::string_view needle, int64_t limit) {
  std::vector<size_t> found;
  const Finder finder(needle);
  for (size_t at = 0; limit < 0 || found.size() < static_cast<size_t>(limit);) {
    at = finder.find(text, at);
    if (at == Finder::kNone) break;
    found.push_back(at);
    at += needle.size();
  }
  return found;
}

Result<MarkedText> replace(Heap& heap, const MarkedText& text, std::string_view from, const MarkedText& to,
                           int64_t count) {
  INGLE_TRY_VOID(heap.spend_bytes(text.size() + from.size()));
  MarkedText out;
  if (!from.empty()) {
    const std::vector<size_t> found = occurrences(text.bytes(), from, count);
    INGLE_TRY_VOID(heap.spend(found.size() + found.size() * to.size() / 16));
    size_t copied = 0;
    for (const size_t at : found) {
      out.append(text, copied, at);
      out.append(to);
      copied = at + from.size();
    }
    out.append(text, copied, text.size());
    return out;
  }
  // Nothing is found everywhere: before each code point and at the end.
  size_t at = 0;
  for (int64_t done = 0; count < 0 || done < count; ++done) {
    INGLE_TRY_VOID(heap.spend(1 + to.size() / 16));
    out.append(to);
    if (at == text.size()) break;
    const size_t size = code_point_at(text.bytes(), at).size;
    out.append(text, at, at + size);
    at += size;
  }
  out.append(text, at, text.size());
  return out;
}

Result<std::vector<Value>> split(Heap& heap, const MarkedText& text, std::optional<std::string_view> separator,
                                 int64_t limit) {
  INGLE_TRY_VOID(heap.spend_bytes(text.size()));
  std::vector<Value> out;
  size_t begin = 0;
  if (separator) {
    INGLE_TRY_VOID(heap.spend_bytes(separator->size()));
    for (const size_t at : occurrences(text.bytes(), *separator, limit)) {
      INGLE_TRY_VOID(add_piece(heap, out, text, begin, at));
      begin = at + separator->size();
    }
    INGLE_TRY_VOID(add_piece(heap, out, text, begin, text.size()));
    return out;
  }
  for (begin = skip_spaces(text.bytes(), 0); begin < text.size();) {
    if (limit >= 0 && out.size() == static_cast<size_t>(limit)) {
      INGLE_TRY_VOID(add_piece(heap, out, text, begin, text.size()));
      break;
    }
    const size_t end = skip_word(text.bytes(), begin);
    INGLE_TRY_VOID(add_piece(heap, out, text, begin, end));
    begin = skip_spaces(text.bytes(), end);
  }
  return out;
}

Result<std::vector<Value>> split_from_right(Heap& heap, const MarkedText& text,
                                            std::optional<std::string_view> separator, int64_t limit) {
  if (limit < 0 && !separator) return split(heap, text, separator, limit);
  INGLE_TRY_VOID(heap.spend_bytes(text.size()));
  const std::string_view bytes = text.bytes();
  std::vector<Value> out;
  size_t end = bytes.size();
  if (separator) {
    // Searched backwards in text turned around, so that overlapping occurrences are taken from the right.
    const std::string turned(bytes.rbegin(), bytes.rend());
    const std::string turned_separator(separator->rbegin(), separator->rend());
    for (const size_t at : occurrences(turned, turned_separator, limit)) {
      const size_t begin = bytes.size() - at;
      INGLE_TRY_VOID(add_piece(heap, out, text, begin, end));
      end = begin - separator->size();
    }
    INGLE_TRY_VOID(add_piece(heap, out, text, 0, end));
  } else {
    for (end = spaces_before(bytes, end); end > 0;) {
      if (out.size() == static_cast<size_t>(limit)) {
        INGLE_TRY_VOID(add_piece(heap, out, text, 0, end));
        break;
      }
      const size_t begin = word_before(bytes, end);
      INGLE_TRY_VOID(add_piece(heap, out, text, begin, end));
      end = spaces_before(bytes, begin);
    }
  }
  std::reverse(out.begin(), out.end());
  return out;
}

std::vector<MarkedText> split_lines(const MarkedText& text, bool keep_ends) {
  const std::string_view bytes = text.bytes();
  std::vector<MarkedText> lines;
  size_t begin = 0;
  for (size_t at = 0; at < bytes.size();) {
    const CodePoint c = code_point_at(bytes, at);
    const size_t end = at;
    at += c.size;
    if (!is_line_end(c.value)) continue;
    if (c.value == '\r' && at < bytes.size() && bytes[at] == '\n') ++at;
    lines.push_back(text.slice(begin, keep_ends ? at : end));
    begin = at;
  }
  if (begin < bytes.size()) lines.push_back(text.slice(begin, bytes.size()));
  return lines;
}

}  // namespace ingle::text::jinja
