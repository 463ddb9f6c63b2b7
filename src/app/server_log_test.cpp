#include "app/server_log.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

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
