#include "net/connection.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/empty_body.hpp>

#include "net/proxy.h"
#include "net/resolver.h"

namespace ingle::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;

// A body must bring this much within each idle limit, so that a server that drips single bytes does not hold a pull.
constexpr uint64_t kBytesPerExtension = 16 * 1024;

}  // namespace

Connection::Connection(const HttpSettings& settings, asio::ssl::context& tls, std::stop_token stop)
    : settings_(settings), tls_context_(tls), stop_(std::move(stop)), tcp_(io_), buffer_(128 * 1024) {
  // Beast reads as much as the buffer already holds room for, and starts with 512 bytes.
  buffer_.reserve(64 * 1024);
}

template <typename Start>
Connection::ErrorCode Connection::run(Start start) {
  if (stop_.stop_requested()) return asio::error::operation_aborted;
  ErrorCode result;
  bool done = false;
  io_.restart();
  start([&](const ErrorCode& code, auto&&...) {
    result = code;
    done = true;
  });
  // The token is signalled from another thread; the stream belongs to this one, so cancelling is posted to it.
  const std::stop_callback cancel(stop_, [this] { asio::post(io_, [this] { tcp_.cancel(); }); });
  while (!done)
    io_.run_one();
  return result;
}

template <typename Function>
Connection::ErrorCode Connection::with_stream(Function function) {
  return run([&](auto handler) {
    if (tls_) {
      function(*tls_, std::move(handler));
    } else {
      function(tcp_, std::move(handler));
    }
  });
}

Error Connection::failure(std::string_view doing, const ErrorCode& code) const {
  if (stop_.stop_requested()) return Error::cancelled();
  if (code == beast::error::timeout) {
    return Error::unavailable(fmt::format("{} {}: no answer in time", doing, peer_));
  }
  if (code == http::error::header_limit) {
    return Error::refused(
        fmt::format("{} {}: the header is larger than {} bytes", doing, peer_, settings_.max_header_bytes));
  }
  if (code == http::error::partial_message || code == http::error::end_of_stream || code == asio::error::eof ||
      code == asio::error::connection_reset || code == asio::ssl::error::stream_truncated) {
    return Error::unavailable(fmt::format("{} {}: the connection broke off", doing, peer_));
  }
  if (code.category() == http::make_error_code(http::error::bad_line_ending).category()) {
    return Error::corrupt(fmt::format("{} {}: the answer is not HTTP ({})", doing, peer_, code.message()));
  }
  return Error::unavailable(fmt::format("{} {}: {}", doing, peer_, code.message()));
}

Status Connection::connect(const std::string& host, uint16_t port, Clock::time_point deadline) {
  INGLE_TRY(const auto addresses, resolve_host(host, port, deadline, stop_));
  ErrorCode last = asio::error::host_unreachable;
  for (size_t i = 0; i < addresses.size(); ++i) {
    tcp::endpoint endpoint;
    endpoint.resize(addresses[i].size);
    std::memcpy(endpoint.data(), &addresses[i].storage, addresses[i].size);
    // A dead first address (often IPv6) may use its share of the time, not all of it.
    const auto share = (deadline - Clock::now()) / static_cast<int>(addresses.size() - i);
    tcp_.expires_after(std::max<Clock::duration>(share, std::chrono::milliseconds(1)));
    last = run([&](auto handler) { tcp_.async_connect(endpoint, std::move(handler)); });
    if (!last) return {};
    if (stop_.stop_requested()) break;
    ErrorCode ignored;
    tcp_.socket().close(ignored);
  }
  return std::unexpected(failure("connecting to", last));
}

