#include "documents/summarize_windows.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "documents/transcript_words.h"

namespace ingle::documents {
namespace {

// A small model writes one good sentence about a page and a bad one about ten; a long meeting is given longer windows, so
// that its summary does not take an hour. Measured: docs/quality.md, meetings.
constexpr size_t kSmallestTarget = 420;
constexpr size_t kShortMeetingTarget = 130;  // a page of talk still deserves three sentences
constexpr size_t kFewestWindows = 3;
constexpr size_t kLargestTarget = 1100;
constexpr size_t kWindowsWanted = 24;
constexpr size_t kFewestWords = 4;  // of a turn that is shown
constexpr size_t kNeighbours = 6;   // passages on each side that a cut is judged by

using Bag = std::unordered_map<std::string, double>;

/// The longest prefix of at most `limit` estimated tokens that ends at a sentence, else at a blank, else at a character.
size_t cut_length(std::string_view text, size_t limit) {
  size_t length = 0;
  for (const std::string_view sentence : sentences_of(text)) {
    const auto end = static_cast<size_t>(sentence.data() - text.data()) + sentence.size();
    if (estimate_tokens(text.substr(0, end)) > limit) break;
    length = end;
  }
  if (length > 0) return length;
  length = std::min(text.size(), std::max<size_t>(limit * 2, 8));
  if (const size_t blank = text.rfind(' ', length); blank != std::string_view::npos && blank > 0) return blank;
  while (length > 0 && length < text.size() && (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80U)
    --length;
  return std::max<size_t>(length, 1);
}

std::vector<Passage> passages_of(const Transcript& transcript, size_t limit) {
  std::vector<Passage> passages;
  for (size_t i = 0; i < transcript.turns.size(); ++i) {
    const std::string tidy = tidy_speech(transcript.turns[i].text);
    const auto turn = static_cast<uint32_t>(i);
    const auto words = words_of(tidy);
    const bool long_enough = words.size() >= kFewestWords || tidy.size() >= 40;
    if (!long_enough || terms_of(tidy).empty()) continue;
    std::string_view rest = tidy;
    while (estimate_tokens(rest) > limit) {
      const size_t length = cut_length(rest, limit);
      passages.push_back({turn, std::string(rest.substr(0, length))});
      rest.remove_prefix(length);
      if (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
    }
    if (!rest.empty()) passages.push_back({turn, std::string(rest)});
  }
  return passages;
}

double similarity(const Bag& a, const Bag& b) {
  double dot = 0;
  double aa = 0;
  double bb = 0;
  for (const auto& [term, count] : a) {
    aa += count * count;
    if (const auto it = b.find(term); it != b.end()) dot += count * it->second;
  }
  for (const auto& [term, count] : b)
    bb += count * count;
  return aa > 0 && bb > 0 ? dot / std::sqrt(aa * bb) : 0;
}

/// How alike what stands before passage `at` and from it on are: low where the subject changes (Hearst 1997, TextTiling).
double cohesion(const std::vector<std::vector<std::string>>& terms, size_t at) {
  Bag before;
  Bag after;
  for (size_t i = at > kNeighbours ? at - kNeighbours : 0; i < at; ++i)
    for (const std::string& term : terms[i])
      before[term] += 1;
  for (size_t i = at; i < std::min(terms.size(), at + kNeighbours); ++i)
    for (const std::string& term : terms[i])
      after[term] += 1;
  return similarity(before, after);
}

size_t cost_of(const Passage& passage, const Transcript& transcript) {
  return estimate_tokens(passage.text) + estimate_tokens(transcript.turns[passage.turn].speaker) + 4;
}

/// The end of the window that begins at `begin`: the least cohesive place among those that make a window of about `target`.
size_t window_end(const std::vector<size_t>& costs, const std::vector<std::vector<std::string>>& terms, size_t begin,
                  size_t target, size_t limit) {
  size_t end = begin;
  size_t cost = 0;
  size_t best = begin;
  double least = 2;
  while (end < costs.size() && (end == begin || cost + costs[end] <= std::min(limit, target * 5 / 4))) {
    cost += costs[end++];
    if (cost < target * 3 / 4 || end == costs.size()) continue;
    if (const double here = cohesion(terms, end); here < least) {
      least = here;
      best = end;
    }
  }
  // What remains would be no window of its own.
  size_t rest = 0;
  for (size_t i = end; i < costs.size() && rest <= limit; ++i)
    rest += costs[i];
  if (cost + rest <= std::min(limit, target * 3 / 2)) return costs.size();
  return best > begin ? best : end;
}

}  // namespace

size_t estimate_tokens(std::string_view text) {
  // English has four bytes a token or more; other scripts, and speech with its short words, fewer.
  return text.size() / 3 + 1;
}

std::vector<Window> cut_windows(const Transcript& transcript, size_t limit) {
  const size_t largest = std::min(kLargestTarget, limit * 3 / 4);
  const std::vector<Passage> passages = passages_of(transcript, largest / 2);
  std::vector<size_t> costs;
  std::vector<std::vector<std::string>> terms;
  size_t total = 0;
  for (const Passage& passage : passages) {
    costs.push_back(cost_of(passage, transcript));
    terms.push_back(terms_of(passage.text));
    total += costs.back();
  }
  const size_t smallest = std::clamp(total / kFewestWindows, kShortMeetingTarget, kSmallestTarget);
  const size_t target = std::clamp(total / kWindowsWanted, std::min(smallest, largest), largest);
  std::vector<Window> windows;
  for (size_t begin = 0; begin < passages.size();) {
    const size_t end = window_end(costs, terms, begin, target, limit);
    Window window;
    window.passages.assign(passages.begin() + static_cast<std::ptrdiff_t>(begin),
                           passages.begin() + static_cast<std::ptrdiff_t>(end));
    for (uint32_t turn = passages[begin].turn; turn <= passages[end - 1].turn; ++turn)
      window.turns.push_back(turn);
    windows.push_back(std::move(window));
    begin = end;
  }
  return windows;
}

}  // namespace ingle::documents
