#include "net/testing/server.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <thread>

#include "base/check.h"

namespace ingle::net::testing {
namespace {

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

using PkeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using CertificatePtr = std::unique_ptr<X509, decltype(&X509_free)>;

CertificatePtr self_signed(EVP_PKEY* key, const std::string& host) {
  CertificatePtr certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("ingle test"), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  const std::string names = "DNS:" + host;
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
  X509_add_ext(certificate.get(), extension, -1);
  X509_EXTENSION_free(extension);
  X509_sign(certificate.get(), key, EVP_sha256());
  return certificate;
}

/// Reads and writes one accepted connection, plain or TLS.
struct Peer {
  int fd = -1;
  SSL* ssl = nullptr;

  long read(char* data, size_t size) const {
    if (ssl) return SSL_read(ssl, data, static_cast<int>(size));
    return ::recv(fd, data, size, 0);
  }
  bool write(std::string_view bytes) const {
    while (!bytes.empty()) {
      const long n = ssl ? SSL_write(ssl, bytes.data(), static_cast<int>(bytes.size()))
                         : ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }
};

std::optional<Request> read_request(const Peer& peer) {
  std::string text;
  char buffer[4096];
  while (text.find("\r\n\r\n") == std::string::npos) {
    const long n = peer.read(buffer, sizeof buffer);
    if (n <= 0) return std::nullopt;
    text.append(buffer, static_cast<size_t>(n));
  }
  Request request;
  const size_t line = text.find("\r\n");
  const size_t first = text.find(' ');
  const size_t second = text.find(' ', first + 1);
  request.method = text.substr(0, first);
  request.target = text.substr(first + 1, second - first - 1);
  for (size_t from = line + 2; from < text.size() && text[from] != '\r';) {
    const size_t end = text.find("\r\n", from);
    const size_t colon = text.find(": ", from);
    request.headers.emplace_back(lower(text.substr(from, colon - from)), text.substr(colon + 2, end - colon - 2));
    from = end + 2;
  }
  request.body = text.substr(text.find("\r\n\r\n") + 4);
  const std::string length = request.header("content-length");
  for (const size_t size = length.empty() ? 0 : std::stoul(length); request.body.size() < size;) {
    const long n = peer.read(buffer, sizeof buffer);
    if (n <= 0) return std::nullopt;
    request.body.append(buffer, static_cast<size_t>(n));
  }
  return request;
}

int connect_to(const std::string& authority) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(std::stoi(authority.substr(authority.rfind(':') + 1))));
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
  ::close(fd);
  return -1;
}

void join(int a, int b) {
  char buffer[16384];
  while (true) {
    pollfd polls[2] = {{a, POLLIN, 0}, {b, POLLIN, 0}};
    if (::poll(polls, 2, -1) <= 0) return;
    for (int i = 0; i < 2; ++i) {
      if (!polls[i].revents) continue;
      const long n = ::recv(polls[i].fd, buffer, sizeof buffer, 0);
      if (n <= 0 || !Peer{i == 0 ? b : a}.write({buffer, static_cast<size_t>(n)})) return;
    }
  }
}

void wait_for_close(int fd) {
  char buffer[256];
  while (::recv(fd, buffer, sizeof buffer, 0) > 0) {
  }
}

void answer(const Peer& peer, const Request& request, const Reply& reply) {
  if (!reply.raw.empty()) {
    peer.write(reply.raw);
  } else {
    std::string text = fmt::format("HTTP/1.1 {} Text\r\n", reply.status);
    for (const auto& [name, value] : reply.headers)
      text += name + ": " + value + "\r\n";
    if (!reply.tunnel) text += fmt::format("Content-Length: {}\r\n", reply.content_length.value_or(reply.body.size()));
    text += "\r\n" + reply.body.substr(0, reply.cut_after.value_or(reply.body.size()));
    peer.write(text);
  }
  if (reply.tunnel) {
    const int other = connect_to(request.target);
    if (other < 0) return;
    join(peer.fd, other);
    ::close(other);
  }
  if (reply.stall) wait_for_close(peer.fd);
}

}  // namespace

std::string Request::header(std::string_view name) const {
  const auto found = std::ranges::find_if(headers, [&](const auto& header) { return header.first == name; });
  return found == headers.end() ? std::string() : found->second;
}

