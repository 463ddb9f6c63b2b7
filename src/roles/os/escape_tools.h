// What the attempts share: how an outcome is said.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "roles/escape_attempts.h"

namespace ingle::roles::escape {

/// What errno says about a call that failed: a refusal by our locks is "blocked: EPERM"; any other reason means that the call
/// was let through and failed by chance, which is an escape. `also` are reasons with which the kernel itself refuses for good.
std::string refused(std::initializer_list<int> also = {});
std::string escaped(std::string_view what);
/// `result` as a system call returns it: closed again when it is a descriptor that should not exist.
std::string outcome_of_descriptor(int fd, std::string_view what);
std::string outcome_of_call(long result, std::string_view what, std::initializer_list<int> also = {});

// escape_network_linux.cpp
std::string connect_tcp4(const Possessions& has);
std::string connect_tcp6(const Possessions& has);
std::string connect_tcp_to_a_resolver(const Possessions& has);
std::string send_udp_question(const Possessions& has);
std::string resolve_a_name(const Possessions& has);
std::string raw_socket(const Possessions& has);
std::string packet_socket(const Possessions& has);
std::string netlink_socket(const Possessions& has);
std::string vsock_socket(const Possessions& has);
std::string abstract_unix_socket(const Possessions& has);
std::string system_bus(const Possessions& has);
std::string docker_socket(const Possessions& has);
std::string datagram_pair(const Possessions& has);
std::string reconnect_what_is_connected(const Possessions& has);
std::string fast_open_sendto(const Possessions& has);
std::string fast_open_sendmsg(const Possessions& has);
std::string bind_a_port(const Possessions& has);
std::string ring_of_io(const Possessions& has);
std::string socket_by_i386(const Possessions& has);
std::string socket_by_x32(const Possessions& has);
std::string tunnel_device(const Possessions& has);

// escape_system_linux.cpp
std::string run_curl(const Possessions& has);
std::string run_shell(const Possessions& has);
std::string run_python(const Possessions& has);
std::string run_loader(const Possessions& has);
std::string run_from_memory(const Possessions& has);
std::string executable_memory(const Possessions& has);
std::string trace_parent(const Possessions& has);
std::string read_memory_of_parent(const Possessions& has);
std::string open_memory_of_parent(const Possessions& has);
std::string take_descriptor_of_parent(const Possessions& has);
std::string signal_parent(const Possessions& has);
std::string signal_thread_of_parent(const Possessions& has);
std::string leave_the_group(const Possessions& has);
std::string read_passwd(const Possessions& has);
std::string write_in_home(const Possessions& has);
std::string change_mode_of_home(const Possessions& has);
std::string write_core_pattern(const Possessions& has);
std::string write_to_init(const Possessions& has);
std::string unshare_network(const Possessions& has);
std::string clone_into_namespace(const Possessions& has);
std::string clone3_into_namespace(const Possessions& has);
std::string enter_namespace(const Possessions& has);
std::string mount_something(const Possessions& has);
std::string load_bpf(const Possessions& has);
std::string watch_events(const Possessions& has);
std::string catch_page_faults(const Possessions& has);
std::string type_into_terminal(const Possessions& has);
std::string type_into_terminal_with_high_bits(const Possessions& has);
std::string shared_memory(const Possessions& has);

}  // namespace ingle::roles::escape
