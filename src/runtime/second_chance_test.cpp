#include "runtime/second_chance.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <map>
#include <optional>

#include "runtime/model_manager.h"

namespace ingle::runtime {
namespace {

/// An engine whose requests say what the test tells them to, and that dies when the test says so.
class MortalModel final : public chat::Completer {
 public:
  Result<chat::Description> describe() override { return chat::Description{}; }
  Result<std::string> render(const chat::ChatPrompt&) override { return alone("rendered"); }
  Result<std::vector<int32_t>> tokenize(const chat::TokenizeRequest&) override { return std::vector<int32_t>{}; }
  Result<std::string> detokenize(std::span<const int32_t>) override { return alone("text"); }
  Status complete(chat::CompleteRequest request, chat::EventSink sink) override {
    return begin(request.id, std::move(sink));
  }
  Status embed(chat::EmbedRequest request, chat::EventSink sink) override { return begin(request.id, std::move(sink)); }
  void cancel(std::string_view id) override {
    say(id, chat::Finished{.reason = chat::FinishReason::kCancelled, .stop_text = {}, .usage = {}});
  }
  Result<std::vector<float>> score(const chat::ScoreRequest&) override { return std::vector<float>{}; }
  Result<std::vector<std::vector<float>>> tag(const chat::EmbedTokens&) override {
    return std::vector<std::vector<float>>{};
  }
  Result<std::string> fork(std::string_view) override { return alone("handle"); }
  void release(std::string_view) override {}
  Result<chat::Stats> stats() override { return chat::Stats{}; }

  void wait_for(const std::string& id) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return sinks_.contains(id); });
  }
  void say(std::string_view id, chat::Event event) {
    std::map<std::string, chat::EventSink, std::less<>>::node_type ended;
    chat::EventSink sink;
    {
      const std::lock_guard lock(mutex_);
      const auto found = sinks_.find(id);
      if (found == sinks_.end()) return;
      sink = found->second;
      if (std::holds_alternative<chat::Finished>(event)) ended = sinks_.extract(found);
    }
    sink(std::move(event));
  }
  void die() {
    decltype(sinks_) sinks;
    {
      const std::lock_guard lock(mutex_);
      dead_ = true;
      sinks.swap(sinks_);
    }
    for (auto& [id, sink] : sinks)
      sink(chat::Failed{kDeath});
  }
  bool alive() const {
    const std::lock_guard lock(mutex_);
    return !dead_;
  }

  inline static const Error kDeath = Error::unavailable("the engine ended (signal 9)");

 private:
  Status begin(const std::string& id, chat::EventSink sink) {
    const std::lock_guard lock(mutex_);
    if (dead_) return std::unexpected(kDeath);
    sinks_.emplace(id, std::move(sink));
    changed_.notify_all();
    return {};
  }
  Result<std::string> alone(std::string text) const {
    if (!alive()) return std::unexpected(kDeath);
    return text;
  }
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, chat::EventSink, std::less<>> sinks_;
  bool dead_ = false;
};

/// What came of a request.
class Outcome {
 public:
  chat::EventSink sink() {
    return [this](chat::Event event) {
      const std::lock_guard lock(mutex_);
      if (const auto* delta = std::get_if<chat::Delta>(&event)) text += delta->text;
      if (const auto* finished = std::get_if<chat::Finished>(&event)) reason = finished->reason;
      if (const auto* failed = std::get_if<chat::Failed>(&event)) error = failed->error;
      ends += std::holds_alternative<chat::Finished>(event) || std::holds_alternative<chat::Failed>(event) ? 1 : 0;
      changed_.notify_all();
    };
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ends > 0; });
  }
  std::string text;
  std::optional<chat::FinishReason> reason;
  std::optional<Error> error;
  int ends = 0;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

class SecondChanceTest : public ::testing::Test {
 protected:
  SecondChanceTest() {
    const auto resolver = [](std::string_view model) -> Result<ModelFiles> {
      return ModelFiles{.name = std::string(model), .digest = "1", .parts = {}};
    };
    const auto loader = [this](const ModelFiles&, uint32_t) -> Result<Engine> {
      if (before_load) before_load();
      auto model = std::make_unique<MortalModel>();
      MortalModel* const raw = model.get();
      const std::lock_guard lock(mutex_);
      engines_.push_back(raw);
      changed_.notify_all();
      return Engine{.completer = std::move(model), .alive = [raw] { return raw->alive(); }};
    };
    manager_ = std::make_unique<ModelManager>(resolver, loader, ManagerOptions{.keep_alive = -1});
    model_ = *manager_->acquire("m", {});
  }

  /// The n-th engine that was loaded, once it is.
  MortalModel& engine(size_t n) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return engines_.size() > n; });
    return *engines_[n];
  }
  size_t n_loaded() {
    const std::lock_guard lock(mutex_);
    return engines_.size();
  }
  Status ask(Outcome& outcome, std::string id = "r") {
    chat::CompleteRequest request;
    request.id = std::move(id);
    request.prompt = chat::RawPrompt{chat::Private("hello")};
    return model_->complete(std::move(request), outcome.sink());
  }
  static chat::Finished stop() { return {.reason = chat::FinishReason::kStop, .stop_text = {}, .usage = {}}; }

  std::function<void()> before_load;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<MortalModel*> engines_;
  std::unique_ptr<ModelManager> manager_;
  std::shared_ptr<chat::Completer> model_;
};

