// The HTTP client: streaming GET over TLS, through proxies, with ranges, redirects, time limits and size limits.
//
// A body is handed on in chunks as it arrives and never held whole. An HttpClient is immutable: one object may serve
// several threads at once, each call with its own connection. Calls block until they are done, fail, or `stop` is
// requested. Only net/*.cpp includes a socket library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/egress.h"
#include "net/url.h"

namespace ingle::net {

struct HttpSettings {
  std::string https_proxy = {};  // "http://[user:password@]host:port"; empty: direct
  std::string http_proxy = {};
  std::string no_proxy = {};  // comma-separated hosts and domain suffixes, "*": all
  std::string ca_file = {};   // PEM bundle that replaces the system's certificate store
  std::string user_agent = "ingle";
  unsigned connect_timeout_ms = 8'000;  // name, connection, proxy and TLS together
  unsigned idle_timeout_ms = 30'000;    // for the whole header, and for every 16 KiB of the body
  unsigned max_redirects = 5;
  uint32_t max_header_bytes = 64 * 1024;
};

struct HttpHeader {
  std::string name;
  std::string value;
};

struct HttpRequest {
  Url url;
  std::vector<HttpHeader> headers = {};     // Authorization is dropped when a redirect leaves the origin
  std::optional<uint64_t> range_from = {};  // asks for the bytes from here to the end
  uint64_t max_body_bytes = UINT64_MAX;     // more than this is an error
};

struct HttpHead {
  int status = 0;
  std::vector<HttpHeader> headers;      // names in lower case
  Url url;                              // where the answer came from, after redirects
  std::optional<uint64_t> body_bytes;   // of this answer, where the server says
  std::optional<uint64_t> range_start;  // 206: position of the first body byte; it is the one asked for
  std::optional<uint64_t> range_total;  // 206, 416: size of the whole, where the server says
  std::vector<HttpHead> redirects;      // the answers that led here, first one first

  /// Value of the first header of that name (lower case); empty when absent.
  std::string_view header(std::string_view name) const;
};

struct BodySink {
  /// Called once, for the final answer. false: the body is not wanted, the call ends there without an error.
  std::function<Result<bool>(const HttpHead&)> on_head;
  std::function<Status(std::span<const std::byte>)> on_body;
};

class HttpClient {
 public:
  static Result<HttpClient> create(HttpSettings settings);
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;
  ~HttpClient();

  /// One GET. Any status is an answer, not an error; kUnavailable: nobody answered, or the answer broke off;
  /// kCorrupt: the answer breaks HTTP; kRefused: it breaks our rules (redirect, size); errors of the sink pass through.
  Result<HttpHead> get(const HttpRequest& request, const EgressPermit& permit, const BodySink& sink,
                       std::stop_token stop) const;

  struct TextAnswer {
    HttpHead head;
    std::string body;
  };
  /// The same for small answers: the body in memory, whatever the status.
  Result<TextAnswer> get_text(HttpRequest request, const EgressPermit& permit, uint64_t max_bytes,
                              std::stop_token stop) const;

  const HttpSettings& settings() const;

 private:
  struct Impl;
  explicit HttpClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// "404 Not Found", "503".
std::string status_text(int status);

}  // namespace ingle::net
