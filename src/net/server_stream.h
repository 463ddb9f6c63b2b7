// ServerStream: a connection of the server as Asio and Beast want a stream, plain or TLS; internal to net, included by its
// .cpp files and http_session.h only. On the connection's strand. TLS starts with start_tls(), after which the caller
// shakes hands; context and socket must outlive it.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "base/result.h"
#include "net/certificate.h"

namespace ingle::net {

class ServerStream {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using Tls = boost::asio::ssl::stream<Socket&>;
  using executor_type = Socket::executor_type;

  explicit ServerStream(Socket& socket) : socket_(socket) {}

  void start_tls(std::shared_ptr<boost::asio::ssl::context> context) {
    context_ = std::move(context);
    tls_.emplace(socket_, *context_);
  }
  void stop_tls() { tls_.reset(); }
  Tls* tls() { return tls_ ? &*tls_ : nullptr; }

  executor_type get_executor() { return socket_.get_executor(); }

  template <typename Buffers, typename Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    if (tls_) {
      tls_->async_read_some(buffers, std::forward<Handler>(handler));
    } else {
      socket_.async_read_some(buffers, std::forward<Handler>(handler));
    }
  }
  template <typename Buffers, typename Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    if (tls_) {
      tls_->async_write_some(buffers, std::forward<Handler>(handler));
    } else {
      socket_.async_write_some(buffers, std::forward<Handler>(handler));
    }
  }

 private:
  Socket& socket_;
  std::shared_ptr<boost::asio::ssl::context> context_;
  std::optional<Tls> tls_;
};

/// TLS 1.2 with forward secrecy or 1.3, HTTP/1.1 where the client names protocols, no renegotiation.
Result<std::shared_ptr<boost::asio::ssl::context>> make_server_context(const TlsIdentity& identity);

}  // namespace ingle::net
