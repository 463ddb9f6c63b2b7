#include "app/recorded_transport.h"

#include <gtest/gtest.h>

#include <tuple>
#include <vector>

namespace ingle::app {
namespace {

/// Answers every request with five bytes in two pieces, or with an error.
class Answering final : public net::HttpTransport {
 public:
  explicit Answering(bool fails) : fails_(fails) {}
  Result<net::HttpHead> send(const net::HttpRequest& request, const net::EgressPermit&, const net::BodySink& sink,
                             std::stop_token) const override {
    net::HttpHead head;
    head.status = 200;
    head.url = request.url;
    INGLE_TRY([[maybe_unused]] const bool wanted, sink.on_head(head));
    INGLE_TRY_VOID(sink.on_body(std::as_bytes(std::span("abc", 3))));
    if (fails_) return std::unexpected(Error::unavailable("broke off"));
    INGLE_TRY_VOID(sink.on_body(std::as_bytes(std::span("de", 2))));
    return head;
  }

 private:
  bool fails_;
};

using Record = std::tuple<std::string, uint64_t, bool>;

std::vector<Record> records_of(bool fails, const net::EgressPermit& permit, std::string& body) {
  std::vector<Record> records;
  const auto transport = recorded(
      std::make_unique<Answering>(fails),
      [&](std::string_view host, uint64_t bytes, bool answered) { records.emplace_back(host, bytes, answered); });
  const auto answer = net::get_text(*transport, {.url = *net::Url::parse("https://h.example:8/x")}, permit, 10, {});
  body = answer ? answer->body : "";
  return records;
}

TEST(RecordedTransport, tells_of_every_download_and_how_it_ended) {
  const auto permit = net::EgressPermit::for_model_download("h.example");
  std::string body;
  EXPECT_EQ(records_of(false, permit, body), (std::vector<Record>{{"h.example:8", 5, true}}));
  EXPECT_EQ(body, "abcde");
  EXPECT_EQ(records_of(true, permit, body), (std::vector<Record>{{"h.example:8", 3, false}}));
}

TEST(RecordedTransport, leaves_what_the_gate_released_to_the_router) {
  std::string body;
  EXPECT_TRUE(records_of(false, net::EgressPermit::for_released("h.example", {"receipt"}), body).empty());
  EXPECT_EQ(body, "abcde");
}

}  // namespace
}  // namespace ingle::app
