// The tokens of text that a constraint leaves no choice about: they are part of the answer without asking the model.
//
// Written as the tokenizer writes that text. The last token is left to the model where a longer one could stand in its
// place, so that text after it may begin inside it ("token healing"); it is still the best guess.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "text/grammar/constraint.h"
#include "text/tokenizer/tokenizer.h"

namespace ingle::engine {

struct ForcedText {
  std::vector<int32_t> tokens = {};  // what comes next
  int32_t guess = text::kNoToken;    // what then comes most likely
};

/// At most `most` tokens; none that `may_say` denies, nor anything behind such a one.
ForcedText find_forced_text(text::grammar::Constraint constraint, const text::Tokenizer& tokenizer, uint32_t most,
                            const std::function<bool(int32_t)>& may_say);

}  // namespace ingle::engine
