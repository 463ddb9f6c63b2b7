#include "api/boarding.h"

#include <gtest/gtest.h>

#include <vector>

namespace ingle::api {
namespace {

using Place = Boarding::Place;

Boarding::GoOn note(std::vector<int>& order, int number) {
  return [&order, number](const Failure*) { order.push_back(number); };
}

TEST(Boarding, those_that_come_while_the_first_asks_go_on_in_their_order) {
  Boarding boarding(8);
  std::vector<int> order;
  EXPECT_EQ(boarding.enter("m", "a", note(order, 0)), Place::kFirst);
  EXPECT_EQ(boarding.enter("m", "b", note(order, 1)), Place::kWaits);
  EXPECT_EQ(boarding.enter("m", "c", note(order, 2)), Place::kWaits);
  EXPECT_EQ(boarding.enter("other", "d", note(order, 3)), Place::kFirst);
  for (const auto& go_on : boarding.board("m"))
    go_on(nullptr);
  EXPECT_EQ(order, (std::vector{1, 2}));
  EXPECT_EQ(boarding.enter("m", "e", note(order, 4)), Place::kFirst);
}

TEST(Boarding, one_more_than_the_limit_is_refused_and_who_gives_up_makes_room) {
  Boarding boarding(1);
  std::vector<int> order;
  EXPECT_EQ(boarding.enter("m", "a", note(order, 0)), Place::kFirst);
  EXPECT_EQ(boarding.enter("m", "b", note(order, 1)), Place::kWaits);
  EXPECT_EQ(boarding.enter("m", "c", note(order, 2)), Place::kFull);
  boarding.give_up("m", "unknown");
  boarding.give_up("unknown", "b");
  EXPECT_EQ(boarding.enter("m", "c", note(order, 2)), Place::kFull);
  boarding.give_up("m", "b");
  EXPECT_EQ(boarding.enter("m", "c", note(order, 2)), Place::kWaits);
  for (const auto& go_on : boarding.board("m"))
    go_on(nullptr);
  EXPECT_EQ(order, std::vector{2});
}

TEST(Boarding, nobody_can_wait_where_the_limit_is_zero) {
  Boarding boarding(0);
  EXPECT_EQ(boarding.enter("m", "a", {}), Place::kFirst);
  EXPECT_EQ(boarding.enter("m", "b", {}), Place::kFull);
  EXPECT_TRUE(boarding.board("m").empty());
}

}  // namespace
}  // namespace ingle::api
