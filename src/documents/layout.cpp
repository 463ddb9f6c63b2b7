#include "documents/layout.h"

#include <algorithm>
#include <numeric>

namespace ingle::documents {
namespace {

struct Piece {
  const Run* run;
  Box box;
};

struct Row {
  std::vector<Piece> pieces;
  float y0 = 0;  // of the piece that began it
  float y1 = 0;
};

constexpr size_t kRowsLookedAt = 12;  // pieces come sorted by height: older rows cannot overlap any more

Box box_of(const Run& run) {
  Box all = run.front().box;
  for (const LooseWord& word : run) {
    all.x0 = std::min(all.x0, word.box.x0);
    all.y0 = std::min(all.y0, word.box.y0);
    all.x1 = std::max(all.x1, word.box.x1);
    all.y1 = std::max(all.y1, word.box.y1);
  }
  return all;
}

/// Share of the lower one of the two that both have in common.
float overlap(float a0, float a1, float b0, float b1) {
  const float common = std::min(a1, b1) - std::max(a0, b0);
  const float least = std::max(std::min(a1 - a0, b1 - b0), 0.1F);
  return common / least;
}

bool has_room(const Row& row, const Box& box) {
  const float tolerance = 0.25F * (box.y1 - box.y0);
  return std::ranges::none_of(row.pieces, [&](const Piece& piece) {
    return std::min(piece.box.x1, box.x1) - std::max(piece.box.x0, box.x0) > tolerance;
  });
}

std::vector<Row> rows_of(const std::vector<Run>& runs) {
  std::vector<Piece> pieces;
  for (const Run& run : runs) {
    if (!run.empty()) pieces.push_back({&run, box_of(run)});
  }
  std::ranges::sort(pieces, {},
                    [](const Piece& piece) { return std::pair(piece.box.y0 + piece.box.y1, piece.box.x0); });
  std::vector<Row> rows;
  for (const Piece& piece : pieces) {
    Row* best = nullptr;
    float best_overlap = 0.5F;
    const size_t first = rows.size() > kRowsLookedAt ? rows.size() - kRowsLookedAt : 0;
    for (size_t i = first; i < rows.size(); ++i) {
      const float share = overlap(rows[i].y0, rows[i].y1, piece.box.y0, piece.box.y1);
      if (share > best_overlap && has_room(rows[i], piece.box)) {
        best = &rows[i];
        best_overlap = share;
      }
    }
    if (best == nullptr) {
      rows.push_back({{}, piece.box.y0, piece.box.y1});
      best = &rows.back();
    }
    best->pieces.push_back(piece);
  }
  for (Row& row : rows)
    std::ranges::sort(row.pieces, {}, [](const Piece& piece) { return std::pair(piece.box.x0, piece.box.y0); });
  return rows;
}

float median_height(const std::vector<Row>& rows) {
  if (rows.empty()) return 0;
  std::vector<float> heights;
  for (const Row& row : rows)
    heights.push_back(row.y1 - row.y0);
  const auto middle = heights.begin() + static_cast<std::ptrdiff_t>(heights.size() / 2);
  std::ranges::nth_element(heights, middle);
  return *middle;
}

uint32_t count_code_points(std::string_view utf8) {
  return static_cast<uint32_t>(
      std::ranges::count_if(utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

/// Writes text and counts its code points. What is there already ends with a word and a newline.
class Printer {
 public:
  explicit Printer(Document& document)
      : document_(document), at_(document.words.empty() ? 0 : document.words.back().span.to + 1) {}

  void text(std::string_view text) {
    document_.text += text;
    at_ += count_code_points(text);
  }
  void word(const LooseWord& word, uint32_t page) {
    const uint32_t from = at_;
    text(word.text);
    document_.words.push_back({page, word.box, {from, at_}});
  }

 private:
  Document& document_;
  uint32_t at_;
};

void print_row(Printer& out, const Row& row, uint32_t page) {
  const float height = row.y1 - row.y0;
  const LooseWord* previous = nullptr;
  const Run* previous_run = nullptr;
  for (const Piece& piece : row.pieces) {
    for (const LooseWord& word : *piece.run) {
      if (previous != nullptr) {
        const float gap = word.box.x0 - previous->box.x1;
        const float cell_gap = (previous_run == piece.run ? 1.2F : 0.6F) * height;
        out.text(gap > cell_gap ? "  " : " ");
      }
      out.word(word, page);
      previous = &word;
      previous_run = piece.run;
    }
  }
  out.text("\n");
}

}  // namespace

void append_page(Document& document, const Page& page, const std::vector<Run>& runs) {
  const auto number = static_cast<uint32_t>(document.pages.size());
  document.pages.push_back(page);
  const std::vector<Row> rows = rows_of(runs);
  Printer out(document);
  if (!rows.empty() && !document.text.empty()) out.text("\n");
  const float height = median_height(rows);
  const Row* previous = nullptr;
  for (const Row& row : rows) {
    if (previous != nullptr && row.y0 - previous->y1 > 0.8F * height) out.text("\n");
    print_row(out, row, number);
    previous = &row;
  }
}

}  // namespace ingle::documents
