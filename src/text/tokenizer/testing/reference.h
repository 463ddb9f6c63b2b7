// The same answers by the plainest means: what the clever parts of the tokenizer are compared with.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "text/tokenizer/special_finder.h"
#include "text/tokenizer/vocab.h"

namespace ingle::text::testing {

/// For each token, longest first: every occurrence in what is still uncut, from left to right.
std::vector<TextPart> plain_cut(std::string_view text, std::span<const SpecialToken> tokens,
                                std::span<const Stretch> trusted);

/// SentencePiece: over and over, join the best pair of the whole text. Takes the text with its spaces already replaced,
/// and a vocabulary without special tokens.
std::vector<TokenId> plain_sentencepiece(const Vocab& vocab, std::string_view text);

/// Byte-level BPE of one word, the same way. Bytes must all have tokens.
std::vector<TokenId> plain_bpe(const Vocab& vocab, std::string_view word);

}  // namespace ingle::text::testing
