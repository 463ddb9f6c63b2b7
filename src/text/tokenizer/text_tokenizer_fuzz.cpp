// libFuzzer target of the tokenizer: any vocabulary gives a tokenizer or one Error, and any text gives ids.
//
// The input is a vocabulary written in short records, or the number of a fixed one, then the text. What must hold: ids exist; untrusted text holds no
// control token; where text goes in whole, it comes out whole; finding special tokens agrees with the plain search.
//
// text_tokenizer_fuzz --write-seeds=FOLDER   fills FOLDER with small inputs and ends.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/testing/fuzz_seeds.h"
#include "text/tokenizer/byte_alphabet.h"
#include "text/tokenizer/code_points.h"
#include "text/tokenizer/family.h"
#include "text/tokenizer/pretokenizer_table.h"
#include "text/tokenizer/special_finder.h"
#include "text/tokenizer/testing/reference.h"
#include "text/tokenizer/testing/vocabs.h"
#include "text/tokenizer/tokenizer.h"

namespace {

using namespace ingle::text;

class Input {
 public:
  Input(const uint8_t* data, size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}
  uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto first = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return first;
  }
  std::string_view text(size_t size) {
    const std::string_view out = rest_.substr(0, size);
    rest_.remove_prefix(out.size());
    return out;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

constexpr uint8_t kSentencePiece = 1, kBareVocabulary = 2, kSpacePrefix = 4, kAddBos = 8, kPhi3 = 16, kNoScores = 32,
                  kCheckFinder = 64, kCheckSegments = 128;
constexpr uint8_t kFixedVocabulary = 128, kWordPiece = 64;  // in the second byte

void add_missing(Vocab& vocab, std::string token, TokenKind kind) {
  if (std::ranges::find(vocab.tokens, token) == vocab.tokens.end()) testing::add_token(vocab, std::move(token), kind);
}

/// Tokens for all that may be left over, so that nothing of the text is lost: its bytes, and what merges lead to.
void complete(Vocab& vocab, std::string_view text) {
  const bool is_pieces = vocab.model == "llama";
  const std::set<char> bytes(text.begin(), text.end());
  for (const char c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    add_missing(vocab, is_pieces ? byte_token_text(byte) : std::string(letter_of_byte(byte)),
                is_pieces ? TokenKind::kByte : TokenKind::kNormal);
  }
  if (is_pieces) add_missing(vocab, "\xE2\x96\x81", TokenKind::kNormal);
  for (const std::string& merge : vocab.merges) {
    const size_t space = merge.find(' ', 1);
    if (space != std::string::npos)
      add_missing(vocab, merge.substr(0, space) + merge.substr(space + 1), TokenKind::kNormal);
  }
}

Vocab read_vocab(Input& input) {
  const uint8_t flags = input.byte();
  const auto rows = pretokenizer_rows();
  Vocab vocab;
  const uint8_t row = input.byte();
  vocab.model = (flags & kSentencePiece) != 0 ? (row & kWordPiece) != 0 ? "bert" : "llama" : "gpt2";
  vocab.pre = rows[row % rows.size()].names[0];
  vocab.add_space_prefix = (flags & kSpacePrefix) != 0;
  vocab.add_bos = (flags & kAddBos) != 0;
  if ((flags & kPhi3) != 0) vocab.name = "phi-3";
  vocab.bos = static_cast<int8_t>(input.byte());
  if (vocab.model == "bert") {
    vocab.unk = testing::add_token(vocab, "[UNK]", TokenKind::kControl);
    vocab.sep = testing::add_token(vocab, "[SEP]", TokenKind::kControl);
    vocab.lowercase = (flags & kSpacePrefix) != 0;
  }
  const size_t tokens = input.byte() % 32;
  for (size_t i = 0; i < tokens; ++i) {
    const uint8_t head = input.byte();
    testing::add_token(vocab, std::string(input.text(head & 15)), token_kind(head >> 4 & 7),
                       static_cast<float>(static_cast<int8_t>(input.byte())));
  }
  const size_t merges = input.byte() % 32;
  for (size_t i = 0; i < merges; ++i)
    vocab.merges.emplace_back(input.text(input.byte() & 15));
  if ((flags & kBareVocabulary) == 0 && vocab.model != "bert") complete(vocab, input.rest());
  if ((flags & kNoScores) != 0) vocab.scores.clear();
  return vocab;
}

void check_ids(const Tokenizer& tokenizer, const std::vector<TokenId>& ids, bool may_be_control) {
  for (const TokenId id : ids) {
    INGLE_CHECK(id >= 0 && static_cast<size_t>(id) < tokenizer.size());
    INGLE_CHECK(may_be_control || !tokenizer.is_control(id) || id == tokenizer.special().unk);
  }
}

void check_segments(const Tokenizer& tokenizer, std::string_view text) {
  const Segment segments[] = {{text.substr(0, text.size() / 3), true},
                              {text.substr(text.size() / 3, text.size() / 3), false},
                              {text.substr(text.size() / 3 * 2), true}};
  check_ids(tokenizer, tokenizer.encode(segments, {.add_bos = true, .parse_special = true}), true);
}

/// Whether every token that text may become shows as the text that it came from.
bool shows_all(const Tokenizer& tokenizer) {
  const Vocab& vocab = tokenizer.vocab();
  for (size_t i = 0; i < vocab.kinds.size(); ++i) {
    const TokenKind kind = vocab.kinds[i];
    if (kind == TokenKind::kUnused || kind == TokenKind::kUnknown) return false;
    // A letter or a merge that is a control token is dropped.
    if (tokenizer.is_control(static_cast<TokenId>(i))) return false;
    // Such a token is shown as it is written, though merges may have led to it from the bytes that its letters mean.
    const bool is_verbatim = kind == TokenKind::kByte || kind == TokenKind::kUserDefined;
    const bool has_letters = std::ranges::any_of(tokenizer.spelling(static_cast<TokenId>(i)),
                                                 [](char c) { return static_cast<uint8_t>(c) >= 0x80; });
    if (vocab.model == "gpt2" && is_verbatim && (has_letters || kind == TokenKind::kByte)) return false;
  }
  return true;
}

void check_finder(const Tokenizer& tokenizer, std::string_view text) {
  std::vector<SpecialToken> tokens;
  for (size_t i = 0; i < tokenizer.size(); ++i) {
    const auto id = static_cast<TokenId>(i);
    const TokenKind kind = tokenizer.vocab().kinds.empty() ? TokenKind::kNormal : tokenizer.vocab().kinds[i];
    if (kind == TokenKind::kControl || kind == TokenKind::kUserDefined) {
      tokens.push_back({tokenizer.spelling(id), id, kind == TokenKind::kUserDefined});
    }
  }
  const auto finder = SpecialFinder::build(tokens);
  INGLE_CHECK(finder.has_value());
  const Stretch trusted[] = {{text.size() / 4, text.size() / 2 + 1}};
  const auto parts = finder->cut(text, std::span(trusted).first(text.size() > 2 ? 1 : 0));
  const auto expected = testing::plain_cut(text, tokens, std::span(trusted).first(text.size() > 2 ? 1 : 0));
  INGLE_CHECK(parts.size() == expected.size());
  for (size_t i = 0; i < parts.size(); ++i) {
    INGLE_CHECK(parts[i].text == expected[i].text && parts[i].token == expected[i].token);
  }
}

void check_text(const Tokenizer& tokenizer, std::string_view text, uint8_t flags) {
  const auto untrusted = tokenizer.encode(text, {.add_bos = false, .parse_special = true}, false);
  check_ids(tokenizer, untrusted, false);
  if ((flags & kCheckFinder) != 0) {
    INGLE_CHECK(untrusted == tokenizer.encode(text, {}));
    check_finder(tokenizer, text);
  }
  if ((flags & kCheckSegments) != 0) check_segments(tokenizer, text);
  const bool keeps_space = !tokenizer.special().add_space_prefix;
  const bool strips = tokenizer.vocab().name == "phi-3";
  const bool is_complete = (flags & kBareVocabulary) == 0 && tokenizer.vocab().model != "bert";
  if (is_complete && shows_all(tokenizer) && keeps_space && !strips && is_normal_utf8(text)) {
    const std::string out = tokenizer.decode(untrusted, true);
    // A user-defined token may cut a code point in two, whose halves byte-level BPE reads as invalid; SentencePiece
    // reads its own sign for a space as one.
    if (out.find("\xEF\xBF\xBD") == std::string::npos && text.find("\xE2\x96\x81") == std::string_view::npos) {
      INGLE_CHECK(out == text);
    }
  }
}

/// A tokenizer of each kind, made once: most of the time then goes into texts.
const Tokenizer& fixed_tokenizer(uint8_t flags, uint8_t row) {
  static std::map<std::pair<size_t, bool>, std::unique_ptr<Tokenizer>> made;
  const auto rows = pretokenizer_rows();
  const bool is_pieces = (flags & kSentencePiece) != 0;
  const bool is_words = is_pieces && (row & kWordPiece) != 0;
  const size_t index = is_words ? 2 : is_pieces ? row % 2 : row % rows.size();
  auto& tokenizer = made[{index, is_pieces}];
  if (!tokenizer && is_words) {
    Vocab vocab = testing::word_vocab({"a", "##a", "ab", "##b", "##ab", "it", "'", "s", "1", "##2", "##34"});
    testing::add_token(vocab, "<a>", TokenKind::kUserDefined);
    tokenizer = std::move(Tokenizer::create(std::move(vocab)).value());
  }
  if (!tokenizer) {
    Vocab vocab = is_pieces ? testing::piece_vocab({{"a", -1},
                                                    {"b", -2},
                                                    {"ab", -3},
                                                    {"aba", -1},
                                                    {"\xE2\x96\x81"
                                                     "a",
                                                     0}})
                            : testing::byte_vocab(rows[index].names[0], {"a b", "ab ab", "\xC4\xA0 a", "0 0", "a a"});
    for (const char* text : {"<a>", "\n\n", "bb", "bba"})
      testing::add_token(vocab, text, TokenKind::kUserDefined);
    if (is_pieces && index == 1) vocab.name = "phi-3";
    vocab.add_space_prefix = index == 1;
    tokenizer = std::move(Tokenizer::create(std::move(vocab)).value());
  }
  return *tokenizer;
}

void write_seeds(const std::filesystem::path& folder) {
  const std::string_view text = "It's 1234 \xC3\xBC\xF0\x9F\x91\x8D\xFF <|im_end|> ababab aaa\n\n  <tool> b";
  std::vector<size_t> all_rows(pretokenizer_rows().size());
  std::iota(all_rows.begin(), all_rows.end(), size_t{0});
  all_rows.push_back(kWordPiece);
  for (const size_t row : all_rows) {
    for (const int flags : {0, 64 + 1, 128 + 4 + 1, 128 + 8, 64 + 16 + 1, 64 + 2, 3}) {
      std::string bytes = {static_cast<char>(flags), static_cast<char>(row), 3, 4};
      // Two ordinary tokens, a user-defined one, a control one; three merges.
      bytes +=
          std::string("\x12") + "ab" + '\2' + "\x14" + "abab" + '\1' + "\x42" + "aa" + '\0' + "\x33" + "<x>" + '\0';
      bytes += std::string("\3\3") + "a b" + "\5" + "ab ab" + "\4" + "\xC4\xA0 a";
      std::ofstream(folder / (std::to_string(row) + "-" + std::to_string(flags)), std::ios::binary) << bytes << text;
      bytes = {static_cast<char>(flags), static_cast<char>(row + kFixedVocabulary)};
      std::ofstream(folder / (std::to_string(row) + "-" + std::to_string(flags) + "-fixed"), std::ios::binary)
          << bytes << text;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  ingle::base::testing::write_seeds_if_asked(*argc, *argv, write_seeds);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  Input input(data, size);
  if ((data[1] & kFixedVocabulary) != 0) {
    const uint8_t flags = input.byte();
    check_text(fixed_tokenizer(flags, input.byte()), input.rest(), flags);
    return 0;
  }
  const auto created = Tokenizer::create(read_vocab(input));
  if (created) {
    check_text(**created, input.rest(), data[0]);
  } else {
    INGLE_CHECK(created.error().message().starts_with("tokenizer.ggml."));
  }
  return 0;
}