Reply file_reply(const Request& request, std::string_view body) {
  const std::string range = request.header("range");
  if (range.empty()) return {.body = std::string(body)};
  const size_t from = std::stoull(range.substr(range.find('=') + 1));
  if (from >= body.size())
    return {.status = 416, .headers = {{"Content-Range", fmt::format("bytes */{}", body.size())}}};
  return {.status = 206,
          .headers = {{"Content-Range", fmt::format("bytes {}-{}/{}", from, body.size() - 1, body.size())}},
          .body = std::string(body.substr(from))};
}

struct Server::Impl {
  Handler handler;
  int listener = -1;
  uint16_t port = 0;
  std::string pem;
  SSL_CTX* tls = nullptr;
  mutable std::mutex mutex_of_state;
  bool stopping = false;
  std::vector<int> open;
  std::vector<std::string> log;
  std::vector<std::thread> threads;  // one a connection; the accepting thread adds them
  std::thread accepting;

  void use_tls(const std::string& host) {
    const PkeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), EVP_PKEY_free);
    const CertificatePtr certificate = self_signed(key.get(), host);
    tls = SSL_CTX_new(TLS_server_method());
    INGLE_CHECK(SSL_CTX_use_certificate(tls, certificate.get()) == 1);
    INGLE_CHECK(SSL_CTX_use_PrivateKey(tls, key.get()) == 1);
    BIO* out = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(out, certificate.get());
    char* data = nullptr;
    const long size = BIO_get_mem_data(out, &data);
    pem.assign(data, static_cast<size_t>(size));
    BIO_free(out);
  }

  void serve(int fd) {
    Peer peer{fd};
    bool ready = true;
    if (tls) {
      peer.ssl = SSL_new(tls);
      SSL_set_fd(peer.ssl, fd);
      ready = SSL_accept(peer.ssl) == 1;
    }
    if (ready) {
      if (const auto request = read_request(peer)) {
        {
          const std::lock_guard lock(mutex_of_state);
          log.push_back(request->method + " " + request->target);
        }
        answer(peer, *request, handler(*request));
      }
    }
    if (peer.ssl) {
      SSL_shutdown(peer.ssl);
      SSL_free(peer.ssl);
    }
    const std::lock_guard lock(mutex_of_state);
    std::erase(open, fd);
    ::close(fd);
  }

  void accept_all() {
    while (true) {
      const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
      const std::lock_guard lock(mutex_of_state);
      if (stopping || fd < 0) {
        if (fd >= 0) ::close(fd);
        return;
      }
      open.push_back(fd);
      threads.emplace_back([this, fd] { serve(fd); });
    }
  }
};

Server::Server(Handler handler, std::string certificate_host) : impl_(std::make_unique<Impl>()) {
  impl_->handler = std::move(handler);
  if (!certificate_host.empty()) impl_->use_tls(certificate_host);
  impl_->listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  INGLE_CHECK(::bind(impl_->listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  INGLE_CHECK(::listen(impl_->listener, 64) == 0);
  socklen_t size = sizeof address;
  INGLE_CHECK(::getsockname(impl_->listener, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  impl_->port = ntohs(address.sin_port);
  Impl* impl = impl_.get();
  impl_->accepting = std::thread([impl] { impl->accept_all(); });
}

Server::~Server() {
  {
    const std::lock_guard lock(impl_->mutex_of_state);
    impl_->stopping = true;
    for (const int fd : impl_->open)
      ::shutdown(fd, SHUT_RDWR);
    ::shutdown(impl_->listener, SHUT_RDWR);
  }
  impl_->accepting.join();
  for (std::thread& thread : impl_->threads)
    thread.join();
  ::close(impl_->listener);
  SSL_CTX_free(impl_->tls);
}

uint16_t Server::port() const {
  return impl_->port;
}

std::string Server::url(std::string_view path) const {
  return fmt::format("{}:{}{}", impl_->tls ? "https://localhost" : "http://127.0.0.1", impl_->port, path);
}

std::string Server::certificate_pem() const {
  return impl_->pem;
}

std::vector<std::string> Server::requests() const {
  const std::lock_guard lock(impl_->mutex_of_state);
  return impl_->log;
}

}  // namespace ingle::net::testing
