#include "net/testing/raw_client.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace ingle::net::testing {

RawClient::RawClient(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval watchdog{.tv_sec = 300, .tv_usec = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &watchdog, sizeof watchdog);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) close();
}

RawClient::~RawClient() {
  close();
}

void RawClient::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

bool RawClient::read_more() {
  char bytes[16 * 1024];
  const ssize_t n = ::recv(fd_, bytes, sizeof bytes, 0);
  if (n > 0) pending_.append(bytes, static_cast<size_t>(n));
  return n > 0;
}

void RawClient::end_sending() {
  ::shutdown(fd_, SHUT_WR);
}

std::string RawClient::read_until(std::string_view text) {
  while (pending_.find(text) == std::string::npos && read_more()) {
  }
  const size_t found = pending_.find(text);
  const size_t end = found == std::string::npos ? pending_.size() : found + text.size();
  std::string result = pending_.substr(0, end);
  pending_.erase(0, end);
  return result;
}

std::string RawClient::read_answer() {
  std::string answer = read_until("\r\n\r\n");
  const size_t at = answer.find("content-length: ");
  if (at == std::string::npos) return answer;
  const size_t length = std::strtoul(answer.c_str() + at + 16, nullptr, 10);
  while (pending_.size() < length && read_more()) {
  }
  answer += pending_.substr(0, length);
  pending_.erase(0, std::min(length, pending_.size()));
  return answer;
}

std::string RawClient::read_all() {
  while (read_more()) {
  }
  return std::exchange(pending_, {});
}

}  // namespace ingle::net::testing
