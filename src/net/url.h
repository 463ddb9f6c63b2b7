// URLs of http, https and file, parsed strictly: what this accepts is safe to put into a request line.
//
// Plain value, any thread. text() leaves the user name and password out, so that it may appear in errors and logs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ingle::net {

struct Url {
  std::string scheme;     // "http", "https" or "file"
  std::string user_info;  // "name:password" as written, still percent-encoded; empty: none
  std::string host;       // lower case; an IPv6 address without its brackets; empty for file
  uint16_t port = 0;      // always set for http and https
  std::string target;     // path and query, starts with '/'

  static Result<Url> parse(std::string_view text);

  /// A reference found at this URL (RFC 3986, section 5.2): a Location header, a link of a page.
  Result<Url> resolve(std::string_view reference) const;

  std::string text() const;
  /// Scheme, host and port: what credentials are bound to.
  std::string origin() const;
  /// "host" or "host:port", brackets around IPv6: the Host header.
  std::string authority() const;
  /// Path without query, percent-decoded; bytes may be anything.
  std::string decoded_path() const;
  bool is_loopback() const;
};

std::string percent_decode(std::string_view text);

/// ASCII only, so that it never depends on a locale.
std::string lower_ascii(std::string_view text);

}  // namespace ingle::net
