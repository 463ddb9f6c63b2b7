#include "api/embedding.h"

#include <gtest/gtest.h>

#include <cmath>

#include "api/openai/embeddings.h"
#include "api/testing/fakes.h"
#include "chat/errors.h"

namespace ingle::api {
namespace {

/// A letter is a token; texts stand between 1 and 2, as BERT's between [CLS] and [SEP]. A vector tells its last tokens.
class Letters : public testing::ScriptedCompleter {
 public:
  Letters() {
    description.name = "letters";
    description.embedding_size = 4;
    description.pooling = chat::Pooling::kMean;
    description.max_embed_tokens = 6;
  }
  chat::Description description;
  std::vector<std::vector<int32_t>> seen;
  std::vector<size_t> calls;

  Result<chat::Description> describe() override { return description; }
  Result<std::vector<int32_t>> tokenize(const chat::TokenizeRequest& wanted) override {
    EXPECT_FALSE(wanted.recognise_control_tokens);
    std::vector<int32_t> framed = {1};
    framed.insert(framed.end(), wanted.text.reveal().begin(), wanted.text.reveal().end());
    framed.push_back(2);
    return framed;
  }
  Result<std::vector<std::vector<float>>> embed_all(std::span<const chat::EmbedRequest> requests) override {
    calls.push_back(requests.size());
    std::vector<std::vector<float>> vectors;
    for (const chat::EmbedRequest& one : requests) {
      seen.push_back(one.tokens);
      vectors.push_back({0.6F, 0, 0.8F, 0});
    }
    return vectors;
  }
};

chat::Private words(std::string_view text) {
  return chat::Private(std::string(text));
}

TEST(Embedding, texts_and_tokens_become_vectors_and_are_counted) {
  Letters model;
  const auto answer = embed(model, {.inputs = {words("ab"), std::vector<int32_t>{7, 8, 9}}});
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(model.seen, (std::vector<std::vector<int32_t>>{{1, 'a', 'b', 2}, {7, 8, 9}}));
  EXPECT_EQ(answer->prompt_tokens, 7U);
  EXPECT_EQ(answer->vectors.size(), 2U);
}

TEST(Embedding, what_is_too_long_is_refused_with_both_counts_and_its_place) {
  Letters model;
  const auto answer = embed(model, {.inputs = {words("ab"), words("abcdefg")}});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().status, 400);
  EXPECT_EQ(answer.error().code, "context_length_exceeded");
  EXPECT_EQ(answer.error().param, "input[1]");
  const auto counts = chat::as_prompt_too_long(answer.error().error);
  ASSERT_TRUE(counts.has_value());
  EXPECT_EQ(counts->prompt_tokens, 9U);
  EXPECT_EQ(counts->context_tokens, 6U);
}

TEST(Embedding, a_request_that_says_so_loses_its_end_but_not_the_frame_of_the_text) {
  Letters model;
  const auto answer = embed(
      model, {.inputs = {words("abcdefg"), std::vector<int32_t>{1, 2, 3, 4, 5, 6, 7, 8}}, .too_long = TooLong::kCut});
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(model.seen, (std::vector<std::vector<int32_t>>{{1, 'a', 'b', 'c', 'd', 2}, {1, 2, 3, 4, 5, 6}}));
  EXPECT_EQ(answer->prompt_tokens, 12U);
}

TEST(Embedding, fewer_dimensions_are_the_first_ones_made_of_length_one_again) {
  Letters model;
  const auto answer = embed(model, {.inputs = {words("a")}, .dimensions = 2});
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->vectors.front(), (std::vector<float>{1, 0}));
  const auto three = embed(model, {.inputs = {words("a")}, .dimensions = 3});
  EXPECT_NEAR(three->vectors.front()[0], 0.6, 1e-6);
  const auto more = embed(model, {.inputs = {words("a")}, .dimensions = 5});
  ASSERT_FALSE(more.has_value());
  EXPECT_EQ(more.error().param, "dimensions");
}

