#include "runtime/model_manager.h"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <thread>

namespace ingle::runtime {
namespace {

std::atomic<int> n_alive = 0;

class FakeModel final : public chat::Completer {
 public:
  explicit FakeModel(std::string name) : name_(std::move(name)) { ++n_alive; }
  ~FakeModel() override { --n_alive; }

  Result<chat::Description> describe() override {
    chat::Description description;
    description.name = name_;
    return description;
  }
  Result<std::string> render(const chat::ChatPrompt&) override { return unused(); }
  Result<std::vector<int32_t>> tokenize(const chat::TokenizeRequest&) override { return unused(); }
  Result<std::string> detokenize(std::span<const int32_t>) override { return unused(); }
  Status complete(chat::CompleteRequest, chat::EventSink) override { return unused(); }
  void cancel(std::string_view) override {}
  Result<std::vector<float>> score(const chat::ScoreRequest&) override { return unused(); }
  Result<std::vector<float>> embed(const chat::EmbedRequest&) override { return unused(); }
  Result<std::vector<std::vector<float>>> tag(const chat::EmbedRequest&) override { return unused(); }
  Result<std::string> fork(std::string_view) override { return unused(); }
  void release(std::string_view) override {}

 private:
  static std::unexpected<Error> unused() { return std::unexpected(Error::unsupported("not part of this test")); }
  std::string name_;
};

class ModelManagerTest : public ::testing::Test {
 public:
  ModelManagerTest() { std::ofstream(file_) << "bytes"; }
  ~ModelManagerTest() override { std::filesystem::remove(file_); }

 protected:
  ModelManager make(size_t keep_loaded) {
    return {[this](std::string_view model) -> Result<ModelFiles> {
              if (model == "unknown") return std::unexpected(Error::not_found("no model 'unknown'"));
              if (model == "gone") return ModelFiles{"gone", {file_.string() + ".gone"}};
              return ModelFiles{std::string(model.substr(0, model.find(':'))), {file_, file_}};
            },
            [this](std::span<const base::FileDescriptor> parts, std::string_view name,
                   const engine::Options&) -> Result<std::unique_ptr<chat::Completer>> {
              EXPECT_EQ(parts.size(), 2U);
              ++n_loads_;
              if (name == "broken") return std::unexpected(Error::corrupt("broken"));
              return std::make_unique<FakeModel>(std::string(name));
            },
            keep_loaded};
  }

  std::filesystem::path file_ =
      std::filesystem::temp_directory_path() /
      ("ingle-model-manager-" + std::to_string(std::hash<std::thread::id>()(std::this_thread::get_id())) + "-" +
       std::to_string(reinterpret_cast<uintptr_t>(this)));
  std::atomic<int> n_loads_ = 0;
};

using Names = std::vector<std::string>;

TEST_F(ModelManagerTest, loads_a_model_once_whatever_it_is_called) {
  ModelManager manager = make(2);
  const auto a = manager.acquire("a", {});
  const auto same = manager.acquire("a:latest", {});
  ASSERT_TRUE(a.has_value());
  EXPECT_EQ(*a, *same);
  EXPECT_EQ(n_loads_, 1);
  EXPECT_EQ((*a)->describe()->name, "a");
}

TEST_F(ModelManagerTest, lets_go_of_the_least_recently_used_that_nobody_holds) {
  ModelManager manager = make(2);
  const auto held = manager.acquire("a", {});
  ASSERT_TRUE(manager.acquire("b", {}).has_value());
  ASSERT_TRUE(manager.acquire("c", {}).has_value());
  EXPECT_EQ(manager.loaded(), (Names{"c", "a"}));
  EXPECT_EQ(n_alive, 2);
}

TEST_F(ModelManagerTest, a_model_in_use_outlives_its_unloading) {
  ModelManager manager = make(2);
  auto held = manager.acquire("a", {});
  manager.unload("a");
  EXPECT_TRUE(manager.loaded().empty());
  EXPECT_EQ((*held)->describe()->name, "a");
  held->reset();
  EXPECT_EQ(n_alive, 0);
}

TEST_F(ModelManagerTest, reports_what_cannot_be_found_opened_or_loaded_and_keeps_nothing) {
  ModelManager manager = make(2);
  EXPECT_EQ(manager.acquire("unknown", {}).error().code(), ErrorCode::kNotFound);
  EXPECT_FALSE(manager.acquire("gone", {}).has_value());
  EXPECT_EQ(manager.acquire("broken", {}).error().code(), ErrorCode::kCorrupt);
  EXPECT_TRUE(manager.loaded().empty());
}

TEST_F(ModelManagerTest, many_threads_that_ask_at_once_share_one_load) {
  ModelManager manager = make(2);
  {
    std::vector<std::jthread> threads;
    threads.reserve(8);
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] { EXPECT_TRUE(manager.acquire("a", {}).has_value()); });
    }
  }
  EXPECT_EQ(n_loads_, 1);
}

}  // namespace
}  // namespace ingle::runtime
