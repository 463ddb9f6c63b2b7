#include "base/child_process.h"

#include <gtest/gtest.h>

#include "base/testing/temp_folder.h"

namespace ingle::base {
namespace {

Result<ChildOutput> shell(const std::string& script, ChildOptions options = {}) {
  const std::vector<std::string> words = {"/bin/sh", "-c", script};
  return run_program(words, options);
}

TEST(ChildProcess, returns_both_streams_and_the_exit_code) {
  const auto output = shell("echo data; echo talk >&2; exit 3");
  ASSERT_TRUE(output);
  EXPECT_EQ(output->out, "data\n");
  EXPECT_EQ(output->err, "talk\n");
  EXPECT_EQ(output->exit_code, 3);
}

TEST(ChildProcess, runs_in_the_folder_it_is_given_with_an_empty_stdin) {
  const testing::TempFolder folder;
  const auto output = shell("cat; pwd; echo \"$USER\"", {.folder = folder.path()});
  ASSERT_TRUE(output);
  EXPECT_EQ(output->out, std::filesystem::canonical(folder.path()).string() + "\n\n");
}

TEST(ChildProcess, ends_a_program_that_writes_too_much) {
  const auto output = shell("while :; do echo more; done", {.max_output_bytes = 1000});
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code(), ErrorCode::kExhausted);
}

TEST(ChildProcess, ends_a_program_that_does_not_end) {
  const auto output = shell("exec sleep 600", {.time = std::chrono::milliseconds(20)});
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code(), ErrorCode::kExhausted);
}

TEST(ChildProcess, says_which_signal_ended_the_program) {
  const auto output = shell("kill -SEGV $$");
  ASSERT_FALSE(output);
  EXPECT_NE(output.error().message().find("signal 11"), std::string::npos);
}

TEST(ChildProcess, says_which_program_is_not_there) {
  const std::vector<std::string> words = {"/no/such/program"};
  const auto output = run_program(words, {});
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code(), ErrorCode::kUnavailable);
  EXPECT_NE(output.error().message().find("/no/such/program"), std::string::npos);
}

}  // namespace
}  // namespace ingle::base
