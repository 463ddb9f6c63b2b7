// libFuzzer target of a request's head: it does not matter in which pieces it comes, and what is let through says once, and
// says what Beast reads too, where the body ends.
//
// The first byte is the length of the pieces.
#include <boost/asio/buffer.hpp>
#include <boost/beast/http.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "net/http_framing.h"

namespace {

namespace beast = boost::beast;
using namespace ingle::net;

void check_in_pieces(std::string_view bytes, size_t piece) {
  bool faulty = false;
  std::optional<size_t> length;
  for (size_t seen = 0; seen < bytes.size() && !faulty; seen += piece) {
    const std::string_view so_far = bytes.substr(0, seen + piece);
    faulty = check_incoming(so_far, seen).has_value();
    if (!length) length = head_length(so_far, seen);
  }
  INGLE_CHECK(faulty == check_incoming(bytes).has_value());
  if (!faulty) INGLE_CHECK(length == head_length(bytes, 0));
}

void check_body(std::string_view head) {
  beast::http::request_parser<beast::http::empty_body> parser;
  parser.header_limit(UINT32_MAX);
  parser.body_limit(boost::none);
  beast::error_code error;
  parser.put(boost::asio::buffer(head), error);
  if (error || !parser.is_header_done()) return;
  const auto& request = parser.get();
  const size_t n_lengths = request.count(beast::http::field::content_length);
  const size_t n_codings = request.count(beast::http::field::transfer_encoding);
  INGLE_CHECK(n_lengths + n_codings <= 1);
  INGLE_CHECK(parser.chunked() == (n_codings == 1));
  INGLE_CHECK(parser.content_length().has_value() == (n_lengths == 1));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  check_in_pieces(bytes, 1 + data[0]);
  const auto length = head_length(bytes, 0);
  if (!length) return 0;
  const std::string_view head = bytes.substr(0, *length);
  if (check_head(head)) return 0;
  INGLE_CHECK(!check_incoming(head).has_value());
  check_body(head);
  return 0;
}
