#include "net/workers.h"

#include <gtest/gtest.h>

#include <future>

namespace ingle::net {
namespace {

TEST(Workers, what_is_withdrawn_does_not_run_and_makes_room) {
  Workers workers({.n_threads = 1, .max_waiting = 1});
  std::promise<void> began;
  std::promise<void> let_go;
  const int owners[3] = {};
  ASSERT_TRUE(workers.post({.run =
                                [&] {
                                  began.set_value();
                                  let_go.get_future().wait();
                                },
                            .owner = &owners[0]}));
  began.get_future().wait();
  auto held = std::make_shared<int>();
  const std::weak_ptr<int> kept = held;
  ASSERT_TRUE(workers.post({.run = [held = std::move(held)] { ADD_FAILURE(); }, .owner = &owners[1]}));
  EXPECT_FALSE(workers.post({.run = [] {}, .owner = &owners[2]}));
  workers.withdraw(&owners[0]);  // it runs
  workers.withdraw(&owners[2]);
  EXPECT_FALSE(kept.expired());
  workers.withdraw(&owners[1]);
  EXPECT_TRUE(kept.expired());
  std::promise<void> done;
  EXPECT_TRUE(workers.post({.run = [&] { done.set_value(); }, .owner = &owners[2]}));
  let_go.set_value();
  done.get_future().wait();
}

TEST(Workers, what_was_taken_before_runs_again_whoever_else_waits) {
  Workers workers({.n_threads = 1, .max_waiting = 0});
  EXPECT_FALSE(workers.post({.run = [] { ADD_FAILURE(); }}));
  std::promise<void> done;
  workers.post_again({.run = [&] { done.set_value(); }});
  done.get_future().wait();
  workers.stop();
  workers.post_again({.run = [] { ADD_FAILURE(); }});
}

TEST(Workers, a_client_has_its_part_of_threads_and_places_and_the_others_pass) {
  Workers workers({.n_threads = 2, .max_waiting = 4, .client_part = 2});
  std::promise<void> began;
  std::promise<void> let_go;
  std::vector<int> order;  // of the greedy one's, who has one thread
  ASSERT_TRUE(workers.post({.run =
                                [&] {
                                  began.set_value();
                                  let_go.get_future().wait();
                                },
                            .client = "greedy"}));
  began.get_future().wait();
  std::promise<void> all;
  ASSERT_TRUE(workers.post({.run = [&] { order.push_back(1); }, .client = "greedy"}));
  ASSERT_TRUE(workers.post({.run = [&] { order.push_back(2); }, .client = "greedy"}));
  EXPECT_FALSE(workers.post({.run = [] { ADD_FAILURE(); }, .client = "greedy"}));
  for (int i = 0; i < 3; ++i) {
    std::promise<void> passed;
    EXPECT_TRUE(workers.post({.run = [&] { passed.set_value(); }, .client = "other"}));
    passed.get_future().wait();
  }
  workers.post_again({.run =
                          [&] {
                            order.push_back(3);
                            all.set_value();
                          },
                      .client = "greedy"});
  let_go.set_value();
  all.get_future().wait();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

}  // namespace
}  // namespace ingle::net
