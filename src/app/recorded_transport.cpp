#include "app/recorded_transport.h"

namespace ingle::app {
namespace {

class RecordedTransport final : public net::HttpTransport {
 public:
  RecordedTransport(std::unique_ptr<net::HttpTransport> transport, DownloadRecorder recorder)
      : transport_(std::move(transport)), recorder_(std::move(recorder)) {}

  Result<net::HttpHead> send(const net::HttpRequest& request, const net::EgressPermit& permit,
                             const net::BodySink& sink, std::stop_token stop) const override {
    if (permit.receipt()) return transport_->send(request, permit, sink, std::move(stop));
    uint64_t bytes_in = 0;
    const net::BodySink counting{
        .on_head = sink.on_head,
        .on_body = [&](std::span<const std::byte> bytes) -> Status {
          bytes_in += bytes.size();
          return sink.on_body(bytes);
        },
    };
    auto head = transport_->send(request, permit, counting, std::move(stop));
    recorder_(head ? head->url.authority() : request.url.authority(), bytes_in, head.has_value());
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
