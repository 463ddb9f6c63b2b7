#include "runtime/model_manager.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <thread>

#include "chat/errors.h"

namespace ingle::runtime {
namespace {

/// How many fake models live, and a way to wait for a number of them.
class Alive {
 public:
  void add(int n) {
    const std::lock_guard lock(mutex_);
    n_ += n;
    changed_.notify_all();
  }
  int count() const {
    const std::lock_guard lock(mutex_);
    return n_;
  }
  void wait_for(int n) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return n_ == n; });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int n_ = 0;
};

class FakeModel final : public chat::Completer {
 public:
  FakeModel(std::string name, uint32_t context, Alive& alive)
      : name_(std::move(name)), context_(context), alive_(alive) {
    alive_.add(1);
  }
  ~FakeModel() override { alive_.add(-1); }

  Result<chat::Description> describe() override {
    chat::Description description;
    description.name = name_;
    description.context_length = 8192;
    description.context_limit = context_;
    description.memory = {.weights = 60, .cache = 30, .work = 10, .wanted_context = context_ < 4096 ? 4096U : 0};
    return description;
  }
  Result<std::string> render(const chat::ChatPrompt&) override { return unused(); }
  Result<std::vector<int32_t>> tokenize(const chat::TokenizeRequest&) override { return unused(); }
  Result<std::string> detokenize(std::span<const int32_t>) override { return unused(); }
  Status complete(chat::CompleteRequest, chat::EventSink) override { return unused(); }
  void cancel(std::string_view) override {}
  Result<std::vector<float>> score(const chat::ScoreRequest&) override { return unused(); }
  Status embed(chat::EmbedRequest, chat::EventSink) override { return unused(); }
  Result<std::vector<std::vector<float>>> tag(const chat::EmbedTokens&) override { return unused(); }
  Result<std::string> fork(std::string_view) override { return unused(); }
  void release(std::string_view) override {}
  Result<chat::Stats> stats() override { return chat::Stats{.memory_bytes = 75}; }

 private:
  static std::unexpected<Error> unused() { return std::unexpected(Error::unsupported("not part of this test")); }
  const std::string name_;
  const uint32_t context_;
  Alive& alive_;
};

class ModelManagerTest : public ::testing::Test {
 protected:
  std::unique_ptr<ModelManager> make(ManagerOptions options = {}) {
    options.now = [this] { return start_ + std::chrono::seconds(seconds_); };
    const auto resolver = [this](std::string_view model) -> Result<ModelFiles> {
      if (model == "unknown" || model == removed_) return std::unexpected(Error::not_found("no model 'unknown'"));
      return ModelFiles{.name = std::string(model.substr(0, model.find(':'))), .digest = digest_, .parts = {}};
    };
    const auto loader = [this](const ModelFiles& files, uint32_t context) -> Result<Engine> {
      ++n_loads_;
      if (files.name == "broken") return std::unexpected(Error::corrupt("broken"));
      if (alive_.count() >= room_) return std::unexpected(Error::exhausted("no memory"));
      if (context > 8192)
        return std::unexpected(chat::context_too_large({.asked_tokens = context, .model_tokens = 8192}));
      return Engine{
          .completer =
              std::make_unique<FakeModel>(files.name, std::min(most_context_, std::max(context, 4096U)), alive_),
          .alive = [this] { return !dead_; },
          .bytes = 7,
      };
    };
    return std::make_unique<ModelManager>(resolver, loader, std::move(options));
  }
  void let_pass(ModelManager& manager, int seconds) {
    seconds_ += seconds;
    manager.look_at_clock();
  }

  Alive alive_;
  int room_ = 100;
  uint32_t most_context_ = 8192;  // that memory has room for
  std::string digest_ = "1";
  std::string removed_;
  const std::chrono::steady_clock::time_point start_;
  std::atomic<int> seconds_ = 0;
  std::atomic<int> n_loads_ = 0;
  std::atomic<bool> dead_ = false;
};

using Names = std::vector<std::string>;

