#include "api/rerank.h"

#include <gtest/gtest.h>

#include <cmath>

#include "api/testing/fakes.h"

namespace ingle::api {
namespace {

using chat::Private;

/// Vectors and scores by the length of a text, which stands in for its tokens.
class Reader : public testing::ScriptedCompleter {
 public:
  std::vector<chat::EmbedRequest> embedded;

  Result<std::vector<int32_t>> tokenize(const chat::TokenizeRequest& wanted) override {
    std::vector<int32_t> all(wanted.text.reveal().begin(), wanted.text.reveal().end());
    if (wanted.second) all.insert(all.end(), wanted.second->reveal().begin(), wanted.second->reveal().end());
    return all;
  }
  Result<std::vector<float>> embed(const chat::EmbedRequest& wanted) override {
    embedded.push_back(wanted);
    const auto n = static_cast<float>(wanted.tokens.size());
    if (description.pooling == chat::Pooling::kRank) return std::vector<float>{n, -n};
    return wanted.tokens.size() == 1 ? std::vector<float>{1, 0} : std::vector<float>{0.6F, 0.8F};
  }
};

TEST(Rerank, a_rank_head_reads_pairs) {
  Reader model;
  model.description.pooling = chat::Pooling::kRank;
  model.description.max_embed_tokens = 8;
  const auto answer = rerank(model, {.query = Private("q?"), .documents = {Private("a"), Private("bcd")}});
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->method, "cross-encoder");
  EXPECT_EQ(answer->scores, (std::vector<float>{3, 5}));
  EXPECT_EQ(answer->prompt_tokens, 8U);
  EXPECT_EQ(model.embedded.at(1).second_from, 2U);
  const auto too_long = rerank(model, {.query = Private("q?"), .documents = {Private("a"), Private("1234567")}});
  ASSERT_FALSE(too_long.has_value());
  EXPECT_EQ(too_long.error().param, "documents[1]");
  EXPECT_EQ(too_long.error().code, "context_length_exceeded");
}

TEST(Rerank, any_other_model_compares_embeddings_and_says_so) {
  Reader model;
  model.description.pooling = chat::Pooling::kMean;
  model.description.max_embed_tokens = 8;
  model.description.embedding_size = 2;
  const auto answer = rerank(model, {.query = Private("q"), .documents = {Private("ab"), Private("c")}});
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->method, "cosine");
  EXPECT_EQ(answer->scores, (std::vector<float>{0.6F, 1}));
  EXPECT_EQ(best_first(answer->scores), (std::vector<size_t>{1, 0}));
}

TEST(Rerank, needs_documents_and_a_model_with_vectors) {
  Reader model;
  EXPECT_EQ(rerank(model, {.query = Private("q"), .documents = {}}).error().param, "documents");
  const auto none = rerank(model, {.query = Private("q"), .documents = {Private("a")}});
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().status, 400);
}

TEST(Rerank, of_equal_scores_the_first_comes_first) {
  EXPECT_EQ(best_first({1, 2, 1, 2}), (std::vector<size_t>{1, 3, 0, 2}));
  EXPECT_EQ(best_first({std::nanf(""), 2, 3}), (std::vector<size_t>{2, 1, 0}));
}

}  // namespace
}  // namespace ingle::api
