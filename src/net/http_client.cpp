#include "net/http_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/http/status.hpp>
#include <charconv>

#include "net/connection.h"
#include "net/proxy.h"

namespace ingle::net {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr size_t kChunkBytes = 256 * 1024;
constexpr int kMaxInformational = 5;

bool is_header_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
}

/// Those that frame the request are written here alone: a second one could be read in two ways.
bool is_framing_header(std::string_view name) {
  const std::string lower = lower_ascii(name);
  return lower == "host" || lower == "connection" || lower == "content-length" || lower == "transfer-encoding";
}

bool is_header_value(std::string_view value) {
  return std::ranges::all_of(value, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

Result<std::string> request_text(const HttpRequest& request, const Url& url, bool same_origin,
                                 const std::optional<Url>& proxy, const HttpSettings& settings) {
  // Plain HTTP through a proxy names the whole URL; inside a tunnel the proxy is invisible.
  const bool absolute = proxy && url.scheme == "http";
  std::string text = fmt::format(
      "{} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {}\r\nConnection: close\r\n"
      "Accept-Encoding: identity\r\n",
      to_string(request.method), absolute ? "http://" + url.authority() + url.target : url.target, url.authority(),
      settings.user_agent);
  if (absolute && !proxy->user_info.empty()) {
    text += "Proxy-Authorization: " + basic_authorization(proxy->user_info) + "\r\n";
  }
  bool has_authorization = false;
  for (const HttpHeader& header : request.headers) {
    if (!is_header_name(header.name) || !is_header_value(header.value)) {
      return std::unexpected(Error::usage(fmt::format("the header '{}' cannot be sent: bad characters", header.name)));
    }
    if (is_framing_header(header.name)) {
      return std::unexpected(Error::usage(fmt::format("the header '{}' is the client's own", header.name)));
    }
    if (lower_ascii(header.name) == "authorization") {
      if (!same_origin) continue;
      has_authorization = true;
    }
    text += header.name + ": " + header.value + "\r\n";
  }
  if (!has_authorization && !url.user_info.empty()) {
    text += "Authorization: " + basic_authorization(url.user_info) + "\r\n";
  }
  if (request.range_from) text += fmt::format("Range: bytes={}-\r\n", *request.range_from);
  if (request.method == HttpMethod::kPost) text += fmt::format("Content-Length: {}\r\n", request.body.size());
  return text + "\r\n" + request.body;
}

bool parse_number(std::string_view text, uint64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

/// "bytes 100-199/1000", total may be "*".
Status parse_content_range(std::string_view text, uint64_t wanted, HttpHead& head) {
  const auto broken = [&] {
    return std::unexpected(
        Error::corrupt(fmt::format("{}: Content-Range '{}' does not answer a request for bytes from {}",
                                   head.url.text(), text.substr(0, 100), wanted)));
  };
  uint64_t first = 0;
  uint64_t last = 0;
  const size_t dash = text.find('-');
  const size_t slash = text.find('/');
  if (!text.starts_with("bytes ") || dash == std::string_view::npos || slash == std::string_view::npos ||
      dash > slash) {
    return broken();
  }
  if (!parse_number(text.substr(6, dash - 6), first) || !parse_number(text.substr(dash + 1, slash - dash - 1), last)) {
    return broken();
  }
  if (first != wanted || last < first) return broken();
  uint64_t total = 0;
  if (text.substr(slash + 1) != "*") {
    if (!parse_number(text.substr(slash + 1), total) || total <= last) return broken();
    head.range_total = total;
  }
  if (head.body_bytes && *head.body_bytes != last - first + 1) return broken();
  head.range_start = first;
  return {};
}

Result<HttpHead> head_of(Connection::Parser& parser, const Url& url, const HttpRequest& request) {
  HttpHead head;
  head.status = static_cast<int>(parser.get().result_int());
  head.url = url;
  for (const auto& field : parser.get()) {
    head.headers.push_back({lower_ascii({field.name_string().data(), field.name_string().size()}),
                            std::string(field.value().data(), field.value().size())});
  }
  if (const auto length = parser.content_length()) head.body_bytes = *length;
  if (head.status == 206) {
    if (!request.range_from)
      return std::unexpected(Error::corrupt(url.text() + ": a part was sent that nobody asked for"));
    INGLE_TRY_VOID(parse_content_range(head.header("content-range"), *request.range_from, head));
  }
  if (head.status == 416) {
    // "bytes */1000": nothing lies behind the position, and this is why (RFC 9110, section 15.5.17).
    const std::string_view range = head.header("content-range");
    uint64_t total = 0;
    if (range.starts_with("bytes */") && parse_number(range.substr(8), total)) head.range_total = total;
  }
  const std::string coding = lower_ascii(head.header("content-encoding"));
  if (!coding.empty() && coding != "identity") {
    return std::unexpected(
        Error::unsupported(url.text() + ": the answer is encoded as '" + coding.substr(0, 50) + "'"));
  }
  return head;
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

Status check_redirect(const Url& from, const Url& to) {
  if (to.scheme != "http" && to.scheme != "https") {
    return std::unexpected(Error::refused(from.text() + ": redirected to a file"));
  }
  if (from.scheme == "https" && to.scheme == "http" && !(from.is_loopback() && to.is_loopback())) {
    return std::unexpected(Error::refused(fmt::format("{}: redirected from https to {}", from.text(), to.origin())));
  }
  return {};
}

}  // namespace

struct HttpClient::Impl {
  HttpSettings settings;
  std::optional<ReceiptKey> key;
  // Shared by calls in several threads: OpenSSL counts references to it atomically and nothing changes it after create().
  mutable asio::ssl::context tls{asio::ssl::context::tls_client};

  Status read_body(Connection& connection, Connection::Parser& parser, const HttpRequest& request, const HttpHead& head,
                   const BodySink& sink) const;
};

std::string_view to_string(HttpMethod method) {
  return method == HttpMethod::kPost ? "POST" : "GET";
}

std::string_view HttpHead::header(std::string_view name) const {
  const auto found = std::ranges::find(headers, name, &HttpHeader::name);
  return found == headers.end() ? std::string_view() : std::string_view(found->value);
}

std::string status_text(int status) {
  const auto reason = http::obsolete_reason(http::int_to_status(static_cast<unsigned>(status)));
  if (reason.empty() || reason == "<unknown-status>") return std::to_string(status);
  return fmt::format("{} {}", status, std::string_view(reason.data(), reason.size()));
}

HttpClient::HttpClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;

const HttpSettings& HttpClient::settings() const {
  return impl_->settings;
}

Result<HttpClient> HttpClient::create(HttpSettings settings, std::optional<ReceiptKey> key) {
  auto impl = std::make_unique<Impl>();
  impl->settings = std::move(settings);
  impl->key = std::move(key);
  boost::system::error_code code;
  impl->tls.set_options(
      asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1, code);
  impl->tls.set_verify_mode(asio::ssl::verify_peer, code);
  if (!impl->settings.ca_pem.empty()) {
    impl->tls.add_certificate_authority(asio::buffer(impl->settings.ca_pem), code);
    if (code) {
      return std::unexpected(Error::usage("the certificate bundle holds no certificates: " + code.message())
                                 .hint("correct SSL_CERT_FILE (or pip's 'cert' setting), or unset it"));
    }
  } else if (impl->settings.ca_file.empty()) {
    impl->tls.set_default_verify_paths(code);
  } else {
    impl->tls.load_verify_file(impl->settings.ca_file, code);
    if (code) {
      return std::unexpected(Error::usage(fmt::format("the certificate bundle '{}' cannot be read: {}",
                                                      impl->settings.ca_file, code.message()))
                                 .hint("correct SSL_CERT_FILE (or pip's 'cert' setting), or unset it"));
    }
  }
  return HttpClient(std::move(impl));
}

Status HttpClient::Impl::read_body(Connection& connection, Connection::Parser& parser, const HttpRequest& request,
                                   const HttpHead& head, const BodySink& sink) const {
  const auto too_large = [&] {
    return std::unexpected(
        Error::refused(fmt::format("{}: the answer is larger than {} bytes", head.url.text(), request.max_body_bytes)));
  };
  if (head.body_bytes && *head.body_bytes > request.max_body_bytes) return too_large();
  std::vector<std::byte> chunk(kChunkBytes);
  uint64_t received = 0;
  while (!parser.is_done()) {
    INGLE_TRY(const size_t n, connection.read_body(parser, chunk));
    received += n;
    if (received > request.max_body_bytes) return too_large();
    if (n > 0) INGLE_TRY_VOID(sink.on_body(std::span(chunk).first(n)));
  }
  return {};
}

Result<HttpHead> HttpClient::send(const HttpRequest& request, const EgressPermit& permit, const BodySink& sink,
                                  std::stop_token stop) const {
  INGLE_TRY_VOID(check_permit(request, permit, impl_->key ? &*impl_->key : nullptr));
  Url url = request.url;
  std::vector<HttpHead> redirects;
  try {
    while (true) {
      INGLE_TRY(const std::optional<Url> proxy, proxy_for(url, impl_->settings));
      const bool same_origin = url.origin() == request.url.origin();
      INGLE_TRY(const std::string text, request_text(request, url, same_origin, proxy, impl_->settings));
      Connection connection(impl_->settings, impl_->tls, stop);
      connection.allow_silence(request.silence_timeout_ms);
      INGLE_TRY_VOID(connection.open(url, proxy));
      INGLE_TRY_VOID(connection.write(text));
      std::optional<Connection::Parser> parser;
      for (int answers = 0; answers == 0 || parser->get().result_int() / 100 == 1; ++answers) {
        if (answers > kMaxInformational) return std::unexpected(Error::corrupt(url.text() + ": only interim answers"));
        parser.emplace();
        parser->header_limit(impl_->settings.max_header_bytes);
        // Ours counts; not boost::none, which Boost 1.74 takes for a limit of zero.
        parser->body_limit(UINT64_MAX);
        INGLE_TRY_VOID(connection.read_header(*parser));
      }
      INGLE_TRY(HttpHead head, head_of(*parser, url, request));
      if (is_redirect(head.status) && permit.receipt()) {
        return std::unexpected(
            Error::refused(fmt::format("{} answers {}: what was released for one address is not sent to another",
                                       request.url.authority(), status_text(head.status))));
      }
      if (is_redirect(head.status) && !head.header("location").empty()) {
        if (redirects.size() == impl_->settings.max_redirects) {
          return std::unexpected(Error::refused(
              fmt::format("{}: more than {} redirects", request.url.text(), impl_->settings.max_redirects)));
        }
        auto next = url.resolve(head.header("location"));
        if (!next) return std::unexpected(std::move(next).error().within("redirect from " + url.text()));
        INGLE_TRY_VOID(check_redirect(url, *next));
        url = std::move(*next);
        redirects.push_back(std::move(head));
        continue;
      }
      head.redirects = std::move(redirects);
      INGLE_TRY(const bool wanted, sink.on_head(head));
      if (wanted) INGLE_TRY_VOID(impl_->read_body(connection, *parser, request, head, sink));
      return head;
    }
  } catch (const std::exception& e) {
    return std::unexpected(Error::unavailable(fmt::format("{}: {}", url.text(), e.what())));
  }
}

TransportFactory direct_transport(std::optional<ReceiptKey> key) {
  return [key = std::move(key)](const HttpSettings& settings) -> Result<std::unique_ptr<HttpTransport>> {
    INGLE_TRY(HttpClient client, HttpClient::create(settings, key));
    return std::make_unique<HttpClient>(std::move(client));
  };
}

}  // namespace ingle::net
