// One connection to a server, direct or through a proxy, plain or TLS; internal to net, included by its .cpp files only.
//
// Every operation is asynchronous underneath, so that time limits and the stop token work, and looks synchronous here: the
// calling thread runs the io_context until that one operation is done.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "net/http_types.h"
#include "net/url.h"

namespace ingle::net {

class Connection {
 public:
  using Parser = boost::beast::http::response_parser<boost::beast::http::buffer_body>;
  using ErrorCode = boost::beast::error_code;

  /// The connection may not outlive `settings` and `tls`.
  Connection(const HttpSettings& settings, boost::asio::ssl::context& tls, std::stop_token stop);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// From the end of open() on: the longest silence, restarted by every byte; 0 keeps the settings' limit.
  void allow_silence(unsigned milliseconds) { silence_ms_ = milliseconds; }

  /// Resolves, connects, asks the proxy for a tunnel and shakes hands, all before one deadline.
  Status open(const Url& url, const std::optional<Url>& proxy);

  Status write(const std::string& request);
  Status read_header(Parser& parser);
  /// Fills `chunk` as far as data is at hand, at least one byte unless the body is over; returns the number of bytes.
  Result<size_t> read_body(Parser& parser, std::span<std::byte> chunk);

 private:
  using Clock = std::chrono::steady_clock;

  Status connect(const std::string& host, uint16_t port, Clock::time_point deadline);
  Status tunnel(const Url& url, const Url& proxy, Clock::time_point deadline);
  Status handshake(const std::string& host, Clock::time_point deadline);
  /// Starts one operation and runs until its handler was called; error::operation_aborted when stopped.
  template <typename Start>
  ErrorCode run(Start start);
  template <typename Function>
  ErrorCode with_stream(Function function);
  void extend();
  Error failure(std::string_view doing, const ErrorCode& code) const;

  const HttpSettings& settings_;
  boost::asio::ssl::context& tls_context_;
  std::stop_token stop_;
  std::string peer_;  // for error texts
  boost::asio::io_context io_;
  boost::beast::tcp_stream tcp_;
  std::optional<boost::beast::ssl_stream<boost::beast::tcp_stream&>> tls_;
  boost::beast::flat_buffer buffer_;
  uint64_t bytes_since_extension_ = 0;
  unsigned silence_ms_ = 0;
};

}  // namespace ingle::net