Names names(const ModelManager& manager) {
  Names list;
  for (const LoadedModel& model : manager.loaded())
    list.push_back(model.name);
  return list;
}

TEST_F(ModelManagerTest, loads_a_model_once_whatever_it_is_called) {
  const auto manager = make();
  const auto a = manager->acquire("a", {});
  const auto same = manager->acquire("a:latest", {});
  ASSERT_TRUE(a.has_value());
  EXPECT_EQ(n_loads_, 1);
  EXPECT_EQ((*a)->describe()->name, "a");
  ASSERT_EQ(manager->loaded().size(), 1U);
  EXPECT_EQ(manager->loaded()[0].in_use, 2U);
  EXPECT_EQ(manager->loaded()[0].bytes, 7U);
}

TEST_F(ModelManagerTest, an_idle_model_stays_for_its_keep_alive_and_goes_then) {
  const auto manager = make({.keep_alive = 10});
  ASSERT_TRUE(manager->acquire("a", {}));
  let_pass(*manager, 9);
  EXPECT_EQ(names(*manager), Names{"a"});
  let_pass(*manager, 1);
  alive_.wait_for(0);
  EXPECT_TRUE(names(*manager).empty());
}

TEST_F(ModelManagerTest, the_time_of_use_does_not_count) {
  const auto manager = make({.keep_alive = 10});
  auto held = manager->acquire("a", {});
  let_pass(*manager, 100);
  held->reset();
  let_pass(*manager, 9);
  EXPECT_EQ(names(*manager), Names{"a"});
  let_pass(*manager, 1);
  alive_.wait_for(0);
}

