#include "api/embedding.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>

#include "api/json_input.h"
#include "api/openai/embeddings.h"
#include "api/telemetry.h"
#include "api/testing/api_fixture.h"
#include "chat/errors.h"

namespace ingle::api {
namespace {

/// A letter is a token, six are read; every vector is the same.
class Letters : public testing::ScriptedCompleter {
 public:
  Letters() {
    description.name = "letters";
    description.embedding_size = 4;
    description.pooling = chat::Pooling::kMean;
    description.max_embed_tokens = 6;
    vector_of = [](const chat::EmbedInput& input) -> Result<chat::TextVector> {
      const auto* text = std::get_if<chat::EmbedText>(&input);
      const size_t n = text != nullptr ? text->text.reveal().size() : std::get<chat::EmbedTokens>(input).tokens.size();
      if (n > 6) return std::unexpected(chat::prompt_too_long({.prompt_tokens = n, .context_tokens = 6}));
      return chat::TextVector{.values = {0.6F, 0, 0.8F, 0}, .n_tokens = static_cast<uint32_t>(n)};
    };
  }
};

chat::Private words(std::string_view text) {
  return chat::Private(std::string(text));
}

TEST(Embedding, texts_and_tokens_become_vectors_and_are_counted) {
  Letters model;
  const auto answer = embed(model, {.inputs = {words("ab"), std::vector<int32_t>{7, 8, 9}}});
  ASSERT_TRUE(answer.has_value());
  ASSERT_EQ(answer->size(), 2U);
  EXPECT_EQ(answer->at(1), (chat::TextVector{.values = {0.6F, 0, 0.8F, 0}, .n_tokens = 3}));
  EXPECT_EQ(model.embedded.front().priority, chat::Priority::kBackground);
}

TEST(Embedding, what_is_too_long_is_refused_with_both_counts_and_its_place) {
  Letters model;
  const auto answer = embed(model, {.inputs = {words("ab"), words("abcdefghi")}});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().status, 400);
  EXPECT_EQ(answer.error().code, "context_length_exceeded");
  EXPECT_EQ(answer.error().param, "input[1]");
  const auto counts = chat::as_prompt_too_long(answer.error().error);
  ASSERT_TRUE(counts.has_value());
  EXPECT_EQ(counts->prompt_tokens, 9U);
  EXPECT_EQ(counts->context_tokens, 6U);
  EXPECT_EQ(embed(model, {.inputs = {words("abcdefghi")}}).error().param, "input");
}

TEST(Embedding, a_request_that_says_so_may_lose_its_end) {
  const Letters model;
  EXPECT_TRUE(embedding_question(model.description, {.inputs = {words("a")}, .too_long = TooLong::kCut})->cut);
  EXPECT_FALSE(embedding_question(model.description, {.inputs = {words("a")}})->cut);
}

TEST(Embedding, fewer_dimensions_are_the_first_ones_made_of_length_one_again) {
  Letters model;
  const auto answer = embed(model, {.inputs = {words("a")}, .dimensions = 2});
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->front().values, (std::vector<float>{1, 0}));
  const auto three = embed(model, {.inputs = {words("a")}, .dimensions = 3});
  EXPECT_NEAR(three->front().values[0], 0.6, 1e-6);
  const auto more = embed(model, {.inputs = {words("a")}, .dimensions = 5});
  ASSERT_FALSE(more.has_value());
  EXPECT_EQ(more.error().param, "dimensions");
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
  EXPECT_EQ(
      openai::encode_embeddings(std::vector<std::string>{"[1]", "[0.5]"}, "m", 9),
      R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[1]},)"
      R"({"object":"embedding","index":1,"embedding":[0.5]}],"model":"m","usage":{"prompt_tokens":9,"total_tokens":9}})");
  const auto job = openai::embeddings_job({.model = "m", .request = {.inputs = {words("a")}}, .base64 = true});
  job.encoder->take(0, {.values = {1.0F}});
  EXPECT_NE(job.encoder->whole({}).find(R"("embedding":"AACAPw==")"), std::string::npos);
}

TEST(Embedding, numbers_are_written_short_and_read_back_to_the_same_bits) {
  EXPECT_EQ(json_of(std::vector<float>{}), "[]");
  EXPECT_EQ(json_of(std::vector<float>{0.1F, -1.0F, 0.0F}), "[0.1,-1,0]");
  std::mt19937 random(7);
  std::vector<float> numbers = {1e-45F, 1.17549435e-38F, 3.4028235e38F, -0.0F, 16777216.0F, 7.038531e-26F};
  for (size_t i = 0; i < 20'000; ++i) {
    const auto bits = static_cast<uint32_t>(random());
    const auto number = std::bit_cast<float>(bits);
    if (std::isfinite(number)) numbers.push_back(number);
  }
  // As most programs read JSON: a 64-bit number, and then a 32-bit one of it.
  const auto read = Json::parse(json_of(numbers)).get<std::vector<double>>();
  ASSERT_EQ(read.size(), numbers.size());
  for (size_t i = 0; i < numbers.size(); ++i)
    ASSERT_EQ(std::bit_cast<uint32_t>(static_cast<float>(read[i])), std::bit_cast<uint32_t>(numbers[i])) << numbers[i];
}

