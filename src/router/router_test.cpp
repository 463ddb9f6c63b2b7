#include "router/router.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <limits>

#include <nlohmann/json.hpp>

#include "base/testing/temp_folder.h"
#include "router/auto_request.h"
#include "router/testing/fakes.h"

namespace ingle::router {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kPolicy = R"([provider.cloud]
base_url = "https://api.example.com/v1"
model = "big"
api_key_env = "CLOUD_KEY"
usd_per_million_in = 2
usd_per_million_out = 10
[route]
local_model = "fake"
threshold = 0.5
)";

chat::CompleteRequest question(std::string text, std::string id = "r1") {
  chat::ChatPrompt prompt;
  prompt.messages = {{"user", chat::Private(std::move(text)), {}, {}, {}}};
  chat::CompleteRequest request;
  request.id = std::move(id);
  request.prompt = std::move(prompt);
  return request;
}

struct Answer {
  std::string text;
  Result<chat::Finished> finished = chat::Finished{};
  size_t n_tokens = 0;
};

class RouterTest : public ::testing::Test {
 protected:
  RouterTest() { policy(kPolicy); }

  void policy(std::string_view text) { base::testing::write(home_ / "policy.toml", text); }

  Routing& routing() {
    if (routing_ == nullptr) {
      routing_ = Routing::create(
          {.home = home_.path(),
           .offline = OfflineSwitch(home_.path(), by_setting_),
           .models = &models_,
           .default_model = [] { return Result<std::string>("fake"); },
           .transport = [this]() -> Result<std::unique_ptr<net::HttpTransport>> { return cloud_.transport(); },
           .key = cloud_.key,
           .environment = [](std::string_view name) -> std::optional<std::string> {
             if (name == "CLOUD_KEY") return "k-1";
             return std::nullopt;
           },
           .now_unix = [this] { return now_; }});
    }
    return *routing_;
  }

  Answer ask(chat::CompleteRequest request) {
    Answer answer;
    const auto model = routing().auto_model();
    answer.finished = chat::complete_and_wait(*model, std::move(request), [&](const chat::Event& event) {
      if (const auto* delta = std::get_if<chat::Delta>(&event)) {
        answer.text += delta->text;
        answer.n_tokens += delta->tokens.size();
      }
    });
    return answer;
  }
  Answer ask(std::string text) { return ask(question(std::move(text))); }

  Decision last() { return routing().decisions(1)->at(0); }

  void expect_nothing_left(const std::string& decided_by) {
    EXPECT_TRUE(cloud_.received.empty());
    EXPECT_EQ(last().decided_by, decided_by) << last().reason;
    EXPECT_EQ(last().route, "local");
    EXPECT_EQ(last().bytes_out, 0U);
    EXPECT_EQ(last().outcome, "answered");
  }

  const base::testing::TempFolder home_;
  testing::FakeModels models_;
  testing::FakeCloud cloud_{.key = *net::ReceiptKey::create(), .body = testing::FakeCloud::events({"From ", "afar"})};
  bool by_setting_ = false;
  int64_t now_ = 1'800'000'000;
  std::unique_ptr<Routing> routing_;
};

TEST_F(RouterTest, keeps_a_sure_answer_here) {
  const Answer answer = ask("What is the capital of France?");
  ASSERT_TRUE(answer.finished);
  EXPECT_EQ(answer.text, "Paris.");
  EXPECT_EQ(answer.n_tokens, 0U) << "nobody asked for log-probabilities";
  EXPECT_EQ(answer.finished->route, "");
  expect_nothing_left("confidence");
  EXPECT_GT(*last().confidence, 0.5);
  EXPECT_NEAR(*last().saved_usd, 10 * 2e-6 + 2 * 10e-6, 1e-9);
}

TEST_F(RouterTest, asks_the_provider_when_the_local_model_is_unsure) {
  models_.model->logprob = -3;
  const Answer answer = ask("Who was the third person there?");
  ASSERT_TRUE(answer.finished) << answer.finished.error().message();
  EXPECT_EQ(answer.text, "From afar");
  EXPECT_EQ(answer.finished->route, "cloud:cloud");
  EXPECT_EQ(answer.finished->usage.completion_tokens, 500U);
  ASSERT_EQ(cloud_.received.size(), 1U);
  const net::HttpRequest& sent = cloud_.received[0];
  EXPECT_EQ(sent.url.text(), "https://api.example.com/v1/chat/completions");
  const Json body = Json::parse(sent.body);
  EXPECT_EQ(body["model"], "big");
  EXPECT_EQ(body["messages"][0]["content"], "Who was the third person there?");
  EXPECT_EQ(sent.headers.back().value, "Bearer k-1");
  const Decision decision = last();
  EXPECT_EQ(decision.route, "cloud:cloud");
  EXPECT_EQ(decision.decided_by, "confidence");
  EXPECT_EQ(decision.bytes_out, sent.body.size());
  EXPECT_EQ(decision.bytes_in, cloud_.body.size());
  EXPECT_NEAR(*decision.cost_usd, 1000 * 2e-6 + 500 * 10e-6, 1e-9);
  const Json egress = Json::parse(*routing().egress_json(10));
  EXPECT_EQ(egress["left"][0]["outcome"], "answered");
  EXPECT_EQ(egress["left"][0]["host"], "api.example.com");
  EXPECT_EQ(egress["totals"]["requests"], 1);
}

