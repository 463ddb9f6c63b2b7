#include <algorithm>

#include "documents/invoice/readings.h"

namespace ingle::documents {
namespace {

constexpr uint32_t kRowsAbove = 6;

/// What stands in parentheses explains the label and is not it: "HANDELSRECHNUNG (380) Nr.".
std::string without_parentheses(std::string_view text) {
  std::string out;
  int depth = 0;
  for (const char c : text) {
    if (c == '(') ++depth;
    if (depth == 0) out += c;
    if (c == ')' && depth > 0) --depth;
  }
  return depth == 0 ? out : std::string(text);
}

std::vector<Clue> clues_in(std::string_view text, std::span<const Keyword> table, float weight) {
  if (text.size() > Sheet::kMaxLabel) text = text.substr(text.size() - Sheet::kMaxLabel);
  std::vector<std::string> words = words_of(without_parentheses(text));
  if (words.empty()) words = words_of(text);
  std::vector<Clue> clues;
  for (const KeywordMatch& match : matches_of(words, table))
    clues.push_back({match, weight});
  return clues;
}

}  // namespace

std::vector<Clue> clues_for(const Sheet& sheet, Span value, std::span<const Keyword> table) {
  const Cell& cell = sheet.cells()[sheet.cell_at(value.from)];
  const std::string_view before = sheet.before(value);
  if (auto clues = clues_in(before, table, 1); !clues.empty()) return clues;
  const bool begins_cell = !has_letters(before);
  if (!begins_cell) {
    // Two values of a row of values may touch; each still stands under its own heading.
    const auto heading = sheet.above(value, 2);
    return heading ? clues_in(sheet.folded(sheet.cells()[*heading]), table, 0.75F) : std::vector<Clue>();
  }
  // A cell to the left with digits is more often a value of its own: a row of values under a row of headings.
  const auto left = sheet.left(value);
  const auto has_digit = [&](uint32_t other) {
    return std::ranges::any_of(sheet.folded(sheet.cells()[other]), [](char c) { return c >= '0' && c <= '9'; });
  };
  if (left && !has_digit(*left)) {
    if (auto clues = clues_in(sheet.folded(sheet.cells()[*left]), table, 0.95F); !clues.empty()) return clues;
  }
  if (const auto above = sheet.above(value, kRowsAbove); above && (!left || !has_digit(*above))) {
    const uint32_t rows = cell.row - sheet.cells()[*above].row;
    if (auto clues = clues_in(sheet.folded(sheet.cells()[*above]), table, rows <= 2 ? 0.85F : 0.7F); !clues.empty())
      return clues;
  }
  if (left && has_digit(*left)) return clues_in(sheet.folded(sheet.cells()[*left]), table, 0.65F);
  return {};
}

void sort_candidates(Candidates& candidates) {
  std::ranges::sort(candidates, {},
                    [](const Candidate& candidate) { return std::pair(-candidate.score, candidate.span.from); });
  Candidates distinct;
  for (Candidate& candidate : candidates) {
    if (candidate.score <= 0) continue;
    const auto same = std::ranges::find(distinct, candidate.value, &Candidate::value);
    if (same == distinct.end()) distinct.push_back(std::move(candidate));
  }
  candidates = std::move(distinct);
}

}  // namespace ingle::documents
