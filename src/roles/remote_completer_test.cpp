#include "roles/remote_completer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "chat/errors.h"
#include "chat/wire.h"
#include "roles/engine_protocol.h"
#include "roles/engine_role.h"
#include "roles/message.h"

namespace ingle::roles {
namespace {

using ::testing::HasSubstr;

/// Answers on a thread of its own, when it is told to: "endless" goes on until it is cancelled.
class FakeModel final : public chat::Completer {
 public:
  ~FakeModel() override {
    cancel("");
    threads_.clear();
  }
  Result<chat::Description> describe() override {
    chat::Description description;
    description.name = "fake";
    description.vocab_size = 7;
    return description;
  }
  Result<std::string> render(const chat::ChatPrompt& prompt) override { return prompt.messages.at(0).content.reveal(); }
  Result<std::vector<int32_t>> tokenize(const chat::TokenizeRequest& request) override {
    return std::vector<int32_t>(request.text.reveal().begin(), request.text.reveal().end());
  }
  Result<std::string> detokenize(std::span<const int32_t> tokens) override {
    return std::string(tokens.begin(), tokens.end());
  }
  Status complete(chat::CompleteRequest request, chat::EventSink sink) override {
    const std::string text = std::get<chat::RawPrompt>(request.prompt).text.reveal();
    {
      // A grammar that takes until somebody says "go".
      std::unique_lock lock(mutex_);
      if (text == "go") went_ = true;
      changed_.notify_all();
      if (!request.grammar.empty()) changed_.wait(lock, [&] { return went_; });
    }
    if (text == "refuse") return std::unexpected(Error::refused("no").hint("yes"));
    const std::lock_guard starting(threads_mutex_);
    threads_.emplace_back([this, id = request.id, text, sink = std::move(sink)] {
      for (const char c : text)
        sink(chat::Delta{.text = std::string(1, c), .tokens = {}});
      if (text == "fail") return sink(chat::Failed{Error::exhausted("full")});
      chat::Finished finished;
      if (text == "endless") {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return cancelled_ == id || cancelled_ == ""; });
        finished.reason = chat::FinishReason::kCancelled;
      }
      sink(finished);
    });
    return {};
  }
  void cancel(std::string_view id) override {
    const std::lock_guard lock(mutex_);
    cancelled_ = id;
    changed_.notify_all();
  }
  Result<std::vector<float>> score(const chat::ScoreRequest& request) override {
    return std::vector<float>(request.tokens.begin(), request.tokens.end());
  }
  /// A vector tells how many tokens it is of, and where the second text begins; a text is held until it is cancelled.
  Status embed(chat::EmbedRequest request, chat::EventSink sink) override {
    if (request.inputs.empty()) return std::unexpected(Error::unsupported("no embeddings"));
    const std::lock_guard starting(threads_mutex_);
    threads_.emplace_back([this, request = std::move(request), sink = std::move(sink)] {
      for (uint32_t i = 0; i < request.inputs.size(); ++i) {
        const auto* tokens = std::get_if<chat::EmbedTokens>(&request.inputs[i]);
        if (tokens == nullptr) {
          std::unique_lock lock(mutex_);
          changed_.wait(lock, [&] { return cancelled_ == request.id; });
          return sink(chat::Finished{.reason = chat::FinishReason::kCancelled, .stop_text = {}, .usage = {}});
        }
        if (tokens->tokens.empty()) return sink(chat::Failed{Error::usage("empty"), static_cast<int32_t>(i)});
        sink(chat::Vectors{
            i, {{.values = {static_cast<float>(tokens->tokens.size()), static_cast<float>(tokens->second_from)}}}});
      }
      sink(chat::Finished{});
    });
    return {};
  }
  Result<std::vector<std::vector<float>>> tag(const chat::EmbedTokens&) override {
    return std::vector<std::vector<float>>{{1, 2}, {}, {3}};
  }
  Result<std::string> fork(std::string_view id) override { return "fork of " + std::string(id); }
  void release(std::string_view) override {}
  Result<chat::Stats> stats() override { return chat::Stats{.running = 1, .waiting = 2, .rows = uint64_t{1} << 40}; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string cancelled_ = "nobody";
  bool went_ = false;
  std::mutex threads_mutex_;
  std::vector<std::jthread> threads_;
};

chat::CompleteRequest request(std::string id, std::string text) {
  chat::CompleteRequest request;
  request.id = std::move(id);
  request.prompt = chat::RawPrompt{chat::Private(std::move(text))};
  return request;
}

/// What a request came to, and a way to wait for its end.
class Events {
 public:
  chat::EventSink sink() {
    return [this](chat::Event event) {
      const std::lock_guard lock(mutex_);
      if (const auto* delta = std::get_if<chat::Delta>(&event)) text_ += delta->text;
      if (const auto* finished = std::get_if<chat::Finished>(&event)) finished_ = finished->reason;
      if (const auto* failed = std::get_if<chat::Failed>(&event)) failed_ = failed->error;
      changed_.notify_all();
    };
  }
  void wait_for_end() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return finished_ || failed_; });
  }
  void wait_for_text(std::string_view text) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return text_ == text || failed_; });
  }
  const std::string& text() const { return text_; }
  const std::optional<chat::FinishReason>& finished() const { return finished_; }
  const std::optional<Error>& failed() const { return failed_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
  std::optional<chat::FinishReason> finished_;
  std::optional<Error> failed_;
};

