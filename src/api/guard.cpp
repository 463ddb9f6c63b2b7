#include "api/guard.h"

#include <algorithm>

#include "net/url.h"

namespace ingle::api {
namespace {

Failure forbidden(std::string message, std::string hint) {
  return {.status = 403, .error = Error::refused(std::move(message)).hint(std::move(hint))};
}

/// "[::1]:80" -> "[::1]", "localhost:80" -> "localhost"
std::string host_name(std::string_view host) {
  const size_t bracket = host.rfind(']');
  const size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket))
    host = host.substr(0, colon);
  return net::lower_ascii(host);
}

bool is_known_host(std::string_view host, const GuardOptions& options) {
  const std::string name = host_name(host);
  if (name == "localhost" || name == "127.0.0.1" || name == "[::1]") return true;
  const size_t dot = std::min(name.find('.'), name.size());
  const std::string any = "*" + name.substr(dot);  // as certificates say it: one label
  return std::ranges::any_of(
      options.hosts, [&](const std::string& known) { return known == name || (dot < name.size() && known == any); });
}

bool is_same_origin(const net::ServerRequest& head, const GuardOptions& options) {
  const std::string origin = net::lower_ascii(head.header("origin"));
  return origin == (options.tls ? "https://" : "http://") + net::lower_ascii(head.header("host"));
}

std::optional<Failure> check_origin(const net::ServerRequest& head, const Route* route, const GuardOptions& options) {
  if (head.has_header("origin")) {
    if (is_same_origin(head, options) || !allowed_origin(head, options).empty()) return std::nullopt;
    return forbidden("this page may not use this server", "its origin can be named in INGLE_ORIGINS");
  }
  const std::string_view site = head.header("sec-fetch-site");
  if (site.empty() || site == "same-origin" || site == "none") return std::nullopt;
  // Following a link from elsewhere to a page of the app; what it may show, the cookie decides.
  const bool is_navigation = head.method == "GET" && head.header("sec-fetch-mode") == "navigate" &&
                             head.header("sec-fetch-dest") == "document" && route != nullptr &&
                             route->scope == Scope::kPublic;
  if (is_navigation) return std::nullopt;
  return forbidden("a page of another origin may not use this server", "its origin can be named in INGLE_ORIGINS");
}

bool has_body(const net::ServerRequest& head) {
  return head.has_header("transfer-encoding") ||
         (head.has_header("content-length") && head.header("content-length") != "0");
}

std::optional<Failure> check_content_type(const net::ServerRequest& head, const Route& route) {
  if (!has_body(head) || route.body == BodyKind::kNone) return std::nullopt;
  const std::string_view value = head.header("content-type");
  std::string type = net::lower_ascii(value.substr(0, value.find(';')));
  while (!type.empty() && type.back() == ' ')
    type.pop_back();
  if (route.body == BodyKind::kMultipart) {
    if (type == "multipart/form-data") return std::nullopt;
    return Failure{
        .status = 415,
        .error = Error::usage("this address takes multipart/form-data").hint("with the parts 'file' and 'options'")};
  }
  if (type == (route.body == BodyKind::kBytes ? "application/octet-stream" : "application/json")) return std::nullopt;
  const bool from_a_browser = head.has_header("origin") || head.has_header("sec-fetch-site");
  const bool says_something_else = type == "multipart/form-data";
  if (!from_a_browser && !says_something_else) return std::nullopt;
  const std::string wanted = route.body == BodyKind::kBytes ? "application/octet-stream" : "application/json";
  return Failure{.status = 415,
                 .error = Error::usage("the body must be " + wanted).hint("send the header Content-Type: " + wanted)};
}

}  // namespace

std::string allowed_origin(const net::ServerRequest& head, const GuardOptions& options) {
  const std::string origin = net::lower_ascii(head.header("origin"));
  if (origin.empty() || origin == "null") return {};
  for (const std::string& allowed : options.origins) {
    if (origin == allowed) return origin;
    if (!allowed.ends_with(":*")) continue;
    const std::string_view prefix = std::string_view(allowed).substr(0, allowed.size() - 1);
    const std::string_view port = std::string_view(origin).substr(std::min(prefix.size(), origin.size()));
    const bool is_port = !port.empty() && port.find_first_not_of("0123456789") == std::string_view::npos;
    if (origin.starts_with(prefix) && is_port) return origin;
  }
  return {};
}

std::optional<Failure> check_request(const net::ServerRequest& head, const Route* route, const GuardOptions& options) {
  // HTTP/1.0 may leave the Host out; no browser does.
  if (head.has_header("host") && !is_known_host(head.header("host"), options))
    return forbidden("this server is not known under the name of the Host header",
                     "ask 127.0.0.1 or localhost, or name the host in INGLE_HOSTS");
  if (auto failure = check_origin(head, route, options)) return failure;
  return route == nullptr ? std::nullopt : check_content_type(head, *route);
}

}  // namespace ingle::api
