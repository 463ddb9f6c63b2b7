#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/files.h"
#include "roles/os/landlock.h"

namespace ingle::roles {
namespace {

using base::FileDescriptor;

// linux/landlock.h, as of ABI 7.
constexpr long kCreateRuleset = 444;
constexpr long kAddRule = 445;
constexpr long kRestrictSelf = 446;
constexpr uint32_t kVersion = 1;
constexpr int kPathBeneath = 1;

enum Right : uint64_t {
  kExecute = 1ULL << 0,
  kWriteFile = 1ULL << 1,
  kReadFile = 1ULL << 2,
  kReadDir = 1ULL << 3,
  kRemoveDir = 1ULL << 4,
  kRemoveFile = 1ULL << 5,
  kMakeDir = 1ULL << 7,
  kMakeReg = 1ULL << 8,
  kMakeSym = 1ULL << 12,
  kRefer = 1ULL << 13,     // from ABI 2
  kTruncate = 1ULL << 14,  // from ABI 3
};
constexpr uint64_t kOnFiles = kExecute | kWriteFile | kReadFile | kTruncate;
constexpr uint64_t kRead = kReadFile | kReadDir;
constexpr uint64_t kWrite =
    kRead | kWriteFile | kRemoveDir | kRemoveFile | kMakeDir | kMakeReg | kMakeSym | kRefer | kTruncate;

constexpr uint64_t kBindTcp = 1;
constexpr uint64_t kConnectTcp = 2;
constexpr uint64_t kScopeAbstractSockets = 1;
constexpr uint64_t kScopeSignals = 2;

struct RulesetAttributes {
  uint64_t files = 0;
  uint64_t network = 0;  // from ABI 4
  uint64_t scopes = 0;   // from ABI 6
};

struct __attribute__((packed)) PathBeneathAttributes {
  uint64_t allowed = 0;
  int32_t parent = -1;
};

/// Every right on files that `abi` knows: a right that is handled and not allowed is denied.
uint64_t rights_on_files(int abi) {
  if (abi >= 5) return (1ULL << 16) - 1;  // with ioctl() on devices
  if (abi >= 3) return (1ULL << 15) - 1;
  if (abi == 2) return (1ULL << 14) - 1;
  return (1ULL << 13) - 1;
}

Status allow(int ruleset, const std::filesystem::path& path, uint64_t rights) {
  const FileDescriptor fd(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!fd.valid() && (errno == ENOENT || errno == ENOTDIR || errno == EACCES)) return {};
  struct stat info{};
  if (!fd.valid() || ::fstat(fd.get(), &info) != 0) {
    return std::unexpected(Error::io(fmt::format("looking at '{}' for the sandbox", path.string()), errno));
  }
  if (!S_ISDIR(info.st_mode)) rights &= kOnFiles;
  const PathBeneathAttributes attributes{.allowed = rights, .parent = fd.get()};
  if (::syscall(kAddRule, ruleset, kPathBeneath, &attributes, 0) != 0) {
    return std::unexpected(Error::io(fmt::format("Landlock refuses a rule for '{}'", path.string()), errno));
  }
  return {};
}

}  // namespace

int landlock_abi() {
  const long abi = ::syscall(kCreateRuleset, nullptr, 0, kVersion);
  return abi < 0 ? 0 : static_cast<int>(abi);
}

Status landlock(const LandlockRules& rules, int abi) {
  RulesetAttributes attributes{.files = rights_on_files(abi)};
  if (abi >= 4) attributes.network = rules.may_connect ? kBindTcp : kBindTcp | kConnectTcp;
  if (abi >= 6) attributes.scopes = kScopeAbstractSockets | kScopeSignals;
  const size_t size = abi >= 6 ? sizeof attributes : (abi >= 4 ? 2 : 1) * sizeof(uint64_t);
  const FileDescriptor ruleset(static_cast<int>(::syscall(kCreateRuleset, &attributes, size, 0)));
  if (!ruleset.valid()) return std::unexpected(Error::io("Landlock refuses a ruleset", errno));
  const auto allow_each = [&](const std::vector<std::filesystem::path>& paths, uint64_t rights) -> Status {
    for (const auto& path : paths)
      INGLE_TRY_VOID(allow(ruleset.get(), path, rights & attributes.files));
    return {};
  };
  INGLE_TRY_VOID(allow_each(rules.readable, kRead));
  INGLE_TRY_VOID(allow_each(rules.executable, kRead | kExecute));
  INGLE_TRY_VOID(allow_each(rules.writable, kWrite));
  if (::syscall(kRestrictSelf, ruleset.get(), 0) != 0) {
    return std::unexpected(Error::io("Landlock cannot be switched on", errno));
  }
  return {};
}

}  // namespace ingle::roles