constexpr const char* kAsk = R"({"model":"m:1","input":["a","b"]})";

class EmbeddingRoutes : public testing::ApiTest {
 protected:
  EmbeddingRoutes() {
    const Letters letters;
    models.completer->description = letters.description;
    models.completer->vector_of = letters.vector_of;
  }
};

TEST_F(EmbeddingRoutes, of_every_dialect_answer_with_the_vectors) {
  for (const auto& [path, body] :
       {std::pair("/v1/embeddings", kAsk), std::pair("/api/embed", kAsk), std::pair("/embedding", kAsk),
        std::pair("/api/v0/embeddings", kAsk), std::pair("/api/embeddings", R"({"model":"m:1","prompt":"a"})")}) {
    const auto seen = ask("POST", path, body);
    EXPECT_EQ(seen.reply.status, 200) << path;
    EXPECT_NE(seen.reply.body.find("[0.6,0,0.8,0]"), std::string::npos) << seen.reply.body;
    EXPECT_TRUE(Json::accept(seen.reply.body)) << path;
  }
}

TEST_F(EmbeddingRoutes, hold_no_thread_while_the_model_computes_and_cancel_for_who_leaves) {
  models.completer->hold = true;
  std::vector<std::shared_ptr<testing::FakeExchange>> clients;
  for (int i = 0; i < 64; ++i) {
    ask("POST", "/v1/embeddings", kAsk);  // returns, although nothing is answered
    EXPECT_FALSE(last->answered);
    clients.push_back(exchange);
  }
  EXPECT_EQ(ask("GET", "/api/tags").reply.status, 200);
  models.completer->hold = false;
  models.completer->script = {testing::text("hello"), chat::Finished{}};
  EXPECT_EQ(
      ask("POST", "/v1/chat/completions", R"({"model":"m:1","messages":[{"role":"user","content":"x"}]})").reply.status,
      200);
  for (const auto& client : clients)
    client->go_away();
  EXPECT_EQ(models.completer->cancelled.size(), 64U);
}

TEST_F(EmbeddingRoutes, tell_clients_of_a_full_queue_to_come_again) {
  models.completer->refusal = std::unexpected(chat::queue_full(512));
  const auto seen = ask("POST", "/v1/embeddings", kAsk);
  EXPECT_EQ(seen.reply.status, 429);
  EXPECT_FALSE(seen.header("retry-after").empty());
}

TEST_F(EmbeddingRoutes, begin_anew_where_vectors_come_twice_and_end_when_some_are_missing) {
  models.completer->hold = true;
  ask("POST", "/api/embed", kAsk);
  const auto& sink = models.completer->held.back();
  sink(chat::Vectors{0, {{.values = {1}}}});
  sink(chat::Vectors{0, {{.values = {1}}, {.values = {2}, .is_cut = true}}});
  sink(chat::Finished{});
  EXPECT_EQ(last->reply.status, 200);
  EXPECT_EQ(last->header("x-ingle-truncated"), "1");
  EXPECT_NE(last->reply.body.find(R"("embeddings":[[1],[2]])"), std::string::npos) << last->reply.body;
  ask("POST", "/api/embed", kAsk);
  models.completer->held.back()(chat::Finished{});
  EXPECT_EQ(last->reply.status, 500);
}

TEST_F(EmbeddingRoutes, are_counted_and_written_down) {
  std::vector<std::string> lines;
  services.telemetry = std::make_shared<Telemetry>([&](std::string line) { lines.push_back(std::move(line)); });
  ask("POST", "/v1/embeddings", kAsk);
  exchange.reset();
  ASSERT_EQ(lines.size(), 1U);
  const Json line = Json::parse(lines.front());
  EXPECT_EQ(line["model"], "letters");
  EXPECT_EQ(line["prompt_tokens"], 2);
  const std::string metrics = services.telemetry->metrics_text(services);
  EXPECT_NE(metrics.find(R"(ingle_prompt_tokens_total{model="letters",source="computed"} 2)"), std::string::npos);
  EXPECT_NE(metrics.find(R"(ingle_queue_seconds_count{model="letters"} 1)"), std::string::npos);
  // What never had its turn waited for nothing that could be told.
  models.completer->refusal = std::unexpected(Error::exhausted("no memory"));
  ask("POST", "/v1/embeddings", kAsk);
  exchange.reset();
  EXPECT_NE(services.telemetry->metrics_text(services).find(R"(ingle_queue_seconds_count{model="letters"} 1)"),
            std::string::npos);
  ask("POST", "/tokenize", R"({"model":"m:1","content":"a"})");
  exchange.reset();
  EXPECT_EQ(Json::parse(lines.back())["tokens"], 3);
}

}  // namespace
}  // namespace ingle::api