TEST_F(RouterTest, writes_the_ledger_before_anything_leaves) {
  models_.model->logprob = -3;
  std::string seen;
  cloud_.on_request = [&] { seen = (*Ledger::open(home_ / "ledger.db"))->find("r1")->route; };
  ASSERT_TRUE(ask("hard").finished);
  EXPECT_EQ(seen, "pending");
}

TEST_F(RouterTest, without_a_policy_there_is_no_cloud) {
  models_.model->logprob = -3;
  std::filesystem::remove(home_ / "policy.toml");
  EXPECT_EQ(ask("hard").text, "Paris.");
  expect_nothing_left("policy");
  EXPECT_FALSE(routing().policy().cloud_possible);
  EXPECT_FALSE(routing().policy().present);
}

TEST_F(RouterTest, a_policy_with_a_fault_counts_as_none) {
  models_.model->logprob = -3;
  policy(std::string(kPolicy) + "tresholds = 1\n");
  EXPECT_EQ(ask("hard").text, "Paris.");
  expect_nothing_left("policy");
  EXPECT_NE(routing().policy().problems.at(0).find("line 10"), std::string::npos) << routing().policy().problems[0];
}

TEST_F(RouterTest, a_policy_without_a_provider_has_no_cloud) {
  models_.model->logprob = -3;
  policy("[route]\nlocal_model = \"fake\"\n");
  EXPECT_EQ(ask("hard").text, "Paris.");
  expect_nothing_left("policy");
}

TEST_F(RouterTest, a_missing_key_keeps_everything_here) {
  models_.model->logprob = -3;
  std::string text(kPolicy);
  text.replace(text.find("CLOUD_KEY"), 9, "OTHER_KEY");
  policy(text);
  EXPECT_EQ(ask("hard").text, "Paris.");
  expect_nothing_left("policy");
}

TEST_F(RouterTest, private_data_stays_although_the_question_is_hard) {
  models_.model->logprob = -3;
  const Answer answer = ask("Whose account is DE89 3704 0044 0532 0130 00, and why?");
  EXPECT_EQ(answer.text, "Paris.");
  expect_nothing_left("gate");
  EXPECT_EQ(last().findings, (std::vector<FindingCount>{{"iban", 1}}));
  EXPECT_LT(*last().confidence, 0.5);
  EXPECT_EQ(Json::parse(*routing().egress_json(1))["totals"]["blocked"], 1);
}

TEST_F(RouterTest, private_data_in_any_message_stays) {
  models_.model->logprob = -3;
  chat::CompleteRequest request = question("and now?");
  auto& messages = std::get<chat::ChatPrompt>(request.prompt).messages;
  messages.insert(messages.begin(), {"system", chat::Private("the card is 4111 1111 1111 1111"), {}, {}, {}});
  ask(std::move(request));
  expect_nothing_left("gate");
}

TEST_F(RouterTest, a_kind_that_the_policy_allows_may_leave) {
  models_.model->logprob = -3;
  policy(std::string(kPolicy) + "allow = [\"email\"]\n");
  ask("Who is anna@example.com?");
  ASSERT_EQ(cloud_.received.size(), 1U);
  EXPECT_EQ(last().findings, (std::vector<FindingCount>{{"email", 1}}));
  ask(question("Who is anna@example.com with 4111 1111 1111 1111?", "r2"));
  EXPECT_EQ(cloud_.received.size(), 1U);
}

TEST_F(RouterTest, offline_nothing_leaves) {
  models_.model->logprob = -3;
  ASSERT_TRUE(routing().set_offline(true));
  ask("hard");
  expect_nothing_left("offline");
  EXPECT_FALSE(routing().policy().cloud_possible);
  ASSERT_TRUE(routing().set_offline(false));
  ask(question("hard", "r2"));
  EXPECT_EQ(cloud_.received.size(), 1U);
}

TEST_F(RouterTest, going_offline_while_the_local_model_answers_counts) {
  models_.model->logprob = -3;
  models_.model->on_answered = [this] { EXPECT_TRUE(routing().set_offline(true)); };
  EXPECT_EQ(ask("hard").text, "Paris.");
  expect_nothing_left("offline");
}

