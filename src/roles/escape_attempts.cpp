#include "roles/escape_attempts.h"

#include <fmt/format.h>

#include <cerrno>

#include "roles/os/escape_tools.h"

namespace ingle::roles {
namespace {

using namespace escape;  // NOLINT: the table below names forty of them

bool exists(const char* path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

bool has_curl(const Possessions& /*has*/) {
  return exists("/usr/bin/curl");
}
bool has_bash(const Possessions& /*has*/) {
  return exists("/bin/bash");
}
bool has_python(const Possessions& /*has*/) {
  return exists("/usr/bin/python3");
}
/// The others find a word for it that seccomp does not see (a library of the resolver, a program of the system).
bool is_engine(const Possessions& has) {
  return has.role == Role::kEngine;
}
/// Front makes the folder of chats private, by its name.
bool is_not_front(const Possessions& has) {
  return has.role != Role::kFront;
}
bool is_x86(const Possessions& /*has*/) {
#if defined(__x86_64__)
  return true;
#else
  return false;
#endif
}

constexpr EscapeAttempt kAttempts[] = {
    {.name = "TCP to 192.0.2.1:443", .run = connect_tcp4},
    {.name = "TCP to [2001:db8::1]:443", .run = connect_tcp6},
    {.name = "TCP to 1.1.1.1:53", .run = connect_tcp_to_a_resolver},
    {.name = "UDP question to 9.9.9.9:53", .run = send_udp_question},
    {.name = "resolving example.com", .run = resolve_a_name},
    {.name = "raw ICMP socket", .run = raw_socket},
    {.name = "packet socket", .run = packet_socket},
    {.name = "netlink socket", .run = netlink_socket},
    {.name = "socket to the hypervisor (vsock)", .run = vsock_socket},
    {.name = "abstract Unix socket", .run = abstract_unix_socket},
    {.name = "Unix socket of D-Bus", .run = system_bus},
    {.name = "Unix socket of Docker", .run = docker_socket},
    {.name = "datagram pair to a named socket", .run = datagram_pair},
    {.name = "dissolving a connection to connect again", .run = reconnect_what_is_connected},
    {.name = "TCP fast open, sendto", .run = fast_open_sendto},
    {.name = "TCP fast open, sendmsg", .run = fast_open_sendmsg},
    {.name = "listening on another port", .run = bind_a_port},
    {.name = "io_uring, which makes sockets unseen", .run = ring_of_io, .may_kill = true},
    {.name = "socket by the i386 call", .run = socket_by_i386, .may_kill = true, .applies = is_x86},
    {.name = "socket by the x32 call", .run = socket_by_x32, .may_kill = true, .applies = is_x86},
    {.name = "/dev/net/tun", .run = tunnel_device},
    {.name = "running curl", .run = run_curl, .applies = has_curl},
    {.name = "running a shell that connects", .run = run_shell, .applies = has_bash},
    {.name = "running Python that opens a socket", .run = run_python, .applies = has_python},
    {.name = "running a program through the loader", .run = run_loader, .applies = has_bash},
    {.name = "running a file in memory", .run = run_from_memory},
    {.name = "writing code into memory", .run = executable_memory, .applies = is_engine},
    {.name = "tracing a process outside", .run = trace_parent},
    {.name = "reading a process outside", .run = read_memory_of_parent},
    {.name = "/proc/PID/mem of a process outside", .run = open_memory_of_parent},
    {.name = "taking a descriptor of a process outside", .run = take_descriptor_of_parent},
    {.name = "signalling a process outside", .run = signal_parent},
    {.name = "signalling a thread outside", .run = signal_thread_of_parent},
    {.name = "leaving what is ended with the role", .run = leave_the_group, .applies = is_not_front},
    {.name = "reading /etc/passwd", .run = read_passwd},
    {.name = "writing in the home folder", .run = write_in_home},
    {.name = "chmod of the home folder", .run = change_mode_of_home, .applies = is_not_front},
    {.name = "/proc/sys/kernel/core_pattern", .run = write_core_pattern},
    {.name = "/proc/1/mem", .run = write_to_init},
    {.name = "new namespaces, unshare", .run = unshare_network},
    {.name = "new namespaces, clone", .run = clone_into_namespace},
    {.name = "new namespaces, clone3", .run = clone3_into_namespace},
    {.name = "entering another namespace", .run = enter_namespace},
    {.name = "mounting a file system", .run = mount_something},
    {.name = "BPF in the kernel", .run = load_bpf},
    {.name = "performance events", .run = watch_events},
    {.name = "userfaultfd", .run = catch_page_faults},
    {.name = "typing into a terminal", .run = type_into_terminal},
    {.name = "typing into a terminal, high bits set", .run = type_into_terminal_with_high_bits},
    {.name = "System V shared memory", .run = shared_memory},
};

}  // namespace

std::span<const EscapeAttempt> escape_attempts() {
  return kAttempts;
}

}  // namespace ingle::roles
