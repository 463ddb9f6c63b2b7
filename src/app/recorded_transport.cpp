#include "app/recorded_transport.h"

#include <string>
#include <utility>

namespace ingle::app {
namespace {

/// What a request says of itself, about as it goes over the wire.
uint64_t bytes_of(const net::HttpRequest& request) {
  uint64_t bytes = net::to_string(request.method).size() + request.url.text().size() + request.body.size();
  for (const net::HttpHeader& header : request.headers)
    bytes += header.name.size() + header.value.size();
  return bytes;
}

/// The rows of one download: the one that is going on, after those of the hosts that sent it on.
class Rows {
 public:
  Rows(const net::HttpRequest& request, const DownloadRecorder& recorder)
      : recorder_(recorder), bytes_(bytes_of(request)) {
    begin(request.url.authority());
  }

  void redirected_to(const std::string& host) {
    if (host == row_.host) {
      row_.bytes_out += bytes_;
      return;
    }
    end("answered");
    begin(host);
  }
  void arrived(uint64_t bytes) { row_.bytes_in += bytes; }
  void end(std::string_view outcome) {
    row_.outcome = outcome;
    recorder_(row_);
  }

 private:
  void begin(const std::string& host) {
    row_ = Download();
    row_.host = host;
    row_.bytes_out = bytes_;
    row_.outcome = "pending";
    recorder_(row_);
  }

  const DownloadRecorder& recorder_;
  const uint64_t bytes_;
  Download row_;
};

class RecordedTransport final : public net::HttpTransport {
 public:
  RecordedTransport(std::unique_ptr<net::HttpTransport> transport, DownloadRecorder recorder)
      : transport_(std::move(transport)), recorder_(std::move(recorder)) {}

  Result<net::HttpHead> send(const net::HttpRequest& request, const net::EgressPermit& permit,
                             const net::BodySink& sink, std::stop_token stop) const override {
    if (permit.receipt()) return transport_->send(request, permit, sink, std::move(stop));
    Rows rows(request, recorder_);
    const net::BodySink counting{
        .on_head = [&](const net::HttpHead& head) -> Result<bool> {
          for (size_t i = 1; i < head.redirects.size(); ++i)
            rows.redirected_to(head.redirects[i].url.authority());
          if (!head.redirects.empty()) rows.redirected_to(head.url.authority());
          return sink.on_head ? sink.on_head(head) : Result<bool>(true);
        },
        .on_body = [&](std::span<const std::byte> bytes) -> Status {
          rows.arrived(bytes.size());
          return sink.on_body ? sink.on_body(bytes) : Status();
        },
    };
    auto head = transport_->send(request, permit, counting, std::move(stop));
    rows.end(head ? "answered" : "failed");
    return head;
  }

 private:
  std::unique_ptr<net::HttpTransport> transport_;
  DownloadRecorder recorder_;
};

}  // namespace

std::unique_ptr<net::HttpTransport> recorded(std::unique_ptr<net::HttpTransport> transport, DownloadRecorder recorder) {
  return std::make_unique<RecordedTransport>(std::move(transport), std::move(recorder));
}

}  // namespace ingle::app
