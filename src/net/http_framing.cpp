#include "net/http_framing.h"

#include <algorithm>

#include "net/url.h"

namespace ingle::net {
namespace {

constexpr size_t kMaxLengthDigits = 18;
constexpr size_t kMaxMethodBytes = 32;

bool is_token_char(char c) {
  static constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kOthers.find(c) != std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t'))
    text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t'))
    text.remove_suffix(1);
  return text;
}

FramingFault fault(std::string what) {
  return {.status = 400, .what = std::move(what)};
}

struct Framing {
  bool http_1_0 = false;
  size_t n_lengths = 0;
  size_t n_codings = 0;
};

std::optional<FramingFault> check_request_line(std::string_view line, Framing& framing) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last ||
      line.substr(first + 1, last - first - 1).find(' ') != std::string_view::npos)
    return fault("a request line is METHOD TARGET HTTP/1.1 with one space between");
  if (!std::ranges::all_of(line.substr(0, first), is_token_char) || first == 0 || first > kMaxMethodBytes)
    return fault("the method is no word");
  // Bytes beyond ASCII and fragments mean something else to every program on the way.
  if (std::ranges::any_of(line.substr(first, last - first),
                          [](char c) { return static_cast<unsigned char>(c) > 0x7e || c == '#'; }))
    return fault("the target holds a byte that addresses do not have; percent-encode it");
  const std::string_view version = line.substr(last + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return fault("only HTTP/1.0 and HTTP/1.1 are spoken here");
  framing.http_1_0 = version == "HTTP/1.0";
  return std::nullopt;
}

std::optional<FramingFault> check_field(std::string_view line, Framing& framing) {
  if (line.starts_with(' ') || line.starts_with('\t')) return fault("a header line is continued on the next one");
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0 || !std::ranges::all_of(line.substr(0, colon), is_token_char))
    return fault("a header line is NAME: VALUE, without a space before the colon");
  const std::string name = lower_ascii(line.substr(0, colon));
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (name == "content-length") {
    if (++framing.n_lengths > 1) return fault("the length of the body is said twice");
    if (value.empty() || value.size() > kMaxLengthDigits ||
        value.find_first_not_of("0123456789") != std::string_view::npos)
      return fault("Content-Length is no number of bytes");
  } else if (name == "transfer-encoding") {
    if (++framing.n_codings > 1) return fault("the coding of the body is said twice");
    if (lower_ascii(value) != "chunked") return fault("the only Transfer-Encoding that is taken is 'chunked'");
  } else if (name == "expect" && lower_ascii(value) != "100-continue") {
    return FramingFault{.status = 417, .what = "nothing but 100-continue can be expected here"};
  }
  return std::nullopt;
}

}  // namespace

std::optional<size_t> head_length(std::string_view bytes, size_t search_from) {
  const size_t end = bytes.find("\r\n\r\n", search_from < 3 ? 0 : search_from - 3);
  return end == std::string_view::npos ? std::nullopt : std::optional(end + 4);
}

std::optional<FramingFault> check_incoming(std::string_view bytes, size_t from) {
  for (size_t i = from == 0 ? 0 : from - 1; i < bytes.size(); ++i) {
    const auto c = static_cast<unsigned char>(bytes[i]);
    if (c == '\n' && (i == 0 || bytes[i - 1] != '\r')) return fault("a line ends without a carriage return");
    if (c == '\r' && i + 1 < bytes.size() && bytes[i + 1] != '\n')
      return fault("a carriage return stands within a line");
    if ((c < 0x20 && c != '\t' && c != '\r' && c != '\n') || c == 0x7f)
      return fault("a control character stands in the head");
  }
  return std::nullopt;
}

std::optional<FramingFault> check_head(std::string_view head) {
  if (auto problem = check_incoming(head)) return problem;
  Framing framing;
  bool is_first = true;
  while (!head.empty()) {
    const size_t end = std::min(head.find("\r\n"), head.size());
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 2, head.size()));
    if (is_first) {
      if (auto problem = check_request_line(line, framing)) return problem;
    } else if (!line.empty()) {
      if (auto problem = check_field(line, framing)) return problem;
    }
    is_first = false;
  }
  if (framing.n_codings > 0 && framing.n_lengths > 0)
    return fault("the body's end is said twice: by Content-Length and by Transfer-Encoding");
  if (framing.n_codings > 0 && framing.http_1_0) return fault("HTTP/1.0 knows no Transfer-Encoding");
  return std::nullopt;
}

}  // namespace ingle::net