TEST_F(SecondChanceTest, a_request_without_an_answer_yet_begins_anew_on_another_engine) {
  Outcome outcome;
  ASSERT_TRUE(ask(outcome));
  engine(0).say("r", chat::Prefill{1, 2});
  engine(0).die();
  engine(1).wait_for("r");
  engine(1).say("r", chat::Delta{.text = "hi", .tokens = {}});
  engine(1).say("r", stop());
  EXPECT_EQ(outcome.text, "hi");
  EXPECT_EQ(outcome.reason, chat::FinishReason::kStop);
  EXPECT_EQ(outcome.ends, 1);
}

TEST_F(SecondChanceTest, vectors_begin_anew_although_some_were_there) {
  Outcome outcome;
  ASSERT_TRUE(model_->embed({.id = "r", .inputs = {chat::EmbedTokens{.tokens = {1}}}}, outcome.sink()));
  engine(0).say("r", chat::Vectors{.first = 0, .list = {{.values = {1}}}});
  engine(0).die();
  engine(1).wait_for("r");
  engine(1).say("r", stop());
  EXPECT_EQ(outcome.reason, chat::FinishReason::kStop);
  EXPECT_EQ(outcome.ends, 1);
}

TEST_F(SecondChanceTest, an_answer_that_has_begun_ends_in_the_error) {
  Outcome outcome;
  ASSERT_TRUE(ask(outcome));
  engine(0).say("r", chat::Delta{.text = "h", .tokens = {}});
  engine(0).die();
  EXPECT_EQ(outcome.error, MortalModel::kDeath);
  EXPECT_EQ(n_loaded(), 1U);
}

TEST_F(SecondChanceTest, a_request_takes_two_engines_with_it_and_no_more) {
  Outcome outcome;
  ASSERT_TRUE(ask(outcome));
  engine(0).die();
  engine(1).wait_for("r");
  engine(1).die();
  outcome.wait();
  EXPECT_EQ(outcome.error, MortalModel::kDeath);
  EXPECT_EQ(outcome.ends, 1);
}

TEST_F(SecondChanceTest, other_failures_are_told_as_they_are) {
  Outcome outcome;
  ASSERT_TRUE(ask(outcome));
  engine(0).say("r", chat::Failed{Error::unavailable("busy")});
  EXPECT_EQ(outcome.error, Error::unavailable("busy"));
  EXPECT_EQ(n_loaded(), 1U);
}

TEST_F(SecondChanceTest, an_engine_that_is_dead_already_is_replaced) {
  engine(0).die();
  EXPECT_EQ(model_->render({}), "rendered");
  Outcome outcome;
  ASSERT_TRUE(ask(outcome));
  engine(1).wait_for("r");
  engine(1).say("r", stop());
  EXPECT_EQ(outcome.ends, 1);
}

TEST_F(SecondChanceTest, who_goes_while_another_engine_is_loaded_gets_the_end_of_who_goes) {
  Outcome outcome;
  ASSERT_TRUE(ask(outcome));
  before_load = [this] { model_->cancel("r"); };
  engine(0).die();
  outcome.wait();
  EXPECT_EQ(outcome.reason, chat::FinishReason::kCancelled);
  EXPECT_EQ(outcome.ends, 1);
}

TEST_F(SecondChanceTest, a_cancel_reaches_the_engine_that_has_the_request_now) {
  Outcome outcome;
  ASSERT_TRUE(ask(outcome));
  engine(0).die();
  engine(1).wait_for("r");
  model_->cancel("r");
  outcome.wait();
  EXPECT_EQ(outcome.reason, chat::FinishReason::kCancelled);
}

TEST_F(SecondChanceTest, many_at_once_share_the_engine_that_comes_next) {
  std::vector<Outcome> outcomes(20);
  for (size_t i = 0; i < outcomes.size(); ++i)
    ASSERT_TRUE(ask(outcomes[i], std::to_string(i)));
  engine(0).die();
  for (size_t i = 0; i < outcomes.size(); ++i) {
    engine(1).wait_for(std::to_string(i));
    engine(1).say(std::to_string(i), stop());
    EXPECT_EQ(outcomes[i].ends, 1);
  }
  EXPECT_EQ(n_loaded(), 2U);
}

TEST_F(SecondChanceTest, there_is_none_when_the_program_ends) {
  Outcome first;
  Outcome second;
  ASSERT_TRUE(ask(first, "1"));
  ASSERT_TRUE(ask(second, "2"));
  engine(0).say("1", chat::Delta{.text = "h", .tokens = {}});
  manager_.reset();
  engine(0).die();
  first.wait();
  second.wait();
  EXPECT_EQ(first.error, MortalModel::kDeath);
  EXPECT_EQ(second.error, MortalModel::kDeath);
  EXPECT_EQ(n_loaded(), 1U);
}

TEST(Reviver, a_model_that_takes_long_holds_up_no_other_and_its_own_keep_their_order) {
  Reviver reviver([](std::string_view, const AcquireOptions&) -> Result<Lease> { return Lease{}; });
  std::promise<void> other;
  std::string order;
  std::promise<void> over;
  reviver.post("slow", [&](const Reviver::Acquire*) {
    other.get_future().wait();
    order += "first ";
  });
  reviver.post("slow", [&](const Reviver::Acquire*) {
    order += "second";
    over.set_value();
  });
  reviver.post("quick", [&](const Reviver::Acquire*) { other.set_value(); });
  over.get_future().wait();
  EXPECT_EQ(order, "first second");
}

}  // namespace
}  // namespace ingle::runtime
