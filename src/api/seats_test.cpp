#include "api/seats.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>
#include <vector>

#include "api/testing/api_fixture.h"

namespace ingle::api {
namespace {

TEST(Seats, who_finds_none_leaves_his_work_to_those_who_have_one) {
  Seats seats(2, 10);
  std::promise<void> answered;
  const auto answer = answered.get_future().share();
  std::promise<void> seated[2];
  std::vector<std::jthread> threads;
  for (auto& is_seated : seated)
    threads.emplace_back([&] {
      EXPECT_TRUE(seats.take("silent", [&] {
        is_seated.set_value();
        answer.wait();
      }));
    });
  for (auto& is_seated : seated)
    is_seated.get_future().wait();
  std::string order;
  std::promise<void> last;
  EXPECT_TRUE(seats.take("silent", [&] { order += "a"; }));  // returns: this thread is free
  EXPECT_EQ(order, "");
  EXPECT_TRUE(seats.take("other", [&] { order += "other "; }));
  EXPECT_EQ(order, "other ");
  EXPECT_TRUE(seats.take("silent", [&] { last.set_value(); }));
  answered.set_value();
  last.get_future().wait();
  threads.clear();
  EXPECT_EQ(order, "other a");
}

TEST(Seats, one_more_than_may_wait_is_refused_until_there_is_room) {
  Seats seats(1, 1);
  bool ran = false;
  EXPECT_TRUE(seats.take("m", [&] {
    EXPECT_TRUE(seats.take("m", [&] { ran = true; }));
    EXPECT_FALSE(seats.take("m", [] { FAIL(); }));
    EXPECT_TRUE(seats.take("n", [] {}));
    EXPECT_FALSE(ran);
  }));
  EXPECT_TRUE(ran);
  EXPECT_TRUE(seats.take("m", [] {}));
}

using SeatsOfRequests = testing::ApiTest;

TEST_F(SeatsOfRequests, what_waits_for_a_model_keeps_no_more_workers_than_it_has_seats) {
  const std::string chat = R"({"model":"m:1","max_tokens":9,"messages":[{"role":"user","content":"x"}]})";
  const struct {
    const char* path;
    std::string body;
    int when_full;
  } kRows[] = {{"/tokenize", R"({"model":"m:1","content":"x"})", 429},
               {"/detokenize", R"({"model":"m:1","tokens":[1]})", 429},
               {"/apply-template", chat, 429},
               {"/completion", R"({"model":"m:1","prompt":"x"})", 429},
               {"/api/v1/models/load", R"({"model":"m:1"})", 429},
               {"/v1/messages/count_tokens", chat, 529},
               {"/v1/chat/completions", chat, 429},
               {"/api/chat", chat, 503},
               {"/api/generate", R"({"model":"m:1"})", 503}};
  services.seats = std::make_shared<Seats>(1, 1);
  services.list = [] { return std::vector<ModelInfo>{{.name = "m:1"}, {.name = "n:1"}}; };
  models.completer->script = {chat::Finished{}};
  for (const auto& row : kRows) {
    std::shared_ptr<testing::Seen> second;
    bool is_first = true;
    // While the first waits for the model, on this very thread:
    models.loading = [&] {
      if (!std::exchange(is_first, false)) return;
      static_cast<void>(ask("POST", row.path, row.body));
      second = last;
      EXPECT_FALSE(second->answered) << row.path;
      EXPECT_EQ(ask("POST", row.path, row.body).reply.status, row.when_full) << row.path;
      EXPECT_TRUE(ask("POST", "/v1/chat/completions", R"({"model":"auto","messages":[{"role":"user","content":"x"}]})")
                      .answered);
    };
    EXPECT_TRUE(ask("POST", row.path, row.body).answered) << row.path;
    EXPECT_TRUE(second->answered) << row.path;
    EXPECT_NE(second->reply.status, 400) << second->reply.body;
  }
}

}  // namespace
}  // namespace ingle::api
