// Small vocabularies of our own for tests and fuzz targets.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/tokenizer/vocab.h"

namespace ingle::text::testing {

/// Byte-level BPE: ids 0 to 255 are the bytes, then a token for each merge ("l o", in the byte alphabet), then
/// <|endoftext|>, <|im_start|>, <|im_end|> as control tokens and <tool> as a user-defined one.
Vocab byte_vocab(std::string_view pre, std::vector<std::string> merges);

/// SentencePiece: <unk> <s> </s>, the 256 bytes as <0x00> to <0xFF>, then the given tokens with their scores.
Vocab piece_vocab(std::vector<std::pair<std::string, float>> tokens);

/// WordPiece: [PAD] [UNK] [CLS] [SEP] [MASK] as control tokens, then the given tokens as BERT writes them ("play", "##ing").
Vocab word_vocab(const std::vector<std::string>& tokens);

/// Adds a token and answers its id.
TokenId add_token(Vocab& vocab, std::string token, TokenKind kind, float score = 0);

}  // namespace ingle::text::testing
