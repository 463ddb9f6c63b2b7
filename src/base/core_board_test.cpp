#include "base/core_board.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>

#include "base/testing/temp_folder.h"

namespace ingle::base {
namespace {

std::unique_ptr<CoreBoard> join(const std::filesystem::path& path) {
  auto place = CoreBoard::reserve(path);
  EXPECT_TRUE(place.has_value());
  auto board = CoreBoard::open(std::move(*place));
  EXPECT_TRUE(board.has_value());
  return std::move(*board);
}

TEST(CoreBoard, an_engine_that_is_alone_has_all_cores) {
  const testing::TempFolder folder;
  const auto one = join(folder.path() / "cores");
  const auto idle = join(folder.path() / "cores");
  EXPECT_EQ(one->take(4), 4U);
}

TEST(CoreBoard, engines_that_compute_together_divide_the_cores) {
  const testing::TempFolder folder;
  const auto a = join(folder.path() / "cores");
  const auto b = join(folder.path() / "cores");
  a->take(4);
  EXPECT_EQ(b->take(4), 2U);
  EXPECT_EQ(a->take(4), 2U);
  const auto c = join(folder.path() / "cores");
  c->take(4);
  EXPECT_EQ(a->take(4) + b->take(4) + c->take(4), 4U);
  EXPECT_EQ(c->take(1), 1U);
  b->leave();
  c->leave();
  EXPECT_EQ(a->take(4), 4U);
}

TEST(CoreBoard, a_place_is_free_again_when_its_holder_is_gone) {
  const testing::TempFolder folder;
  const auto path = folder.path() / "cores";
  std::vector<FileDescriptor> all;
  while (auto place = CoreBoard::reserve(path))
    all.push_back(std::move(*place));
  EXPECT_GE(all.size(), 16U);
  all.pop_back();
  EXPECT_TRUE(CoreBoard::reserve(path).has_value());
}

/// Writes into a place that its holder began a step `ago`, which counts for two seconds by itself.
void began(const FileDescriptor& place, std::chrono::seconds ago) {
  const auto until = std::chrono::steady_clock::now().time_since_epoch() - ago + std::chrono::seconds(2);
  const auto word = static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(until).count());
  ASSERT_EQ(::pwrite(place.get(), &word, sizeof word, ::lseek(place.get(), 0, SEEK_CUR) * 64), 8);
}

TEST(CoreBoard, an_engine_in_a_long_step_counts_until_it_ends_but_not_for_ever) {
  const testing::TempFolder folder;
  const auto one = join(folder.path() / "cores");
  auto other = CoreBoard::reserve(folder.path() / "cores");
  ASSERT_TRUE(other.has_value());
  began(*other, std::chrono::seconds(10));
  EXPECT_EQ(one->take(4), 2U);
  began(*other, std::chrono::hours(1));
  EXPECT_EQ(one->take(4), 4U);
  began(*other, std::chrono::seconds(10));
  *other = FileDescriptor();
  EXPECT_EQ(one->take(4), 4U);
}

TEST(CoreBoard, the_users_folder_is_made_once_and_found_again) {
  const testing::TempFolder folder;
  const auto first = CoreBoard::folder_of_user(folder.path());
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(CoreBoard::folder_of_user(folder.path()), *first);
  const auto one = join(*first / "cores");
  const auto two = join(*first / "cores");
  one->take(4);
  EXPECT_EQ(two->take(4), 2U);
}

TEST(CoreBoard, a_folder_that_others_may_enter_or_that_is_a_link_is_refused) {
  namespace fs = std::filesystem;
  const testing::TempFolder folder;
  const auto made = CoreBoard::folder_of_user(folder.path());
  ASSERT_TRUE(made.has_value());
  fs::permissions(*made, fs::perms::all);
  EXPECT_EQ(CoreBoard::folder_of_user(folder.path()).error().code(), ErrorCode::kRefused);
  fs::permissions(*made, fs::perms::owner_all);
  fs::rename(*made, folder.path() / "elsewhere");
  fs::create_directory_symlink(folder.path() / "elsewhere", *made);
  EXPECT_EQ(CoreBoard::folder_of_user(folder.path()).error().code(), ErrorCode::kRefused);
}

TEST(CoreBoard, what_is_no_board_is_refused) {
  const testing::TempFolder folder;
  ASSERT_TRUE(write_file_atomic(folder.path() / "short", "x").has_value());
  auto fd = FileDescriptor::open_read(folder.path() / "short");
  ASSERT_TRUE(fd.has_value());
  EXPECT_FALSE(CoreBoard::open(std::move(*fd)).has_value());
}

}  // namespace
}  // namespace ingle::base