TEST_F(ModelManagerTest, zero_unloads_at_once_after_use_and_negative_never) {
  const auto manager = make();
  auto held = manager->acquire("a", {.keep_alive = 0});
  EXPECT_EQ(alive_.count(), 1);
  held->reset();
  alive_.wait_for(0);
  ASSERT_TRUE(manager->acquire("a", {.keep_alive = -1}));
  let_pass(*manager, 1'000'000'000);
  EXPECT_EQ(names(*manager), Names{"a"});
  EXPECT_EQ(manager->loaded()[0].expires_unix, INT64_MAX);
}

TEST_F(ModelManagerTest, the_last_request_that_said_so_decides_how_long_a_model_stays) {
  const auto manager = make({.keep_alive = 10});
  ASSERT_TRUE(manager->acquire("a", {.keep_alive = 100}));
  ASSERT_TRUE(manager->acquire("a", {}));
  let_pass(*manager, 99);
  EXPECT_EQ(names(*manager), Names{"a"});
  ASSERT_TRUE(manager->acquire("a", {.keep_alive = 5}));
  ASSERT_TRUE(manager->acquire("a", {}));
  let_pass(*manager, 5);
  alive_.wait_for(0);
  // Loaded anew, nobody has said anything.
  ASSERT_TRUE(manager->acquire("a", {}));
  let_pass(*manager, 9);
  EXPECT_EQ(names(*manager), Names{"a"});
  let_pass(*manager, 1);
  alive_.wait_for(0);
}

TEST_F(ModelManagerTest, who_may_only_wish_neither_pins_a_model_nor_takes_it_from_others) {
  const auto manager = make({.keep_alive = 10});
  const auto use = [&](std::string client, std::optional<KeepAlive> keep_alive) {
    ASSERT_TRUE(manager->acquire("a", {.keep_alive = keep_alive, .client = std::move(client), .may_only_wish = true}));
  };
  use("one", -1);
  let_pass(*manager, 9);
  use("two", {});
  use("three", 0);
  manager->let_go("a", "one");
  let_pass(*manager, 9);
  EXPECT_EQ(names(*manager), Names{"a"}) << "the second wants it";
  let_pass(*manager, 1);
  alive_.wait_for(0);

  use("one", 0);
  alive_.wait_for(0);
  use("one", -1);
  manager->let_go("a", "one");
  alive_.wait_for(0);

  use("one", 5);
  ASSERT_TRUE(manager->acquire("a", {.keep_alive = 0, .client = "manager"}));
  alive_.wait_for(0);
}

TEST_F(ModelManagerTest, the_least_recently_used_that_nobody_holds_makes_room) {
  const auto manager = make({.max_loaded = 2});
  const auto held = manager->acquire("a", {});
  ASSERT_TRUE(manager->acquire("b", {}));
  ASSERT_TRUE(manager->acquire("c", {}));
  EXPECT_EQ(names(*manager), (Names{"c", "a"}));
  EXPECT_EQ(alive_.count(), 2);
}

TEST_F(ModelManagerTest, when_all_are_in_use_one_more_is_refused_with_the_figure) {
  const auto manager = make({.max_loaded = 2});
  const auto a = manager->acquire("a", {});
  const auto b = manager->acquire("b", {});
  const auto c = manager->acquire("c", {});
  ASSERT_FALSE(c);
  EXPECT_EQ(c.error().code(), ErrorCode::kExhausted);
  EXPECT_NE(c.error().message().find("2 models"), std::string::npos);
}

TEST_F(ModelManagerTest, idle_models_make_room_in_memory) {
  const auto manager = make();
  ASSERT_TRUE(manager->acquire("a", {}));
  ASSERT_TRUE(manager->acquire("b", {}));
  room_ = 2;
  const auto c = manager->acquire("c", {});
  ASSERT_TRUE(c);
  EXPECT_EQ(names(*manager), (Names{"c", "b"}));
  room_ = 1;
  const auto d = manager->acquire("d", {});
  ASSERT_FALSE(d);
  EXPECT_EQ(d.error().message(), "no memory");
  EXPECT_EQ(names(*manager), Names{"c"});
}

TEST_F(ModelManagerTest, knows_what_engines_may_still_take_also_of_those_that_are_used_and_no_longer_listed) {
  const auto manager = make();
  auto used = manager->acquire("a", {});
  ASSERT_TRUE(manager->acquire("b", {}));
  manager->unload("a");
  auto held = manager->held();
  ASSERT_EQ(held.size(), 2U);
  for (const HeldMemory& one : held) {
    EXPECT_EQ(one.planned, 100U);
    EXPECT_EQ(one.taken, 75U);
    EXPECT_EQ(one.promised(), 25U);
    EXPECT_EQ(one.in_use, one.name == "a");
  }
  used->reset();
  alive_.wait_for(1);
  EXPECT_EQ(manager->held().size(), 1U);
}

TEST_F(ModelManagerTest, what_can_never_be_loaded_unloads_nothing) {
  const auto never = chat::out_of_reach("9 GB are needed", "5 GB");
  const auto manager = make({.max_loaded = 1, .can_ever_load = [&](const ModelFiles& files, uint32_t) -> Status {
                               if (files.name == "huge") return std::unexpected(never);
                               return {};
                             }});
  EXPECT_TRUE(manager->acquire("small", {}));
  EXPECT_EQ(manager->acquire("huge", {}).error(), never);
  EXPECT_EQ(names(*manager), Names{"small"});
  EXPECT_EQ(n_loads_, 1);
  EXPECT_TRUE(manager->acquire("other", {}));
  EXPECT_EQ(names(*manager), Names{"other"});
}

TEST_F(ModelManagerTest, loads_of_several_models_at_once_see_one_another_and_do_not_take_more_than_there_is) {
  std::atomic<int> n_loading = 0;
  std::atomic<uint64_t> promised = 0;
  ModelManager* known = nullptr;
  const auto resolver = [](std::string_view model) -> Result<ModelFiles> {
    return ModelFiles{.name = std::string(model), .digest = "", .parts = {}};
  };
  const auto loader = [&](const ModelFiles& files, uint32_t) -> Result<Engine> {
    EXPECT_EQ(n_loading++, 0);
    uint64_t others = 0;
    for (const HeldMemory& one : known->held())
      others += one.planned;
    --n_loading;
    if (others + 100 > 250) return std::unexpected(Error::exhausted("no room"));
    promised = others + 100;
    return Engine{.completer = std::make_unique<FakeModel>(files.name, 4096, alive_), .bytes = 7};
  };
  ModelManager manager(resolver, loader, {.max_loaded = 10});
  known = &manager;
  std::atomic<int> n_refused = 0;
  {
    std::vector<std::shared_ptr<chat::Completer>> leases(6);
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < leases.size(); ++i)
      threads.emplace_back([&, i] {
        auto lease = manager.acquire("model" + std::to_string(i), {});
        if (lease) {
          leases[i] = *lease;
        } else {
          EXPECT_EQ(lease.error().code(), ErrorCode::kExhausted);
          ++n_refused;
        }
      });
    threads.clear();
    EXPECT_EQ(n_refused, 4);
    EXPECT_EQ(promised, 200U);
  }
  EXPECT_TRUE(manager.acquire("another", {}));  // those that nobody holds make room
}

