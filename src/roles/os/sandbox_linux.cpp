#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <initializer_list>
#include <iterator>

#include "base/cpu_features.h"
#include "roles/os/landlock.h"
#include "roles/os/seccomp.h"
#include "roles/sandbox.h"

namespace ingle::roles {
namespace {

namespace fs = std::filesystem;

#if defined(__SANITIZE_THREAD__)
constexpr bool kThreadSanitizer = true;
#elif defined(__has_feature)
constexpr bool kThreadSanitizer = __has_feature(thread_sanitizer);
#else
constexpr bool kThreadSanitizer = false;
#endif
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kAddressSanitizer = true;
#elif defined(__has_feature)
constexpr bool kAddressSanitizer = __has_feature(address_sanitizer);
#else
constexpr bool kAddressSanitizer = false;
#endif

// docs/threat-model.md: what a document may cost.
constexpr uint64_t kParseMemory = uint64_t{1} << 30;
constexpr uint32_t kParseSeconds = 60;
constexpr uint64_t kEngineFileSize = 1 << 20;
constexpr uint64_t kParseFileSize = uint64_t{256} << 20;
constexpr uint64_t kParseDescriptors = 256;

Status limit(int resource, uint64_t value, std::string_view name) {
  const rlimit both{.rlim_cur = value, .rlim_max = value};
  // A limit that is lower already stays.
  rlimit now{};
  if (::getrlimit(static_cast<__rlimit_resource>(resource), &now) == 0 && now.rlim_max < value) return {};
  if (::setrlimit(static_cast<__rlimit_resource>(resource), &both) == 0) return {};
  return std::unexpected(Error::io(fmt::format("limiting {}", name), errno));
}

/// Processes are not limited: RLIMIT_NPROC counts all that the user runs, so that a limit which helps would fail by chance.
/// Engine and egress cannot start any; what parse starts, the spawner ends.
Status limit_resources(Role role, const SandboxOptions& options) {
  INGLE_TRY_VOID(limit(RLIMIT_CORE, 0, "core dumps"));  // they would hold what people typed
  const bool parse = role == Role::kParse;
  const uint64_t memory = options.max_memory_bytes > 0 ? options.max_memory_bytes : parse ? kParseMemory : 0;
  // RLIMIT_DATA and not RLIMIT_AS: a model file of any size may be mapped to be listed. Sanitizers map terabytes.
  if (memory > 0 && !kAddressSanitizer && !kThreadSanitizer) INGLE_TRY_VOID(limit(RLIMIT_DATA, memory, "memory"));
  const uint32_t seconds = options.max_cpu_seconds > 0 ? options.max_cpu_seconds : parse ? kParseSeconds : 0;
  if (seconds > 0) INGLE_TRY_VOID(limit(RLIMIT_CPU, seconds, "processor time"));
  if (role == Role::kEngine) {
    // It writes in place what it was given, such as its place on the board of cores, and makes nothing longer than it
    // was told (its pages on disk): too long a
    // write is an error to it and not a signal.
    ::signal(SIGXFSZ, SIG_IGN);
    INGLE_TRY_VOID(limit(RLIMIT_FSIZE, std::max(kEngineFileSize, options.max_file_bytes), "the size of files"));
  }
  if (parse) {
    INGLE_TRY_VOID(limit(RLIMIT_FSIZE, kParseFileSize, "the size of files"));
    INGLE_TRY_VOID(limit(RLIMIT_NOFILE, kParseDescriptors, "open files"));
  }
  return {};
}

/// Under root: the rights of an ordinary program. Front keeps those over files, for a home that belongs to somebody else.
Status drop_capabilities(Role role) {
  uint64_t keep = 0;
  if (role == Role::kFront) {
    for (const unsigned capability : {CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_CHOWN})
      keep |= 1ULL << capability;
  }
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  if (::syscall(SYS_capget, &header, data) != 0) return std::unexpected(Error::io("reading capabilities", errno));
  for (unsigned half = 0; half < std::size(data); ++half) {
    const auto kept = static_cast<uint32_t>(keep >> (32 * half));
    data[half].effective &= kept;
    data[half].permitted &= kept;
    data[half].inheritable = 0;
  }
  if (::syscall(SYS_capset, &header, data) != 0) return std::unexpected(Error::io("dropping capabilities", errno));
  return {};
}

LandlockRules rules_of(Role role, const SandboxOptions& options) {
  LandlockRules rules;
  const auto add = [](std::vector<fs::path>& list, std::initializer_list<const char*> paths) {
    list.insert(list.end(), paths.begin(), paths.end());
  };
  switch (role) {
    case Role::kEngine:
      break;
    case Role::kParse:
      add(rules.executable, {"/usr", "/bin", "/lib", "/lib64"});
      add(rules.readable, {"/etc/fonts", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime",
                           "/etc/papersize", "/var/cache/fontconfig", "/dev/urandom"});
      add(rules.writable, {"/dev/null"});
      rules.writable.insert(rules.writable.end(), options.writable.begin(), options.writable.end());
      break;
    case Role::kEgress:
      add(rules.readable, {"/etc/resolv.conf",
                           "/etc/hosts",
                           "/etc/host.conf",
                           "/etc/nsswitch.conf",
                           "/etc/gai.conf",
                           "/etc/services",
                           "/etc/ssl",
                           "/etc/pki",
                           "/etc/ca-certificates",
                           "/usr/share/ca-certificates",
                           "/usr/local/share/ca-certificates",
                           "/usr/lib/ssl",
                           "/etc/ld.so.cache",
                           "/etc/localtime",
                           "/usr/lib",
                           "/usr/lib64",
                           "/lib",
                           "/lib64",
                           "/run/systemd/resolve",
                           "/dev/urandom"});
      rules.readable.insert(rules.readable.end(), options.readable.begin(), options.readable.end());
      rules.may_connect = !options.offline;
      break;
    case Role::kFront:
      add(rules.readable, {"/usr",
                           "/lib",
                           "/lib64",
                           "/etc/ld.so.cache",
                           "/etc/localtime",
                           "/etc/timezone",
                           "/etc/terminfo",
                           "/etc/inputrc",
                           "/etc/nsswitch.conf",
                           "/etc/ssl/openssl.cnf",
                           "/etc/ssl/certs",
                           "/proc/self",
                           "/proc/meminfo",
                           "/proc/cpuinfo",
                           "/proc/stat",
                           "/proc/loadavg",
                           "/proc/uptime",
                           "/proc/version",
                           "/proc/sys/kernel/osrelease",
                           "/sys/devices/system",
                           "/sys/fs/cgroup",
                           "/dev/urandom",
                           "/dev/random"});
      add(rules.writable, {"/dev/null", "/dev/tty"});
      rules.readable.insert(rules.readable.end(), options.readable.begin(), options.readable.end());
      rules.writable.insert(rules.writable.end(), options.writable.begin(), options.writable.end());
      break;
  }
  return rules;
}

size_t threads_of_this_process() {
  std::error_code error;
  const fs::directory_iterator tasks("/proc/self/task", error);
  return error ? 1 : static_cast<size_t>(std::distance(begin(tasks), end(tasks)));
}

std::string missing_from(bool seccomp, int abi) {
  if (!seccomp) return "the kernel has no seccomp: roles cannot be locked and do not start";
  if (abi == 0) {
    return "the kernel has no Landlock (it needs Linux 5.13 with Landlock switched on): files that a role may not open are "
           "protected by what it may call only, and those of parse, egress and the server not at all";
  }
  if (abi < 4) return fmt::format("Landlock ABI {} cannot restrict TCP (from Linux 6.7): seccomp alone does it", abi);
  return {};
}

}  // namespace

SandboxReport sandbox_offered() {
  SandboxReport report{.seccomp = seccomp_offered(), .landlock_abi = landlock_abi(), .missing = {}};
  report.missing = missing_from(report.seccomp, report.landlock_abi);
  return report;
}

Result<SandboxReport> lock(Role role, const SandboxOptions& options) {
  const auto where = [role](Error error) {
    return std::move(error).within(fmt::format("locking the role '{}'", to_string(role)));
  };
  // Landlock holds for the calling thread and those it starts later. (The thread sanitizer has one of its own.)
  if (!kThreadSanitizer && threads_of_this_process() > 1) {
    return std::unexpected(where(Error::internal("threads were started before")));
  }
  base::physical_cores();  // reads /sys once, and remembers
  const SandboxReport report = sandbox_offered();
  if (!report.seccomp) return std::unexpected(where(Error::unsupported(report.missing)));
  const auto steps = [&]() -> Status {
    INGLE_TRY_VOID(limit_resources(role, options));
    INGLE_TRY_VOID(drop_capabilities(role));
    // No debugger of the same user, no core dump, /proc files that belong to root.
    if (::prctl(PR_SET_DUMPABLE, 0) != 0) return std::unexpected(Error::io("hiding the process from others", errno));
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return std::unexpected(Error::io("giving up new rights", errno));
    if (report.landlock_abi > 0) INGLE_TRY_VOID(landlock(rules_of(role, options), report.landlock_abi));
    return restrict_system_calls(role, options.offline);
  };
  if (Status status = steps(); !status) return std::unexpected(where(status.error()));
  return report;
}

}  // namespace ingle::roles
