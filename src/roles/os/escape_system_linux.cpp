// Ways to somebody who may do more: other programs, other processes, files, namespaces, kernel interfaces.
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string>
#include <vector>

#include "roles/os/escape_tools.h"

namespace ingle::roles::escape {
namespace {

using base::FileDescriptor;
using Program = std::vector<const char*>;

constexpr int kNewNamespaces = CLONE_NEWUSER | CLONE_NEWNET;

/// Executes `program` in a child where children are possible, else in the place of this process. The program ends with 0 when
/// it found a way out; where a role may run programs, these must find none.
std::string run_program(Program program) {
  program.push_back(nullptr);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return refused();
  const FileDescriptor failure_read(ends[0]);
  FileDescriptor failure_write(ends[1]);
  char* const no_environment[] = {nullptr};
  const pid_t pid = ::fork();
  if (pid <= 0) {
    const FileDescriptor null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    if (null.valid()) ::dup2(null.get(), STDERR_FILENO);
    ::execve(program[0], const_cast<char* const*>(program.data()), no_environment);
    if (pid < 0) return refused();
    const int error = errno;
    [[maybe_unused]] const ssize_t told = ::write(failure_write.get(), &error, sizeof error);
    ::_exit(1);
  }
  failure_write = FileDescriptor();
  int error = 0;
  const bool executed = ::read(failure_read.get(), &error, sizeof error) != sizeof error;
  int status = 0;
  ::waitpid(pid, &status, 0);
  errno = error;
  if (!executed) return refused();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return escaped("the program found a way out");
  return "blocked: the program ran and found no way out";
}

std::string open_for(const std::string& path, int flags, std::string_view what) {
  return outcome_of_descriptor(::open(path.c_str(), flags | O_CLOEXEC), what);
}

std::string of_parent(const Possessions& has, std::string_view file) {
  return "/proc/" + std::to_string(has.parent) + "/" + std::string(file);
}

constexpr const char* kConnectInShell = "exec 3<>/dev/tcp/192.0.2.1/443";

}  // namespace

std::string run_curl(const Possessions& /*has*/) {
  // 28 is curl's word for "no answer in time": packets were sent. The shell turns it into success.
  return run_program({"/bin/sh", "-c", "/usr/bin/curl -s --max-time 3 http://192.0.2.1/; [ $? -eq 0 -o $? -eq 28 ]"});
}

std::string run_shell(const Possessions& /*has*/) {
  return run_program({"/bin/bash", "-c", kConnectInShell});
}

std::string run_python(const Possessions& /*has*/) {
  return run_program({"/usr/bin/python3", "-I", "-c", "import socket; socket.socket()"});
}

std::string run_loader(const Possessions& /*has*/) {
#if defined(__x86_64__)
  constexpr const char* kLoader = "/lib64/ld-linux-x86-64.so.2";
#else
  constexpr const char* kLoader = "/lib/ld-linux-aarch64.so.1";
#endif
  return run_program({kLoader, "/bin/bash", "-c", kConnectInShell});
}

std::string run_from_memory(const Possessions& /*has*/) {
  return outcome_of_descriptor(static_cast<int>(::syscall(SYS_memfd_create, "program", MFD_CLOEXEC)),
                               "it has a file that is nowhere, to execute");
}

std::string executable_memory(const Possessions& /*has*/) {
  void* memory = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return refused();
  ::munmap(memory, 4096);
  return escaped("it can write code of its own");
}

std::string trace_parent(const Possessions& has) {
  return outcome_of_call(::ptrace(PTRACE_SEIZE, has.parent, nullptr, nullptr), "it traces a process outside");
}

std::string read_memory_of_parent(const Possessions& has) {
  char byte = 0;
  // Any address: what matters is whether the kernel gets as far as looking at it.
  iovec here{.iov_base = &byte, .iov_len = 1};
  iovec there{.iov_base = &byte, .iov_len = 1};
  return outcome_of_call(::process_vm_readv(has.parent, &here, 1, &there, 1, 0), "it reads a process outside");
}

std::string open_memory_of_parent(const Possessions& has) {
  return open_for(of_parent(has, "mem"), O_RDWR, "it has the memory of a process outside");
}

std::string take_descriptor_of_parent(const Possessions& has) {
  const FileDescriptor process(static_cast<int>(::syscall(SYS_pidfd_open, has.parent, 0)));
  if (!process.valid()) return refused();
  return outcome_of_descriptor(static_cast<int>(::syscall(SYS_pidfd_getfd, process.get(), 0, 0)),
                               "it has a descriptor of a process outside");
}

std::string signal_parent(const Possessions& has) {
  return outcome_of_call(::kill(has.parent, 0), "it may signal a process outside");
}

std::string signal_thread_of_parent(const Possessions& has) {
  return outcome_of_call(::syscall(SYS_tgkill, has.parent, has.parent, 0), "it may signal a thread outside");
}

std::string leave_the_group(const Possessions& /*has*/) {
  // The leader of a group may not, whatever the lock: what it starts is tried.
  const pid_t child = ::fork();
  if (child < 0) return refused();
  if (child == 0) ::_exit(::setsid() >= 0 || ::setpgid(0, 0) == 0 ? 0 : errno);
  int status = 0;
  ::waitpid(child, &status, 0);
  errno = WEXITSTATUS(status);
  return outcome_of_call(errno == 0 ? 0 : -1, "what it starts goes on without it");
}

std::string read_passwd(const Possessions& /*has*/) {
  return open_for("/etc/passwd", O_RDONLY, "it reads the list of users");
}

std::string write_in_home(const Possessions& has) {
  const std::string path = (has.home / (".ingle-escape-" + std::to_string(::getpid()))).string();
  const FileDescriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.valid()) return refused();
  ::unlink(path.c_str());
  return escaped("it writes where the user lives");
}

