#include "net/proxy.h"

#include <openssl/evp.h>

#include <vector>

namespace ingle::net {
namespace {

bool bypasses(const Url& url, std::string_view list) {
  size_t from = 0;
  while (from <= list.size()) {
    const size_t to = std::min(list.find(',', from), list.size());
    std::string_view item = list.substr(from, to - from);
    from = to + 1;
    while (item.starts_with(' '))
      item.remove_prefix(1);
    while (item.ends_with(' '))
      item.remove_suffix(1);
    if (item == "*") return true;
    if (item.starts_with("*")) item.remove_prefix(1);
    if (item.starts_with(".")) item.remove_prefix(1);
    if (const size_t colon = item.find(':'); colon != std::string_view::npos && item.rfind(':') == colon) {
      if (item.substr(colon + 1) != std::to_string(url.port)) continue;
      item = item.substr(0, colon);
    }
    if (item.empty()) continue;
    if (url.host == item) return true;
    if (url.host.size() > item.size() && url.host.ends_with(item) &&
        url.host[url.host.size() - item.size() - 1] == '.') {
      return true;
    }
  }
  return false;
}

}  // namespace

Result<std::optional<Url>> proxy_for(const Url& url, const HttpSettings& settings) {
  const std::string& text = url.scheme == "https" ? settings.https_proxy : settings.http_proxy;
  if (text.empty() || url.is_loopback() || bypasses(url, settings.no_proxy)) return std::optional<Url>();
  // "proxy.example:3128" without a scheme is what many write and what curl and pip accept.
  auto proxy = Url::parse(text.find("://") == std::string::npos ? "http://" + text : text);
  if (!proxy) return std::unexpected(std::move(proxy).error().within("proxy"));
  if (proxy->scheme != "http") {
    return std::unexpected(Error::unsupported("the proxy '" + proxy->origin() + "' is not an http:// one")
                               .hint("set HTTPS_PROXY to the proxy's http:// address; the download itself stays TLS"));
  }
  return std::optional<Url>(std::move(*proxy));
}

std::string basic_authorization(std::string_view user_info) {
  const std::string plain = percent_decode(user_info);
  // Four characters for three bytes, and a terminating zero.
  std::vector<unsigned char> coded(4 * ((plain.size() + 2) / 3) + 1);
  const int size = EVP_EncodeBlock(coded.data(), reinterpret_cast<const unsigned char*>(plain.data()),
                                   static_cast<int>(plain.size()));
  return "Basic " + std::string(reinterpret_cast<const char*>(coded.data()), static_cast<size_t>(size));
}

}  // namespace ingle::net