TEST_F(ModelManagerTest, a_model_in_use_outlives_its_unloading_and_its_manager) {
  auto manager = make();
  auto held = manager->acquire("a", {});
  manager->unload("a:latest");
  EXPECT_TRUE(names(*manager).empty());
  EXPECT_EQ((*held)->describe()->name, "a");
  held->reset();
  alive_.wait_for(0);
  held = manager->acquire("a", {});
  manager.reset();
  EXPECT_EQ((*held)->describe()->name, "a");
  held->reset();
  EXPECT_EQ(alive_.count(), 0);
}

TEST_F(ModelManagerTest, a_dead_engine_is_replaced_by_the_next_who_asks) {
  const auto manager = make();
  const auto before = manager->acquire("a", {});
  dead_ = true;
  EXPECT_TRUE(manager->loaded().empty());
  const auto refused = manager->acquire("a", {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kUnavailable);
  dead_ = false;
  const auto after = manager->acquire("a", {});
  ASSERT_TRUE(after);
  EXPECT_NE(before->get(), after->get());
}

TEST_F(ModelManagerTest, another_file_under_the_same_name_is_loaded) {
  const auto manager = make();
  ASSERT_TRUE(manager->acquire("a", {}));
  digest_ = "2";
  ASSERT_TRUE(manager->acquire("a", {}));
  EXPECT_EQ(n_loads_, 2);
  EXPECT_EQ(manager->loaded()[0].digest, "2");
}

TEST_F(ModelManagerTest, what_was_removed_or_replaced_is_let_go_of) {
  const auto manager = make();
  auto held = manager->acquire("a", {});
  ASSERT_TRUE(held);
  ASSERT_TRUE(manager->acquire("b", {}));
  manager->forget_changed();
  EXPECT_EQ(names(*manager), (Names{"b", "a"}));
  removed_ = "b";
  manager->forget_changed();
  EXPECT_EQ(names(*manager), Names{"a"});
  digest_ = "2";
  manager->forget_changed();
  EXPECT_EQ(names(*manager), Names{});
  alive_.wait_for(1);  // who holds it keeps it
  held->reset();
  alive_.wait_for(0);
}

TEST_F(ModelManagerTest, a_changed_setting_counts_for_what_is_loaded_unless_a_request_said_otherwise) {
  const auto manager = make({.keep_alive = 10});
  ASSERT_TRUE(manager->acquire("a", {}));
  ASSERT_TRUE(manager->acquire("b", {.keep_alive = 10}));
  manager->set_limits(100, 3);
  let_pass(*manager, 50);
  alive_.wait_for(1);
  EXPECT_EQ(names(*manager), Names{"a"});
}

TEST_F(ModelManagerTest, a_longer_context_loads_anew_and_a_shorter_one_does_not) {
  const auto manager = make();
  ASSERT_TRUE(manager->acquire("a", {.context = 2048}));
  ASSERT_TRUE(manager->acquire("a", {.context = 1024}));
  ASSERT_TRUE(manager->acquire("a", {}));
  EXPECT_EQ(n_loads_, 1);
  ASSERT_TRUE(manager->acquire("a", {.context = 8192}));
  EXPECT_EQ(n_loads_, 2);
  alive_.wait_for(1);
}

TEST_F(ModelManagerTest, more_context_than_the_model_was_made_for_is_refused_or_as_much_as_that) {
  for (const bool is_loaded : {false, true}) {
    const auto manager = make();
    if (is_loaded) manager->acquire("a", {.context = 8192}).value();
    const auto refused = manager->acquire("a", {.context = 100'000});
    ASSERT_FALSE(refused);
    const auto counts = chat::as_context_too_large(refused.error());
    ASSERT_TRUE(counts);
    EXPECT_EQ(counts->asked_tokens, 100'000U);
    EXPECT_EQ(counts->model_tokens, 8192U);
    const auto clamped = manager->acquire("a", {.context = 100'000, .clamp_context = true});
    ASSERT_TRUE(clamped);
    EXPECT_EQ((*clamped)->describe()->context_limit, 8192U);
  }
  EXPECT_EQ(n_loads_, 4);  // two of them refused
}

TEST_F(ModelManagerTest, what_was_loaded_smaller_for_one_request_is_loaded_anew_for_those_that_name_no_context) {
  most_context_ = 1024;
  const auto manager = make();
  ASSERT_TRUE(manager->acquire("a", {.context = 512}));
  ASSERT_TRUE(manager->acquire("a", {.context = 700}));
  EXPECT_EQ(n_loads_, 1);
  most_context_ = 4096;
  EXPECT_EQ((*manager->acquire("a", {}))->describe()->context_limit, 4096U);
  EXPECT_EQ(n_loads_, 2);
  ASSERT_TRUE(manager->acquire("a", {.context = 512}));
  EXPECT_EQ(n_loads_, 2);
}

TEST_F(ModelManagerTest, the_wishes_of_a_client_that_is_not_known_any_more_are_dropped) {
  const auto manager = make({.keep_alive = 10});
  ASSERT_TRUE(manager->acquire("a", {.keep_alive = -1, .client = "gone"}));
  ASSERT_TRUE(manager->acquire("b", {.keep_alive = -1, .client = "here"}));
  manager->forget_clients([](std::string_view client) { return client == "here"; });
  alive_.wait_for(1);
  EXPECT_EQ(names(*manager), Names{"b"});
}

TEST_F(ModelManagerTest, who_may_only_wish_is_granted_no_more_than_the_setting) {
  const auto granted = [&](const ModelManager& manager, std::optional<KeepAlive> keep_alive, bool may_only_wish) {
    return manager.granted({.keep_alive = keep_alive, .may_only_wish = may_only_wish});
  };
  const auto manager = make({.keep_alive = 10});
  EXPECT_EQ(granted(*manager, -1, true), 10);
  EXPECT_EQ(granted(*manager, 11, true), 10);
  EXPECT_EQ(granted(*manager, 9, true), 9);
  EXPECT_EQ(granted(*manager, {}, true), std::nullopt);
  EXPECT_EQ(granted(*manager, -1, false), -1);
  EXPECT_EQ(granted(*make({.keep_alive = -1}), 3600, true), 3600);
}

TEST_F(ModelManagerTest, reports_what_cannot_be_found_or_loaded_and_keeps_nothing) {
  const auto manager = make();
  EXPECT_EQ(manager->acquire("unknown", {}).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(manager->acquire("broken", {}).error().code(), ErrorCode::kCorrupt);
  EXPECT_TRUE(manager->loaded().empty());
}

TEST_F(ModelManagerTest, many_threads_that_ask_at_once_share_one_load) {
  const auto manager = make();
  {
    std::vector<std::jthread> threads;
    threads.reserve(8);
    for (int i = 0; i < 8; ++i)
      threads.emplace_back([&] { EXPECT_TRUE(manager->acquire("a", {}).has_value()); });
  }
  EXPECT_EQ(n_loads_, 1);
}

}  // namespace
}  // namespace ingle::runtime
