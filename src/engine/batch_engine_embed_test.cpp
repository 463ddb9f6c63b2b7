#include <gtest/gtest.h>

#include <cmath>
#include <future>
#include <vector>

#include "chat/errors.h"
#include "engine/batch_engine.h"
#include "engine/testing/embed.h"
#include "engine/testing/toy_engine.h"

namespace ingle::engine {
namespace {

using testing::make_toy_engine;
using testing::ToyEngine;

std::vector<float> unit_length(std::vector<float> vector) {
  double squares = 0;
  for (const float x : vector)
    squares += static_cast<double>(x) * static_cast<double>(x);
  for (float& x : vector)
    x = static_cast<float>(static_cast<double>(x) / std::sqrt(squares));
  return vector;
}

TEST(BatchEngineEmbeds, embeds_the_last_token) {
  const auto toy = make_toy_engine();
  std::vector<int32_t> tokens(30, 'a');
  const auto vector = testing::embed(*toy.engine, {tokens});
  ASSERT_TRUE(vector.has_value());
  EXPECT_EQ(*vector, unit_length(testing::hidden_of(tokens)));
  EXPECT_EQ(testing::embed(*toy.engine, {tokens}), *vector);
  EXPECT_EQ(testing::embed(*toy.engine, {{}}).error().code(), ErrorCode::kUsage);
}

TEST(BatchEngineEmbeds, embeds_many_texts_as_it_embeds_each_alone) {
  const auto toy = make_toy_engine();
  std::vector<chat::EmbedTokens> requests;
  for (int32_t i = 0; i < 70; ++i)
    requests.push_back({std::vector<int32_t>(static_cast<size_t>(i % 7 + 1), 'a' + i % 20)});
  const auto vectors = testing::embed_all(*toy.engine, requests);
  ASSERT_TRUE(vectors.has_value());
  ASSERT_EQ(vectors->size(), requests.size());
  for (size_t i = 0; i < requests.size(); ++i)
    EXPECT_EQ((*vectors)[i], unit_length(testing::hidden_of(requests[i].tokens))) << i;
  EXPECT_GT(toy.executor->seen().sequences, 1U);
  EXPECT_TRUE(testing::embed_all(*toy.engine, {})->empty());
}

TEST(BatchEngineEmbeds, refuses_pairs_and_one_bad_text_among_many) {
  const auto toy = make_toy_engine();
  EXPECT_EQ(testing::embed(*toy.engine, {{'a', 'b'}, 1}).error().code(), ErrorCode::kRefused);
  const chat::TokenizeRequest pair{.text = chat::Private("a"), .second = chat::Private("b")};
  EXPECT_EQ(toy.engine->tokenize(pair).error().code(), ErrorCode::kRefused);
  const auto mixed = testing::embed_all(*toy.engine, {{{'a'}}, {{-1}}});
  EXPECT_EQ(mixed.error().code(), ErrorCode::kUsage);
  const auto place = chat::embed_and_wait(
      *toy.engine, {.inputs = {chat::EmbedText{chat::Private("a")}, chat::EmbedText{chat::Private("a"), pair.text}}});
  EXPECT_EQ(place.error().input, 1);
}

TEST(BatchEngineEmbeds, what_is_too_long_to_embed_is_refused_or_loses_its_end) {
  const auto toy = make_toy_engine({.context = 10});
  chat::EmbedRequest request{
      .inputs = {chat::EmbedText{chat::Private("abc")}, chat::EmbedText{chat::Private("abcdefghijklmnop")}}};
  const auto refused = chat::embed_and_wait(*toy.engine, request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().input, 1);
  EXPECT_EQ(chat::as_prompt_too_long(refused.error().error)->prompt_tokens, 16U);
  EXPECT_EQ(chat::as_prompt_too_long(
                chat::embed_and_wait(*toy.engine, {.inputs = request.inputs, .context = 2}).error().error)
                ->context_tokens,
            2U);
  request.cut = true;
  const auto cut = chat::embed_and_wait(*toy.engine, request);
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->at(1).n_tokens, 10U);
  EXPECT_TRUE(cut->at(1).is_cut);
  EXPECT_FALSE(cut->at(0).is_cut);
  EXPECT_EQ(cut->at(1).values, *testing::embed(*toy.engine, {{'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'}}));
}

/// A toy whose step thread stands still, from its first token on, until it is let go.
struct HeldEngine {
  std::promise<void> go;
  ToyEngine toy;

  explicit HeldEngine(testing::ToySetup setup = {}) {
    setup.logits = [until = go.get_future().share()](std::span<const int32_t> text, std::span<float> logits) {
      until.wait();
      testing::count_up(text, logits);
    };
    toy = make_toy_engine(std::move(setup));
    chat::CompleteRequest request;
    request.prompt = chat::RawPrompt{chat::Private("a")};
    request.max_tokens = 1;
    EXPECT_TRUE(toy.engine->complete(std::move(request), [](const chat::Event&) {}));
  }
};

chat::EmbedRequest letters(std::string id, size_t n) {
  return {.id = std::move(id), .inputs = std::vector<chat::EmbedInput>(n, chat::EmbedTokens{{'a', 'b'}})};
}

TEST(BatchEngineEmbeds, embeddings_whose_client_has_gone_are_not_computed) {
  HeldEngine held;
  std::promise<chat::Finished> ended;
  ASSERT_TRUE(held.toy.engine->embed(letters("gone", 100), [&](const chat::Event& event) {
    EXPECT_FALSE(std::holds_alternative<chat::Vectors>(event));
    if (const auto* finished = std::get_if<chat::Finished>(&event)) ended.set_value(*finished);
  }));
  held.toy.engine->cancel("gone");
  held.go.set_value();
  EXPECT_EQ(ended.get_future().get().reason, chat::FinishReason::kCancelled);
  EXPECT_LE(held.toy.engine->stats()->prompt_tokens, 1U);
  EXPECT_TRUE(testing::embed(*held.toy.engine, {{'a'}}));
}

TEST(BatchEngineEmbeds, a_list_of_texts_is_one_request_in_the_queue_and_one_too_many_is_refused) {
  HeldEngine held({.max_sequences = 2, .max_queue = 2});
  std::vector<std::promise<void>> ended(3);
  for (size_t i = 0; i < ended.size(); ++i) {
    ASSERT_TRUE(held.toy.engine->embed(letters(std::to_string(i), 50), [&ended, i](const chat::Event& event) {
      if (std::holds_alternative<chat::Finished>(event)) ended[i].set_value();
    }));
  }
  const Status refused = held.toy.engine->embed(letters("one more", 1), [](const chat::Event&) {});
  ASSERT_FALSE(refused);
  EXPECT_TRUE(chat::is_queue_full(refused.error()));
  held.go.set_value();
  for (auto& one : ended)
    one.get_future().wait();
}

}  // namespace
}  // namespace ingle::engine
