#include "roles/jobs.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "roles/testing/role_program.h"

namespace ingle::roles {
namespace {

using ::testing::HasSubstr;

class JobsTest : public ::testing::Test {
 protected:
  Result<std::string> run(std::string_view kind, const JobLimits& limits = {}) {
    return run_job(*spawner_, kind, "payload", files_, limits);
  }
  std::unique_ptr<Spawner> spawner_ = Spawner::start().value();
  std::vector<base::FileDescriptor> files_;
};

TEST_F(JobsTest, AJobAnswersFromAProcessOfItsOwn) {
  files_.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(*run("echo"), "payload with 1");
  EXPECT_EQ(run("refuse").error(), Error::corrupt("no document").hint("another one"));
  EXPECT_EQ(run("unknown").error().code(), ErrorCode::kInternal);
}

TEST_F(JobsTest, ACrashIsAnErrorThatSaysHow) {
  const auto crashed = run("crash");
  ASSERT_FALSE(crashed);
  EXPECT_EQ(crashed.error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(crashed.error().message(), HasSubstr("ended by signal 6"));
  EXPECT_EQ(*run("echo"), "payload with 0");
}

TEST_F(JobsTest, MemoryThatIsNotThereIsAnError) {
  EXPECT_EQ(run("hungry").error().code(), ErrorCode::kExhausted);
}

TEST_F(JobsTest, WhatTakesTooLongIsEnded) {
  const auto endless = run("endless", {.max_wall_seconds = 0});
  ASSERT_FALSE(endless);
  EXPECT_EQ(endless.error().code(), ErrorCode::kExhausted);
  EXPECT_THAT(endless.error().message(), HasSubstr("0 seconds"));
}

TEST_F(JobsTest, WithoutASpawnerTheSameJobsRunHere) {
  EXPECT_EQ(*run_job_here(testing::test_jobs(), "echo", "x", {}), "x with 0");
  EXPECT_EQ(run_job_here(testing::test_jobs(), "hungry", "x", {}).error().code(), ErrorCode::kExhausted);
}

TEST_F(JobsTest, AProcessThatGetsNoJobEnds) {
  auto [front, parse] = Channel::pair().value();
  EXPECT_TRUE(front.send(7, "nonsense"));
  EXPECT_EQ(serve_job(parse, testing::test_jobs()), 1);
}

}  // namespace
}  // namespace ingle::roles
