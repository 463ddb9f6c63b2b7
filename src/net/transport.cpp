#include "net/transport.h"

namespace ingle::net {

Result<TextAnswer> get_text(const HttpTransport& transport, HttpRequest request, const EgressPermit& permit,
                            uint64_t max_bytes, std::stop_token stop) {
  request.max_body_bytes = max_bytes;
  std::string body;
  const BodySink sink{
      .on_head = [](const HttpHead&) -> Result<bool> { return true; },
      .on_body = [&](std::span<const std::byte> chunk) -> Status {
        body.append(reinterpret_cast<const char*>(chunk.data()), chunk.size());
        return {};
      },
  };
  INGLE_TRY(HttpHead head, transport.send(request, permit, sink, std::move(stop)));
  return TextAnswer{std::move(head), std::move(body)};
}

}  // namespace ingle::net
