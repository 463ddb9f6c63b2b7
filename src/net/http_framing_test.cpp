#include "net/http_framing.h"

#include <gtest/gtest.h>

namespace ingle::net {
namespace {

int status(std::string_view head) {
  const auto fault = check_head(head);
  return fault ? fault->status : 200;
}

TEST(HttpFraming, takes_what_can_be_read_in_one_way) {
  for (const std::string_view head :
       {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "POST /a?b=c HTTP/1.0\r\nContent-Length: 5\r\n\r\n",
        "M-SEARCH * HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nEmpty:\r\nTab:\tx\r\nHigh: caf\xc3\xa9\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: Chunked \r\nExpect: 100-Continue\r\n\r\n"})
    EXPECT_EQ(status(head), 200) << head;
}

TEST(HttpFraming, refuses_what_can_be_read_in_two) {
  for (const std::string_view line : {"Content-Length: 1\r\nContent-Length: 1",
                                      "Content-Length: 1\r\nTransfer-Encoding: chunked",
                                      "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
                                      "Transfer-Encoding: gzip, chunked",
                                      "Transfer-Encoding: identity",
                                      "Transfer-Encoding:",
                                      "Content-Length: +1",
                                      "Content-Length: 1, 1",
                                      "Content-Length: 0x1",
                                      "Content-Length:",
                                      "Content-Length: 9999999999999999999",
                                      "Host : x",
                                      ": x",
                                      "Host",
                                      " x",
                                      "A: b\r\n c",
                                      "A: b\r\n\tc",
                                      "A: b\x01",
                                      "A\x80: b",
                                      "A: b\nC: d",
                                      "A: b\rC: d"})
    EXPECT_EQ(status("POST / HTTP/1.1\r\n" + std::string(line) + "\r\n\r\n"), 400) << line;
  for (const std::string_view line :
       {"GET / HTTP/1.1 ", "GET  / HTTP/1.1", " GET / HTTP/1.1", "GET /", "GET / HTTP/2.0", "GET / http/1.1",
        "G\xc3\xa9T / HTTP/1.1", "GET /\xc3\xa9 HTTP/1.1", "GET /#a HTTP/1.1", ""})
    EXPECT_EQ(status(std::string(line) + "\r\nHost: x\r\n\r\n"), 400) << line;
  EXPECT_EQ(status("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
  EXPECT_EQ(status("POST / HTTP/1.1\r\nExpect: 200-ok\r\n\r\n"), 417);
  EXPECT_EQ(status(std::string_view("GET / HTTP/1.1\r\nA: b\0c\r\n\r\n", 26)), 400);
}

TEST(HttpFraming, sees_a_fault_before_the_head_is_there_and_its_end_across_pieces) {
  EXPECT_FALSE(check_incoming("GET / HTTP/1.1\r").has_value());
  EXPECT_TRUE(check_incoming("GET / HTTP/1.1\rH", 15).has_value());
  EXPECT_TRUE(check_incoming("GET / HTTP/1.1\n").has_value());
  EXPECT_FALSE(check_incoming("GET / HTTP/1.1\r\n", 15).has_value());
  EXPECT_FALSE(head_length("a\r\n\r", 0).has_value());
  EXPECT_EQ(head_length("a\r\n\r\nb", 4), 5U);
}

}  // namespace
}  // namespace ingle::net
