#include "documents/invoice/sheet.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/utf8.h"

namespace ingle::documents {
namespace {

constexpr float kAligned = 3;  // points

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || c == kOther;
}

}  // namespace

bool has_letters(std::string_view folded) {
  return std::ranges::count_if(folded, is_letter) >= 2 || folded.find('#') != std::string_view::npos;
}

bool same_column(const Box& a, const Box& b) {
  const float common = std::min(a.x1, b.x1) - std::max(a.x0, b.x0);
  if (common > 0.2F * std::min(a.x1 - a.x0, b.x1 - b.x0)) return true;
  return std::abs(a.x0 - b.x0) < kAligned || std::abs(a.x1 - b.x1) < kAligned;
}

Sheet::Sheet(const Document& document)
    : document_(document),
      index_(std::string_view(document.text)
                 .substr(0, base::complete_utf8_prefix(std::string_view(document.text).substr(0, kMaxBytes)))),
      truncated_(document.text.size() > kMaxBytes) {
  const std::string& text = index_.folded();
  for (uint32_t from = 0; from < text.size();) {
    const auto end = static_cast<uint32_t>(std::min(text.find('\n', from), text.size()));
    add_row(from, end);
    from = end + 1;
  }
}

void Sheet::add_row(uint32_t from, uint32_t to) {
  const std::string_view text = index_.folded();
  Row row{{from, to}, static_cast<uint32_t>(cells_.size()), 0};
  for (uint32_t at = from; at < to;) {
    if (text[at] == ' ') {
      ++at;
      continue;
    }
    uint32_t end = at;
    while (end < to && !(text[end] == ' ' && (end + 1 >= to || text[end + 1] == ' ')))
      ++end;
    const Span span{at, end};
    if (cells_.size() - row.first_cell >= kMaxCellsInRow) {
      truncated_ = true;
      break;
    }
    if (const auto where = place_of(document_, span))
      cells_.push_back({span, static_cast<uint32_t>(rows_.size()), where->page, where->box});
    at = end;
  }
  row.n_cells = static_cast<uint32_t>(cells_.size()) - row.first_cell;
  if (row.n_cells > 0) rows_.push_back(row);
}

uint32_t Sheet::cell_at(uint32_t position) const {
  const auto after = std::ranges::upper_bound(cells_, position, {}, [](const Cell& cell) { return cell.span.from; });
  INGLE_CHECK(!cells_.empty());
  return after == cells_.begin() ? 0 : static_cast<uint32_t>(after - cells_.begin() - 1);
}

std::string_view Sheet::before(Span value) const {
  const Cell& cell = cells_[cell_at(value.from)];
  if (value.from <= cell.span.from) return {};
  const uint32_t nearest = value.from > kMaxLabel ? value.from - kMaxLabel : 0;
  return index_.folded({std::max(cell.span.from, nearest), value.from});
}

std::optional<uint32_t> Sheet::above(Span value, uint32_t max_rows) const {
  const auto where = place(value);
  if (!where) return std::nullopt;
  const uint32_t own_row = cells_[cell_at(value.from)].row;
  for (uint32_t row = own_row; row > 0 && own_row - row < max_rows;) {
    --row;
    for (uint32_t i = 0; i < rows_[row].n_cells; ++i) {
      const uint32_t cell = rows_[row].first_cell + i;
      if (cells_[cell].page != where->page) return std::nullopt;
      if (same_column(cells_[cell].box, where->box) && has_letters(folded(cells_[cell]))) return cell;
    }
  }
  return std::nullopt;
}

std::optional<uint32_t> Sheet::left(Span value) const {
  const uint32_t own = cell_at(value.from);
  const Row& row = rows_[cells_[own].row];
  for (uint32_t cell = own; cell > row.first_cell;) {
    --cell;
    if (has_letters(folded(cells_[cell]))) return cell;
  }
  return std::nullopt;
}

std::optional<uint32_t> Sheet::below(uint32_t cell, uint32_t max_rows) const {
  const Cell& own = cells_[cell];
  for (uint32_t row = own.row + 1; row < rows_.size() && row - own.row <= max_rows; ++row) {
    for (uint32_t i = 0; i < rows_[row].n_cells; ++i) {
      const uint32_t other = rows_[row].first_cell + i;
      if (cells_[other].page != own.page) return std::nullopt;
      if (same_column(cells_[other].box, own.box)) return other;
    }
  }
  return std::nullopt;
}

}  // namespace ingle::documents