TEST(Embedding, many_inputs_are_computed_in_slices_and_only_while_somebody_waits) {
  Letters model;
  EmbeddingRequest request{.inputs = std::vector<EmbeddingInput>(130, words("a"))};
  EXPECT_EQ(embed(model, request)->vectors.size(), 130U);
  EXPECT_EQ(model.calls, (std::vector<size_t>{64, 64, 2}));
  model.calls.clear();
  request.gone = [&] { return !model.calls.empty(); };
  EXPECT_FALSE(embed(model, request).has_value());
  EXPECT_EQ(model.calls, (std::vector<size_t>{64}));
  request.inputs.resize(2049, words("a"));
  EXPECT_EQ(embed(model, request).error().status, 400);
}

TEST(Embedding, a_model_that_has_none_says_so) {
  Letters model;
  for (const chat::Pooling pooling : {chat::Pooling::kNone, chat::Pooling::kRank}) {
    model.description.pooling = pooling;
    const auto answer = embed(model, {.inputs = {words("a")}});
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().status, 400);
    EXPECT_EQ(answer.error().code, "model_without_embeddings");
  }
}

TEST(Embedding, base64_is_of_the_floats_bytes) {
  EXPECT_EQ(base64_of({}), "");
  EXPECT_EQ(base64_of(std::vector<float>{1.0F}), "AACAPw==");
  EXPECT_EQ(base64_of(std::vector<float>{1.0F, -2.0F}), "AACAPwAAAMA=");
  EXPECT_EQ(base64_of(std::vector<float>{1.0F, -2.0F, 0.5F}), "AACAPwAAAMAAAAA/");
}

TEST(OpenAiEmbeddings, reads_every_form_of_input) {
  const auto inputs = [](std::string_view input) {
    const auto call = openai::parse_embeddings(R"({"model":"m","input":)" + std::string(input) + "}");
    return call ? call->request.inputs.size() : 0;
  };
  EXPECT_EQ(inputs(R"("a")"), 1U);
  EXPECT_EQ(inputs(R"(["a","b"])"), 2U);
  EXPECT_EQ(inputs("[1,2,3]"), 1U);
  EXPECT_EQ(inputs("[[1,2],[3]]"), 2U);
  EXPECT_EQ(inputs(R"(["a",[3]])"), 2U);
  for (const char* wrong :
       {R"("")", "[]", "[[]]", R"(["a",""])", "[1,-2]", "[1.5]", "{}", "null", R"([1,"a"])", "[[1],2]"})
    EXPECT_EQ(inputs(wrong), 0U) << wrong;
}

TEST(OpenAiEmbeddings, reads_format_dimensions_and_what_to_do_with_long_texts) {
  const auto call = openai::parse_embeddings(
      R"({"model":"m","input":"a","encoding_format":"base64","dimensions":3,"truncate":true,"user":"u","x":1})");
  ASSERT_TRUE(call.has_value());
  EXPECT_TRUE(call->base64);
  EXPECT_EQ(call->request.dimensions, 3U);
  EXPECT_EQ(call->request.too_long, TooLong::kCut);
  EXPECT_EQ(call->ignored, std::vector<std::string>{"x"});
  EXPECT_FALSE(openai::parse_embeddings(R"({"input":"a","encoding_format":"hex"})").has_value());
  EXPECT_FALSE(openai::parse_embeddings(R"({"input":"a","dimensions":0})").has_value());
}

TEST(OpenAiEmbeddings, writes_a_list_with_usage) {
  const Embeddings answer{.vectors = {{1.0F}, {0.5F}}, .prompt_tokens = 9};
  EXPECT_EQ(
      openai::encode_embeddings(answer, "m", false),
      R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[1.0]},)"
      R"({"object":"embedding","index":1,"embedding":[0.5]}],"model":"m","usage":{"prompt_tokens":9,"total_tokens":9}})");
  EXPECT_NE(openai::encode_embeddings(answer, "m", true).find(R"("embedding":"AACAPw==")"), std::string::npos);
}

}  // namespace
}  // namespace ingle::api
