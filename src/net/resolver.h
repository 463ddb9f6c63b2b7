// Host names to addresses, with a time limit and a stop token; internal to net.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"

namespace ingle::net {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

/// kUnavailable when the name does not exist, nobody answers in time; kCancelled when stopped.
Result<std::vector<SocketAddress>> resolve_host(const std::string& host, uint16_t port,
                                                std::chrono::steady_clock::time_point deadline,
                                                const std::stop_token& stop);

}  // namespace ingle::net