TEST_F(RouterTest, the_day_s_requests_are_a_limit) {
  models_.model->logprob = -3;
  policy(std::string(kPolicy) + "max_requests_per_day = 2\n");
  for (int i = 0; i < 4; ++i)
    ask(question("hard", "r" + std::to_string(i)));
  EXPECT_EQ(cloud_.received.size(), 2U);
  EXPECT_EQ(last().decided_by, "budget");
  EXPECT_EQ(last().route, "local");
  now_ += 86'400;
  ask(question("hard", "tomorrow"));
  EXPECT_EQ(cloud_.received.size(), 3U);
}

TEST_F(RouterTest, the_day_s_money_is_a_limit_that_is_reserved_before) {
  models_.model->logprob = -3;
  // One answer of the default length is reserved at a little over one cent and costs 0.7 in the end.
  policy(std::string(kPolicy) + "max_usd_per_day = 0.015\n");
  for (int i = 0; i < 4; ++i)
    ask(question("hard", "r" + std::to_string(i)));
  EXPECT_EQ(cloud_.received.size(), 1U);
  EXPECT_EQ(last().decided_by, "budget");
}

TEST_F(RouterTest, without_a_ledger_nothing_leaves) {
  models_.model->logprob = -3;
  base::testing::write(home_ / "ledger.db", std::string(4096, 'x'));
  EXPECT_EQ(ask("hard").text, "Paris.");
  EXPECT_TRUE(cloud_.received.empty());
  EXPECT_FALSE(routing().policy().cloud_possible);
  EXPECT_FALSE(routing().decisions(1));
}

