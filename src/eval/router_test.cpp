#include "eval/router.h"

#include <gtest/gtest.h>

#include "base/testing/temp_folder.h"
#include "router/testing/fakes.h"

namespace ingle::eval {
namespace {

TEST(Auroc, is_the_share_of_pairs_in_the_right_order) {
  EXPECT_EQ(auroc({0.1, 0.2, 0.8, 0.9}, {false, false, true, true}).value, 1);
  EXPECT_EQ(auroc({0.1, 0.2, 0.8, 0.9}, {true, true, false, false}).value, 0);
  EXPECT_EQ(auroc({0.5, 0.5, 0.5, 0.5}, {true, false, true, false}).value, 0.5);
  EXPECT_EQ(auroc({0.1, 0.4, 0.35, 0.8}, {false, false, true, true}).value, 0.75);
}

TEST(Auroc, has_an_interval_that_narrows_with_the_rows_and_never_changes) {
  std::vector<double> scores;
  std::vector<bool> right;
  for (int i = 0; i < 40; ++i) {
    scores.push_back(i * 7 % 40);
    right.push_back(i * 7 % 40 + i % 13 > 26);
  }
  const Interval few = auroc(scores, right);
  EXPECT_LT(few.low, few.value);
  EXPECT_GT(few.high, few.value);
  for (int copy = 0; copy < 4; ++copy) {
    scores.insert(scores.end(), scores.begin(), scores.begin() + 40);
    right.insert(right.end(), right.begin(), right.begin() + 40);
  }
  const Interval many = auroc(scores, right);
  EXPECT_LT(many.high - many.low, few.high - few.low);
  EXPECT_EQ(auroc(scores, right).low, many.low);
}

TEST(RouterEvaluation, asks_grades_and_routes_by_the_score) {
  const base::testing::TempFolder folder;
  base::testing::write(folder / "rows.jsonl",
                       R"({"question": "q", "choices": ["x", "y"], "answer": "1", "gpt4_correct": false})"
                       "\n"
                       R"({"question": "q", "choices": ["x", "y"], "answer": 0, "gpt4_correct": true})"
                       "\n"
                       R"({"question": "q", "answers": ["zebra", "B"]})"
                       "\n");
  router::testing::FakeModel model;
  model.words = {"**B", "**"};
  const auto scores = score_router(model, {.data = folder / "rows.jsonl", .count = 3, .stop = {}, .on_row = {}});
  ASSERT_TRUE(scores) << scores.error().message();
  ASSERT_EQ(scores->rows.size(), 3U);
  EXPECT_TRUE(scores->rows[0].local_right);
  EXPECT_FALSE(scores->rows[1].local_right);
  EXPECT_TRUE(scores->rows[2].local_right);
  EXPECT_NEAR(scores->local_accuracy, 2.0 / 3, 1e-9);
  EXPECT_EQ(scores->curve.front().local_share, 1);
  EXPECT_EQ(scores->curve.back().local_share, 0);
  EXPECT_NEAR(scores->curve.back().accuracy, 2.0 / 3, 1e-9);
}

TEST(RouterEvaluation, names_the_line_that_is_no_question) {
  const base::testing::TempFolder folder;
  base::testing::write(folder / "rows.jsonl", "{\"question\": \"q\", \"answers\": [\"a\"]}\n{}\n");
  router::testing::FakeModel model;
  const auto scores = score_router(model, {.data = folder / "rows.jsonl", .count = 3, .stop = {}, .on_row = {}});
  ASSERT_FALSE(scores);
  EXPECT_NE(scores.error().message().find("line 2"), std::string::npos);
}

}  // namespace
}  // namespace ingle::eval
