#include "text/tokenizer/testing/vocabs.h"

#include "text/tokenizer/byte_alphabet.h"
#include "text/tokenizer/family.h"

namespace ingle::text::testing {

TokenId add_token(Vocab& vocab, std::string token, TokenKind kind, float score) {
  vocab.tokens.push_back(std::move(token));
  vocab.kinds.push_back(kind);
  vocab.scores.push_back(score);
  return static_cast<TokenId>(vocab.tokens.size() - 1);
}

Vocab byte_vocab(std::string_view pre, std::vector<std::string> merges) {
  Vocab vocab;
  vocab.model = "gpt2";
  vocab.pre = pre;
  for (unsigned byte = 0; byte < 256; ++byte) {
    add_token(vocab, std::string(letter_of_byte(static_cast<uint8_t>(byte))), TokenKind::kNormal);
  }
  for (const std::string& merge : merges) {
    const size_t space = merge.find(' ', 1);
    add_token(vocab, merge.substr(0, space) + merge.substr(space + 1), TokenKind::kNormal);
  }
  vocab.merges = std::move(merges);
  vocab.bos = vocab.eos = add_token(vocab, "<|endoftext|>", TokenKind::kControl);
  add_token(vocab, "<|im_start|>", TokenKind::kControl);
  add_token(vocab, "<|im_end|>", TokenKind::kControl);
  add_token(vocab, "<tool>", TokenKind::kUserDefined);
  return vocab;
}

Vocab word_vocab(const std::vector<std::string>& tokens) {
  Vocab vocab;
  vocab.model = "bert";
  vocab.pad = add_token(vocab, "[PAD]", TokenKind::kControl);
  vocab.unk = add_token(vocab, "[UNK]", TokenKind::kControl);
  vocab.bos = add_token(vocab, "[CLS]", TokenKind::kControl);
  vocab.sep = add_token(vocab, "[SEP]", TokenKind::kControl);
  vocab.mask = add_token(vocab, "[MASK]", TokenKind::kControl);
  for (const std::string& token : tokens) {
    add_token(vocab, token.starts_with("##") ? token.substr(2) : "\xE2\x96\x81" + token, TokenKind::kNormal);
  }
  return vocab;
}

Vocab piece_vocab(std::vector<std::pair<std::string, float>> tokens) {
  Vocab vocab;
  vocab.model = "llama";
  add_token(vocab, "<unk>", TokenKind::kUnknown);
  add_token(vocab, "<s>", TokenKind::kControl);
  add_token(vocab, "</s>", TokenKind::kControl);
  for (unsigned byte = 0; byte < 256; ++byte) {
    add_token(vocab, byte_token_text(static_cast<uint8_t>(byte)), TokenKind::kByte);
  }
  for (auto& [token, score] : tokens)
    add_token(vocab, std::move(token), TokenKind::kNormal, score);
  return vocab;
}

}  // namespace ingle::text::testing