TEST_F(RouterTest, a_ledger_that_fails_in_between_keeps_the_request_here) {
  models_.model->logprob = -3;
  ASSERT_TRUE(ask("hard").finished);
  ASSERT_EQ(cloud_.received.size(), 1U);
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open((home_ / "ledger.db").c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "DROP TABLE egress", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(other);
  EXPECT_EQ(ask(question("hard", "r2")).text, "Paris.");
  EXPECT_EQ(cloud_.received.size(), 1U);
  EXPECT_EQ(last().decided_by, "ledger");
}

TEST_F(RouterTest, a_provider_that_does_not_answer_costs_nobody_an_answer) {
  models_.model->logprob = -3;
  cloud_.status = 503;
  const Answer answer = ask("hard");
  EXPECT_EQ(answer.text, "Paris.");
  EXPECT_EQ(answer.finished->route, "");
  EXPECT_EQ(last().decided_by, "provider");
  EXPECT_EQ(last().route, "local");
  EXPECT_EQ(Json::parse(*routing().egress_json(1))["left"][0]["outcome"], "failed");
  cloud_.status = 200;
  cloud_.body = "data: nonsense\n";
  EXPECT_EQ(ask(question("hard", "r2")).text, "Paris.");
  cloud_.body = "";
  cloud_.outcome = std::unexpected(Error::unavailable("nobody answers"));
  EXPECT_EQ(ask(question("hard", "r3")).text, "Paris.");
}

TEST_F(RouterTest, an_answer_that_breaks_off_after_its_first_words_is_an_error) {
  models_.model->logprob = -3;
  cloud_.body = cloud_.body.substr(0, cloud_.body.find("\n\n") + 2);
  const Answer answer = ask("hard");
  EXPECT_EQ(answer.text, "From ");
  ASSERT_FALSE(answer.finished);
  EXPECT_EQ(answer.finished.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(last().outcome, "failed");
}

TEST_F(RouterTest, requests_that_cannot_be_passed_on_stay) {
  models_.model->logprob = -3;
  chat::CompleteRequest request = question("hard");
  request.logprobs = 1;
  const Answer answer = ask(std::move(request));
  EXPECT_EQ(answer.n_tokens, 2U);
  expect_nothing_left("policy");
  request = question("hard", "r2");
  request.json_schema = "{}";
  ask(std::move(request));
  request = question("hard", "r3");
  request.prompt = chat::RawPrompt{chat::Private("hard")};
  ask(std::move(request));
  request = question("hard", "r4");
  std::get<chat::ChatPrompt>(request.prompt).tools_json = chat::Private("[{}]");
  ask(std::move(request));
  EXPECT_TRUE(cloud_.received.empty());
}

TEST_F(RouterTest, calls_of_tools_are_made_here_and_all_of_them_arrive) {
  models_.model->logprob = -3;
  models_.model->calls = {{.index = 0, .id = "call_a", .name = "f", .arguments = "{"}, {.index = 0, .arguments = "}"}};
  chat::CompleteRequest request = question("hard");
  std::get<chat::ChatPrompt>(request.prompt).tools_json =
      chat::Private(R"([{"type":"function","function":{"name":"f"}}])");
  std::vector<chat::ToolCallDelta> calls;
  const auto finished =
      chat::complete_and_wait(*routing().auto_model(), std::move(request), [&](const chat::Event& event) {
        if (const auto* delta = std::get_if<chat::Delta>(&event))
          calls.insert(calls.end(), delta->tool_calls.begin(), delta->tool_calls.end());
      });
  ASSERT_TRUE(finished.has_value());
  EXPECT_EQ(finished->reason, chat::FinishReason::kToolCalls);
  EXPECT_EQ(calls, models_.model->calls);
  expect_nothing_left("policy");
  EXPECT_NE(last().reason.find("tools"), std::string::npos) << last().reason;
}

TEST_F(RouterTest, a_long_answer_is_judged_by_its_beginning_and_then_streams) {
  models_.model->words.assign(200, "word ");
  EXPECT_EQ(ask("tell me").text.size(), 1000U);
  EXPECT_EQ(last().route, "local");
  models_.model->logprob = -3;
  EXPECT_EQ(ask(question("tell me", "r2")).text, "From afar");
  cloud_.status = 500;
  EXPECT_EQ(ask(question("tell me", "r3")).text.size(), 1000U);
}

TEST_F(RouterTest, tokens_that_come_at_once_change_nothing_in_the_judgement) {
  models_.model->words.assign(60, "word ");
  models_.model->unsure_from = kHeldTokens;
  ASSERT_TRUE(ask(question("tell me", "one")).finished);
  const double one_by_one = last().confidence.value();
  models_.model->at_once = 11;  // the fifth delta goes beyond what is judged
  ASSERT_TRUE(ask(question("tell me", "many")).finished);
  EXPECT_EQ(last().confidence.value(), one_by_one);
}

TEST_F(RouterTest, a_cancelled_request_ends_as_one) {
  models_.model->hangs = true;
  const auto model = routing().auto_model();
  std::thread cancels([&] {
    while (models_.model->n_completions == 0)
      std::this_thread::yield();
    model->cancel("r1");
  });
  const Answer answer = ask("tell me");
  cancels.join();
  ASSERT_TRUE(answer.finished);
  EXPECT_EQ(answer.finished->reason, chat::FinishReason::kCancelled);
  EXPECT_EQ(last().outcome, "cancelled");
}

TEST_F(RouterTest, whoever_has_gone_is_not_spoken_for_elsewhere) {
  models_.model->logprob = -3;
  const auto model = routing().auto_model();
  models_.model->on_answered = [&] { model->cancel("r1"); };
  ask("hard");
  EXPECT_TRUE(cloud_.received.empty());
  EXPECT_EQ(last().route, "local");
}

TEST_F(RouterTest, a_confidence_that_is_no_number_keeps_the_request_here) {
  models_.model->logprob = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(ask("hard").text, "Paris.");
  EXPECT_TRUE(cloud_.received.empty());
}

TEST_F(RouterTest, a_dead_engine_is_a_typed_error) {
  models_.model->breaks = true;
  const Answer answer = ask("tell me");
  ASSERT_FALSE(answer.finished);
  EXPECT_EQ(answer.finished.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(last().outcome, "failed");
  // The kind of the error and none of its words: they may come from a model or a schema.
  EXPECT_EQ(last().steps.back().detail, "unavailable");
}

TEST_F(RouterTest, explains_a_request_by_its_steps_and_never_by_its_text) {
  models_.model->logprob = -3;
  ask("a very special word");
  const std::string text = *routing().explain_json("r1");
  const Json json = Json::parse(text);
  EXPECT_EQ(json["id"], "r1");
  EXPECT_EQ(json["steps"][0]["step"], "gate");
  EXPECT_EQ(json["steps"].back()["step"], "provider");
  EXPECT_EQ(text.find("special"), std::string::npos);
  EXPECT_EQ(base::testing::read(home_ / "ledger.db").find("special"), std::string::npos);
  EXPECT_EQ(base::testing::read(home_ / "ledger.db-wal").find("special"), std::string::npos);
  EXPECT_EQ(routing().explain("other").error().code(), ErrorCode::kNotFound);
}

TEST_F(RouterTest, pages_through_decisions) {
  for (int i = 0; i < 5; ++i)
    ask(question("easy", "r" + std::to_string(i)));
  const auto first = *routing().decisions(2);
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0].id, "r4");
  const auto second = *routing().decisions(10, first[1].id);
  ASSERT_EQ(second.size(), 3U);
  EXPECT_EQ(second[0].id, "r2");
}

}  // namespace
}  // namespace ingle::router
