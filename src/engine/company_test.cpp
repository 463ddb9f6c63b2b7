// Requests beside each other: who comes when, and what is computed once. Answers of a crowd are in batch_engine_test and
// engine_test. A gate before the first step lets all of a test's requests arrive before anything is decided.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <latch>
#include <map>
#include <mutex>

#include "chat/errors.h"
#include "engine/testing/toy_engine.h"

namespace ingle::engine {
namespace {

class CompanyTest : public ::testing::Test {
 protected:
  void start(testing::ToySetup setup) {
    setup.logits = testing::anything;
    setup.n_pages = 512;
    setup.context = 400;
    setup.on_pause = [this](std::chrono::nanoseconds until_next) {
      if (until_next != std::chrono::nanoseconds::max() || n_steps_++ > 0) gate_.wait();
    };
    toy_ = testing::make_toy_engine(std::move(setup));
  }
  void submit(const std::string& id, size_t n_prompt, int32_t max_tokens, const std::string& client = "",
              chat::Priority priority = chat::Priority::kInteractive, char filling = 'x') {
    chat::CompleteRequest request;
    request.id = id;
    request.client = client;
    request.priority = priority;
    request.prompt = chat::RawPrompt{chat::Private(std::string(n_prompt, filling))};
    request.max_tokens = max_tokens;
    request.ignore_eos = true;
    {
      const std::lock_guard lock(mutex_);
      ++n_open_;
    }
    const Status status = toy_.engine->complete(std::move(request), [this, id](const chat::Event& event) {
      const std::lock_guard lock(mutex_);
      if (std::holds_alternative<chat::Prefill>(event) && std::ranges::find(started_, id) == started_.end())
        started_.push_back(id);
      const auto* finished = std::get_if<chat::Finished>(&event);
      if (finished == nullptr && !std::holds_alternative<chat::Failed>(event)) return;
      ended_.push_back(id);
      reasons_[id] = finished != nullptr ? finished->reason : chat::FinishReason::kStop;
      if (--n_open_ == 0) all_ended_.set_value();
    });
    EXPECT_TRUE(status) << status.error().message();
  }
  void run() {
    gate_.count_down();
    all_ended_.get_future().wait();
  }
  size_t place(const std::vector<std::string>& list, const std::string& id) const {
    return static_cast<size_t>(std::ranges::find(list, id) - list.begin());
  }

  std::latch gate_{1};
  std::atomic<int> n_steps_ = 0;
  std::mutex mutex_;
  int n_open_ = 0;
  std::promise<void> all_ended_;
  std::vector<std::string> started_;
  std::vector<std::string> ended_;
  std::map<std::string, chat::FinishReason> reasons_;
  testing::ToyEngine toy_;  // last: it calls what stands above
};

TEST_F(CompanyTest, a_prefix_that_another_request_is_computing_is_not_computed_again) {
  start({});
  for (const char* id : {"1", "2", "3", "4"})
    submit(id, 100, 3);
  run();
  const auto stats = toy_.engine->stats();
  EXPECT_LE(stats->prompt_tokens, 100U + 3 * testing::ToyExecutor::kPageTokens);
  EXPECT_GE(stats->cached_tokens, 3 * (100U - testing::ToyExecutor::kPageTokens));
  EXPECT_EQ(stats->requests, 4U);
  EXPECT_EQ(stats->generated_tokens, 12U);
}

TEST_F(CompanyTest, clients_do_not_wait_for_each_others_prefixes) {
  start({});
  submit("1", 100, 1, "a");
  submit("2", 100, 1, "b");
  run();
  EXPECT_EQ(toy_.engine->stats()->prompt_tokens, 200U);
}

TEST_F(CompanyTest, a_client_with_one_request_does_not_wait_for_all_of_one_with_many) {
  start({.max_sequences = 2});
  for (int i = 0; i < 8; ++i)
    submit("a" + std::to_string(i), 20, 20, "a", chat::Priority::kInteractive, static_cast<char>('a' + i));
  submit("b", 20, 20, "b", chat::Priority::kInteractive, 'z');
  run();
  EXPECT_LE(place(started_, "b"), 2U);
  EXPECT_LE(place(ended_, "b"), 2U);
}

TEST_F(CompanyTest, background_work_waits_for_interactive_work) {
  start({.max_sequences = 1});
  submit("0", 10, 5, "", chat::Priority::kInteractive, 'o');
  submit("late", 10, 5, "", chat::Priority::kBackground, 'l');
  for (int i = 1; i < 5; ++i)
    submit(std::to_string(i), 10, 5, "", chat::Priority::kInteractive, static_cast<char>('a' + i));
  run();
  EXPECT_EQ(place(ended_, "late"), 5U);
}

TEST_F(CompanyTest, interactive_work_takes_the_places_of_background_work_which_ends_all_the_same) {
  start({.max_sequences = 2});
  submit("b1", 10, 60, "b", chat::Priority::kBackground, 'b');
  submit("b2", 10, 60, "b", chat::Priority::kBackground, 'c');
  submit("i1", 10, 5, "b", chat::Priority::kInteractive, 'd');
  submit("i2", 10, 5, "b", chat::Priority::kInteractive, 'e');
  run();
  EXPECT_LT(place(ended_, "i2"), 2U);
  EXPECT_EQ(reasons_["b1"], chat::FinishReason::kLength);
  EXPECT_EQ(reasons_["b2"], chat::FinishReason::kLength);
  EXPECT_EQ(toy_.engine->stats()->generated_tokens, 130U);
}

TEST_F(CompanyTest, a_request_is_cancelled_in_the_queue_and_in_the_middle_of_its_prompt) {
  start({.max_sequences = 1});
  submit("long", 300, 5);
  submit("queued", 300, 5, "", chat::Priority::kInteractive, 'y');
  toy_.engine->cancel("queued");
  toy_.engine->cancel("long");
  run();
  EXPECT_EQ(reasons_["queued"], chat::FinishReason::kCancelled);
  EXPECT_EQ(reasons_["long"], chat::FinishReason::kCancelled);
  EXPECT_EQ(place(started_, "queued"), started_.size());
  // The gate stands before the first step, which is planned already.
  EXPECT_LE(toy_.engine->stats()->prompt_tokens, 32U);
}

TEST_F(CompanyTest, a_full_queue_refuses_and_says_how_many_there_are) {
  start({.max_sequences = 1, .max_queue = 1});
  submit("1", 10, 2);
  submit("2", 10, 2);
  chat::CompleteRequest third;
  third.prompt = chat::RawPrompt{chat::Private("x")};
  const Status refused = toy_.engine->complete(third, [](const chat::Event&) {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), chat::queue_full(2));
  EXPECT_EQ(toy_.engine->stats()->waiting + toy_.engine->stats()->running, 2U);
  run();
}

}  // namespace
}  // namespace ingle::engine
