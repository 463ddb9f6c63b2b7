#include "base/cpu_features.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "base/testing/temp_folder.h"

namespace ingle::base {
namespace {

class CpuQuota : public ::testing::Test {
 protected:
  void put(const std::filesystem::path& path, std::string_view text) const {
    const auto full = folder_.path() / path;
    std::filesystem::create_directories(full.parent_path());
    ASSERT_TRUE(write_file_atomic(full, text).has_value());
  }
  unsigned quota() const { return cpu_quota(folder_.path()); }

 private:
  const testing::TempFolder folder_;
};

TEST_F(CpuQuota, is_none_where_no_group_has_one) {
  EXPECT_EQ(quota(), 0U);
  put("proc/self/cgroup", "0::/user.slice\n");
  EXPECT_EQ(quota(), 0U);
  put("sys/fs/cgroup/user.slice/cpu.max", "max 100000\n");
  EXPECT_EQ(quota(), 0U);
}

TEST_F(CpuQuota, is_the_smallest_of_the_groups_around_a_process_rounded_up) {
  put("proc/self/cgroup", "0::/a/b/c\n");
  put("sys/fs/cgroup/a/b/c/cpu.max", "800000 100000\n");
  EXPECT_EQ(quota(), 8U);
  put("sys/fs/cgroup/a/cpu.max", "150000 100000\n");
  EXPECT_EQ(quota(), 2U);
  put("sys/fs/cgroup/a/b/cpu.max", "1000 100000\n");
  EXPECT_EQ(quota(), 1U);
}

TEST_F(CpuQuota, of_a_container_is_found_at_the_top) {
  put("proc/self/cgroup", "0::/docker/0123\n");
  put("sys/fs/cgroup/cpu.max", "200000 100000\n");
  EXPECT_EQ(quota(), 2U);
}

TEST_F(CpuQuota, of_the_first_version_is_read_from_its_controller) {
  put("proc/self/cgroup", "5:memory:/job\n3:cpu,cpuacct:/job\n2:cpuset:/\n");
  put("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "50000\n");
  put("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "-1\n");
  EXPECT_EQ(quota(), 0U);
  put("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "150000\n");
  EXPECT_EQ(quota(), 3U);
}

TEST_F(CpuQuota, nonsense_is_no_quota) {
  put("proc/self/cgroup", "nothing\n0:\n::\n0::/../../..\n");
  put("sys/fs/cgroup/cpu.max", "many cores\n");
  EXPECT_EQ(quota(), 0U);
  put("sys/fs/cgroup/cpu.max", "100000 0\n");
  EXPECT_EQ(quota(), 0U);
}

TEST(PhysicalCores, are_one_at_least) {
  EXPECT_GE(physical_cores(), 1U);
}

}  // namespace
}  // namespace ingle::base
