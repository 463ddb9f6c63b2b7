// Small questions to a server on this machine: is it one of ours, which models has it loaded. Blocks; any thread.
//
// Only addresses of this machine are asked, so nothing of this can leave it, and no permit is needed. Over TLS the
// certificate must be the one that is expected, whoever signed it.
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
  std::string_view tls_sha256 = {};     // of the server's certificate; empty: plain HTTP
  unsigned timeout_ms = 5'000;          // of each read
};

struct LoopbackAnswer {
  int status = 0;
  std::string server;  // the header
  std::string body;    // at most 1 MiB
};

Result<LoopbackAnswer> ask_loopback(const ListenAddress& address, const LoopbackQuestion& question);

}  // namespace ingle::net
