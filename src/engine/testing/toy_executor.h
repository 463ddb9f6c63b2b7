// ToyExecutor: an executor whose "model" is a function of the tokens before a position. It keeps tokens in its pages, as a
// real one keeps keys and values, and reads them back through the block tables: wrong bookkeeping gives wrong text.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <vector>

#include "backend/backend.h"

namespace ingle::engine::testing {

class ToyExecutor final : public backend::Executor {
 public:
  static constexpr uint32_t kVocab = 260;  // text::testing::byte_vocab
  static constexpr uint32_t kEmbd = 4;
  static constexpr uint32_t kPageTokens = 4;

  using Logits = std::function<void(std::span<const int32_t> text, std::span<float> logits)>;

  ToyExecutor(uint32_t n_pages, uint32_t max_rows, Logits logits, uint32_t n_vocab = kVocab);

  uint32_t page_tokens() const override { return kPageTokens; }
  uint32_t n_pages() const override { return n_pages_; }
  uint64_t page_bytes() const override { return kPageTokens * sizeof(int32_t); }
  uint64_t weight_bytes() const override { return 0; }
  uint32_t max_rows() const override { return max_rows_; }
  std::string_view isa() const override { return "toy"; }
  uint32_t threads() const override { return 1; }
  void use_threads(uint32_t /*n*/) override {}
  Result<std::span<const backend::Output>> run(const backend::Step& step) override;
  void copy_page(uint32_t from, uint32_t to) override;

  /// The most rows and sequences that one step had, to see that requests are batched.
  struct Seen {
    std::atomic<uint32_t> rows = 0;
    std::atomic<uint32_t> sequences = 0;
    std::atomic<uint32_t> steps = 0;
    std::atomic<uint32_t> whole_rows = 0;  // whose logits were all asked for
  };
  Seen& seen() { return seen_; }

 private:
  uint32_t n_pages_;
  uint32_t max_rows_;
  uint32_t n_vocab_;
  Logits logits_;
  std::vector<int32_t> memory_;
  std::deque<std::vector<float>> values_;  // of every row; their addresses stay
  std::deque<std::vector<backend::Scored>> tops_;
  std::vector<backend::Output> outputs_;
  Seen seen_;
};

/// The next token is the next byte: "abc" goes on with "def". After '!' comes <|im_end|>, after '?' logits are NaN.
void count_up(std::span<const int32_t> text, std::span<float> logits);

/// Letters from a hash of the whole text, with a small chance to end.
void babble(std::span<const int32_t> text, std::span<float> logits);

/// Any token may come next, with a logit from a hash of the text so far.
void anything(std::span<const int32_t> text, std::span<float> logits);

/// What an executor answers to a row that wants the `n` largest of these logits.
backend::Output top_of(std::span<const float> logits, uint32_t n, std::vector<backend::Scored>& storage);

/// The hidden state that a text ends in.
std::vector<float> hidden_of(std::span<const int32_t> text);

}  // namespace ingle::engine::testing
