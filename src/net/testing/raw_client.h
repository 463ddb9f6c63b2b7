// A client that sends bytes as they are and returns what comes back, for tests of servers. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ingle::net::testing {

class RawClient {
 public:
  explicit RawClient(uint16_t port);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void send(std::string_view bytes);
  /// Reads until `text` has come, and returns everything up to and with it; what came when the other side closed.
  std::string read_until(std::string_view text);
  /// One answer with a Content-Length, its header and body.
  std::string read_answer();
  /// Everything until the other side closes.
  std::string read_all();
  /// Sends no more; reads on.
  void end_sending();
  void close();

 private:
  bool read_more();
  int fd_ = -1;
  std::string pending_;
};

}  // namespace ingle::net::testing