/// Both sides in this process: an engine role with a fake model on a thread.
class RemoteCompleterTest : public ::testing::Test {
 protected:
  void start(EngineLoad load = [](auto, auto, const auto&) { return std::make_unique<FakeModel>(); }) {
    engine_thread_ = std::jthread(
        [this, load = std::move(load)] { exit_code_ = serve_engine(engine_side_, load, [] { return Status(); }); });
    loaded_ = RemoteCompleter::load({.channel = &front_side_, .how_it_ended = [] { return "ended by signal 9"; }}, {},
                                    "fake", options_);
  }
  RemoteCompleterTest() : RemoteCompleterTest(Channel::pair().value()) {}
  explicit RemoteCompleterTest(std::pair<Channel, Channel> ends)
      : front_side_(std::move(ends.first)), engine_side_(std::move(ends.second)) {}
  ~RemoteCompleterTest() override {
    loaded_ = std::unexpected(Error::internal("over"));
    engine_side_.close_both();
  }
  RemoteCompleter& model() { return **loaded_; }

  Channel front_side_;
  Channel engine_side_;
  engine::Options options_;
  int exit_code_ = -1;
  std::jthread engine_thread_;
  Result<std::unique_ptr<RemoteCompleter>> loaded_ = std::unexpected(Error::internal("not yet"));
};

