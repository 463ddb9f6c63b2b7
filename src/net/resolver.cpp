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

void look_up(const std::string& host, uint16_t port, Lookup& lookup) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (error == EAI_NONAME || error == EAI_ADDRFAMILY) {
    // AI_ADDRCONFIG hides 127.0.0.1 and ::1 on a machine whose only interface is loopback.
    hints.ai_flags = 0;
    error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  }
  std::vector<SocketAddress> addresses;
  for (const addrinfo* item = list; error == 0 && item != nullptr; item = item->ai_next) {
    if (addresses.size() == kMaxAddresses || item->ai_addrlen > sizeof(sockaddr_storage)) continue;
    SocketAddress address;
    std::memcpy(&address.storage, item->ai_addr, item->ai_addrlen);
    address.size = item->ai_addrlen;
    addresses.push_back(address);
  }
  if (list != nullptr) ::freeaddrinfo(list);
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
