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
  return reading;
}

}  // namespace

StringTokens::StringTokens(const std::vector<TokenTree::Entry>& entries, size_t n_tokens) {
  struct Tail {
    TokenTree::Entry entry;
    Before before;
  };
  std::vector<Tail> tails;
  const TokenSet none((n_tokens + 63) / 64);
  inside_.fill(none);
  escaped_ = none;
  for (const TokenTree::Entry& entry : entries) {
    const auto reading = read(entry.bytes);
    if (!reading) continue;
    const uint32_t n = reading->characters;
    if (reading->quote) {
      tails.push_back(
          {{entry.bytes.substr(*reading->quote + 1), entry.id}, {static_cast<uint8_t>(n), reading->escape}});
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
  for (const Tail& tail : tails) {
    sorted.push_back(tail.entry);
    before_.push_back(tail.before);
  }
  tails_ = TokenTree(sorted);
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