std::string change_mode_of_home(const Possessions& has) {
  return outcome_of_call(::chmod(has.home.c_str(), has.home_mode), "it changes who may enter the user's home");
}

std::string write_core_pattern(const Possessions& /*has*/) {
  return open_for("/proc/sys/kernel/core_pattern", O_WRONLY, "it decides what the kernel runs when a program crashes");
}

std::string write_to_init(const Possessions& /*has*/) {
  return open_for("/proc/1/mem", O_RDWR, "it has the memory of the first process");
}

std::string unshare_network(const Possessions& /*has*/) {
  return outcome_of_call(::unshare(kNewNamespaces), "it has namespaces of its own");
}

std::string clone_into_namespace(const Possessions& /*has*/) {
  const long pid = ::syscall(SYS_clone, kNewNamespaces | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
  if (pid == 0) ::_exit(0);
  if (pid > 0) ::waitpid(static_cast<pid_t>(pid), nullptr, 0);
  return outcome_of_call(pid, "it has a child in namespaces of its own");
}

std::string clone3_into_namespace(const Possessions& /*has*/) {
  clone_args arguments{};
  arguments.flags = kNewNamespaces;
  arguments.exit_signal = SIGCHLD;
  const long pid = ::syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid == 0) ::_exit(0);
  if (pid > 0) ::waitpid(static_cast<pid_t>(pid), nullptr, 0);
  return outcome_of_call(pid, "it has a child in namespaces of its own");
}

std::string enter_namespace(const Possessions& has) {
  // With any descriptor: a kernel that looks at it has let the call through.
  return outcome_of_call(::setns(has.channel, CLONE_NEWNET), "it entered another network");
}

std::string mount_something(const Possessions& /*has*/) {
  if (::mount("none", "/tmp", "tmpfs", 0, nullptr) != 0) return refused();
  ::umount2("/tmp", MNT_DETACH);
  return escaped("it mounts file systems");
}

std::string load_bpf(const Possessions& /*has*/) {
  bpf_attr attributes{};
  attributes.map_type = BPF_MAP_TYPE_ARRAY;
  attributes.key_size = 4;
  attributes.value_size = 4;
  attributes.max_entries = 1;
  return outcome_of_descriptor(static_cast<int>(::syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes)),
                               "it runs code in the kernel");
}

std::string watch_events(const Possessions& /*has*/) {
  perf_event_attr attributes{};
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.size = sizeof attributes;
  attributes.config = PERF_COUNT_SW_CPU_CLOCK;
  attributes.exclude_kernel = 1;
  return outcome_of_descriptor(static_cast<int>(::syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0)),
                               "it watches the processor");
}

std::string catch_page_faults(const Possessions& /*has*/) {
  return outcome_of_descriptor(static_cast<int>(::syscall(SYS_userfaultfd, O_CLOEXEC | 1 /* user mode only */)),
                               "it can hold the kernel in the middle of a call");
}

std::string type_into_terminal(const Possessions& /*has*/) {
  return outcome_of_call(::ioctl(STDIN_FILENO, TIOCSTI, "x"), "it types into a terminal");
}

std::string type_into_terminal_with_high_bits(const Possessions& /*has*/) {
  // The kernel looks at 32 bits of the request; a filter that compares 64 would miss this one.
  return outcome_of_call(::syscall(SYS_ioctl, STDIN_FILENO, (1ULL << 32) | TIOCSTI, "x"), "it types into a terminal");
}

std::string shared_memory(const Possessions& /*has*/) {
  const int id = ::shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
  if (id < 0) return refused();
  ::shmctl(id, IPC_RMID, nullptr);
  return escaped("it shares memory with any process of this user");
}

}  // namespace ingle::roles::escape
