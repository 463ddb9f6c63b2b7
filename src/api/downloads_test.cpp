#include "api/downloads.h"

#include <gtest/gtest.h>

#include <condition_variable>

namespace ingle::api {
namespace {

using store::PullPhase;

/// Waits until the pull has ended; a pull of these tests does so by itself.
Download ended(const Downloads& downloads, const std::string& id) {
  while (downloads.find(id)->state == Download::State::kRunning)
    std::this_thread::yield();
  return *downloads.find(id);
}

/// Tells that it is half way and goes on until it is stopped.
Result<store::PullReport> endless(std::string_view /*name*/, const store::PullCallback& tell, std::stop_token stop) {
  tell({.phase = PullPhase::kDownloading, .bytes_done = 50, .bytes_total = 100});
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  changed.wait(lock, stop, [] { return false; });
  return std::unexpected(Error::cancelled("stopped"));
}

TEST(Downloads, a_pull_that_ends_is_completed_or_says_why_not) {
  Downloads downloads(
      [](std::string_view name, const store::PullCallback& tell, std::stop_token) -> Result<store::PullReport> {
        if (name == "bad:1") return std::unexpected(Error::not_found("nobody has it").hint("look again"));
        tell({.phase = PullPhase::kDownloading, .bytes_done = 3, .bytes_total = 10});
        store::PullReport report{.name = *store::ModelName::parse(name)};
        report.size = 10;
        return report;
      },
      [] { return int64_t{7}; });
  const Download good = ended(downloads, downloads.begin("good:1")->id);
  EXPECT_EQ(good.state, Download::State::kCompleted);
  EXPECT_EQ(good.bytes_done, 10U);
  EXPECT_EQ(good.ended_unix, 7);
  const Download bad = ended(downloads, downloads.begin("bad:1")->id);
  EXPECT_EQ(bad.state, Download::State::kFailed);
  EXPECT_EQ(bad.problem, "nobody has it: look again");
  EXPECT_FALSE(downloads.find("job_odd").has_value());
}

TEST(Downloads, a_model_is_pulled_once_and_few_at_a_time_until_the_end) {
  Downloads downloads(endless, [] { return int64_t{7}; });
  const auto first = downloads.begin("m:0");
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(downloads.begin("m:0")->id, first->id);
  for (size_t i = 1; i < Downloads::kMaxAtOnce; ++i)
    EXPECT_TRUE(downloads.begin("m:" + std::to_string(i)).has_value());
  EXPECT_EQ(downloads.begin("m:many").error().code(), ErrorCode::kExhausted);
  while (downloads.find(first->id)->bytes_total == 0)
    std::this_thread::yield();
  EXPECT_EQ(downloads.find(first->id)->bytes_done, 50U);
  downloads.stop();
  EXPECT_EQ(downloads.find(first->id)->state, Download::State::kFailed);
  EXPECT_FALSE(downloads.begin("m:late").has_value());
}

TEST(Downloads, the_oldest_that_ended_are_forgotten) {
  Downloads downloads(
      [](std::string_view, const store::PullCallback&, std::stop_token) -> Result<store::PullReport> {
        return std::unexpected(Error::not_found("nobody has it"));
      },
      [] { return int64_t{7}; });
  const std::string first = ended(downloads, downloads.begin("m:1")->id).id;
  for (size_t i = 0; i < Downloads::kMaxRemembered; ++i)
    ended(downloads, downloads.begin("m:1")->id);
  EXPECT_FALSE(downloads.find(first).has_value());
}

}  // namespace
}  // namespace ingle::api
