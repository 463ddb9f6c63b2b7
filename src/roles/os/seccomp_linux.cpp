// Engine and egress have lists of what they may call: they run our own code only, and what is not named here fails with
// EPERM. Front and parse have lists of what they may not call: front runs a web server, SQLite and the C++ library over
// files, parse executes the document tools of the distribution, and what those need differs between their versions; a list
// that forgot one call would break a user's documents after an upgrade. What such a list must close is known and small:
// ways to the network, to other processes' memory, to more rights, and to kernel parts that documents do not need.
//
// Comparisons against a number of 32 bits mask the upper half in rules that deny: the kernel ignores those bits, and an
// attacker could set them to miss the rule. Rules that allow compare all 64 bits.
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <utility>

#include "roles/os/seccomp.h"

namespace ingle::roles {
namespace {

constexpr uint64_t k32Bits = 0xffffffff;
constexpr uint64_t kSocketTypeMask = 0xf;  // beside it stand SOCK_CLOEXEC and SOCK_NONBLOCK
constexpr uint64_t kNamespaces =
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
constexpr uint64_t kThread = CLONE_VM | CLONE_THREAD | CLONE_SIGHAND;
constexpr uint64_t kExecutableMemory = 4;  // PROT_EXEC

using Condition = scmp_arg_cmp;

Condition equals(unsigned argument, uint64_t value) {
  return {.arg = argument, .op = SCMP_CMP_EQ, .datum_a = value, .datum_b = 0};
}
Condition differs(unsigned argument, uint64_t value) {
  return {.arg = argument, .op = SCMP_CMP_NE, .datum_a = value, .datum_b = 0};
}
/// (argument & mask) == value
Condition masked(unsigned argument, uint64_t mask, uint64_t value) {
  return {.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
}

/// A filter that remembers its first failure, so that the tables below read as tables.
class Filter {
 public:
  explicit Filter(uint32_t otherwise) : context_(seccomp_init(otherwise)) {
    if (context_ == nullptr) failure_ = ENOMEM;
    // i386 and x32 calls have numbers of their own, which would pass a filter for x86_64.
    attribute(SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    attribute(SCMP_FLTATR_CTL_TSYNC, 1);
    attribute(SCMP_FLTATR_CTL_OPTIMIZE, 2);  // a binary tree instead of a chain: forward passes make many calls
  }

  void rule(uint32_t action, const char* name, std::initializer_list<Condition> conditions = {}) {
    const int number = seccomp_syscall_resolve_name(name);
    // What this machine's architecture never had, or libseccomp does not know yet: in a list of what is allowed it stays
    // denied; in the other, test_prove_offline shows that nothing which matters is missing.
    if (failure_ != 0 || number == __NR_SCMP_ERROR) return;
    const int result = seccomp_rule_add_array(context_.get(), action, number, static_cast<unsigned>(conditions.size()),
                                              conditions.begin());
    // EEXIST, EACCES: the rule says what another says, or what happens anyway.
    if (result != 0 && result != -EEXIST && result != -EACCES) failure_ = -result;
  }
  void allow(const char* name, std::initializer_list<Condition> conditions = {}) {
    rule(SCMP_ACT_ALLOW, name, conditions);
  }
  void deny(const char* name, std::initializer_list<Condition> conditions = {}) {
    rule(SCMP_ACT_ERRNO(EPERM), name, conditions);
  }
  void allow_each(std::initializer_list<const char*> names) {
    for (const char* name : names)
      allow(name);
  }
  void deny_each(std::initializer_list<const char*> names) {
    for (const char* name : names)
      deny(name);
  }

  Status load() {
    if (failure_ == 0) failure_ = -seccomp_load(context_.get());
    if (failure_ == 0) return {};
    return std::unexpected(Error::io("the kernel refuses the filter of system calls (seccomp)", failure_));
  }

 private:
  struct Release {
    void operator()(void* context) const { seccomp_release(context); }
  };
  void attribute(scmp_filter_attr name, uint32_t value) {
    if (failure_ == 0) failure_ = -seccomp_attr_set(context_.get(), name, value);
  }

  std::unique_ptr<void, Release> context_;
  int failure_ = 0;
};

/// clone3 hides its flags behind a pointer. ENOSYS makes the C library use clone, whose flags can be seen.
void no_clone3(Filter& filter) {
  filter.rule(SCMP_ACT_ERRNO(ENOSYS), "clone3");
}

/// What our own code, libstdc++ and glibc call in a process with threads, memory and descriptors that it was given.
void allow_own_code(Filter& filter) {
  filter.allow_each({"read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "lseek", "close",
                     "fstat", "fsync", "fdatasync", "fcntl", "dup", "fadvise64"});
  filter.allow_each(
      {"munmap", "mremap", "madvise", "brk", "msync", "mincore", "mlock", "mlock2", "munlock", "membarrier"});
  filter.allow_each({"futex", "futex_waitv", "set_robust_list", "get_robust_list", "rseq", "set_tid_address",
                     "sched_yield", "sched_getaffinity", "getcpu", "gettid", "getpid", "getppid", "getuid", "geteuid",
                     "getgid", "getegid", "exit", "exit_group", "restart_syscall"});
  filter.allow_each({"clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time",
                     "getrandom", "getrusage", "getrlimit", "sysinfo", "uname", "times"});
  filter.allow_each({"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack"});
  filter.allow_each({"poll", "ppoll", "select", "pselect6", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait",
                     "eventfd2", "pipe2", "timerfd_create", "timerfd_settime"});
  // Of a descriptor, not of a path: glibc's fstat. (AT_EMPTY_PATH; a path beside it can be examined, never opened.)
  filter.allow("newfstatat", {equals(3, AT_EMPTY_PATH)});
  // A thread of this process and nothing else.
  filter.allow("clone", {masked(0, kThread | kNamespaces, kThread)});
  filter.allow("tgkill", {equals(0, static_cast<uint64_t>(::getpid()))});  // abort()
  filter.allow("prlimit64", {equals(0, 0), equals(2, 0)});                 // reading one's own limits
  filter.allow("prctl", {equals(0, PR_SET_NAME)});
  filter.allow("prctl", {equals(0, PR_GET_NAME)});
  filter.allow("prctl", {equals(0, 0x53564d41)});  // PR_SET_VMA: glibc gives its memory a name
  // The channel: a connected AF_UNIX stream, on which the kernel refuses every other address.
  filter.allow_each({"sendmsg", "recvmsg", "recvfrom", "shutdown"});
  filter.allow("sendto", {equals(4, 0)});
}

/// No code but what was there at the start.
void allow_memory_that_is_not_executable(Filter& filter) {
  filter.allow("mmap", {masked(2, kExecutableMemory, 0)});
  filter.allow("mprotect", {masked(2, kExecutableMemory, 0)});
}

void allow_network(Filter& filter) {
  for (const uint64_t family : {AF_INET, AF_INET6}) {
    for (const auto& [type, protocol] :
         {std::pair<uint64_t, uint64_t>{SOCK_STREAM, IPPROTO_TCP}, {SOCK_DGRAM, IPPROTO_UDP}}) {
      for (const uint64_t said : {uint64_t{0}, protocol}) {
        filter.allow("socket",
                     {equals(0, family), masked(1, ~uint64_t{SOCK_CLOEXEC | SOCK_NONBLOCK}, type), equals(2, said)});
      }
    }
  }
  filter.allow_each({"connect", "getsockopt", "getsockname", "getpeername", "sendto", "sendmmsg", "recvmmsg"});
  for (const int level : {int{SOL_SOCKET}, int{IPPROTO_IP}, int{IPPROTO_TCP}, int{IPPROTO_IPV6}})
    filter.allow("setsockopt", {equals(1, static_cast<uint64_t>(level))});
  filter.allow("ioctl", {equals(1, FIONBIO)});
  filter.allow("ioctl", {equals(1, FIONREAD)});
}

/// Landlock decides which: the resolver's settings and the trust store.
void allow_opening_files(Filter& filter) {
  filter.allow_each({"openat", "open", "newfstatat", "stat", "lstat", "statx", "access", "faccessat", "faccessat2",
                     "readlink", "readlinkat", "getdents64", "getcwd", "fstatfs"});
  // The resolver may load a library (nsswitch.conf), which makes memory executable.
  filter.allow_each({"mmap", "mprotect"});
}

/// The ways out that are closed for every process that has a list of what it may not do.
void deny_the_network(Filter& filter) {
  filter.deny_each({"socket", "connect", "bind", "listen"});
  // io_uring makes network calls that no filter sees.
  filter.deny_each({"io_uring_setup", "io_uring_enter", "io_uring_register"});
  // A pair of datagram sockets could send to any named socket of this machine; streams cannot. SOCK_RAW means the same.
  filter.deny("socketpair", {differs(0, AF_UNIX)});
  filter.deny("socketpair", {masked(1, kSocketTypeMask, SOCK_DGRAM)});
  filter.deny("socketpair", {masked(1, kSocketTypeMask, SOCK_RAW)});
  // Addresses on sockets that are open already. For sendto the address is an argument. For sendmsg it is behind a pointer,
  // and needs no filter but one: TCP reads it only with MSG_FASTOPEN, on a socket that is closed (an accepted or listening
  // one can be brought there by shutdown()); AF_UNIX streams refuse it; and there are no datagram sockets.
  filter.deny("sendto", {differs(4, 0)});
  for (const char* call : {"sendto", "sendmsg", "sendmmsg"}) {
    filter.deny(call, {masked(call == std::string_view("sendmsg") ? 2 : 3, MSG_FASTOPEN, MSG_FASTOPEN)});
  }
  // Other protocols on a TCP socket, and made-up connections.
  for (const uint64_t option : {uint64_t{31} /* TCP_ULP */, uint64_t{19} /* TCP_REPAIR */}) {
    filter.deny("setsockopt", {masked(1, k32Bits, IPPROTO_TCP), masked(2, k32Bits, option)});
  }
}

void deny_other_processes(Filter& filter) {
  filter.deny_each({"ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "process_mrelease",
                    "pidfd_getfd", "kcmp", "move_pages", "migrate_pages", "perf_event_open"});
  // Shared memory and queues with names that other processes know.
  filter.deny_each({"shmget", "shmat", "shmctl", "semget", "semop", "semtimedop", "semctl", "msgget", "msgsnd",
                    "msgrcv", "msgctl", "mq_open", "mq_unlink"});
}

void deny_more_rights(Filter& filter) {
  no_clone3(filter);
  filter.deny_each({"unshare", "setns"});
  for (uint64_t flag = 1; flag <= kNamespaces; flag <<= 1) {
    if ((flag & kNamespaces) != 0) filter.deny("clone", {masked(0, flag, flag)});
  }
  filter.deny_each({"mount", "umount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen",
                    "fsconfig", "fsmount", "fspick", "mount_setattr", "name_to_handle_at", "open_by_handle_at",
                    "quotactl", "quotactl_fd"});
  filter.deny_each({"bpf",          "userfaultfd",    "keyctl",        "add_key",          "request_key",
                    "seccomp",      "lookup_dcookie", "fanotify_init", "fanotify_mark",    "memfd_create",
                    "memfd_secret", "vmsplice",       "vhangup",       "uselib",           "ustat",
                    "sysfs",        "_sysctl",        "nfsservctl",    "remap_file_pages", "modify_ldt",
                    "iopl",         "ioperm"});
  filter.deny_each({"kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "reboot", "swapon",
                    "swapoff", "acct", "syslog", "sethostname", "setdomainname", "settimeofday", "clock_settime",
                    "clock_adjtime", "adjtimex", "stime"});
  filter.deny("personality");  // switches off address space randomisation, among others
  // Typing into somebody's terminal.
  for (const uint64_t request :
       {uint64_t{0x5412} /* TIOCSTI */, uint64_t{0x541c} /* TIOCLINUX */, uint64_t{0x5423} /* TIOCSETD */}) {
    filter.deny("ioctl", {masked(1, k32Bits, request)});
  }
}

/// But to itself: abort(). (A program that a role starts and that aborts ends all the same, by an illegal instruction.)
void deny_signals(Filter& filter) {
  filter.deny_each({"kill", "tkill", "pidfd_send_signal", "rt_sigqueueinfo", "rt_tgsigqueueinfo"});
  filter.deny("tgkill", {differs(0, static_cast<uint64_t>(::getpid()))});
}

void engine_list(Filter& filter) {
  allow_own_code(filter);
  allow_memory_that_is_not_executable(filter);
}

void egress_list(Filter& filter, bool offline) {
  allow_own_code(filter);
  allow_opening_files(filter);
  if (!offline) allow_network(filter);
}

/// What Landlock does not cover, or did not at first (truncate): changing files that cannot be opened.
void deny_changing_files_by_name(Filter& filter) {
  filter.deny_each({"truncate", "truncate64", "chmod", "fchmodat", "fchmodat2", "chown", "lchown", "fchownat", "utime",
                    "utimes", "utimensat", "futimesat", "setxattr", "lsetxattr", "removexattr", "lremovexattr"});
}

void parse_list(Filter& filter) {
  deny_the_network(filter);
  filter.deny_each({"accept", "accept4"});
  deny_signals(filter);
  // What it starts stays in the group that the spawner ends with it.
  filter.deny_each({"setsid", "setpgid"});
  deny_other_processes(filter);
  deny_more_rights(filter);
  deny_changing_files_by_name(filter);
}

void front_list(Filter& filter) {
  deny_the_network(filter);
  deny_other_processes(filter);
  deny_more_rights(filter);
  // Chats are made private by name (chmod); truncating by name is what the first versions of Landlock did not see.
  filter.deny_each({"truncate", "truncate64"});
  // Roles are started, and ended, by the spawner; front itself runs nothing.
  filter.deny_each({"execve", "execveat"});
  deny_signals(filter);
}

}  // namespace

bool seccomp_offered() {
  return seccomp_api_get() >= 1 && ::prctl(PR_GET_SECCOMP) >= 0;
}

Status restrict_system_calls(Role role, bool offline) {
  const bool names_what_is_allowed = role == Role::kEngine || role == Role::kEgress;
  Filter filter(names_what_is_allowed ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_ALLOW);
  if (names_what_is_allowed) no_clone3(filter);
  switch (role) {
    case Role::kEngine:
      engine_list(filter);
      break;
    case Role::kEgress:
      egress_list(filter, offline);
      break;
    case Role::kParse:
      parse_list(filter);
      break;
    case Role::kFront:
      front_list(filter);
      break;
  }
  return filter.load();
}

}  // namespace ingle::roles