Status Connection::tunnel(const Url& url, const Url& proxy, Clock::time_point deadline) {
  const std::string target =
      fmt::format("{}:{}", url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]", url.port);
  std::string request =
      fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\nUser-Agent: {1}\r\n", target, settings_.user_agent);
  if (!proxy.user_info.empty()) request += "Proxy-Authorization: " + basic_authorization(proxy.user_info) + "\r\n";
  request += "\r\n";
  tcp_.expires_at(deadline);
  ErrorCode code = run([&](auto handler) { asio::async_write(tcp_, asio::buffer(request), std::move(handler)); });
  if (code) return std::unexpected(failure("writing to the proxy for", code));
  http::response_parser<http::empty_body> parser;
  parser.header_limit(settings_.max_header_bytes);
  // The answer to CONNECT has no body whatever its headers say (RFC 9110, section 9.3.6).
  parser.skip(true);
  code = run([&](auto handler) { http::async_read_header(tcp_, buffer_, parser, std::move(handler)); });
  if (code) return std::unexpected(failure("reading from the proxy for", code));
  const int status = parser.get().result_int();
  if (status / 100 != 2) {
    Error error = Error::unavailable(
        fmt::format("the proxy {} refused a tunnel to {}: {}", proxy.authority(), target, status_text(status)));
    if (status == 407) error = std::move(error).hint("put the user and password into the proxy's URL");
    return std::unexpected(std::move(error));
  }
  buffer_.clear();
  return {};
}

Status Connection::handshake(const std::string& host, Clock::time_point deadline) {
  tls_.emplace(tcp_, tls_context_);
  ErrorCode code;
  const bool is_address = (asio::ip::make_address(host, code), !code);
  // Server name indication is for names only (RFC 6066, section 3).
  if (!is_address && SSL_set_tlsext_host_name(tls_->native_handle(), host.c_str()) != 1) {
    return std::unexpected(Error::internal("TLS refused the server name '" + host + "'"));
  }
  tls_->set_verify_callback(asio::ssl::host_name_verification(host), code);
  if (code) return std::unexpected(failure("preparing TLS for", code));
  tcp_.expires_at(deadline);
  code = run([&](auto handler) { tls_->async_handshake(asio::ssl::stream_base::client, std::move(handler)); });
  if (!code) return {};
  if (code.category() != asio::error::get_ssl_category()) return std::unexpected(failure("TLS with", code));
  const long verdict = SSL_get_verify_result(tls_->native_handle());
  const std::string why = verdict == X509_V_OK ? code.message() : X509_verify_cert_error_string(verdict);
  return std::unexpected(
      Error::unavailable(fmt::format("TLS with {}: {}", peer_, why))
          .hint("if a company proxy signs connections, point SSL_CERT_FILE at its certificate bundle; "
                "on Debian the system's own is the package ca-certificates"));
}

Status Connection::open(const Url& url, const std::optional<Url>& proxy) {
  const auto deadline = Clock::now() + std::chrono::milliseconds(settings_.connect_timeout_ms);
  peer_ = proxy ? fmt::format("{} (through proxy {})", url.authority(), proxy->authority()) : url.authority();
  const Url& first = proxy ? *proxy : url;
  INGLE_TRY_VOID(connect(first.host, first.port, deadline));
  if (url.scheme != "https") return {};
  if (proxy) INGLE_TRY_VOID(tunnel(url, *proxy, deadline));
  return handshake(url.host, deadline);
}

void Connection::extend() {
  bytes_since_extension_ = 0;
  tcp_.expires_after(std::chrono::milliseconds(silence_ms_ != 0 ? silence_ms_ : settings_.idle_timeout_ms));
}

Status Connection::write(const std::string& request) {
  extend();
  const ErrorCode code = with_stream(
      [&](auto& stream, auto handler) { asio::async_write(stream, asio::buffer(request), std::move(handler)); });
  if (code) return std::unexpected(failure("writing to", code));
  return {};
}

Status Connection::read_header(Parser& parser) {
  extend();
  const ErrorCode code = with_stream(
      [&](auto& stream, auto handler) { http::async_read_header(stream, buffer_, parser, std::move(handler)); });
  if (code) return std::unexpected(failure("reading from", code));
  extend();
  return {};
}

Result<size_t> Connection::read_body(Parser& parser, std::span<std::byte> chunk) {
  auto& body = parser.get().body();
  body.data = chunk.data();
  body.size = chunk.size();
  while (!parser.is_done() && body.size == chunk.size()) {
    ErrorCode code = with_stream(
        [&](auto& stream, auto handler) { http::async_read_some(stream, buffer_, parser, std::move(handler)); });
    if (code == http::error::need_buffer) code = {};
    if (code) return std::unexpected(failure("reading from", code));
  }
  const size_t n = chunk.size() - body.size;
  bytes_since_extension_ += n;
  if (bytes_since_extension_ >= (silence_ms_ != 0 ? 1 : kBytesPerExtension)) extend();
  return n;
}

}  // namespace ingle::net
