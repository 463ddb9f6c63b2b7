#include "text/grammar/free_states.h"

#include <algorithm>

namespace ingle::text::grammar {
namespace {

constexpr size_t kMaxEntries = 400'000;

/// Classes with a character that needs no escape.
std::vector<uint32_t> plain_classes(const CodePointClasses& classes) {
  std::vector<uint32_t> plain;
  const auto pieces = classes.pieces();
  for (size_t i = 0; i < pieces.size(); ++i) {
    const char32_t end = i + 1 < pieces.size() ? pieces[i + 1].first : kLastCodePoint + 1;
    char32_t c = std::max<char32_t>(pieces[i].first, 0x20);
    while (c < end && (c == '"' || c == '\\' || is_surrogate(c)))
      ++c;
    if (c < end) plain.push_back(pieces[i].id);
  }
  std::ranges::sort(plain);
  plain.erase(std::unique(plain.begin(), plain.end()), plain.end());
  return plain;
}

}  // namespace

std::vector<bool> free_states(const Dfa& dfa) {
  const size_t n = dfa.n_states();
  if (n * dfa.n_classes() > kMaxEntries) return std::vector<bool>(n, false);
  const std::vector<uint32_t> plain = plain_classes(dfa.classes());
  std::vector<bool> is_free(n, true);
  is_free[Dfa::kDead] = false;
  for (int round = 0; round < kManyCharacters; ++round) {
    std::vector<bool> next(n, false);
    for (Dfa::State state = 1; state < n; ++state) {
      next[state] = std::ranges::all_of(plain, [&](uint32_t c) {
        const Dfa::State to = dfa.next(state, c);
        return is_free[to] && dfa.distance(to) <= dfa.distance(state);
      });
    }
    if (next == is_free) break;
    is_free = std::move(next);
  }
  return is_free;
}

}  // namespace ingle::text::grammar
