// Requests to the outside and their answers as plain values, so that they can cross a process border. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/url.h"

namespace ingle::net {

struct HttpSettings {
  std::string https_proxy = {};  // "http://[user:password@]host:port"; empty: direct
  std::string http_proxy = {};
  std::string no_proxy = {};  // comma-separated hosts and domain suffixes, "*": all
  std::string ca_file = {};   // PEM bundle that replaces the system's certificate store
  std::string ca_pem = {};    // the same as text, for a process that opens no files; goes before ca_file
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

enum class HttpMethod : uint8_t { kGet, kPost };
std::string_view to_string(HttpMethod method);

struct HttpRequest {
  Url url;
  std::vector<HttpHeader> headers = {};     // Authorization is dropped when a redirect leaves the origin
  std::optional<uint64_t> range_from = {};  // asks for the bytes from here to the end
  uint64_t max_body_bytes = UINT64_MAX;     // of the answer; more than this is an error
  HttpMethod method = HttpMethod::kGet;
  std::string body = {};  // of a POST; what a person wrote may stand in it: it never appears in an error
  /// Set for event streams: the longest silence, restarted by every byte. 0: the settings' idle limit.
  unsigned silence_timeout_ms = 0;
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

struct TextAnswer {
  HttpHead head;
  std::string body;
};

/// "404 Not Found", "503".
std::string status_text(int status);

}  // namespace ingle::net
