#include "text/grammar/string_tokens.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "text/grammar/text_machine.h"

namespace ingle::text::grammar {
namespace {

struct Reading {
  uint32_t characters = 0;  // begun, before the quote if there is one
  bool escape = false;
  bool whole = true;            // no character is cut
  std::optional<size_t> quote;  // where the string ends
};

std::optional<Reading> read(std::string_view bytes) {
  Reading reading;
  uint8_t state = kCharacterStart;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (state == kCharacterStart) {
      if (bytes[i] == '"') {
        reading.quote = i;
        return reading;
      }
      ++reading.characters;
    }
    reading.escape |= bytes[i] == '\\';
    state = character_step(state, static_cast<uint8_t>(bytes[i]));
    if (state == kNoCharacter) return std::nullopt;
  }
  reading.whole = state == kCharacterStart;
  return reading;
}

/// The first code point of valid UTF-8, which is taken away.
char32_t take_code_point(std::string_view& text) {
  const auto lead = static_cast<uint8_t>(text.front());
  const size_t n = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t c = n == 1 ? lead : lead & (0x7FU >> n);
  for (size_t i = 1; i < n; ++i)
    c = c << 6 | (static_cast<uint8_t>(text[i]) & 0x3F);
  text.remove_prefix(n);
  return c;
}

}  // namespace

StringTokens::StringTokens(const std::vector<TokenTree::Entry>& entries, size_t n_tokens) {
  struct Tail {
    TokenTree::Entry entry;
    Before before;
    size_t n_bytes = 0;  // before the quote
  };
  std::vector<Tail> tails;
  std::vector<Plain> plain;
  std::vector<TokenTree::Entry> odd;
  const TokenSet none((n_tokens + 63) / 64);
  inside_.fill(none);
  escaped_ = none;
  for (const TokenTree::Entry& entry : entries) {
    const auto reading = read(entry.bytes);
    if (!reading) continue;
    const uint32_t n = reading->characters;
    const bool is_plain = reading->whole && !reading->escape;
    if (!is_plain) {
      odd.push_back(entry);
    } else if (!reading->quote) {
      plain.push_back({entry.bytes, {static_cast<uint32_t>(entry.id), false}});
    }
    if (reading->quote) {
      tails.push_back({{entry.bytes.substr(*reading->quote + 1), entry.id},
                       {static_cast<uint8_t>(n), reading->escape},
                       *reading->quote});
      continue;
    }
    insert(inside_[0], entry.id);
    if (reading->escape) insert(escaped_, entry.id);
    for (uint32_t k = n; k <= kReady; ++k)
      insert(inside_[k], entry.id);
    if (n > kReady) long_.push_back({n, entry.id, reading->escape});
  }
  std::ranges::stable_sort(long_, {}, &Long::characters);
  std::ranges::stable_sort(tails, {}, [](const Tail& tail) { return tail.entry.bytes; });
  std::vector<TokenTree::Entry> sorted;
  const auto n_inside = static_cast<std::ptrdiff_t>(plain.size());
  for (const Tail& tail : tails) {
    if (!tail.before.escape) {
      const char* begin = tail.entry.bytes.data() - 1 - tail.n_bytes;
      plain.push_back({{begin, tail.n_bytes}, {static_cast<uint32_t>(sorted.size()), true}});
    }
    sorted.push_back(tail.entry);
    before_.push_back(tail.before);
  }
  tails_ = TokenTree(sorted);
  odd_ = TokenTree(odd);
  std::ranges::stable_sort(plain.begin() + n_inside, plain.end(), {}, &Plain::characters);
  std::ranges::inplace_merge(plain, plain.begin() + n_inside, {}, &Plain::characters);
  set_plain(plain);
}

void StringTokens::set_plain(const std::vector<Plain>& sorted) {
  plain_.clear();
  std::vector<uint32_t> open;
  std::string_view last;
  const auto close_to = [&](size_t depth) {
    for (; open.size() > depth; open.pop_back())
      plain_[open.back()].skip = static_cast<uint32_t>(plain_.size());
  };
  for (const Plain& entry : sorted) {
    std::string_view rest = entry.characters;
    size_t depth = 0;
    // Both are whole characters, so they part between two.
    for (std::string_view before = last; !rest.empty() && !before.empty(); ++depth) {
      std::string_view next = rest;
      if (take_code_point(next) != take_code_point(before)) break;
      rest = next;
    }
    close_to(depth);
    while (!rest.empty()) {
      open.push_back(static_cast<uint32_t>(plain_.size()));
      const char32_t c = take_code_point(rest);
      plain_.push_back({c, 0, static_cast<uint32_t>(plain_tokens_.size()), static_cast<uint8_t>(open.size())});
    }
    plain_tokens_.push_back(entry.token);
    last = entry.characters;
  }
  close_to(0);
  plain_.push_back({0, 0, static_cast<uint32_t>(plain_tokens_.size()), 0});
}

void StringTokens::add_inside(uint32_t most, bool escapes, TokenSet& out) const {
  if (most == 0) return;
  const bool all = long_.empty() ? most >= kReady : most >= long_.back().characters;
  const TokenSet& set = inside_[all ? 0 : std::min(most, kReady)];
  for (size_t i = 0; i < set.size(); ++i)
    out[i] |= escapes ? set[i] : set[i] & ~escaped_[i];
  if (all) return;
  for (const Long& token : long_) {
    if (token.characters > most) break;
    if (escapes || !token.escape) insert(out, token.id);
  }
}

}  // namespace ingle::text::grammar
