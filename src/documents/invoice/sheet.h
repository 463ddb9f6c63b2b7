// Sheet: a document as rows of cells, so that "the text before a value, left of it, above it" can be asked for.
//
// A row is a line of the document's text, a cell what stands between two or more spaces. Borrows the document, which must
// outlive it. Immutable; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "documents/document.h"
#include "documents/text_index.h"

namespace ingle::documents {

struct Cell {
  Span span;
  uint32_t row = 0;
  uint32_t page = 0;
  Box box;
};

struct Row {
  Span span;
  uint32_t first_cell = 0;
  uint32_t n_cells = 0;
};

class Sheet {
 public:
  /// Every value is compared with its neighbours: a hostile document must not have too many of either.
  static constexpr size_t kMaxBytes = size_t{256} << 10;
  static constexpr uint32_t kMaxCellsInRow = 64;
  static constexpr size_t kMaxValues = 8000;  // of one kind
  static constexpr uint32_t kMaxLabel = 160;  // code points of a label that are looked at

  explicit Sheet(const Document& document);

  const Document& document() const { return document_; }
  const TextIndex& index() const { return index_; }
  const std::vector<Cell>& cells() const { return cells_; }
  const std::vector<Row>& rows() const { return rows_; }

  /// The cell that holds a position of the text; the last one before it in a gap. There must be one.
  uint32_t cell_at(uint32_t position) const;
  std::string_view folded(const Cell& cell) const { return index_.folded(cell.span); }
  std::optional<Place> place(Span span) const { return place_of(document_, span); }

  /// Whether the document is longer than what is looked at: the first kMaxBytes of text and kMaxCellsInRow of a row.
  bool is_truncated() const { return truncated_; }

  /// What stands before a value in its cell, its last words where it is long.
  std::string_view before(Span value) const;
  /// The nearest cell above in the same column that has letters, not further than `max_rows` rows.
  std::optional<uint32_t> above(Span value, uint32_t max_rows) const;
  /// The nearest cell to the left in the same row that has letters; nothing for a value that does not begin its cell.
  std::optional<uint32_t> left(Span value) const;
  /// The nearest cell below in the same column.
  std::optional<uint32_t> below(uint32_t cell, uint32_t max_rows) const;

 private:
  void add_row(uint32_t from, uint32_t to);

  const Document& document_;
  TextIndex index_;
  std::vector<Cell> cells_;
  std::vector<Row> rows_;
  bool truncated_ = false;
};

bool has_letters(std::string_view folded);
/// Whether both share a column: they overlap in width, or begin or end at the same place.
bool same_column(const Box& a, const Box& b);

}  // namespace ingle::documents
