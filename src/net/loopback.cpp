#include "net/loopback.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <memory>

#include "net/url.h"

namespace ingle::net {
namespace {

constexpr size_t kMaxAnswerBytes = size_t{1} << 20;

struct Place {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_in);
};

Place place_of(const ListenAddress& address) {
  Place place;
  if (address.host.find(':') != std::string::npos) {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&place.storage);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(address.port);
    ::inet_pton(AF_INET6, address.host.c_str(), &v6->sin6_addr);
    place.size = sizeof *v6;
  } else {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&place.storage);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(address.port);
    ::inet_pton(AF_INET, address.host.c_str(), &v4->sin_addr);
  }
  return place;
}

/// The system lets nobody bind an address that another machine has.
bool is_of_this_machine(const ListenAddress& address) {
  const Place place = place_of({.host = address.host, .port = 0});
  const base::FileDescriptor fd(::socket(place.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return fd.valid() && ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&place.storage), place.size) == 0;
}

base::FileDescriptor connected(const ListenAddress& address, unsigned timeout_ms) {
  const Place place = place_of(address);
  base::FileDescriptor fd(::socket(place.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return fd;
  const timeval limit{.tv_sec = timeout_ms / 1000, .tv_usec = static_cast<suseconds_t>(timeout_ms % 1000) * 1000};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&place.storage), place.size) != 0) return {};
  return fd;
}

/// Writes and reads the descriptor, through TLS where there is any.
class Line {
 public:
  explicit Line(int fd) : fd_(fd) {}

  /// false: nobody there speaks TLS with this certificate.
  bool start_tls(std::string_view sha256) {
    context_.reset(SSL_CTX_new(TLS_client_method()));
    if (!context_) return false;
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
    tls_.reset(SSL_new(context_.get()));
    if (!tls_ || SSL_set_fd(tls_.get(), fd_) != 1 || SSL_connect(tls_.get()) != 1) return false;
    const std::unique_ptr<X509, void (*)(X509*)> shown(SSL_get1_peer_certificate(tls_.get()), X509_free);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (!shown || X509_digest(shown.get(), EVP_sha256(), digest, &size) != 1) return false;
    std::string text;
    for (unsigned i = 0; i < size; ++i)
      text += fmt::format("{:02x}", digest[i]);
    return text == sha256;
  }

  bool write(std::string_view bytes) {
    const auto size = static_cast<int>(bytes.size());
    if (tls_) return SSL_write(tls_.get(), bytes.data(), size) == size;
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }

  ssize_t read(char* bytes, size_t size) {
    if (tls_) return SSL_read(tls_.get(), bytes, static_cast<int>(size));
    return ::recv(fd_, bytes, size, 0);
  }

 private:
  struct Free {
    void operator()(SSL* tls) const { SSL_free(tls); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  const int fd_;
  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<SSL, Free> tls_;
};

LoopbackAnswer split(std::string_view text) {
  LoopbackAnswer answer;
  const size_t end = std::min(text.find("\r\n\r\n"), text.size());
  std::string_view head = text.substr(0, end);
  if (end < text.size()) answer.body = text.substr(end + 4);
  const size_t space = head.find(' ');
  if (space != std::string_view::npos)
    std::from_chars(head.data() + space + 1, head.data() + head.size(), answer.status);
  while (!head.empty()) {
    const size_t line_end = std::min(head.find("\r\n"), head.size());
    const std::string_view line = head.substr(0, line_end);
    if (lower_ascii(line).starts_with("server: ")) answer.server = line.substr(8);
    head.remove_prefix(std::min(line_end + 2, head.size()));
  }
  return answer;
}

}  // namespace

Result<LoopbackAnswer> ask_loopback(const ListenAddress& address, const LoopbackQuestion& question) {
  if (!is_of_this_machine(address)) return std::unexpected(Error::refused(address.text() + " is not on this machine"));
  const base::FileDescriptor fd = connected(address, question.timeout_ms);
  if (!fd.valid()) return std::unexpected(Error::unavailable("nobody answers on " + address.text()));
  Line line(fd.get());
  if (!question.tls_sha256.empty() && !line.start_tls(question.tls_sha256))
    return std::unexpected(Error::unavailable(address.text() + " does not show the certificate of this server"));
  // HTTP/1.0: the answer comes in one piece and ends with the connection.
  std::string request = fmt::format("{} {} HTTP/1.0\r\nHost: {}\r\nConnection: close\r\n", question.method,
                                    question.target, address.text());
  if (!question.authorization.empty()) request += fmt::format("Authorization: {}\r\n", question.authorization);
  request += "\r\n";
  if (!line.write(request)) return std::unexpected(Error::unavailable(address.text() + " closed the connection"));
  std::string text;
  char bytes[16 * 1024];
  for (;;) {
    const ssize_t n = line.read(bytes, sizeof bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0 || text.size() > kMaxAnswerBytes) break;
    text.append(bytes, static_cast<size_t>(n));
  }
  LoopbackAnswer answer = split(text);
  if (answer.status == 0) return std::unexpected(Error::unavailable(address.text() + " gave no answer in time"));
  return answer;
}

}  // namespace ingle::net
