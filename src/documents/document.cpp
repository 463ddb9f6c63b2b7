#include "documents/document.h"

#include <algorithm>

#include "base/utf8.h"

namespace ingle::documents {
namespace {

// Plain text has places in a grid of characters, so that "below" and "beside" mean the same as on a page.
constexpr float kColumn = 6;
constexpr float kLine = 12;
constexpr float kHeight = 10;

/// Newlines as one character, tabs as a gap between cells, other control characters as spaces.
std::string tidy(std::string_view bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  const std::string valid = base::to_valid_utf8(bytes);
  std::string out;
  out.reserve(valid.size());
  for (size_t i = 0; i < valid.size(); ++i) {
    const char c = valid[i];
    if (c == '\r') {
      if (i + 1 >= valid.size() || valid[i + 1] != '\n') out += '\n';
    } else if (c == '\t') {
      out += "  ";
    } else if (c == '\n' || c == '\f' || static_cast<unsigned char>(c) >= 0x20) {
      out += c;
    } else {
      out += ' ';
    }
  }
  return out;
}

}  // namespace

std::optional<Place> place_of(const Document& document, Span span) {
  const auto first =
      std::ranges::partition_point(document.words, [&](const Word& word) { return word.span.to <= span.from; });
  std::optional<Place> place;
  for (auto word = first; word != document.words.end() && word->span.from < span.to; ++word) {
    if (!place) {
      place = Place{word->page, word->box};
    } else if (word->page == place->page) {
      Box& box = place->box;
      box = {std::min(box.x0, word->box.x0), std::min(box.y0, word->box.y0), std::max(box.x1, word->box.x1),
             std::max(box.y1, word->box.y1)};
    }
  }
  return place;
}

Document document_from_text(std::string_view bytes) {
  Document document;
  document.kind = DocumentKind::kText;
  document.text = tidy(bytes);
  document.pages.push_back({});
  uint32_t at = 0;
  uint32_t column = 0;
  uint32_t line = 0;
  std::optional<Word> word;
  const auto end_word = [&] {
    if (!word) return;
    word->span.to = at;
    word->box.x1 = static_cast<float>(column) * kColumn;
    document.words.push_back(*word);
    word.reset();
  };
  for (const char c : document.text) {
    if ((static_cast<unsigned char>(c) & 0xC0U) == 0x80U) continue;  // not the first byte of a code point
    if (c == ' ' || c == '\n' || c == '\f') {
      end_word();
    } else if (!word) {
      const float x = static_cast<float>(column) * kColumn;
      const float y = static_cast<float>(line) * kLine;
      word = Word{static_cast<uint32_t>(document.pages.size() - 1), {x, y, x, y + kHeight}, {at, at}};
    }
    ++at;
    ++column;
    if (c == '\n') {
      ++line;
      column = 0;
    } else if (c == '\f') {
      document.pages.push_back({});
      line = 0;
      column = 0;
    }
  }
  end_word();
  return document;
}

}  // namespace ingle::documents
