// IP addresses, version 4 and 6. Loopback and unspecified addresses name nobody and are not reported.
#include <arpa/inet.h>

#include <algorithm>
#include <string>

#include "router/detectors/detector.h"
#include "router/detectors/scan.h"

namespace ingle::router {
namespace {

constexpr size_t kLongest = 45;  // of the text form, INET6_ADDRSTRLEN without its NUL

constexpr bool is_part(char c) {
  return is_hex(c) || c == ':' || c == '.';
}

bool is_reported(const std::string& word) {
  in_addr v4{};
  in6_addr v6{};
  if (::inet_pton(AF_INET, word.c_str(), &v4) == 1) {
    const uint32_t address = ntohl(v4.s_addr);
    return address != 0 && address >> 24 != 127 && address != UINT32_MAX;
  }
  if (std::ranges::count(word, ':') < 2 || ::inet_pton(AF_INET6, word.c_str(), &v6) != 1) return false;
  return !IN6_IS_ADDR_LOOPBACK(&v6) && !IN6_IS_ADDR_UNSPECIFIED(&v6);
}

void scan(std::string_view text, std::vector<Span>& found) {
  for (size_t i = 0; i < text.size();) {
    if (!is_part(text[i])) {
      ++i;
      continue;
    }
    size_t end = i;
    while (end < text.size() && is_part(text[end]))
      ++end;
    // A full stop or a colon at the end belongs to the sentence; "::" belongs to the address.
    size_t last = end;
    while (last > i && (text[last - 1] == '.' || (text[last - 1] == ':' && !(last - i > 1 && text[last - 2] == ':'))))
      --last;
    const bool alone = !is_alnum(before(text, i)) && !is_alnum(at_or_nul(text, end));
    // A port may follow a version 4 address.
    const size_t colon = text.substr(i, last - i).find(':');
    const size_t address_end =
        std::count(text.begin() + static_cast<long>(i), text.begin() + static_cast<long>(last), ':') == 1 ? i + colon
                                                                                                          : last;
    if (alone && address_end - i <= kLongest && address_end - i >= 2 &&
        is_reported(std::string(text.substr(i, address_end - i)))) {
      found.push_back({i, address_end});
    }
    i = end;
  }
}

}  // namespace

const Detector kIpAddressDetector{"ip", "an IP address", scan};

}  // namespace ingle::router
