// PromptLookup: guesses the next tokens of a sequence from its own text: what followed the last tokens when they stood there
// before may follow again (prompt lookup decoding: Saxena 2023; Yang et al. 2023, arXiv 2304.04487).
//
// Where each run of kShortest tokens stood is kept in hash chains, as LZ77 compressors do; the guess continues the longest
// match. How far is a bet: for each strength of the evidence it is remembered how often a guess of a token was right, and a
// guess ends where being right all the way has become unlikely. Sequences that repeat nothing pay for a hash a token.
// Owned by one job, used by the step thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace ingle::engine {

class PromptLookup {
 public:
  static constexpr uint32_t kMostGuessed = 15;  // with the token before them, a tile of the kernels

  /// For a text of at most `most_tokens`: everything is allocated here.
  explicit PromptLookup(size_t most_tokens);

  /// What may follow `text`, at most `most` tokens: none when the evidence is weak. `text` only ever grows.
  std::span<const int32_t> guess(std::span<const int32_t> text, uint32_t most);
  /// The first `n_right` tokens of the last guess were right and, if `missed`, the next one was not.
  void judge(uint32_t n_right, bool missed);

 private:
  static constexpr size_t kClasses = 6;
  struct Source {
    uint32_t next = 0;    // the position that the guess begins with
    uint32_t length = 0;  // tokens before it that are the text's last
    size_t strength = 0;  // class of evidence
  };
  void index(std::span<const int32_t> text);
  Source longest_match(std::span<const int32_t> text) const;
  Source after_a_replacement(std::span<const int32_t> text) const;
  uint32_t worth_guessing(size_t strength) const;

  std::vector<uint32_t> newest_;   // by hash of a run: the position after its latest occurrence, 0 = none
  std::vector<uint32_t> earlier_;  // by position after a run: the same of the one before it
  uint32_t hash_bits_;
  uint32_t n_indexed_ = 0;
  std::vector<int32_t> guess_;
  Source source_;
  uint32_t lost_at_ = 0;  // where in the text a long copy ceased to agree with this position of its source
  uint32_t lost_source_ = 0;
  std::array<float, kClasses> right_;  // how often a guessed token was right, lately
};

}  // namespace ingle::engine
