#include "base/core_board.h"

#include <gtest/gtest.h>

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

TEST(CoreBoard, what_is_no_board_is_refused) {
  const testing::TempFolder folder;
  ASSERT_TRUE(write_file_atomic(folder.path() / "short", "x").has_value());
  auto fd = FileDescriptor::open_read(folder.path() / "short");
  ASSERT_TRUE(fd.has_value());
  EXPECT_FALSE(CoreBoard::open(std::move(*fd)).has_value());
}

}  // namespace
}  // namespace ingle::base