TEST_F(RemoteCompleterTest, AnswersAsTheModelBehindItDoes) {
  start();
  ASSERT_TRUE(loaded_) << loaded_.error().message();
  EXPECT_EQ(model().describe()->name, "fake");
  chat::ChatPrompt prompt;
  prompt.messages.emplace_back().content = chat::Private("hello");
  EXPECT_EQ(*model().render(prompt), "hello");
  EXPECT_EQ(*model().tokenize({.text = chat::Private("ab")}), (std::vector<int32_t>{'a', 'b'}));
  EXPECT_EQ(*model().detokenize(std::vector<int32_t>{'a', 'b'}), "ab");
  EXPECT_EQ(*model().pieces(std::vector<int32_t>{'a', 'b'}), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(*model().score({.tokens = {1, 2}}), (std::vector<float>{1, 2}));
  EXPECT_EQ(chat::embed_and_wait(model(), {}).error().error, Error::unsupported("no embeddings"));
  EXPECT_EQ(
      *chat::embed_and_wait(model(), {.id = "v", .inputs = {chat::EmbedTokens{{1, 2, 3}, 2}, chat::EmbedTokens{{4}}}}),
      (std::vector<chat::TextVector>{{.values = {3, 2}}, {.values = {1, 0}}}));
  EXPECT_EQ(chat::embed_and_wait(model(), {.inputs = {chat::EmbedTokens{{1}}, chat::EmbedTokens{}}}).error().input, 1);
  EXPECT_EQ(*model().tag({}), (std::vector<std::vector<float>>{{1, 2}, {}, {3}}));
  EXPECT_EQ(*model().fork("r1"), "fork of r1");
  Events events;
  ASSERT_TRUE(model().complete(request("1", "some words"), events.sink()));
  events.wait_for_end();
  EXPECT_EQ(events.text(), "some words");
  EXPECT_EQ(events.finished(), chat::FinishReason::kStop);
}

TEST_F(RemoteCompleterTest, EmbeddingsThatWaitForTheModelKeepNobodyWaiting) {
  start();
  std::vector<Events> waiting(64);
  for (size_t i = 0; i < waiting.size(); ++i)
    ASSERT_TRUE(model().embed({.id = std::to_string(i), .inputs = {chat::EmbedText{chat::Private("held")}}},
                              waiting[i].sink()));
  EXPECT_EQ(model().tokenize({.text = chat::Private("ab")})->size(), 2U);
  EXPECT_EQ(*model().detokenize(std::vector<int32_t>{'a'}), "a");
  Events events;
  ASSERT_TRUE(model().complete(request("1", "words"), events.sink()));
  events.wait_for_end();
  EXPECT_EQ(events.text(), "words");
  for (size_t i = 0; i < waiting.size(); ++i) {
    model().cancel(std::to_string(i));
    waiting[i].wait_for_end();
    EXPECT_EQ(waiting[i].finished(), chat::FinishReason::kCancelled);
  }
}

TEST_F(RemoteCompleterTest, OptionsAndFilesReachTheEngine) {
  options_.isa = "scalar";
  options_.threads = 3;
  options_.context = 99;
  options_.clamp_context = true;
  options_.least_context = 77;
  options_.max_memory_bytes = 1 << 20;
  std::vector<double> progress;
  options_.on_load_progress = [&](double done) { progress.push_back(done); };
  engine::Options seen;
  start([&](auto, std::string_view name, const engine::Options& options) {
    EXPECT_EQ(name, "fake");
    seen = options;
    options.on_load_progress(0.5);
    options.on_load_progress(0.501);
    options.on_load_progress(1);
    return std::make_unique<FakeModel>();
  });
  ASSERT_TRUE(loaded_);
  EXPECT_EQ(seen.isa, "scalar");
  EXPECT_EQ(seen.threads, 3U);
  EXPECT_EQ(seen.context, 99U);
  EXPECT_TRUE(seen.clamp_context);
  EXPECT_EQ(seen.least_context, 77U);
  EXPECT_EQ(seen.max_memory_bytes, uint64_t{1} << 20);
  EXPECT_EQ(progress, (std::vector<double>{0.5, 1}));
  EXPECT_GT(model().bytes(), 0U);
}

TEST_F(RemoteCompleterTest, WhatCannotBeLoadedIsTheEnginesOwnError) {
  start([](auto, auto, const auto&) -> Result<std::unique_ptr<chat::Completer>> {
    return std::unexpected(Error::corrupt("bad magic").hint("fetch it again"));
  });
  ASSERT_FALSE(loaded_);
  EXPECT_EQ(loaded_.error(), Error::corrupt("bad magic").hint("fetch it again"));
}

TEST_F(RemoteCompleterTest, RefusedAndFailedRequestsAreTheModelsOwnErrors) {
  start();
  ASSERT_TRUE(loaded_);
  Events events;
  ASSERT_TRUE(model().complete(request("1", "refuse"), events.sink()));
  events.wait_for_end();
  EXPECT_EQ(events.failed(), Error::refused("no").hint("yes"));
  Events others;
  ASSERT_TRUE(model().complete(request("2", "fail"), others.sink()));
  others.wait_for_end();
  EXPECT_EQ(others.failed(), Error::exhausted("full"));
}

TEST_F(RemoteCompleterTest, AFullQueueIsKnownInFront) {
  options_.max_sequences = 1;
  options_.max_queue = 1;
  start();
  ASSERT_TRUE(loaded_);
  std::array<Events, 3> events;
  ASSERT_TRUE(model().complete(request("1", "endless"), events[0].sink()));
  ASSERT_TRUE(model().complete(request("2", "on"), events[1].sink()));
  events[1].wait_for_end();
  ASSERT_TRUE(model().complete(request("3", "endless"), events[2].sink()));
  const Status refused = model().complete(request("4", "on"), {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), chat::queue_full(2));
  for (const size_t i : {0, 2}) {
    events[i].wait_for_text("endless");
    model().cancel(std::to_string(i + 1));
    events[i].wait_for_end();
  }
}

TEST_F(RemoteCompleterTest, StatisticsCrossTheChannel) {
  start();
  ASSERT_TRUE(loaded_);
  const auto stats = model().stats();
  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->running, 1U);
  EXPECT_EQ(stats->waiting, 2U);
  EXPECT_EQ(stats->rows, uint64_t{1} << 40);
}

