#include "api/rerank.h"

#include <gtest/gtest.h>

#include <cmath>

#include "chat/errors.h"

namespace ingle::api {
namespace {

using chat::Private;

chat::Description reader(chat::Pooling pooling) {
  chat::Description description;
  description.name = "reader";
  description.generates = false;
  description.pooling = pooling;
  description.max_embed_tokens = 8;
  description.embedding_size = 2;
  return description;
}

RerankRequest two_documents() {
  return {.query = Private("q"), .documents = {Private("ab"), Private("c")}};
}

TEST(Rerank, a_rank_head_reads_pairs) {
  const auto question = rerank_question(reader(chat::Pooling::kRank), two_documents());
  ASSERT_TRUE(question.has_value());
  ASSERT_EQ(question->inputs.size(), 2U);
  const auto& pair = std::get<chat::EmbedText>(question->inputs.at(1));
  EXPECT_EQ(pair.text, Private("q"));
  EXPECT_EQ(pair.second, Private("c"));
  const Reranked ranking = ranking_of(std::vector<chat::TextVector>{{.values = {3, -3}}, {.values = {5, -5}}}, 2);
  EXPECT_EQ(ranking.method, "cross-encoder");
  EXPECT_EQ(ranking.scores, (std::vector<float>{3, 5}));
}

TEST(Rerank, an_embedding_model_compares_vectors_and_says_so) {
  EXPECT_EQ(rerank_question(reader(chat::Pooling::kMean), two_documents())->inputs.size(), 3U);
  const Reranked ranking =
      ranking_of(std::vector<chat::TextVector>{{.values = {1, 0}}, {.values = {0.6F, 0.8F}}, {.values = {1, 0}}}, 2);
  EXPECT_EQ(ranking.method, "cosine");
  EXPECT_EQ(ranking.scores, (std::vector<float>{0.6F, 1}));
  EXPECT_EQ(best_first(ranking.scores), (std::vector<size_t>{1, 0}));
}

TEST(Rerank, a_model_that_writes_is_refused_unless_its_file_says_how_it_compares) {
  chat::Description writer = reader(chat::Pooling::kLast);
  writer.generates = true;
  const auto refused = rerank_question(writer, two_documents());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().status, 400);
  EXPECT_EQ(refused.error().code, "model_without_ranking");
  writer.names_pooling = true;
  EXPECT_TRUE(rerank_question(writer, two_documents()).has_value());
}

TEST(Rerank, takes_2048_documents_whatever_the_method_and_no_more) {
  RerankRequest request{.query = Private("q"), .documents = std::vector<Private>(2048, Private("a"))};
  for (const auto pooling : {chat::Pooling::kRank, chat::Pooling::kMean})
    EXPECT_TRUE(rerank_question(reader(pooling), request).has_value());
  request.documents.emplace_back("a");
  for (const auto pooling : {chat::Pooling::kRank, chat::Pooling::kMean})
    EXPECT_EQ(rerank_question(reader(pooling), request).error().param, "documents");
}

TEST(Rerank, needs_documents_and_a_model_with_vectors) {
  EXPECT_EQ(rerank_question(reader(chat::Pooling::kMean), {.query = Private("q"), .documents = {}}).error().param,
            "documents");
  EXPECT_EQ(rerank_question(reader(chat::Pooling::kNone), two_documents()).error().status, 400);
}

TEST(Rerank, names_the_text_that_is_too_long) {
  const auto place_of = [](chat::Pooling pooling, int32_t input) {
    auto request = std::make_shared<const RerankRequest>(two_documents());
    const VectorsJob job = rerank_job("m", request, [](const Reranked&) { return ""; });
    EXPECT_TRUE(job.question(reader(pooling)).has_value());
    const Failure failure = job.explain({chat::prompt_too_long({.prompt_tokens = 9, .context_tokens = 8}), input});
    EXPECT_EQ(failure.code, "context_length_exceeded");
    return failure.param;
  };
  EXPECT_EQ(place_of(chat::Pooling::kRank, 1), "documents[1]");
  EXPECT_EQ(place_of(chat::Pooling::kMean, 0), "query");
  EXPECT_EQ(place_of(chat::Pooling::kMean, 1), "documents[0]");
}

TEST(Rerank, of_equal_scores_the_first_comes_first) {
  EXPECT_EQ(best_first({1, 2, 1, 2}), (std::vector<size_t>{1, 3, 0, 2}));
  EXPECT_EQ(best_first({std::nanf(""), 2, 3}), (std::vector<size_t>{2, 1, 0}));
}

}  // namespace
}  // namespace ingle::api
