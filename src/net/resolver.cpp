#include "net/resolver.h"

#include <fmt/format.h>
#include <netdb.h>

#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <thread>

namespace ingle::net {
namespace {

constexpr size_t kMaxAddresses = 8;

struct Lookup {
  std::mutex mutex_of_result;
  std::condition_variable_any done_changed;
  bool done = false;
  int error = 0;
  std::vector<SocketAddress> addresses;
};

int get_addresses(const std::string& host, uint16_t port, int flags, std::vector<SocketAddress>& addresses) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (error != 0) return error;
  for (const addrinfo* item = list; item != nullptr; item = item->ai_next) {
    if (addresses.size() == kMaxAddresses || item->ai_addrlen > sizeof(sockaddr_storage)) continue;
    SocketAddress address;
    std::memcpy(&address.storage, item->ai_addr, item->ai_addrlen);
    address.size = item->ai_addrlen;
    addresses.push_back(address);
  }
  ::freeaddrinfo(list);
  return 0;
}

void look_up(const std::string& host, uint16_t port, Lookup& lookup) {
  std::vector<SocketAddress> addresses;
  int error = get_addresses(host, port, AI_ADDRCONFIG, addresses);
  // AI_ADDRCONFIG hides 127.0.0.1 and ::1 on a machine whose only interface is loopback.
  if (error == EAI_NONAME || error == EAI_ADDRFAMILY) error = get_addresses(host, port, 0, addresses);
  const std::lock_guard lock(lookup.mutex_of_result);
  lookup.error = error;
  lookup.addresses = std::move(addresses);
  lookup.done = true;
  lookup.done_changed.notify_all();
}

}  // namespace

Result<std::vector<SocketAddress>> resolve_host(const std::string& host, uint16_t port,
                                                std::chrono::steady_clock::time_point deadline,
                                                const std::stop_token& stop) {
  std::vector<SocketAddress> literal;
  if (get_addresses(host, port, AI_NUMERICHOST, literal) == 0 && !literal.empty()) return literal;

  // getaddrinfo can neither be cancelled nor given a limit: with a dead name server it blocks for half a minute. So it
  // runs in a thread that may outlive this call; the result is shared because nobody knows which of the two ends first.
  auto lookup = std::make_shared<Lookup>();
  std::thread([lookup, host, port] { look_up(host, port, *lookup); }).detach();

  std::unique_lock lock(lookup->mutex_of_result);
  lookup->done_changed.wait_until(lock, stop, deadline, [&] { return lookup->done; });
  if (!lookup->done) {
    if (stop.stop_requested()) return std::unexpected(Error::cancelled());
    return std::unexpected(Error::unavailable(fmt::format("the name server did not answer for '{}'", host)));
  }
  if (lookup->error != 0 || lookup->addresses.empty()) {
    return std::unexpected(
        Error::unavailable(fmt::format("the name '{}' cannot be resolved ({})", host, ::gai_strerror(lookup->error))));
  }
  return std::move(lookup->addresses);
}

}  // namespace ingle::net
