#include "roles/egress_role.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>

#include "net/http_client.h"
#include "roles/egress_protocol.h"
#include "roles/message.h"
#include "roles/workers.h"

namespace ingle::roles {
namespace {

constexpr int kRequestsAtOnce = 16;
constexpr size_t kMaxClients = 16;  // each has read the trust store

/// One request: what front may still take, and whether it wants any more.
struct Exchange {
  std::mutex mutex;
  std::condition_variable_any room_made;
  uint64_t room = kWindow;
  std::stop_source stop;
};

class EgressServer {
 public:
  explicit EgressServer(Channel& channel) : channel_(channel) {}
  ~EgressServer() {
    const std::lock_guard lock(mutex_);
    for (auto& [number, exchange] : exchanges_)
      exchange->stop.request_stop();
  }
  EgressServer(const EgressServer&) = delete;
  EgressServer& operator=(const EgressServer&) = delete;

  int serve() {
    for (;;) {
      const auto frame = channel_.receive(0);
      if (!frame) return 0;
      if (!obey(*frame)) return 1;
    }
  }

 private:
  bool obey(const Frame& frame) {
    MessageReader reader(frame.payload);
    if (frame.type == static_cast<uint8_t>(ToEgress::kKey)) {
      auto key = net::ReceiptKey::from_bytes(reader.rest());
      if (!key) return false;
      key_ = *std::move(key);
      return true;
    }
    const auto number = reader.number<uint64_t>();
    switch (static_cast<ToEgress>(frame.type)) {
      case ToEgress::kSend: {
        auto order = decode_order(reader.rest());
        if (!order) return false;
        auto exchange = std::make_shared<Exchange>();
        {
          const std::lock_guard lock(mutex_);
          exchanges_[number] = exchange;
        }
        workers_.push([this, number, exchange, order = *std::move(order)] {
          const auto result = run(number, *exchange, order);
          {
            const std::lock_guard lock(mutex_);
            exchanges_.erase(number);
          }
          say(FromEgress::kEnd, encode_end(number, result));
        });
        return true;
      }
      case ToEgress::kTake: {
        const auto bytes = reader.number<uint32_t>();
        if (const auto exchange = find(number)) {
          const std::lock_guard lock(exchange->mutex);
          exchange->room += bytes;
          exchange->room_made.notify_all();
        }
        return true;
      }
      case ToEgress::kStop:
        if (const auto exchange = find(number)) exchange->stop.request_stop();
        return true;
      default:
        return false;
    }
  }

  std::shared_ptr<Exchange> find(uint64_t number) {
    const std::lock_guard lock(mutex_);
    const auto found = exchanges_.find(number);
    return found == exchanges_.end() ? nullptr : found->second;
  }

  /// Clients are shared by requests with equal settings: making one reads the trust store.
  Result<std::shared_ptr<const net::HttpClient>> client_for(const net::HttpSettings& settings) {
    const std::string name = encode_settings(settings);
    {
      const std::lock_guard lock(mutex_);
      if (const auto found = clients_.find(name); found != clients_.end()) return found->second;
    }
    INGLE_TRY(net::HttpClient made, net::HttpClient::create(settings, key_));
    auto client = std::make_shared<const net::HttpClient>(std::move(made));
    const std::lock_guard lock(mutex_);
    if (clients_.size() == kMaxClients) clients_.clear();
    clients_[name] = client;
    return client;
  }

  Result<net::HttpHead> run(uint64_t number, Exchange& exchange, const SendOrder& order) {
    const std::stop_token stop = exchange.stop.get_token();
    if (stop.stop_requested()) return std::unexpected(Error::cancelled());
    INGLE_TRY(const auto client, client_for(order.settings));
    const net::BodySink sink{
        .on_head = [&](const net::HttpHead& head) -> Result<bool> {
          say(FromEgress::kHead, encode_head(number, head));
          return true;
        },
        .on_body = [&](std::span<const std::byte> chunk) -> Status {
          const std::string_view bytes(reinterpret_cast<const char*>(chunk.data()), chunk.size());
          return send_body(number, exchange, bytes, stop);
        },
    };
    return client->send(order.request, order.permit, sink, stop);
  }

  Status send_body(uint64_t number, Exchange& exchange, std::string_view bytes, const std::stop_token& stop) {
    while (!bytes.empty()) {
      size_t now = 0;
      {
        std::unique_lock lock(exchange.mutex);
        if (!exchange.room_made.wait(lock, stop, [&] { return exchange.room > 0; }))
          return std::unexpected(Error::cancelled());
        now = std::min<uint64_t>(bytes.size(), exchange.room);
        exchange.room -= now;
      }
      say(FromEgress::kBody, MessageWriter().number(number).rest(bytes.substr(0, now)).take());
      bytes.remove_prefix(now);
    }
    return {};
  }

  void say(FromEgress type, std::string_view payload) {
    if (!channel_.send(static_cast<uint8_t>(type), payload)) channel_.close_both();
  }

  Channel& channel_;
  std::mutex mutex_;
  std::optional<net::ReceiptKey> key_;  // set before the first request, by the thread that reads
  std::map<uint64_t, std::shared_ptr<Exchange>> exchanges_;
  std::map<std::string, std::shared_ptr<const net::HttpClient>> clients_;
  Workers workers_{kRequestsAtOnce};
};

}  // namespace

int serve_egress(Channel& channel, const std::function<Status()>& lock) {
  if (const Status ready = lock(); !ready) return 1;
  return EgressServer(channel).serve();
}

}  // namespace ingle::roles
