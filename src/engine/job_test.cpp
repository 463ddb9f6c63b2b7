#include "engine/job.h"

#include <gtest/gtest.h>

namespace ingle::engine {
namespace {

struct Anything : Job {
  explicit Anything(std::vector<int32_t> tokens) : Job("id", std::move(tokens)) {}
  bool take(std::span<const backend::Output> /*rows*/, uint32_t /*pos*/, SamplerScratch& /*scratch*/) override {
    return true;
  }
  void fail(Error /*error*/) override {}
  void cancel() override {}
  void conclude() override {}
  void answer(int32_t token) { tokens_.push_back(token); }
};

TEST(Job, beginnings_are_equal_as_far_as_the_tokens_are) {
  Anything one({1, 2, 3, 4, 5, 6, 7});
  Anything other({1, 2, 3, 4, 9, 6});
  EXPECT_EQ(one.beginning(2, 2), other.beginning(2, 2));
  EXPECT_NE(one.beginning(3, 2), other.beginning(3, 2));
  EXPECT_EQ(one.beginning(1, 2), other.beginning(1, 2));
  EXPECT_NE(one.beginning(1, 2), one.beginning(2, 2));
}

TEST(Job, equal_pages_after_another_beginning_are_another_beginning) {
  Anything one({1, 2, 3, 4});
  Anything other({2, 1, 3, 4});
  EXPECT_NE(one.beginning(2, 2), other.beginning(2, 2));
}

TEST(Job, what_was_answered_belongs_to_the_beginning_of_what_asks_further) {
  Anything one({1, 2, 3});
  EXPECT_NE(one.beginning(1, 2), 0U);
  one.answer(4);
  EXPECT_EQ(one.beginning(2, 2), Anything({1, 2, 3, 4, 5}).beginning(2, 2));
}

}  // namespace
}  // namespace ingle::engine
