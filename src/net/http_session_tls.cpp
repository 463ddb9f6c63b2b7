// What of a connection is different when it is encrypted: its start and its end.
#include <openssl/ssl.h>
#include <sys/socket.h>

#include "net/http_session.h"

namespace ingle::net {
namespace {

namespace asio = boost::asio;

constexpr char kHandshake = 0x16;  // type of the first record of a connection (RFC 8446, section 5.1)
constexpr unsigned kGoodbyeMs = 2'000;

}  // namespace

uint64_t SessionHost::begin_handshake(const std::shared_ptr<Session>& session) {
  std::shared_ptr<Session> oldest;  // outlives the lock: dropping the last one takes it again
  const std::lock_guard lock(sessions_mutex);
  handshakes[++n_handshakes] = session;
  if (handshakes.size() <= limits.max_handshakes) return n_handshakes;
  oldest = handshakes.begin()->second.lock();
  handshakes.erase(handshakes.begin());
  if (oldest) oldest->abort("handshakes");
  return n_handshakes;
}

void SessionHost::end_handshake(uint64_t number) {
  const std::lock_guard lock(sessions_mutex);
  handshakes.erase(number);
}

void Session::shake_hands() {
  limit_time(host_->limits.handshake_ms);
  socket_.async_wait(boost::asio::ip::tcp::socket::wait_read, [self = shared_from_this()](const Error& code) {
    if (code || self->closed_) return self->close();
    char first = 0;
    const ssize_t n = ::recv(self->socket_.native_handle(), &first, 1, MSG_PEEK | MSG_DONTWAIT);
    if (n != 1) return self->close();
    if (first != kHandshake) {
      self->stream_.stop_tls();
      return self->refuse(400, "this server speaks TLS: its address begins with https://");
    }
    self->handshake_ = self->host_->begin_handshake(self);
    self->stream_.tls()->async_handshake(asio::ssl::stream_base::server, [self](const Error& failure) {
      self->end_handshake();
      if (failure) return self->close();
      self->await_request();
    });
  });
}

void Session::end_handshake() {
  if (const uint64_t number = std::exchange(handshake_, 0); number != 0) host_->end_handshake(number);
}

void Session::say_goodbye() {
  said_goodbye_ = true;
  limit_time(kGoodbyeMs);
  stream_.tls()->async_shutdown([self = shared_from_this()](const Error& /*code*/) { self->linger(); });
}

}  // namespace ingle::net
