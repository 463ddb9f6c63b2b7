// BertSplitter: BERT's basic tokenizer. Cleans text, sets CJK characters apart, takes accents and case away where the model
// wants that, and splits at white space and punctuation.
//
// Follows Hugging Face's tokenizers (BertNormalizer, BertPreTokenizer), with which such models are trained; bytes that are not
// UTF-8 are dropped, as U+FFFD is there. Immutable; any thread. Time grows with n log n for any text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ingle::text {

struct BertSplitter {
  bool lowercase = true;
  bool strip_accents = true;

  /// Replaces `words` with all words one after the other and `ends` with where each ends. Less than 1 GiB of text.
  void split(std::string_view text, std::string& words, std::vector<uint32_t>& ends) const;
};

}  // namespace ingle::text
