#include "roles/remote_transport.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "base/files.h"
#include "roles/egress_protocol.h"
#include "roles/message.h"
#include "roles/send_limit.h"

namespace ingle::roles {
namespace {

constexpr uint64_t kMaxCaBytes = 8 << 20;

Error lost() {
  return Error::unavailable("the process that holds the connections has ended").hint("try again: it is started anew");
}

/// A request in flight, between the thread that reads the channel and the one that sends.
struct Exchange {
  std::condition_variable_any arrived;
  std::deque<EgressMessage> messages;
  size_t queued_bytes = 0;  // of the body: never more than the window
  bool has_head = false;
  bool is_over = false;       // kEnd was queued
  bool is_abandoned = false;  // nobody reads it any more; it stays until its kEnd
};

}  // namespace

struct EgressConnection::State {
  Channel& channel;
  std::shared_ptr<void> owner;
  std::atomic<bool> alive = true;
  std::mutex mutex;
  uint64_t next_number = 1;
  std::map<uint64_t, std::shared_ptr<Exchange>> exchanges;
  std::jthread reader;

  State(Channel& given, std::shared_ptr<void> keeps) : channel(given), owner(std::move(keeps)) {}

  void read();
  bool take(EgressMessage message);
  void say(ToEgress type, std::string_view payload) { (void)channel.send(static_cast<uint8_t>(type), payload); }
  void abandon(uint64_t number);
  std::optional<EgressMessage> next(Exchange& exchange, const std::stop_token& stop);
};

void EgressConnection::State::read() {
  for (;;) {
    auto frame = channel.receive(0);
    auto message = frame ? from_egress(*std::move(frame)) : std::unexpected(std::move(frame).error());
    if (message && take(*std::move(message))) continue;
    alive = false;
    channel.close_both();
    const std::lock_guard lock(mutex);
    for (auto& [number, exchange] : exchanges) {
      exchange->messages.emplace_back(EndOf{.number = number, .result = std::unexpected(lost())});
      exchange->is_over = true;
      exchange->arrived.notify_all();
    }
    exchanges.clear();
    return;
  }
}

/// False: the process breaks the rules.
bool EgressConnection::State::take(EgressMessage message) {
  const uint64_t number = std::visit([](const auto& m) { return m.number; }, message);
  const std::lock_guard lock(mutex);
  const auto found = exchanges.find(number);
  if (found == exchanges.end()) return false;
  const std::shared_ptr<Exchange> exchange = found->second;
  if (std::holds_alternative<HeadOf>(message)) {
    if (std::exchange(exchange->has_head, true)) return false;
  } else if (const auto* body = std::get_if<BodyOf>(&message)) {
    if (!exchange->has_head || body->bytes.size() > kWindow - exchange->queued_bytes) return false;
    exchange->queued_bytes += body->bytes.size();
  } else {
    exchange->is_over = true;
    exchanges.erase(found);
  }
  if (exchange->is_abandoned) return true;
  exchange->messages.push_back(std::move(message));
  exchange->arrived.notify_all();
  return true;
}

void EgressConnection::State::abandon(uint64_t number) {
  {
    const std::lock_guard lock(mutex);
    const auto found = exchanges.find(number);
    if (found == exchanges.end()) return;
    found->second->is_abandoned = true;
    found->second->messages.clear();
  }
  say(ToEgress::kStop, MessageWriter().number(number).take());
}

/// Nothing: stopped.
std::optional<EgressMessage> EgressConnection::State::next(Exchange& exchange, const std::stop_token& stop) {
  std::unique_lock lock(mutex);
  if (!exchange.arrived.wait(lock, stop, [&] { return !exchange.messages.empty(); })) return std::nullopt;
  if (stop.stop_requested()) return std::nullopt;
  EgressMessage message = std::move(exchange.messages.front());
  exchange.messages.pop_front();
  if (const auto* body = std::get_if<BodyOf>(&message)) exchange.queued_bytes -= body->bytes.size();
  return message;
}

EgressConnection::EgressConnection(Channel& channel, std::shared_ptr<void> owner, const net::ReceiptKey& key)
    : state_(std::make_unique<State>(channel, std::move(owner))) {
  limit_sending(channel, kFrontSendPatience);
  state_->say(ToEgress::kKey, key.bytes());
  state_->reader = std::jthread([this] { state_->read(); });
}

EgressConnection::~EgressConnection() {
  state_->channel.close_both();
}

bool EgressConnection::alive() const {
  return state_->alive;
}

Result<net::HttpHead> EgressConnection::send(const net::HttpSettings& settings, const net::HttpRequest& request,
                                             const net::EgressPermit& permit, const net::BodySink& sink,
                                             std::stop_token stop, const std::function<Status()>& allowed) {
  if (stop.stop_requested()) return std::unexpected(Error::cancelled());
  const auto exchange = std::make_shared<Exchange>();
  uint64_t number = 0;
  {
    const std::lock_guard lock(state_->mutex);
    if (!alive()) return std::unexpected(lost());
    number = state_->next_number++;
    state_->exchanges[number] = exchange;
  }
  const std::string order = encode_order(number, {.settings = settings, .request = request, .permit = permit});
  if (Status sent = state_->channel.send(static_cast<uint8_t>(ToEgress::kSend), order);
      !sent && sent.error().code() == ErrorCode::kUsage) {
    const std::lock_guard lock(state_->mutex);
    state_->exchanges.erase(number);
    return std::unexpected(std::move(sent).error());
  }
  const auto give_up = [&](Error error) {
    state_->abandon(number);
    return std::unexpected(std::move(error));
  };
  uint64_t received = 0;
  for (;;) {
    auto message = state_->next(*exchange, stop);
    if (!message) return give_up(Error::cancelled());
    if (Status may = allowed ? allowed() : Status(); !may) return give_up(std::move(may).error());
    if (auto* end = std::get_if<EndOf>(&*message)) return std::move(end->result);
    if (const auto* head = std::get_if<HeadOf>(&*message)) {
      auto wanted = sink.on_head ? sink.on_head(head->head) : Result<bool>(true);
      if (!wanted) return give_up(std::move(wanted).error());
      if (*wanted) continue;
      state_->abandon(number);
      return head->head;
    }
    const std::string& bytes = std::get<BodyOf>(*message).bytes;
    received += bytes.size();
    if (received > request.max_body_bytes)
      return give_up(Error::refused("the answer of " + request.url.authority() + " is longer than it may be"));
    if (sink.on_body) {
      if (Status used = sink.on_body(std::as_bytes(std::span(bytes))); !used) return give_up(std::move(used).error());
    }
    state_->say(ToEgress::kTake, MessageWriter().number(number).number(static_cast<uint32_t>(bytes.size())).take());
  }
}

Result<std::unique_ptr<net::HttpTransport>> RemoteTransport::create(net::HttpSettings settings, Connect connect,
                                                                    std::function<Status()> allowed) {
  if (settings.ca_pem.empty() && !settings.ca_file.empty()) {
    auto pem = base::read_file(settings.ca_file, kMaxCaBytes);
    if (!pem)
      return std::unexpected(Error::usage("the certificate bundle cannot be read: " + pem.error().message())
                                 .hint("correct SSL_CERT_FILE (or pip's 'cert' setting), or unset it"));
    settings.ca_pem = *std::move(pem);
    settings.ca_file.clear();
  }
  return std::unique_ptr<net::HttpTransport>(
      new RemoteTransport(std::move(settings), std::move(connect), std::move(allowed)));
}

Result<net::HttpHead> RemoteTransport::send(const net::HttpRequest& request, const net::EgressPermit& permit,
                                            const net::BodySink& sink, std::stop_token stop) const {
  if (allowed_) INGLE_TRY_VOID(allowed_());
  INGLE_TRY(const auto connection, connect_());
  return connection->send(settings_, request, permit, sink, std::move(stop), allowed_);
}

}  // namespace ingle::roles
