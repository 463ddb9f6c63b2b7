#include "net/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

namespace ingle::net {
namespace {

constexpr size_t kMaxUrl = 8192;

Error malformed(std::string_view text, std::string_view why) {
  // The authority may hold a password, so only what follows it is shown.
  const size_t at = text.rfind('@', std::min(text.size(), text.find('/', std::min(text.size(), text.find("//") + 2))));
  return Error::usage(fmt::format("'{}' is not a URL that can be used: {}",
                                  text.substr(at == std::string_view::npos ? 0 : at + 1).substr(0, 200), why));
}

bool is_host_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// RFC 3986, section 5.2.4, over the path; the query is kept.
std::string remove_dot_segments(std::string_view target) {
  const size_t end = std::min(target.find('?'), target.size());
  const std::string_view path = target.substr(0, end);
  std::vector<std::string_view> segments;
  size_t from = 1;
  bool folder = false;
  while (from <= path.size()) {
    const size_t to = std::min(path.find('/', from), path.size());
    const std::string_view segment = path.substr(from, to - from);
    folder = segment == "." || segment == "..";
    if (segment == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (segment != ".") {
      segments.push_back(segment);
    }
    from = to + 1;
  }
  std::string result;
  for (const std::string_view segment : segments) {
    result += '/';
    result += segment;
  }
  if (folder || result.empty()) result += '/';
  result += target.substr(end);
  return result;
}

Status parse_authority(std::string_view text, std::string_view authority, Url& url) {
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) {
    url.user_info = authority.substr(0, at);
    authority = authority.substr(at + 1);
  }
  std::string_view port;
  if (authority.starts_with('[')) {
    const size_t close = authority.find(']');
    if (close == std::string_view::npos) return std::unexpected(malformed(text, "the address has no closing bracket"));
    url.host = lower_ascii(authority.substr(1, close - 1));
    const bool is_address =
        std::ranges::all_of(url.host, [](char c) { return hex_value(c) >= 0 || c == ':' || c == '.'; });
    if (!is_address || url.host.size() < 2) return std::unexpected(malformed(text, "the address is not IPv6"));
    const std::string_view rest = authority.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return std::unexpected(malformed(text, "text after the address"));
    port = rest.empty() ? rest : rest.substr(1);
  } else {
    const size_t colon = authority.find(':');
    url.host = lower_ascii(authority.substr(0, colon));
    if (colon != std::string_view::npos) port = authority.substr(colon + 1);
    if (url.host.empty() || url.host.size() > 253 || !std::ranges::all_of(url.host, is_host_char)) {
      return std::unexpected(malformed(text, "the host is empty or has a character that is not allowed"));
    }
  }
  url.port = url.scheme == "https" ? 443 : 80;
  if (port.empty()) return {};
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
  if (error != std::errc() || end != port.data() + port.size() || url.port == 0) {
    return std::unexpected(malformed(text, "the port is not a number from 1 to 65535"));
  }
  return {};
}

}  // namespace

std::string lower_ascii(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::string percent_decode(std::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      result += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

Result<Url> Url::parse(std::string_view text) {
  if (text.size() > kMaxUrl) return std::unexpected(malformed(text, "longer than 8192 bytes"));
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    // Anything else in a request line could end it early or be read in two ways.
    if (byte <= 0x20 || byte >= 0x7f || c == '\\' || c == '"' || c == '<' || c == '>') {
      return std::unexpected(malformed("", "it has a space, a control character or one that must be percent-encoded"));
    }
  }
  const size_t colon = text.find("://");
  if (colon == std::string_view::npos) return std::unexpected(malformed(text, "no scheme such as https://"));
  Url url;
  url.scheme = lower_ascii(text.substr(0, colon));
  if (url.scheme != "http" && url.scheme != "https" && url.scheme != "file") {
    return std::unexpected(malformed(text, "the scheme is not http, https or file"));
  }
  std::string_view rest = text.substr(colon + 3);
  rest = rest.substr(0, rest.find('#'));
  const size_t slash = std::min(rest.find_first_of("/?"), rest.size());
  const std::string_view authority = rest.substr(0, slash);
  if (url.scheme == "file") {
    if (!authority.empty() && lower_ascii(authority) != "localhost") {
      return std::unexpected(malformed(text, "a file of another machine"));
    }
  } else {
    INGLE_TRY_VOID(parse_authority(text, authority, url));
  }
  url.target = rest.substr(slash);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  return url;
}

Result<Url> Url::resolve(std::string_view reference) const {
  reference = reference.substr(0, reference.find('#'));
  const size_t scheme_end = reference.find("://");
  if (scheme_end != std::string_view::npos && reference.find_first_of("/?") > scheme_end) return parse(reference);
  if (reference.starts_with("//")) return parse(scheme + ":" + std::string(reference));
  std::string base = scheme + "://" + (host.empty() ? "" : authority());
  std::string path;
  if (reference.starts_with('/')) {
    path = reference;
  } else if (reference.empty()) {
    path = target;
  } else {
    const std::string own = target.substr(0, target.find('?'));
    path = reference.starts_with('?') ? own + std::string(reference)
                                      : own.substr(0, own.rfind('/') + 1) + std::string(reference);
  }
  INGLE_TRY(Url result, parse(base + remove_dot_segments(path)));
  result.user_info = user_info;
  return result;
}

std::string Url::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  const bool is_default = (scheme == "https" && port == 443) || (scheme == "http" && port == 80);
  return is_default ? name : fmt::format("{}:{}", name, port);
}

std::string Url::text() const {
  return scheme + "://" + (host.empty() ? "" : authority()) + target;
}

std::string Url::origin() const {
  return fmt::format("{}://{}:{}", scheme, host, port);
}

std::string Url::decoded_path() const {
  return percent_decode(target.substr(0, target.find('?')));
}

bool Url::is_loopback() const {
  if (host == "localhost" || host == "::1") return true;
  return host.starts_with("127.") &&
         std::ranges::all_of(host, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

}  // namespace ingle::net
