// ServerStream: a connection of the server as Asio and Beast want a stream, plain or TLS; internal to net, included by its
// .cpp files and http_session.h only. On the connection's strand. TLS starts with start_tls(), after which the caller
// shakes hands; context and socket must outlive it. It can read ahead of its reader, who then gets those bytes first: only
// so is the end of a connection seen behind what was sent before it.
#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/system/error_code.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
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
    if (!reading_ahead_ && ahead_.empty() && !ended_) return read_now(buffers, std::forward<Handler>(handler));
    waiting_ = [this, buffers, handler = std::forward<Handler>(handler)](const Error& code) mutable {
      const size_t n_bytes = take_ahead(buffers);
      handler(n_bytes > 0 ? Error() : code, n_bytes);
    };
    if (reading_ahead_ && ahead_.empty()) return;
    boost::asio::post(get_executor(),
                      [end = ended_, waiting = std::exchange(waiting_, nullptr)]() mutable { waiting(end); });
  }
  /// Reads on, up to kMaxAhead, until the next async_read_some() takes over. `on_end`: when the connection ends before
  /// that, or has ended; it holds the owner of the stream.
  template <typename OnEnd>
  void read_ahead(OnEnd on_end) {
    if (ended_) return boost::asio::post(get_executor(), std::move(on_end));
    if (reading_ahead_ || ahead_.size() >= kMaxAhead) return;
    reading_ahead_ = true;
    read_now(boost::asio::buffer(piece_), [this, on_end = std::move(on_end)](const Error& code, size_t n_bytes) {
      reading_ahead_ = false;
      ahead_.append(piece_.data(), n_bytes);
      if (waiting_) return std::exchange(waiting_, nullptr)(code);
      ended_ = code;  // a socket tells it once
      if (code) return on_end();
      read_ahead(on_end);
    });
  }
  /// What was read ahead ended with the connection.
  bool has_ended() const { return ended_.failed(); }
  /// It ended as the client wanted, who may read on: the end of one direction looks like that of both.
  bool sends_no_more() const { return ended_ == boost::asio::error::eof; }
  template <typename Buffers, typename Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    if (tls_) {
      tls_->async_write_some(buffers, std::forward<Handler>(handler));
    } else {
      socket_.async_write_some(buffers, std::forward<Handler>(handler));
    }
  }

 private:
  using Error = boost::system::error_code;
  static constexpr size_t kMaxAhead = 32 * 1024;  // as much as the head of a request

  template <typename Buffers, typename Handler>
  void read_now(const Buffers& buffers, Handler&& handler) {
    if (tls_) {
      tls_->async_read_some(buffers, std::forward<Handler>(handler));
    } else {
      socket_.async_read_some(buffers, std::forward<Handler>(handler));
    }
  }
  template <typename Buffers>
  size_t take_ahead(const Buffers& buffers) {
    const size_t n_bytes = boost::asio::buffer_copy(buffers, boost::asio::buffer(ahead_));
    ahead_.erase(0, n_bytes);
    if (ahead_.empty()) ahead_.shrink_to_fit();
    return n_bytes;
  }

  Socket& socket_;
  std::shared_ptr<boost::asio::ssl::context> context_;
  std::optional<Tls> tls_;
  bool reading_ahead_ = false;
  Error ended_;                  // while nobody waited
  std::array<char, 512> piece_;  // small: every stream has one
  std::string ahead_;
  std::move_only_function<void(const Error&)> waiting_;  // a reader, while what he gets is being read ahead
};

/// TLS 1.2 with forward secrecy or 1.3, HTTP/1.1 where the client names protocols, no renegotiation.
Result<std::shared_ptr<boost::asio::ssl::context>> make_server_context(const TlsIdentity& identity);

}  // namespace ingle::net
