// Document: what was read from a file: pages, words with their places, and one text in reading order.
//
// The text is what `ingle extract FILE --text` prints and what every span indexes, in code points: rows of a page from top
// to bottom, cells of a table row on one line with two spaces between them, an empty line where the page leaves a gap and
// between pages. Made by the parse role (or from plain text), a plain value afterwards.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace ingle::documents {

/// In points from the top left corner of the page.
struct Box {
  float x0 = 0;
  float y0 = 0;
  float x1 = 0;
  float y1 = 0;
  friend bool operator==(const Box&, const Box&) = default;
};

/// Code points [from, to) of a document's text.
struct Span {
  uint32_t from = 0;
  uint32_t to = 0;
  friend bool operator==(const Span&, const Span&) = default;
};

struct Page {
  float width = 0;  // points; 0: the file has no pages of its own (plain text)
  float height = 0;
  friend bool operator==(const Page&, const Page&) = default;
};

struct Word {
  uint32_t page = 0;  // from 0
  Box box;
  Span span;
  friend bool operator==(const Word&, const Word&) = default;
};

/// What an e-invoice says of itself (Factur-X, ZUGFeRD, XRechnung), normalised: names of the invoice preset, ISO dates,
/// amounts with a point and two places.
struct EInvoice {
  using Fields = std::vector<std::pair<std::string, std::string>>;
  Fields fields;
  std::vector<Fields> lines;
  friend bool operator==(const EInvoice&, const EInvoice&) = default;
};

enum class DocumentKind : uint8_t { kText, kPdf, kXml };

struct Document {
  DocumentKind kind = DocumentKind::kText;
  std::string text;  // UTF-8
  std::vector<Page> pages;
  std::vector<Word> words;  // in the order of their spans; of plain text too, in a grid of characters
  std::optional<EInvoice> einvoice;

  /// Whether boxes mean something to a person.
  bool has_boxes() const { return kind == DocumentKind::kPdf; }
};

/// Where a span stands: its page, from 0, and the union of its words' boxes on that page. A span over two pages is placed
/// where it begins. Nothing when it touches no word.
struct Place {
  uint32_t page = 0;
  Box box;
};
std::optional<Place> place_of(const Document& document, Span span);

/// A document of plain text, which need not be UTF-8 throughout.
Document document_from_text(std::string_view bytes);

}  // namespace ingle::documents
