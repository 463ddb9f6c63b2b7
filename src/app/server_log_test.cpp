#include "app/server_log.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <thread>

#include "base/testing/temp_folder.h"

namespace ingle::app {
namespace {

std::string text_of(const std::filesystem::path& path) {
  return base::read_file(path, 1 << 20).value_or("");
}

TEST(ServerLog, lines_are_in_the_file_when_the_log_is_closed_and_only_the_owner_reads_it) {
  const base::testing::TempFolder home;
  {
    auto log = ServerLog::to_file(home.path());
    ASSERT_TRUE(log.has_value());
    (*log)->write("{\"event\":\"a\"}");
    (*log)->write("{\"event\":\"b\"}");
  }
  EXPECT_EQ(text_of(ServerLog::file(home.path())), "{\"event\":\"a\"}\n{\"event\":\"b\"}\n");
  struct stat status{};
  ASSERT_EQ(::stat(ServerLog::file(home.path()).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST(ServerLog, a_second_run_goes_on_in_the_same_file) {
  const base::testing::TempFolder home;
  for (const char* line : {"1", "2"})
    (*ServerLog::to_file(home.path()))->write(line);
  EXPECT_EQ(text_of(ServerLog::file(home.path())), "1\n2\n");
}

TEST(ServerLog, a_full_file_is_moved_aside_and_only_so_many_are_kept) {
  const base::testing::TempFolder home;
  for (int i = 0; i < ServerLog::kKept + 3; ++i)
    (*ServerLog::to_file(home.path(), 4))->write("line" + std::to_string(i));
  EXPECT_EQ(text_of(ServerLog::file(home.path(), 0)), "line5\n");
  EXPECT_EQ(text_of(ServerLog::file(home.path(), 1)), "line4\n");
  EXPECT_EQ(text_of(ServerLog::file(home.path(), ServerLog::kKept)), "line2\n");
  EXPECT_FALSE(std::filesystem::exists(ServerLog::file(home.path(), ServerLog::kKept + 1)));
}

/// Until the writer has written it.
void wait_for(const std::filesystem::path& path, const std::string& text) {
  while (text_of(path) != text)
    std::this_thread::yield();
}

TEST(ServerLog, a_file_that_was_moved_or_removed_is_begun_anew) {
  namespace fs = std::filesystem;
  const base::testing::TempFolder home;
  const fs::path path = ServerLog::file(home.path());
  const auto log = ServerLog::to_file(home.path()).value();
  log->write("1");
  wait_for(path, "1\n");
  fs::rename(path, home.path() / "moved");
  log->write("2");
  wait_for(path, "2\n");
  EXPECT_EQ(text_of(home.path() / "moved"), "1\n");
  fs::remove_all(path.parent_path());
  log->write("3");
  wait_for(path, "3\n");
  EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST(ServerLog, a_file_that_somebody_put_in_its_place_is_used) {
  const base::testing::TempFolder home;
  const auto path = ServerLog::file(home.path());
  const auto log = ServerLog::to_file(home.path()).value();
  ASSERT_TRUE(base::write_file_atomic(path, "theirs\n", 0640));
  log->write("ours");
  wait_for(path, "theirs\nours\n");
}

TEST(ServerLog, a_line_after_one_that_was_cut_begins_on_its_own) {
  const base::testing::TempFolder home;
  const auto path = ServerLog::file(home.path());
  std::filesystem::create_directories(path.parent_path());
  ASSERT_TRUE(base::write_file_atomic(path, "whole\ncu"));
  {
    const auto log = ServerLog::to_file(home.path()).value();
    log->write("a");
    wait_for(path, "whole\ncu\na\n");
    // A disk that is full: as much as fits is written.
    struct rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    const struct rlimit full{.rlim_cur = text_of(path).size() + 2, .rlim_max = before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &full), 0);
    log->write("bcdef");
    wait_for(path, "whole\ncu\na\nbc");
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    std::signal(SIGXFSZ, handler);
    log->write("g");
  }
  EXPECT_EQ(text_of(path), "whole\ncu\na\nbc\ng\n");
}

TEST(ServerLog, a_link_in_its_place_is_not_followed) {
  const base::testing::TempFolder home;
  std::filesystem::create_directories(ServerLog::file(home.path()).parent_path());
  std::filesystem::create_symlink(home.path() / "elsewhere", ServerLog::file(home.path()));
  const auto log = ServerLog::to_file(home.path());
  ASSERT_FALSE(log.has_value());
  EXPECT_NE(log.error().message().find("server.jsonl"), std::string::npos);
}

}  // namespace
}  // namespace ingle::app
