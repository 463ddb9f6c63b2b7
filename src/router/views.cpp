#include "router/views.h"

#include <algorithm>

#include "base/utf8.h"
#include "net/url.h"

namespace ingle::router {
namespace {

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return -1;
}

std::string base64_decode(std::string_view text) {
  std::string bytes;
  unsigned bits = 0;
  int n = 0;
  for (const char c : text) {
    bits = bits << 6 | static_cast<unsigned>(base64_value(c));
    n += 6;
    if (n < 8) continue;
    n -= 8;
    bytes += static_cast<char>(bits >> n & 0xFF);
  }
  return bytes;
}

bool is_text(std::string_view bytes) {
  return base::is_valid_utf8(bytes) && std::ranges::all_of(bytes, [](char c) {
           return static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\r' || c == '\t';
         });
}

}  // namespace

std::vector<std::string> hidden_views(std::string_view text) {
  std::vector<std::string> views;
  if (text.find('%') != std::string_view::npos) {
    if (std::string decoded = net::percent_decode(text); decoded != text) views.push_back(std::move(decoded));
  }
  constexpr size_t kShortest = 12;  // a mail address of eight letters
  for (size_t i = 0; i < text.size();) {
    size_t end = i;
    while (end < text.size() && base64_value(text[end]) >= 0)
      ++end;
    if (end - i >= kShortest) {
      if (std::string decoded = base64_decode(text.substr(i, end - i)); is_text(decoded)) {
        views.push_back(std::move(decoded));
      }
    }
    i = std::max(end, i + 1);
  }
  return views;
}

}  // namespace ingle::router
