#include "router/offline.h"

#include <gtest/gtest.h>

#include "base/testing/temp_folder.h"

namespace ingle::router {
namespace {

TEST(OfflineSwitch, is_seen_by_every_holder_at_once) {
  const base::testing::TempFolder folder;
  const OfflineSwitch one(folder.path() / "home", false);
  const OfflineSwitch other(folder.path() / "home", false);
  EXPECT_FALSE(one.on());
  ASSERT_TRUE(one.set(true));
  EXPECT_TRUE(other.on());
  ASSERT_TRUE(other.set(true));
  ASSERT_TRUE(other.set(false));
  EXPECT_FALSE(one.on());
  EXPECT_TRUE(one.set(false));
}

TEST(OfflineSwitch, cannot_be_turned_off_against_the_setting) {
  const base::testing::TempFolder folder;
  const OfflineSwitch held(folder.path(), true);
  EXPECT_TRUE(held.on());
  EXPECT_EQ(held.set(false).error().code(), ErrorCode::kRefused);
}

TEST(OfflineSwitch, counts_as_on_when_it_cannot_be_read) {
  const base::testing::TempFolder folder;
  const std::filesystem::path loop = folder.path() / "loop";
  std::filesystem::create_symlink(loop, loop);
  EXPECT_TRUE(OfflineSwitch(loop, false).on());
}

}  // namespace
}  // namespace ingle::router
