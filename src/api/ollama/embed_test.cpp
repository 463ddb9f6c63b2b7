#include "api/ollama/embed.h"

#include <gtest/gtest.h>

#include "api/testing/fields.h"

namespace ingle::api::ollama {
namespace {

std::vector<std::string> texts(const EmbedCall& call) {
  std::vector<std::string> all;
  for (const EmbeddingInput& input : call.request.inputs)
    all.push_back(std::get<chat::Private>(input).reveal());
  return all;
}

TEST(OllamaEmbed, reads_a_text_or_many) {
  const auto many = parse_embed(
      R"({"model":"m","input":["a",""],"truncate":false,"dimensions":3,"keep_alive":"1m","options":{"num_ctx":64}})");
  ASSERT_TRUE(many.has_value());
  EXPECT_EQ(texts(*many), (std::vector<std::string>{"a", ""}));
  EXPECT_EQ(many->request.too_long, TooLong::kRefuse);
  EXPECT_EQ(many->request.dimensions, 3U);
  EXPECT_EQ(many->acquire.keep_alive, 60);
  EXPECT_EQ(many->acquire.context, 64U);
  const auto one = parse_embed(R"({"model":"m","input":"a"})");
  EXPECT_EQ(texts(*one), std::vector<std::string>{"a"});
  EXPECT_EQ(one->request.too_long, TooLong::kCut);
  for (const char* nothing : {R"({"model":"m"})", R"({"model":"m","input":""})", R"({"model":"m","input":[]})"})
    EXPECT_TRUE(parse_embed(nothing)->request.inputs.empty()) << nothing;
}

TEST(OllamaEmbed, says_what_is_no_input) {
  for (const char* body :
       {R"({"model":"m","input":3})", R"({"model":"m","input":["a",3]})", R"({"model":"m","input":{}})"})
    EXPECT_EQ(parse_embed(body).error().error.message(), "invalid input type") << body;
  EXPECT_FALSE(parse_embed(R"({"model":"m","input":"a","dimensions":-1})").has_value());
  EXPECT_FALSE(parse_embeddings(R"({"model":"m","prompt":["a"]})").has_value());
}

TEST(OllamaEmbed, writes_numbers_as_short_as_they_are) {
  const std::vector<std::string> vectors = {json_of(std::vector{0.1F, -1.0F}), json_of(std::vector{0.0F, 1e-7F})};
  EXPECT_EQ(encode_embed(vectors, "m", {.prompt_tokens = 7, .load_seconds = 0.5, .total_seconds = 2}),
            R"({"model":"m","embeddings":[[0.1,-1],[0,1e-07]],"total_duration":2000000000,"load_duration":500000000,)"
            R"("prompt_eval_count":7})");
  EXPECT_EQ(encode_embed({}, "m", {}), R"({"model":"m","embeddings":[]})");
  EXPECT_EQ(encode_embeddings(vectors), R"({"embedding":[0.1,-1]})");
  EXPECT_EQ(encode_embeddings({}), R"({"embedding":[]})");
}

TEST(OllamaEmbed, reads_the_fields_of_its_tables) {
  const char* body = R"({"model":"m","options":{}})";
  testing::expect_reads_its_fields(kEmbedFields, [](std::string_view text) { static_cast<void>(parse_embed(text)); },
                                   {body});
  testing::expect_reads_its_fields(kEmbeddingsFields,
                                   [](std::string_view text) { static_cast<void>(parse_embeddings(text)); }, {body});
}

}  // namespace
}  // namespace ingle::api::ollama
