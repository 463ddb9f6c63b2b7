// The guard before every route: is this request meant for this server, and may this page send it? Pure; any thread.
//
// A browser on this machine reaches loopback for any page that its user visits. Three checks keep such pages out, and none
// can be switched off:
//   Host          a page whose name was re-pointed to 127.0.0.1 (DNS rebinding) still sends its own name, which is no number
//   Origin,       a page of another origin says so in every request that can change something, and in every one that
//   Sec-Fetch-*   its scripts can read the answer of
//   Content-Type  of a body: a form or a beacon can send text/plain to anyone without asking first. Only a program that is
//                 no browser (no page can leave out both Origin and Sec-Fetch-Site) may leave it out, or send what
//                 curl -d sends: application/x-www-form-urlencoded.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"

namespace ingle::api {

struct GuardOptions {
  std::vector<std::string>
      hosts;  // names besides localhost and the numbers of loopback; "*.example": one name before it
  /// Of pages that may ask besides the server's own and those of desktop programs: "http://localhost:3000",
  /// "http://localhost:*" (every port), "chrome-extension://*" (everything of a scheme that is not http or https).
  std::vector<std::string> origins;
  bool tls = false;  // the server's own origin begins with https
};

/// `route`: null where the path is unknown.
std::optional<Failure> check_request(const net::ServerRequest& head, const Route* route, const GuardOptions& options);

/// The origin of a configured page, to be allowed by name in the answer; empty otherwise.
std::string allowed_origin(const net::ServerRequest& head, const GuardOptions& options);

}  // namespace ingle::api
