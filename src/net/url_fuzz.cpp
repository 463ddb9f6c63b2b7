// libFuzzer target of addresses: what is accepted can stand in a request line and means the same when it is written and read
// again, and a reference does not take a password to another place. A line end divides the address and the reference.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "net/listener.h"
#include "net/url.h"

namespace {

using namespace ingle::net;

bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

void check_url(const Url& url) {
  INGLE_CHECK(is_plain(url.host) && is_plain(url.target) && url.target.starts_with('/'));
  INGLE_CHECK(url.host.find_first_of("/@?#") == std::string::npos);
  INGLE_CHECK(url.host.empty() == (url.scheme == "file") && (url.port == 0) == (url.scheme == "file"));
  const auto again = Url::parse(url.text());
  INGLE_CHECK(again.has_value());
  INGLE_CHECK(again->user_info.empty() && again->origin() == url.origin() && again->target == url.target);
}

void check_address(std::string_view text) {
  const auto address = ListenAddress::parse(text, 1234);
  if (!address) return;
  const auto again = ListenAddress::parse(address->text(), 1);
  INGLE_CHECK(again.has_value());
  INGLE_CHECK(again->host == address->host && again->port == address->port);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view first = text.substr(0, text.find('\n'));
  check_address(first);
  const auto url = Url::parse(first);
  if (!url) return 0;
  check_url(*url);
  if (first.size() == text.size()) return 0;
  const auto other = url->resolve(text.substr(first.size() + 1));
  if (!other) return 0;
  check_url(*other);
  const bool says_itself = text.find('@', first.size()) != std::string_view::npos;
  INGLE_CHECK(other->user_info.empty() || says_itself || other->origin() == url->origin());
  return 0;
}
