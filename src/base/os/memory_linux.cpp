#include "base/memory.h"

#include <malloc.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

namespace ingle::base {
namespace {

namespace fs = std::filesystem;

/// What each version of control groups calls its files.
struct GroupFiles {
  const char* limit;
  const char* used;
  const char* cache;  // in memory.stat: file pages that give way
};
constexpr GroupFiles kVersion1{"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"};
constexpr GroupFiles kVersion2{"memory.max", "memory.current", "inactive_file"};

std::optional<uint64_t> number_in(const fs::path& path) {
  std::ifstream file(path);
  uint64_t number = 0;
  if (file >> number) return number;
  return std::nullopt;  // no such file, or "max"
}

/// The number after `key` in a file of words and numbers.
uint64_t number_after(const fs::path& path, std::string_view key) {
  std::ifstream file(path);
  std::string word;
  uint64_t number = 0;
  while (file >> word)
    if (word == key && file >> number) return number;
  return 0;
}

uint64_t left_in_group(const fs::path& folder, const GroupFiles& files) {
  const auto limit = number_in(folder / files.limit);
  const auto used = number_in(folder / files.used);
  if (!limit || !used) return UINT64_MAX;
  const uint64_t kept = *used - std::min(*used, number_after(folder / "memory.stat", files.cache));
  return *limit - std::min(*limit, kept);
}

/// A group is bounded by every one above it. Inside a container its own path may not be visible, but the root is.
uint64_t left_up_from(const fs::path& root, std::string_view group, const GroupFiles& files) {
  uint64_t left = left_in_group(root, files);
  fs::path folder = root;
  for (const fs::path& part : fs::path(group).relative_path())
    left = std::min(left, left_in_group(folder /= part, files));
  return left;
}

std::string text_of(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

uint64_t left_in_groups(const fs::path& root, std::string_view memberships) {
  uint64_t left = UINT64_MAX;
  while (!memberships.empty()) {
    // cgroups(7): "4:memory:/group" of version 1, "0::/group" of version 2
    const std::string_view line = memberships.substr(0, memberships.find('\n'));
    memberships.remove_prefix(std::min(line.size() + 1, memberships.size()));
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first == line.npos || second == line.npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const std::string_view group = line.substr(second + 1);
    if (controllers.empty()) left = std::min(left, left_up_from(root, group, kVersion2));
    if (controllers == "memory") left = std::min(left, left_up_from(root / "memory", group, kVersion1));
  }
  return left;
}

uint64_t available_memory() {
  // proc(5): "MemAvailable:   12345678 kB"
  const uint64_t available = number_after("/proc/meminfo", "MemAvailable:") * 1024;
  if (available == 0) return 0;
  return std::max<uint64_t>(std::min(available, left_in_groups("/sys/fs/cgroup", text_of("/proc/self/cgroup"))), 1);
}

void return_freed_memory() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

}  // namespace ingle::base
