// A scripted HTTP server on 127.0.0.1 with a port of its own, for tests only. One thread a connection; one request a
// connection. The handler may be called from several threads at once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ingle::net::testing {

struct Request {
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;

  std::string header(std::string_view name) const;
};

struct Reply {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
  std::optional<uint64_t> content_length = {};  // a false one; otherwise the body's
  std::optional<size_t> cut_after = {};         // closes after this many bytes of the body
  bool stall = false;                           // sends header and body, then neither closes nor sends
  bool tunnel = false;                          // answer to CONNECT: joins the two connections
  std::string raw = {};                         // sent as it is instead of everything else
};

using Handler = std::function<Reply(const Request&)>;

/// 206 with the bytes that the request's Range asks for, 200 with all of them without one.
Reply file_reply(const Request& request, std::string_view body);

class Server {
 public:
  /// With `certificate_host` set the server speaks TLS with a self-signed certificate for that name.
  explicit Server(Handler handler, std::string certificate_host = "");
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  uint16_t port() const;
  /// "http://127.0.0.1:port/path"; with TLS "https://localhost:port/path".
  std::string url(std::string_view path) const;
  /// The certificate in PEM form, to be trusted as a CA bundle.
  std::string certificate_pem() const;
  /// "METHOD target" of every request so far.
  std::vector<std::string> requests() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ingle::net::testing
