#include "eval/perplexity.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ingle::eval {
namespace {

/// A token is a byte; the log-probability of a token is minus its value divided by a thousand.
class ByteModel final : public chat::Completer {
 public:
  bool adds_bos = false;
  std::vector<chat::ScoreRequest> asked;

  Result<chat::Description> describe() override {
    chat::Description description;
    description.context_limit = 64;
    description.adds_bos = adds_bos;
    description.bos = 1;
    return description;
  }
  Result<std::vector<int32_t>> tokenize(const chat::TokenizeRequest& request) override {
    std::vector<int32_t> tokens;
    if (request.add_bos) tokens.push_back(1);
    for (const char c : request.text.reveal())
      tokens.push_back(c);
    return tokens;
  }
  Result<std::vector<float>> score(const chat::ScoreRequest& request) override {
    asked.push_back(request);
    std::vector<float> logprobs;
    for (size_t i = request.first; i < request.tokens.size(); ++i) {
      logprobs.push_back(static_cast<float>(-request.tokens[i]) / 1000.0F);
    }
    return logprobs;
  }

  Result<std::string> render(const chat::ChatPrompt&) override { return unused(); }
  Result<std::string> detokenize(std::span<const int32_t>) override { return unused(); }
  Status complete(chat::CompleteRequest, chat::EventSink) override { return unused(); }
  void cancel(std::string_view) override {}
  Status embed(chat::EmbedRequest, chat::EventSink) override { return unused(); }
  Result<std::vector<std::vector<float>>> tag(const chat::EmbedTokens&) override { return unused(); }
  Result<std::string> fork(std::string_view) override { return unused(); }
  void release(std::string_view) override {}
  Result<chat::Stats> stats() override { return unused(); }

 private:
  static std::unexpected<Error> unused() { return std::unexpected(Error::unsupported("not part of this test")); }
};

std::string text_of(size_t n) {
  std::string text;
  for (size_t i = 0; i < n; ++i)
    text += static_cast<char>('A' + i % 26);
  return text;
}

TEST(Perplexity, scores_the_second_half_of_windows_that_do_not_overlap) {
  ByteModel model;
  const std::string text = text_of(29);
  const auto result = perplexity(model, text, {.ctx = 8, .on_chunk = {}, .stop = {}});
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->chunks, 3U);
  EXPECT_EQ(result->tokens, 9U);  // 8 - 8 / 2 - 1 in each
  double nll = 0;
  for (const size_t i : {5, 6, 7, 13, 14, 15, 21, 22, 23})
    nll += text[i] / 1000.0;
  EXPECT_NEAR(result->ppl, std::exp(nll / 9), 1e-6);
  EXPECT_GT(result->uncertainty, 0);
}

TEST(Perplexity, an_odd_window_reads_the_shorter_half_first) {
  ByteModel model;
  const auto result = perplexity(model, text_of(9), {.ctx = 9, .on_chunk = {}, .stop = {}});
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->tokens, 4U);
  EXPECT_EQ(model.asked.at(0).first, 5U);
}

TEST(Perplexity, begins_every_window_with_bos_if_the_model_wants_one) {
  ByteModel model;
  model.adds_bos = true;
  ASSERT_TRUE(perplexity(model, text_of(15), {.ctx = 8, .on_chunk = {}, .stop = {}}).has_value());
  ASSERT_EQ(model.asked.size(), 2U);
  EXPECT_EQ(model.asked[0].tokens, (std::vector<int32_t>{1, 'A', 'B', 'C', 'D', 'E', 'F', 'G'}));
  // The BOS before the text shifts it by one; the second window's first token gives way.
  EXPECT_EQ(model.asked[1].tokens, (std::vector<int32_t>{1, 'I', 'J', 'K', 'L', 'M', 'N', 'O'}));
}

TEST(Perplexity, reads_no_more_windows_than_asked_for_and_reports_each) {
  ByteModel model;
  std::vector<uint32_t> chunks;
  const auto result = perplexity(model, text_of(100),
                                 {.ctx = 10,
                                  .max_chunks = 2,
                                  .on_chunk =
                                      [&](const Perplexity& so_far, uint32_t n) {
                                        EXPECT_EQ(n, 2U);
                                        chunks.push_back(so_far.chunks);
                                      },
                                  .stop = {}});
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(chunks, (std::vector<uint32_t>{1, 2}));
}

TEST(Perplexity, refuses_windows_that_do_not_fit_and_texts_too_short_for_one) {
  ByteModel model;
  EXPECT_EQ(perplexity(model, text_of(100), {.ctx = 65, .on_chunk = {}, .stop = {}}).error().code(),
            ErrorCode::kRefused);
  EXPECT_EQ(perplexity(model, text_of(100), {.ctx = 3, .on_chunk = {}, .stop = {}}).error().code(), ErrorCode::kUsage);
  EXPECT_EQ(perplexity(model, text_of(7), {.ctx = 8, .on_chunk = {}, .stop = {}}).error().code(), ErrorCode::kRefused);
}

TEST(Perplexity, stops_when_told_to) {
  ByteModel model;
  std::stop_source source;
  source.request_stop();
  const auto result = perplexity(model, text_of(100), {.ctx = 8, .on_chunk = {}, .stop = source.get_token()});
  EXPECT_EQ(result.error().code(), ErrorCode::kCancelled);
}

}  // namespace
}  // namespace ingle::eval
