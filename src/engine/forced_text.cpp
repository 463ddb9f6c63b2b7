#include "engine/forced_text.h"

#include <bit>
#include <string_view>

namespace ingle::engine {
namespace {

constexpr size_t kMostBytes = 4096;  // looked ahead at once

/// Whether a token may come next that says more than `text`, which is forced.
bool may_say_more(const text::grammar::Constraint& constraint, const text::Tokenizer& tokenizer,
                  std::string_view text) {
  const std::span<const uint64_t> allowed = constraint.allowed();
  for (size_t word = 0; word < allowed.size(); ++word) {
    for (uint64_t bits = allowed[word]; bits != 0; bits &= bits - 1) {
      const auto id = static_cast<int32_t>(word * 64 + static_cast<size_t>(std::countr_zero(bits)));
      if (tokenizer.piece(id).size() > text.size()) return true;
    }
  }
  return false;
}

}  // namespace

ForcedText find_forced_text(text::grammar::Constraint constraint, const text::Tokenizer& tokenizer, uint32_t most,
                            const std::function<bool(int32_t)>& may_say) {
  ForcedText found;
  while (true) {
    const std::string text = constraint.forced(kMostBytes);
    const bool is_all = text.size() < kMostBytes / 2;  // whole characters may be fewer bytes than were looked for
    const std::vector<int32_t> tokens = tokenizer.encode(text, {.continues = true}, /*trusted=*/false);
    std::string_view rest = text;
    for (size_t i = 0; i < tokens.size(); ++i) {
      const std::string_view piece = tokenizer.piece(tokens[i]);
      // Ids that say other bytes (a text that is normalised), that no mask allows, or after which the end would be too far:
      // the model finds its own way.
      if (found.tokens.size() >= most || !rest.starts_with(piece) || !may_say(tokens[i]) ||
          !constraint.fits(tokens[i], most - static_cast<uint32_t>(found.tokens.size()) - 1))
        return found;
      const bool is_last = i + 1 == tokens.size();
      if (is_last && is_all && may_say_more(constraint, tokenizer, piece)) {
        found.guess = tokens[i];
        return found;
      }
      // Where the text goes on, its last tokens are not those of the whole.
      if (!is_all && i > 0 && rest.size() < kMostBytes / 4) break;
      found.tokens.push_back(tokens[i]);
      constraint.accept(tokens[i]);
      rest.remove_prefix(piece.size());
    }
    if (is_all) return found;
  }
}

}  // namespace ingle::engine
