#include "roles/egress_protocol.h"

#include "roles/message.h"

namespace ingle::roles {
namespace {

constexpr size_t kMaxHeaders = 1000;
constexpr size_t kMaxRedirects = 50;

Error broken(std::string_view what) {
  return Error::corrupt("a message of the egress process is damaged: " + std::string(what));
}

void write_optional(MessageWriter& writer, const std::optional<uint64_t>& value) {
  writer.number(value.has_value()).number(value.value_or(0));
}
std::optional<uint64_t> read_optional(MessageReader& reader) {
  const bool has_value = reader.number<bool>();
  const auto value = reader.number<uint64_t>();
  if (!has_value && value != 0) reader.fail();
  return has_value ? std::optional(value) : std::nullopt;
}

void write_headers(MessageWriter& writer, const std::vector<net::HttpHeader>& headers) {
  writer.number(static_cast<uint32_t>(headers.size()));
  for (const net::HttpHeader& header : headers)
    writer.text(header.name).text(header.value);
}
std::vector<net::HttpHeader> read_headers(MessageReader& reader) {
  const auto count = reader.number<uint32_t>();
  std::vector<net::HttpHeader> headers;
  for (uint32_t i = 0; i < count && !reader.broken(); ++i) {
    if (i == kMaxHeaders) reader.fail();
    std::string name = reader.text();
    std::string value = reader.text();
    headers.push_back({std::move(name), std::move(value)});
  }
  return headers;
}

void write_url(MessageWriter& writer, const net::Url& url) {
  writer.text(url.scheme).text(url.user_info).text(url.host).number(url.port).text(url.target);
}
net::Url read_url(MessageReader& reader) {
  net::Url url;
  url.scheme = reader.text();
  url.user_info = reader.text();
  url.host = reader.text();
  url.port = reader.number<uint16_t>();
  url.target = reader.text();
  return url;
}

void write_settings(MessageWriter& writer, const net::HttpSettings& settings) {
  writer.text(settings.https_proxy)
      .text(settings.http_proxy)
      .text(settings.no_proxy)
      .text(settings.ca_file)
      .text(settings.ca_pem)
      .text(settings.user_agent)
      .number(settings.connect_timeout_ms)
      .number(settings.idle_timeout_ms)
      .number(settings.max_redirects)
      .number(settings.max_header_bytes);
}
net::HttpSettings read_settings(MessageReader& reader) {
  net::HttpSettings settings;
  settings.https_proxy = reader.text();
  settings.http_proxy = reader.text();
  settings.no_proxy = reader.text();
  settings.ca_file = reader.text();
  settings.ca_pem = reader.text();
  settings.user_agent = reader.text();
  settings.connect_timeout_ms = reader.number<unsigned>();
  settings.idle_timeout_ms = reader.number<unsigned>();
  settings.max_redirects = reader.number<unsigned>();
  settings.max_header_bytes = reader.number<uint32_t>();
  return settings;
}

void write_one_head(MessageWriter& writer, const net::HttpHead& head) {
  writer.number(head.status);
  write_headers(writer, head.headers);
  write_url(writer, head.url);
  write_optional(writer, head.body_bytes);
  write_optional(writer, head.range_start);
  write_optional(writer, head.range_total);
}
net::HttpHead read_one_head(MessageReader& reader) {
  net::HttpHead head;
  head.status = reader.number<int>();
  head.headers = read_headers(reader);
  head.url = read_url(reader);
  head.body_bytes = read_optional(reader);
  head.range_start = read_optional(reader);
  head.range_total = read_optional(reader);
  return head;
}

/// The redirects of a redirect are those before it in the list, so they are not written again.
void write_head(MessageWriter& writer, const net::HttpHead& head) {
  write_one_head(writer, head);
  writer.number(static_cast<uint32_t>(head.redirects.size()));
  for (const net::HttpHead& redirect : head.redirects)
    write_one_head(writer, redirect);
}
net::HttpHead read_head(MessageReader& reader) {
  net::HttpHead head = read_one_head(reader);
  const auto count = reader.number<uint32_t>();
  for (uint32_t i = 0; i < count && !reader.broken(); ++i) {
    if (i == kMaxRedirects) reader.fail();
    head.redirects.push_back(read_one_head(reader));
  }
  return head;
}

}  // namespace

std::string encode_settings(const net::HttpSettings& settings) {
  MessageWriter writer;
  write_settings(writer, settings);
  return writer.take();
}

std::string encode_order(uint64_t number, const SendOrder& order) {
  const net::HttpRequest& request = order.request;
  MessageWriter writer;
  writer.number(number);
  write_settings(writer, order.settings);
  write_url(writer, request.url);
  write_headers(writer, request.headers);
  write_optional(writer, request.range_from);
  writer.number(request.max_body_bytes)
      .number(static_cast<uint8_t>(request.method))
      .text(request.body)
      .number(request.silence_timeout_ms)
      .text(order.permit.host())
      .number(order.permit.receipt().has_value());
  if (order.permit.receipt()) writer.text(order.permit.receipt()->mac);
  return writer.take();
}

Result<SendOrder> decode_order(std::string_view bytes) {
  MessageReader reader(bytes);
  SendOrder order;
  net::HttpRequest& request = order.request;
  order.settings = read_settings(reader);
  request.url = read_url(reader);
  request.headers = read_headers(reader);
  request.range_from = read_optional(reader);
  request.max_body_bytes = reader.number<uint64_t>();
  const auto method = reader.number<uint8_t>();
  if (method > static_cast<uint8_t>(net::HttpMethod::kPost)) reader.fail();
  request.method = static_cast<net::HttpMethod>(method);
  request.body = reader.text();
  request.silence_timeout_ms = reader.number<unsigned>();
  std::string host = reader.text();
  if (reader.number<bool>()) {
    order.permit = net::EgressPermit::for_released(std::move(host), net::Receipt{.mac = reader.text()});
  } else {
    order.permit = net::EgressPermit::for_model_download(std::move(host));
  }
  if (!reader.done()) return std::unexpected(Error::corrupt("a request for the egress process is damaged"));
  return order;
}

std::string encode_head(uint64_t number, const net::HttpHead& head) {
  MessageWriter writer;
  writer.number(number);
  write_head(writer, head);
  return writer.take();
}

std::string encode_end(uint64_t number, const Result<net::HttpHead>& result) {
  MessageWriter writer;
  writer.number(number).number(result.has_value());
  if (result) {
    write_head(writer, *result);
  } else {
    writer.error(result.error());
  }
  return writer.take();
}

Result<EgressMessage> from_egress(Frame frame) {
  if (!frame.descriptors.empty()) return std::unexpected(broken("open files"));
  MessageReader reader(frame.payload);
  const auto number = reader.number<uint64_t>();
  switch (static_cast<FromEgress>(frame.type)) {
    case FromEgress::kHead: {
      HeadOf message{.number = number, .head = read_head(reader)};
      if (!reader.done()) return std::unexpected(broken("a head"));
      return EgressMessage(std::move(message));
    }
    case FromEgress::kBody: {
      BodyOf message{.number = number, .bytes = std::string(reader.rest())};
      if (reader.broken() || message.bytes.empty()) return std::unexpected(broken("a piece of a body"));
      return EgressMessage(std::move(message));
    }
    case FromEgress::kEnd: {
      EndOf message{.number = number, .result = net::HttpHead()};
      if (reader.number<bool>()) {
        *message.result = read_head(reader);
      } else {
        message.result = std::unexpected(reader.error());
      }
      if (!reader.done()) return std::unexpected(broken("an end"));
      return EgressMessage(std::move(message));
    }
  }
  return std::unexpected(broken("a kind of message that there is not"));
}

}  // namespace ingle::roles
