#include "net/http_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <set>
#include <system_error>
#include <thread>

#include "net/http_session.h"

namespace ingle::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;

constexpr unsigned kAcceptRetryMs = 100;  // after the system refused a descriptor or memory

}  // namespace

std::string_view ServerRequest::header(std::string_view name) const {
  const auto found = std::ranges::find(headers, name, &HttpHeader::name);
  return found == headers.end() ? std::string_view() : found->value;
}

bool ServerRequest::has_header(std::string_view name) const {
  return std::ranges::find(headers, name, &HttpHeader::name) != headers.end();
}

struct HttpServer::Impl {
  Impl(RequestHandler& handler, const ServerLimits& limits)
      : lanes(limits),
        host(std::make_shared<SessionHost>(handler, limits, lanes)),
        work(asio::make_work_guard(host->io)),
        acceptor(asio::make_strand(host->io.get_executor())),
        retry(acceptor.get_executor()) {}

  void wait_for_connection() {
    acceptor.async_wait(tcp::acceptor::wait_read, [this](const beast::error_code& code) {
      if (!code) accept_all();
    });
  }

  /// false: enough connections; accept_all() runs again when one has ended.
  bool has_room() {
    const std::lock_guard lock(host->sessions_mutex);
    if (host->sessions.size() < host->limits.max_connections) return true;
    host->on_room = [this] { asio::post(acceptor.get_executor(), [this] { accept_all(); }); };
    return false;
  }

  /// On the acceptor's strand.
  void accept_all() {
    while (!host->draining && has_room()) {
      const int fd = ::accept4(acceptor.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (fd >= 0) {
        open_session(fd);
        continue;
      }
      if (errno == EAGAIN || errno == EWOULDBLOCK) return wait_for_connection();
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        retry.expires_after(std::chrono::milliseconds(kAcceptRetryMs));
        return retry.async_wait([this](const beast::error_code& code) {
          if (!code) accept_all();
        });
      }
      if (errno == EBADF || errno == EINVAL) return;
    }
  }

  void open_session(int fd) {
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const auto session = std::make_shared<Session>(host, fd);
    host->add(session);
    session->start();
  }

  void accept_no_more() {
    if (host->draining.exchange(true)) return;
    asio::post(acceptor.get_executor(), [this] {
      beast::error_code ignored;
      acceptor.close(ignored);
      retry.cancel();
    });
  }

  Lanes lanes;
  const std::shared_ptr<SessionHost> host;
  asio::executor_work_guard<asio::io_context::executor_type> work;
  tcp::acceptor acceptor;
  asio::steady_timer retry;
  std::vector<std::thread> threads;
  bool stopped = false;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() {
  stop();
}

Result<std::unique_ptr<HttpServer>> HttpServer::start(base::FileDescriptor listener, RequestHandler& handler,
                                                      const ServerLimits& limits, const TlsIdentity* tls) {
  auto impl = std::make_unique<Impl>(handler, limits);
  if (tls != nullptr) {
    INGLE_TRY(impl->host->tls_context, make_server_context(*tls));
  }
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return std::unexpected(Error::io("asking the listening socket for its address", errno));
  // The acceptor closes what it was given; the caller's descriptor is closed by its own destructor.
  const int own = ::fcntl(listener.get(), F_DUPFD_CLOEXEC, 0);
  if (own < 0) return std::unexpected(Error::io("duplicating the listening socket", errno));
  beast::error_code code;
  impl->acceptor.assign(address.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), own, code);
  if (code) {
    ::close(own);
    return std::unexpected(Error::io("watching the listening socket", code.value()));
  }
  impl->acceptor.non_blocking(true, code);
  impl->acceptor.native_non_blocking(true, code);
  if (code) return std::unexpected(Error::io("watching the listening socket", code.value()));
  try {
    for (unsigned i = 0; i < limits.n_io_threads; ++i)
      impl->threads.emplace_back([host = impl->host] { host->io.run(); });
  } catch (const std::system_error& error) {
    impl->host->io.stop();
    for (std::thread& thread : impl->threads)
      thread.join();
    return std::unexpected(Error::exhausted(fmt::format("starting the server's threads: {}", error.what())));
  }
  asio::post(impl->acceptor.get_executor(), [raw = impl.get()] { raw->accept_all(); });
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

size_t HttpServer::connections() const {
  const std::lock_guard lock(impl_->host->sessions_mutex);
  return impl_->host->sessions.size();
}

Status HttpServer::set_identity(const TlsIdentity& identity) {
  INGLE_TRY(auto context, make_server_context(identity));
  const std::lock_guard lock(impl_->host->sessions_mutex);
  impl_->host->tls_context = std::move(context);
  return {};
}

bool HttpServer::drain(Clock::time_point deadline, Clock::duration grace) {
  impl_->accept_no_more();
  for (const auto& session : impl_->host->open_sessions())
    session->drain();
  if (impl_->host->wait_until_empty(deadline)) return true;
  impl_->host->abort_all();
  return impl_->host->wait_until_empty(Clock::now() + grace);
}

void HttpServer::stop() {
  if (std::exchange(impl_->stopped, true)) return;
  const auto host = impl_->host;
  impl_->accept_no_more();
  host->abort_all();
  impl_->lanes.stop();
  host->wait_until_empty(Clock::now() + kLastAnswers);
  {
    const std::lock_guard lock(host->sessions_mutex);
    host->on_room = nullptr;
  }
  impl_->work.reset();
  host->io.stop();
  for (std::thread& thread : impl_->threads)
    thread.join();
  // What was posted last holds sessions, and they hold the queue: run it dry.
  host->io.restart();
  host->io.poll();
}

}  // namespace ingle::net
