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

void add_group(GroupMemory& memory, const fs::path& folder, const GroupFiles& files) {
  const auto limit = number_in(folder / files.limit);
  const auto used = number_in(folder / files.used);
  if (!limit || !used) return;
  const uint64_t kept = *used - std::min(*used, number_after(folder / "memory.stat", files.cache));
  memory.left = std::min(memory.left, *limit - std::min(*limit, kept));
  memory.limit = std::min(memory.limit, *limit);
}

/// A group is bounded by every one above it. Inside a container its own path may not be visible, but the root is.
void add_groups_up_from(GroupMemory& memory, const fs::path& root, std::string_view group, const GroupFiles& files) {
  add_group(memory, root, files);
  fs::path folder = root;
  for (const fs::path& part : fs::path(group).relative_path())
    add_group(memory, folder /= part, files);
}

std::string text_of(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

GroupMemory memory_of_groups(const fs::path& root, std::string_view memberships) {
  GroupMemory memory;
  while (!memberships.empty()) {
    // cgroups(7): "4:memory:/group" of version 1, "0::/group" of version 2
    const std::string_view line = memberships.substr(0, memberships.find('\n'));
    memberships.remove_prefix(std::min(line.size() + 1, memberships.size()));
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first == line.npos || second == line.npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const std::string_view group = line.substr(second + 1);
    if (controllers.empty()) add_groups_up_from(memory, root, group, kVersion2);
    if (controllers == "memory") add_groups_up_from(memory, root / "memory", group, kVersion1);
  }
  return memory;
}

MachineMemory machine_memory() {
  // proc(5): "MemAvailable:   12345678 kB"
  const uint64_t available = number_after("/proc/meminfo", "MemAvailable:") * 1024;
  const uint64_t total = number_after("/proc/meminfo", "MemTotal:") * 1024;
  const GroupMemory groups = memory_of_groups("/sys/fs/cgroup", text_of("/proc/self/cgroup"));
  return {.available = available == 0 ? 0 : std::max<uint64_t>(std::min(available, groups.left), 1),
          .total = total == 0 ? 0 : std::max<uint64_t>(std::min(total, groups.limit), 1)};
}

void return_freed_memory() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

}  // namespace ingle::base
