#include "api/guard.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "net/listener.h"
#include "net/url.h"

namespace ingle::api {
namespace {

/// Pages of desktop programs: schemes that a program registers inside itself, for files that came with it. No browser opens
/// them and no web page has such an origin or can claim it, so whoever sends one is a program of this user's, which could
/// as well send no Origin at all. Ollama lets them in too. What it adds and we do not: pages of every port of localhost,
/// which anything that serves a file on this machine can be, and file://, under which a page saved from anywhere is opened.
constexpr std::string_view kDesktopOrigins[] = {"app://*", "tauri://*", "vscode-webview://*", "vscode-file://*"};

Failure forbidden(std::string message, std::string hint) {
  return {.status = 403, .reason = message, .error = Error::refused(std::move(message)).hint(std::move(hint))};
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
  const bool is_v6 = name.starts_with('[') && name.ends_with(']');
  if (name == "localhost" || net::ListenAddress{.host = is_v6 ? name.substr(1, name.size() - 2) : name}.is_loopback())
    return true;
  const size_t dot = std::min(name.find('.'), name.size());
  const std::string any = "*" + name.substr(dot);  // as certificates say it: one label
  return std::ranges::any_of(
      options.hosts, [&](const std::string& known) { return known == name || (dot < name.size() && known == any); });
}

/// "http://localhost:*" is every port of this host; "app://*" everything of a scheme that is not the web's.
bool matches(std::string_view origin, std::string_view pattern) {
  if (origin.empty() || origin == "null") return false;
  if (!pattern.ends_with('*')) return origin == pattern;
  pattern.remove_suffix(1);
  if (!origin.starts_with(pattern)) return false;
  const std::string_view rest = origin.substr(pattern.size());
  if (pattern.ends_with("://")) return !pattern.starts_with("http") && !rest.empty();
  return pattern.ends_with(':') && !rest.empty() && rest.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_same_origin(const net::ServerRequest& head, const GuardOptions& options) {
  const std::string origin = net::lower_ascii(head.header("origin"));
  return origin == (options.tls ? "https://" : "http://") + net::lower_ascii(head.header("host"));
}

std::optional<Failure> check_origin(const net::ServerRequest& head, const Route* route, const GuardOptions& options) {
  if (head.has_header("origin")) {
    if (is_same_origin(head, options) || !allowed_origin(head, options).empty()) return std::nullopt;
    return forbidden("the page of the Origin header may not use this server",
                     "its origin can be named in INGLE_ORIGINS");
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

Failure unsupported_body(std::string problem, std::string hint) {
  return {.status = 415, .reason = problem, .error = Error::usage(std::move(problem)).hint(std::move(hint))};
}

std::optional<Failure> check_content_type(const net::ServerRequest& head, const Route& route) {
  if (!has_body(head) || route.body == BodyKind::kNone) return std::nullopt;
  if (const std::string_view coding = head.header("content-encoding"); !coding.empty() && coding != "identity")
    return unsupported_body("the body must not be compressed", "send it without Content-Encoding");
  static constexpr std::string_view kTypes[] = {"", "application/json", "multipart/form-data",
                                                "application/octet-stream"};  // of BodyKind
  const std::string_view wanted = kTypes[static_cast<size_t>(route.body)];
  const std::string_view value = head.header("content-type");
  std::string type = net::lower_ascii(value.substr(0, value.find(';')));
  while (!type.empty() && type.back() == ' ')
    type.pop_back();
  const bool is_blob = route.body == BodyKind::kBytes;
  if (type == wanted || (is_blob && type == "application/json"))
    return std::nullopt;  // as Ollama's command says of blobs
  const bool from_a_browser = head.has_header("origin") || head.has_header("sec-fetch-site");
  const bool says_nothing = type.empty() || type == "application/x-www-form-urlencoded";
  if (says_nothing && !from_a_browser && route.body != BodyKind::kMultipart) return std::nullopt;
  return unsupported_body(fmt::format("the body must be {}", wanted),
                          fmt::format("send the header Content-Type: {}", wanted));
}

}  // namespace

std::string allowed_origin(const net::ServerRequest& head, const GuardOptions& options) {
  const std::string origin = net::lower_ascii(head.header("origin"));
  const auto is_it = [&](std::string_view pattern) { return matches(origin, pattern); };
  const bool is_allowed = std::ranges::any_of(kDesktopOrigins, is_it) || std::ranges::any_of(options.origins, is_it);
  return is_allowed ? origin : std::string();
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
