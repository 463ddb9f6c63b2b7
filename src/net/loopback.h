// Small questions to a server on this machine: is it one of ours, which models has it loaded. Blocks; any thread.
//
// Addresses beyond loopback are refused, so nothing of this can leave the machine, and no permit is needed.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "net/listener.h"

namespace ingle::net {

struct LoopbackQuestion {
  std::string_view method = "GET";
  std::string_view target = "/";
  std::string_view authorization = {};  // the header's value
  unsigned timeout_ms = 5'000;          // of each read
};

struct LoopbackAnswer {
  int status = 0;
  std::string server;  // the header
  std::string body;    // at most 1 MiB
};

Result<LoopbackAnswer> ask_loopback(const ListenAddress& address, const LoopbackQuestion& question);

}  // namespace ingle::net
