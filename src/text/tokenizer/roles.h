// The roles of a vocabulary's tokens: which are control tokens in fact, which end an answer, which id is which.
//
// Files say it partly and wrongly; the rest is known by the tokens' names, as llama.cpp decides it (load of
// src/llama-vocab.cpp).
#pragma once

#include <vector>

#include "base/result.h"
#include "text/tokenizer/token_index.h"
#include "text/tokenizer/tokenizer.h"
#include "text/tokenizer/vocab.h"

namespace ingle::text {

/// Each vector has an entry for each token.
struct Roles {
  SpecialTokens ids;
  std::vector<TokenKind> kinds;       // the file's, corrected
  std::vector<bool> ends_generation;  // an answer ends with it
  std::vector<bool> shown;            // a control token that decoded text shows all the same
  std::vector<bool> strips_right;     // swallows the white space after it where it is found as a special token
};

/// `adds_bos`: what the family does when the file does not say.
Result<Roles> assign_roles(const Vocab& vocab, const TokenIndex& index, bool adds_bos);

}  // namespace ingle::text
