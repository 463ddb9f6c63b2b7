#include <sched.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <set>
#include <string>
#include <thread>

#include "base/cpu_features.h"
#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace ingle::base {
namespace {

#if defined(__x86_64__)
std::string read_brand() {
  std::array<unsigned, 12> words{};
  for (unsigned i = 0; i < 3; ++i) {
    unsigned* w = &words[4 * i];
    if (__get_cpuid(0x80000002U + i, w, w + 1, w + 2, w + 3) == 0) return "unknown x86-64 processor";
  }
  std::array<char, 49> text{};
  std::memcpy(text.data(), words.data(), 48);
  return text.data();
}

CpuFeatures detect() {
  CpuFeatures f;
  f.avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
  f.avx512_vnni = f.avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                  __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512vbmi") &&
                  __builtin_cpu_supports("avx512vnni");
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (f.avx2 && __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0) {
    f.avx_vnni = (a & (1U << 4)) != 0;
    f.avx512_bf16 = f.avx512_vnni && (a & (1U << 5)) != 0;
  }
  f.brand = read_brand();
  return f;
}
#elif defined(__aarch64__)
// The kernel names no product: the main identification register has the maker and the part (Arm ARM, MIDR_EL1).
std::string read_brand() {
  std::ifstream file("/sys/devices/system/cpu/cpu0/regs/identification/midr_el1");
  std::string midr;
  if (!std::getline(file, midr)) return "unknown AArch64 processor";
  return "AArch64 processor " + midr;
}

CpuFeatures detect() {
  CpuFeatures f;
  f.dotprod = (::getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
  f.i8mm = f.dotprod && (::getauxval(AT_HWCAP2) & HWCAP2_I8MM) != 0;
  f.brand = read_brand();
  return f;
}
#else
CpuFeatures detect() {
  CpuFeatures f;
  f.brand = "generic processor";
  return f;
}
#endif

/// Cores, rounded up; 0 for files that are not there or say "max" or -1.
unsigned quota_in(const std::filesystem::path& group, bool v2) {
  double quota = 0;
  double period = 0;
  if (v2) {
    std::ifstream(group / "cpu.max") >> quota >> period;
  } else {
    std::ifstream(group / "cpu.cfs_quota_us") >> quota;
    std::ifstream(group / "cpu.cfs_period_us") >> period;
  }
  if (!(quota > 0) || !(period > 0)) return 0;
  return static_cast<unsigned>(std::clamp(std::ceil(quota / period), 1.0, 65536.0));
}

unsigned count_cores() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return std::max(1U, std::thread::hardware_concurrency());
  // Two logical processors that name the same siblings are one core.
  std::set<std::string> cores;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    std::ifstream file("/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/thread_siblings_list");
    std::string siblings;
    if (!std::getline(file, siblings)) siblings = std::to_string(cpu);
    cores.insert(siblings);
  }
  return cores.empty() ? 1U : static_cast<unsigned>(cores.size());
}

}  // namespace

unsigned cpu_quota(const std::filesystem::path& root) {
  std::ifstream groups(root / "proc/self/cgroup");  // a line each: number:controllers:/path (cgroups(7))
  unsigned least = std::numeric_limits<unsigned>::max();
  for (std::string line; std::getline(groups, line);) {
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = ',' + line.substr(first + 1, second - first - 1) + ',';
    const bool v2 = controllers == ",,";
    if (!v2 && controllers.find(",cpu,") == std::string::npos) continue;
    // A group's quota binds the groups in it. In a container the path may be the host's, and only the top be there.
    const std::filesystem::path top = root / "sys/fs/cgroup" / (v2 ? "" : line.substr(first + 1, second - first - 1));
    auto path = std::filesystem::path(line.substr(second + 1)).relative_path().lexically_normal();
    while (true) {
      if (const unsigned quota = quota_in(top / path, v2); quota > 0) least = std::min(least, quota);
      if (path.empty()) break;
      path = path.parent_path();
    }
  }
  return least == std::numeric_limits<unsigned>::max() ? 0 : least;
}

const CpuFeatures& cpu_features() {
  static const CpuFeatures features = detect();
  return features;
}

unsigned physical_cores() {
  static const unsigned cores = [] {
    const unsigned quota = cpu_quota();
    return quota > 0 ? std::min(quota, count_cores()) : count_cores();
  }();
  return cores;
}

}  // namespace ingle::base