TEST_F(RemoteCompleterTest, ManyRequestsAtOnceKeepApart) {
  start();
  ASSERT_TRUE(loaded_);
  std::vector<Events> events(16);
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < events.size(); ++i)
      threads.emplace_back([&, i] {
        EXPECT_TRUE(model().complete(request(std::to_string(i), "text " + std::to_string(i)), events[i].sink()));
        EXPECT_EQ(model().tokenize({.text = chat::Private("x")})->size(), 1U);
      });
  }
  for (size_t i = 0; i < events.size(); ++i) {
    events[i].wait_for_end();
    EXPECT_EQ(events[i].text(), "text " + std::to_string(i));
  }
}

TEST_F(RemoteCompleterTest, ACancelledRequestEndsAndOthersGoOn) {
  start();
  ASSERT_TRUE(loaded_);
  Events cancelled;
  ASSERT_TRUE(model().complete(request("1", "endless"), cancelled.sink()));
  model().cancel("1");
  cancelled.wait_for_end();
  EXPECT_EQ(cancelled.finished(), chat::FinishReason::kCancelled);
  Events other;
  ASSERT_TRUE(model().complete(request("2", "on"), other.sink()));
  other.wait_for_end();
  EXPECT_EQ(other.text(), "on");
}

TEST_F(RemoteCompleterTest, AGrammarThatTakesLongDelaysNobodyElse) {
  start();
  ASSERT_TRUE(loaded_);
  std::array<Events, 3> slow;
  for (size_t i = 0; i < slow.size(); ++i) {
    auto with_grammar = request("slow " + std::to_string(i), "words");
    with_grammar.grammar = "root ::= words";
    ASSERT_TRUE(model().complete(std::move(with_grammar), slow[i].sink()));
  }
  model().cancel("slow 2");  // which has not begun: two are compiled at once
  Events other;
  ASSERT_TRUE(model().complete(request("1", "go"), other.sink()));
  other.wait_for_end();
  EXPECT_EQ(other.text(), "go");
  for (Events& events : slow)
    events.wait_for_end();
  EXPECT_EQ(slow[0].text(), "words");
  EXPECT_EQ(slow[1].text(), "words");
  EXPECT_EQ(slow[2].text(), "");
  EXPECT_EQ(slow[2].finished(), chat::FinishReason::kCancelled);
}

TEST_F(RemoteCompleterTest, AnEngineThatDiesFailsWhatItWasDoingAndEverythingAfterwards) {
  start();
  ASSERT_TRUE(loaded_);
  Events events;
  ASSERT_TRUE(model().complete(request("1", "endless"), events.sink()));
  events.wait_for_text("endless");
  engine_side_.close_both();
  events.wait_for_end();
  ASSERT_TRUE(events.failed());
  EXPECT_EQ(events.failed()->code(), ErrorCode::kUnavailable);
  EXPECT_THAT(events.failed()->message(), HasSubstr("the engine ended while it was answering (ended by signal 9)"));
  EXPECT_FALSE(events.failed()->hint().empty());
  EXPECT_FALSE(model().alive());
  EXPECT_EQ(model().tokenize({}).error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(model().complete(request("2", "x"), {}).error().code(), ErrorCode::kUnavailable);
  model().cancel("1");
}

TEST_F(RemoteCompleterTest, UnloadingEndsWhatIsInFlight) {
  start();
  ASSERT_TRUE(loaded_);
  Events events;
  ASSERT_TRUE(model().complete(request("1", "endless"), events.sink()));
  loaded_->reset();
  events.wait_for_end();
  EXPECT_THAT(events.failed()->message(), HasSubstr("unloaded"));
}

TEST(RemoteCompleterLifetime, TheLastHolderMayLetGoOnTheReadersThread) {
  auto ends = Channel::pair().value();
  auto front_side = std::make_shared<Channel>(std::move(ends.first));
  Channel engine_side = std::move(ends.second);
  const std::jthread engine([&] {
    serve_engine(
        engine_side, [](auto, auto, const auto&) { return std::make_unique<FakeModel>(); }, [] { return Status(); });
  });
  std::promise<void> over;
  const auto says_so = [front_side, &over](void*) mutable {
    front_side.reset();
    over.set_value();
  };
  auto loaded = RemoteCompleter::load({.channel = front_side.get(),
                                       .owner = std::shared_ptr<void>(&over, says_so),
                                       .how_it_ended = [] { return "ended by signal 9"; }},
                                      {}, "fake", {});
  ASSERT_TRUE(loaded.has_value());
  std::shared_ptr<RemoteCompleter> model = std::move(*loaded);
  // A request holds its model, as a lease does; the engine's death ends both on the thread that noticed it.
  ASSERT_TRUE(model->complete(request("a", "endless"), [held = model](const chat::Event&) {}).has_value());
  model.reset();
  engine_side.close_both();
  over.get_future().wait();
}

/// The other side is the test itself, which says what no engine would.
class HostileEngineTest : public RemoteCompleterTest {
 protected:
  HostileEngineTest() {
    engine_thread_ = std::jthread([this] {
      EXPECT_EQ(engine_side_.receive()->type, static_cast<uint8_t>(ToEngine::kLoad));
      say(FromEngine::kLoaded, MessageWriter().number(uint64_t{1}).rest(chat::encode(chat::Description())).take());
    });
    loaded_ = RemoteCompleter::load({.channel = &front_side_}, {}, "fake", options_);
    engine_thread_.join();
  }
  void say(FromEngine type, std::string_view payload) {
    EXPECT_TRUE(engine_side_.send(static_cast<uint8_t>(type), payload));
  }
  void expect_end() {
    const auto answer = model().tokenize({});  // ends when the reader has seen the mistake
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code(), ErrorCode::kUnavailable);
    EXPECT_THAT(answer.error().message(), HasSubstr("the engine was ended"));
    EXPECT_FALSE(model().alive());
    EXPECT_FALSE(engine_side_.send(1, "") && engine_side_.send(1, ""));
  }
};

