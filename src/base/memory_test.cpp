#include "base/memory.h"

#include <gtest/gtest.h>

#include <fstream>

namespace ingle::base {
namespace {

namespace fs = std::filesystem;

class MemoryOfGroups : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "ingle-groups-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { fs::remove_all(root_); }
  void write(const fs::path& path, const char* text) const {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  fs::path root_;
};

TEST_F(MemoryOfGroups, is_unlimited_where_no_group_sets_a_limit) {
  EXPECT_EQ(memory_of_groups(root_, "").left, UINT64_MAX);
  EXPECT_EQ(memory_of_groups(root_, "nonsense\n0::/a/b\n4:memory:/x\n").left, UINT64_MAX);
  write("a/memory.max", "max\n");
  write("a/memory.current", "5000\n");
  EXPECT_EQ(memory_of_groups(root_, "0::/a\n").left, UINT64_MAX);
}

TEST_F(MemoryOfGroups, is_what_the_tightest_group_above_leaves_without_the_caches_that_give_way) {
  write("a/memory.max", "10000\n");
  write("a/memory.current", "7000\n");
  write("a/memory.stat", "anon 3000\ninactive_file 4000\nactive_file 1\n");
  write("a/b/memory.max", "9500\n");
  write("a/b/memory.current", "100\n");
  EXPECT_EQ(memory_of_groups(root_, "0::/a/b\n").left, 7000U);
  EXPECT_EQ(memory_of_groups(root_, "0::/a/b\n").limit, 9500U);
  write("a/b/memory.current", "9600\n");
  EXPECT_EQ(memory_of_groups(root_, "0::/a/b\n").left, 0U);
}

TEST_F(MemoryOfGroups, are_known_in_the_first_version_too_and_in_a_container_that_sees_only_the_root) {
  write("memory/memory.limit_in_bytes", "2000");
  write("memory/memory.usage_in_bytes", "500");
  write("memory/memory.stat", "total_inactive_file 100\n");
  EXPECT_EQ(memory_of_groups(root_, "4:memory:/host/path\n0::/\n").left, 1600U);
}

TEST(MachineMemory, of_this_machine_is_known) {
  EXPECT_GT(machine_memory().available, 0U);
  EXPECT_GE(machine_memory().total, machine_memory().available);
}

}  // namespace
}  // namespace ingle::base
