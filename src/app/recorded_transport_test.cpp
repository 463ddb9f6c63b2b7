#include "app/recorded_transport.h"

#include <gtest/gtest.h>

#include <tuple>
#include <vector>

namespace ingle::app {
namespace {

/// Sends every request on twice, then answers with five bytes in two pieces, or with an error.
class Answering final : public net::HttpTransport {
 public:
  Answering(bool fails, const std::vector<Download>& told) : fails_(fails), told_(told) {}
  Result<net::HttpHead> send(const net::HttpRequest& request, const net::EgressPermit& permit,
                             const net::BodySink& sink, std::stop_token) const override {
    if (!permit.receipt()) {
      EXPECT_EQ(told_.size(), 1U) << "something leaves and nobody was told";
      EXPECT_EQ(told_.front().outcome, "pending");
    }
    net::HttpHead head;
    head.status = 302;
    head.url = request.url;
    std::vector<net::HttpHead> redirects{head};
    head.url = *net::Url::parse("https://between.example/y");
    redirects.push_back(head);
    head.status = 200;
    head.url = *net::Url::parse("https://files.example/z");
    head.redirects = std::move(redirects);
    INGLE_TRY([[maybe_unused]] const bool wanted, sink.on_head(head));
    INGLE_TRY_VOID(sink.on_body(std::as_bytes(std::span("abc", 3))));
    if (fails_) return std::unexpected(Error::unavailable("broke off"));
    INGLE_TRY_VOID(sink.on_body(std::as_bytes(std::span("de", 2))));
    return head;
  }

 private:
  bool fails_;
  const std::vector<Download>& told_;
};

using Record = std::tuple<std::string, uint64_t, std::string>;

/// The rows as a ledger would hold them.
std::vector<Record> records_of(bool fails, const net::EgressPermit& permit, std::string& body) {
  std::vector<Download> rows;
  const auto transport = recorded(std::make_unique<Answering>(fails, rows), [&](Download& download) {
    EXPECT_GT(download.bytes_out, 0U);
    if (download.row == 0) {
      rows.push_back(download);
      download.row = static_cast<int64_t>(rows.size());
    }
    rows.at(static_cast<size_t>(download.row) - 1) = download;
  });
  const auto answer = net::get_text(*transport, {.url = *net::Url::parse("https://h.example:8/x")}, permit, 10, {});
  body = answer ? answer->body : "";
  std::vector<Record> records;
  for (const Download& row : rows)
    records.emplace_back(row.host, row.bytes_in, row.outcome);
  return records;
}

TEST(RecordedTransport, tells_of_every_host_that_a_download_asked_and_how_it_ended) {
  const auto permit = net::EgressPermit::for_model_download("h.example");
  std::string body;
  EXPECT_EQ(records_of(false, permit, body),
            (std::vector<Record>{
                {"h.example:8", 0, "answered"}, {"between.example", 0, "answered"}, {"files.example", 5, "answered"}}));
  EXPECT_EQ(body, "abcde");
  EXPECT_EQ(records_of(true, permit, body),
            (std::vector<Record>{
                {"h.example:8", 0, "answered"}, {"between.example", 0, "answered"}, {"files.example", 3, "failed"}}));
}

TEST(RecordedTransport, leaves_what_the_gate_released_to_the_router) {
  std::string body;
  EXPECT_TRUE(records_of(false, net::EgressPermit::for_released("h.example", {"receipt"}), body).empty());
  EXPECT_EQ(body, "abcde");
}

}  // namespace
}  // namespace ingle::app