TEST_F(HostileEngineTest, AnUnknownKindOfMessageEndsTheChannel) {
  ASSERT_TRUE(loaded_);
  say(static_cast<FromEngine>(99), "");
  expect_end();
}

TEST_F(HostileEngineTest, AnEventOfARequestThatThereIsNotEndsTheChannel) {
  say(FromEngine::kEvent, MessageWriter().number(uint64_t{5}).rest(chat::encode(chat::Event(chat::Prefill{}))).take());
  expect_end();
}

TEST_F(HostileEngineTest, AnAnswerThatNobodyWaitsForEndsTheChannel) {
  say(FromEngine::kReply, encode_outcome(12, Outcome("x")));
  expect_end();
}

TEST_F(HostileEngineTest, ADamagedEventEndsTheChannel) {
  say(FromEngine::kEvent, "short");
  expect_end();
}

TEST_F(HostileEngineTest, ASecondModelEndsTheChannel) {
  say(FromEngine::kLoaded, MessageWriter().number(uint64_t{1}).rest(chat::encode(chat::Description())).take());
  expect_end();
}

TEST_F(HostileEngineTest, OpenFilesFromAnEngineEndTheChannel) {
  std::vector<base::FileDescriptor> files;
  files.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_TRUE(engine_side_.send(static_cast<uint8_t>(FromEngine::kProgress), "", files));
  expect_end();
}

TEST_F(HostileEngineTest, EventsAfterTheEndOfARequestEndTheChannel) {
  Events events;
  engine_thread_ = std::jthread([this] {
    EXPECT_EQ(engine_side_.receive()->type, static_cast<uint8_t>(ToEngine::kComplete));
    const std::string last =
        MessageWriter().number(uint64_t{1}).rest(chat::encode(chat::Event(chat::Finished()))).take();
    say(FromEngine::kEvent, last);
    (void)engine_side_.send(static_cast<uint8_t>(FromEngine::kEvent), last);
  });
  ASSERT_TRUE(model().complete(request("1", "x"), events.sink()));
  events.wait_for_end();
  EXPECT_TRUE(events.finished());
  engine_thread_.join();
  expect_end();
}

TEST(EngineProtocol, ResultsThatLieAboutTheirSizeAreRefused) {
  EXPECT_FALSE(decode_tokens(std::string("\xff\xff\xff\x7f", 4)));
  EXPECT_FALSE(decode_numbers(""));
  EXPECT_FALSE(decode_table(std::string("\xff\xff\xff\xff", 4)));
  EXPECT_FALSE(decode_tokens(encode_tokens({1, 2}) + "x"));
  EXPECT_FALSE(decode_pieces(std::string("\xff\xff\xff\xff", 4)));
  EXPECT_FALSE(decode_pieces(encode_pieces({"a", "bc"}).substr(0, 10)));
  EXPECT_EQ(*decode_pieces(encode_pieces({"a", "", "bc"})), (std::vector<std::string>{"a", "", "bc"}));
  EXPECT_EQ(*decode_table(encode_table({{1}, {}, {2, 3}})), (std::vector<std::vector<float>>{{1}, {}, {2, 3}}));
}

}  // namespace
}  // namespace ingle::roles
