#include "engine/fair_queue.h"

#include <gtest/gtest.h>

#include "engine/job.h"

namespace ingle::engine {
namespace {

class NoJob final : public Job {
 public:
  using Job::Job;
  bool take(std::span<const backend::Output> /*rows*/, uint32_t /*pos*/, SamplerScratch& /*scratch*/) override {
    return true;
  }
  void fail(Error /*error*/) override {}
  void cancel() override {}
  void conclude() override {}
};

/// Requests are called after their clients: "a1" is the first of client "a".
class FairQueueTest : public ::testing::Test {
 protected:
  void submit(const std::string& id, chat::Priority priority = chat::Priority::kInteractive) {
    auto job = std::make_unique<NoJob>(id, std::vector<int32_t>{1});
    job->client = id.substr(0, 1);
    job->priority = priority;
    queue_.arrive(*job);
    queue_.push(std::move(job));
  }
  /// The next one runs, for a price.
  std::string next(uint64_t cost = 1) {
    auto job = queue_.take([](Job&) { return FairQueue<Job>::Verdict::kTake; });
    if (!job) return "";
    queue_.charge(*job, cost);
    running_.push_back(std::move(job));
    return running_.back()->id();
  }
  std::string order(size_t n, uint64_t cost = 1) {
    std::string all;
    for (size_t i = 0; i < n; ++i)
      all += next(cost) + " ";
    return all;
  }
  void end(const std::string& id) {
    const auto found = std::ranges::find_if(running_, [&](const auto& job) { return job->id() == id; });
    queue_.leave(**found);
    running_.erase(found);
  }

  FairQueue<Job> queue_;
  std::vector<std::unique_ptr<Job>> running_;
};

constexpr auto kBackground = chat::Priority::kBackground;

TEST_F(FairQueueTest, one_client_is_served_in_the_order_of_arrival) {
  for (const char* id : {"a1", "a2", "a3"})
    submit(id);
  EXPECT_EQ(order(3), "a1 a2 a3 ");
  EXPECT_EQ(next(), "");
}

TEST_F(FairQueueTest, a_client_with_many_requests_does_not_keep_others_waiting) {
  for (const char* id : {"a1", "a2", "a3", "a4", "b1", "c1", "b2"})
    submit(id);
  EXPECT_EQ(order(7), "a1 b1 c1 a2 b2 a3 a4 ");
}

TEST_F(FairQueueTest, who_asks_for_much_is_served_less_often) {
  for (const char* id : {"a1", "a2", "a3", "b1", "b2", "b3"})
    submit(id);
  EXPECT_EQ(next(100), "a1");
  EXPECT_EQ(order(3, 10), "b1 b2 b3 ");
  EXPECT_EQ(next(), "a2");
}

TEST_F(FairQueueTest, a_client_that_was_away_has_not_saved_up) {
  submit("b1");
  EXPECT_EQ(next(1), "b1");
  submit("a1");
  submit("a2");
  EXPECT_EQ(next(1000), "a1");
  end("b1");
  submit("b2");
  submit("b3");
  submit("b4");
  // b begins where a stands: it is not served for a thousand tokens in a row.
  EXPECT_EQ(order(4, 10), "a2 b2 b3 b4 ");
}

TEST_F(FairQueueTest, a_client_cannot_start_over_by_leaving) {
  submit("a1");
  submit("b1");
  EXPECT_EQ(next(1000), "a1");
  EXPECT_EQ(next(10), "b1");
  end("a1");
  submit("a2");
  submit("b2");
  EXPECT_EQ(order(2), "b2 a2 ");
}

TEST_F(FairQueueTest, background_work_comes_after_all_others_but_gets_every_ninth_place) {
  submit("b1", kBackground);
  submit("b2", kBackground);
  for (int i = 1; i <= 9; ++i)
    submit("a" + std::to_string(i));
  EXPECT_EQ(order(11), "a1 a2 a3 a4 a5 a6 a7 a8 b1 a9 b2 ");
}

TEST_F(FairQueueTest, nobody_waits_for_ever) {
  submit("z1");
  submit("a0");
  EXPECT_EQ(next(500), "z1");
  submit("z2");
  int n = 0;
  for (std::string taken; taken != "z2" && n < 1000; ++n) {
    submit("a" + std::to_string(n + 1));
    taken = next(10);
  }
  EXPECT_GT(n, 10);
  EXPECT_LT(n, 100);
}

TEST_F(FairQueueTest, who_gave_way_goes_on_before_what_came_later) {
  submit("a1");
  submit("a2");
  submit("a3");
  EXPECT_EQ(order(2), "a1 a2 ");
  queue_.give_back(std::move(running_.back()));
  running_.pop_back();
  EXPECT_EQ(order(2), "a2 a3 ");
}

TEST_F(FairQueueTest, one_that_is_skipped_is_passed_and_one_that_stops_holds_all_up) {
  submit("a1");
  submit("b1");
  EXPECT_EQ(queue_
                .take([](Job& job) {
                  return job.id() == "a1" ? FairQueue<Job>::Verdict::kSkip : FairQueue<Job>::Verdict::kTake;
                })
                ->id(),
            "b1");
  submit("b2");
  EXPECT_EQ(queue_.take([](Job&) { return FairQueue<Job>::Verdict::kStop; }), nullptr);
  EXPECT_EQ(queue_.size(), 2U);
}

TEST_F(FairQueueTest, a_request_can_be_taken_out_by_its_id) {
  submit("a1");
  submit("a2");
  EXPECT_EQ(queue_.remove("a1")->id(), "a1");
  EXPECT_EQ(queue_.remove("a1"), nullptr);
  EXPECT_EQ(next(), "a2");
}

TEST_F(FairQueueTest, thousands_of_clients_that_came_and_went_are_forgotten) {
  submit("a1");
  EXPECT_EQ(next(50), "a1");
  for (int i = 0; i < 10'000; ++i) {
    auto job = std::make_unique<NoJob>("x", std::vector<int32_t>{1});
    job->client = std::to_string(i);
    queue_.arrive(*job);
    queue_.leave(*job);
  }
  EXPECT_EQ(queue_.served(*running_.front()), 50U);
}

}  // namespace
}  // namespace ingle::engine
