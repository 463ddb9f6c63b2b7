#include "roles/remote_completer.h"

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "chat/errors.h"
#include "chat/wire.h"
#include "roles/engine_protocol.h"
#include "roles/message.h"
#include "roles/pulse.h"
#include "roles/watchdog.h"

namespace ingle::roles {
namespace {

/// Whoever watches a server must not hang with one of its engines.
constexpr auto kStatsPatience = std::chrono::seconds(1);

/// Of cancels that an engine does not read; one that left so many will not read the next.
constexpr size_t kMostUnsent = size_t{1} << 20;

constexpr double kLoadProgressStep = 1.0 / 128;  // less is no progress

uint8_t type_of(ToEngine type) {
  return static_cast<uint8_t>(type);
}

std::string encode_call(uint64_t number, Verb verb, std::string_view argument) {
  return MessageWriter().number(number).number(static_cast<uint8_t>(verb)).rest(argument).take();
}

Error given_up(Pulse::Finding finding) {
  return Error::unavailable(finding == Pulse::Finding::kSilent ? "the engine did not answer any more and was ended"
                                                               : "the engine did not get any further and was ended")
      .hint("ask again: the model is loaded anew; engines stop where memory is short or a disk hangs");
}

}  // namespace

struct RemoteCompleter::State {
  using Clock = std::chrono::steady_clock;

  /// Somebody waits for the answer to the call of this number.
  struct Waiter {
    Verb verb{};
    std::condition_variable answered;
    std::optional<Outcome> outcome;
  };

  /// A request in flight, and which events an engine may say of it.
  struct Request {
    chat::EventSink sink;
    std::optional<size_t> n_inputs = {};  // of an EmbedRequest
    bool may_hear(const chat::Event& event) const;
  };
  using Requests = std::map<uint64_t, Request>;

  EngineLink link;
  chat::Description description;
  uint64_t bytes = 0;
  size_t max_requests = 0;
  std::atomic<bool> alive = true;

  std::mutex mutex;
  uint64_t next_number = 1;
  std::map<uint64_t, std::shared_ptr<Waiter>> waiters;
  Requests requests;         // a sink is called without the lock, by the reader alone
  bool closing = false;      // by us: the engine did nothing wrong
  std::optional<Error> end;  // why nothing works any more
  std::condition_variable over;
  Pulse pulse;
  std::optional<uint64_t> look;  // the number of the keeper's question
  std::optional<Error> verdict;  // of the keeper: why it ended the engine
  bool keeper_rests = false;     // nothing is asked, nothing is to be sent
  std::mutex sending;            // held around `mutex`; never where nobody may wait
  std::string to_send;           // frames
  std::condition_variable wakes_keeper;

  void read();
  void keep();
  void look_at_engine(std::unique_lock<std::mutex>& held);
  bool is_asked() const { return !requests.empty() || waiters.size() > (look ? 1 : 0); }
  void send_soon(ToEngine type, std::string_view payload);
  void send_rest();
  Status send(ToEngine type, std::string_view payload);
  bool take(EngineMessage message);
  bool answer(uint64_t number, Outcome outcome);
  bool dispatch(uint64_t number, chat::Event event);
  void fail_all(const Error& error);
  Error how_it_broke(const Error& error);
  Status begin(ToEngine type, std::string_view asked, Request request);
  /// `patience`: after so long nobody waits for the answer any more; zero: as long as the engine lives.
  Outcome call(Verb verb, std::string_view argument, std::chrono::milliseconds patience = {});
};

/// What people are told: how the process ended where that is known, else what was wrong with what it said.
Error RemoteCompleter::State::how_it_broke(const Error& error) {
  {
    const std::lock_guard lock(mutex);
    if (closing) return Error::unavailable("the model is being unloaded");
    if (verdict) return *verdict;
  }
  if (error.code() != ErrorCode::kUnavailable)
    return Error::unavailable("the engine was ended: " + error.message())
        .hint("ask again: the model is loaded anew; should this happen twice, the model's file may be damaged");
  std::string how = link.how_it_ended ? link.how_it_ended() : "";
  if (!how.empty()) how = " (" + how + ")";
  return Error::unavailable("the engine ended while it was answering" + how)
      .hint("ask again: the model is loaded anew");
}

void RemoteCompleter::State::read() {
  for (;;) {
    auto frame = link.channel->receive(0);
    auto message = frame ? from_engine(*frame) : std::unexpected(std::move(frame).error());
    if (message && !take(*std::move(message)))
      message = std::unexpected(Error::corrupt("it spoke of a request that there is not"));
    if (message) continue;
    alive = false;
    link.channel->close_both();
    return fail_all(how_it_broke(message.error()));
  }
}

void RemoteCompleter::State::keep() {
  std::unique_lock lock(mutex);
  auto next_look = Clock::now() + link.between_looks;
  while (!end && !closing && !verdict) {
    const auto is_needed = [this] { return end || closing || !to_send.empty(); };
    if (!to_send.empty()) {
      lock.unlock();
      {
        const std::lock_guard turn(sending);
        send_rest();
      }
      lock.lock();
    } else if (!is_asked()) {
      keeper_rests = true;
      wakes_keeper.wait(lock, [&] { return is_needed() || is_asked(); });
      keeper_rests = false;
      next_look = Clock::now() + link.between_looks;
    } else if (!wakes_keeper.wait_until(lock, next_look, is_needed)) {
      look_at_engine(lock);
      next_look = Clock::now() + link.between_looks;
    }
  }
}

void RemoteCompleter::State::look_at_engine(std::unique_lock<std::mutex>& held) {
  if (const Pulse::Finding finding = pulse.look(); finding != Pulse::Finding::kAlive) {
    verdict = given_up(finding);
    held.unlock();
    link.channel->close_both();
    if (link.kill) link.kill();
    held.lock();
  } else if (is_asked() && !look) {
    look = next_number++;
    waiters.emplace(*look, std::make_shared<Waiter>(Verb::kStats));
    append_frame(to_send, type_of(ToEngine::kCall), encode_call(*look, Verb::kStats, {}));
  }
}

/// Under `sending`. The reader meets a broken channel.
void RemoteCompleter::State::send_rest() {
  std::string frames;
  {
    const std::lock_guard lock(mutex);
    frames.swap(to_send);
  }
  if (!frames.empty()) (void)link.channel->send_frames(frames);
}

/// Behind what was to be sent soon.
Status RemoteCompleter::State::send(ToEngine type, std::string_view payload) {
  const std::lock_guard turn(sending);
  send_rest();
  return link.channel->send(type_of(type), payload);
}

void RemoteCompleter::State::send_soon(ToEngine type, std::string_view payload) {
  const std::lock_guard lock(mutex);
  if (end || to_send.size() > kMostUnsent || !append_frame(to_send, type_of(type), payload)) return;
  wakes_keeper.notify_one();
}

void RemoteCompleter::State::fail_all(const Error& error) {
  Requests ended;
  {
    const std::lock_guard lock(mutex);
    end = error;
    over.notify_all();
    wakes_keeper.notify_one();
    for (auto& [number, waiter] : waiters) {
      waiter->outcome = std::unexpected(error);
      waiter->answered.notify_one();
    }
    waiters.clear();
    ended.swap(requests);
  }
  for (auto& [number, request] : ended)
    request.sink(chat::Failed{error});
}

/// False: the engine breaks the rules.
bool RemoteCompleter::State::take(EngineMessage message) {
  if (auto* event = std::get_if<EventOf>(&message)) return dispatch(event->number, std::move(event->event));
  if (auto* reply = std::get_if<Reply>(&message)) return answer(reply->number, std::move(reply->outcome));
  return false;
}

bool RemoteCompleter::State::answer(uint64_t number, Outcome outcome) {
  const std::lock_guard lock(mutex);
  const auto found = waiters.find(number);
  if (found == waiters.end()) return false;
  if (found->second->verb != Verb::kStats) {
    pulse.worked();
  } else if (!outcome) {
    pulse.heard();
  } else if (const auto stats = chat::decode<chat::Stats>(*outcome)) {
    pulse.heard(stats->steps);
  } else {
    return false;
  }
  if (look == number) look.reset();
  const auto waiting = std::move(found->second);
  Waiter& waiter = *waiting;
  waiters.erase(found);
  waiter.outcome = std::move(outcome);
  // Under the lock: the waiter owns the condition variable and may be gone right after it.
  waiter.answered.notify_one();
  return true;
}

bool RemoteCompleter::State::Request::may_hear(const chat::Event& event) const {
  if (const auto* vectors = std::get_if<chat::Vectors>(&event))
    return n_inputs && vectors->first <= *n_inputs && vectors->list.size() <= *n_inputs - vectors->first;
  if (const auto* failed = std::get_if<chat::Failed>(&event))
    return failed->input < static_cast<int64_t>(n_inputs.value_or(0));
  return std::holds_alternative<chat::Finished>(event) || !n_inputs;
}

bool RemoteCompleter::State::dispatch(uint64_t number, chat::Event event) {
  const bool last = std::holds_alternative<chat::Finished>(event) || std::holds_alternative<chat::Failed>(event);
  Requests::node_type ended;
  chat::EventSink* sink = nullptr;
  {
    const std::lock_guard lock(mutex);
    const auto found = requests.find(number);
    if (found == requests.end() || !found->second.may_hear(event)) return false;
    pulse.worked();
    if (last) {
      ended = requests.extract(found);
      sink = &ended.mapped().sink;
    } else {
      sink = &found->second.sink;  // stays: only this thread erases what has begun
    }
  }
  (*sink)(std::move(event));
  return true;
}

Status RemoteCompleter::State::begin(ToEngine type, std::string_view asked, Request request) {
  uint64_t number = 0;
  {
    const std::lock_guard lock(mutex);
    if (end) return std::unexpected(*end);
    if (requests.size() >= max_requests) return std::unexpected(chat::queue_full(max_requests));
    number = next_number++;
    requests.emplace(number, std::move(request));
    if (keeper_rests) wakes_keeper.notify_one();
  }
  Status sent = send(type, MessageWriter().number(number).rest(asked).take());
  if (sent || sent.error().code() != ErrorCode::kUsage) return {};  // as in call(): the reader meets a broken channel
  Requests::node_type unsent;
  const std::lock_guard lock(mutex);
  unsent = requests.extract(number);
  if (unsent.empty()) return {};  // the channel broke meanwhile, and the sink was told
  return sent;
}

Outcome RemoteCompleter::State::call(Verb verb, std::string_view argument, std::chrono::milliseconds patience) {
  const auto waiting = std::make_shared<Waiter>(verb);  // the reader may find it after this call has gone
  Waiter& waiter = *waiting;
  uint64_t number = 0;
  {
    const std::lock_guard lock(mutex);
    if (end) return std::unexpected(*end);
    number = next_number++;
    waiters.emplace(number, waiting);
    if (keeper_rests) wakes_keeper.notify_one();
  }
  const Status sent = send(ToEngine::kCall, encode_call(number, verb, argument));
  std::unique_lock lock(mutex);
  if (!sent && sent.error().code() == ErrorCode::kUsage && !waiter.outcome) {
    // Too long for a frame: nothing was sent and everything else goes on.
    waiters.erase(number);
    return std::unexpected(sent.error());
  }
  // Any other failure to send is met by the reader too, which knows why and answers everybody.
  const auto is_answered = [&] { return waiter.outcome.has_value(); };
  if (patience.count() == 0) {
    waiter.answered.wait(lock, is_answered);
  } else if (!waiter.answered.wait_for(lock, patience, is_answered)) {
    return std::unexpected(Error::unavailable("the engine does not answer"));
  }
  return *std::move(waiter.outcome);
}

RemoteCompleter::RemoteCompleter(std::shared_ptr<State> state)
    : state_(std::move(state)),
      reader_([state = state_] { state->read(); }),
      keeper_([state = state_] { state->keep(); }) {}

RemoteCompleter::~RemoteCompleter() {
  const bool waits = state_->link.ends_itself && reader_.get_id() != std::this_thread::get_id();
  {
    std::unique_lock lock(state_->mutex);
    state_->closing = true;
    state_->wakes_keeper.notify_one();
    if (waits) {
      state_->link.channel->close_sending();
      state_->over.wait_for(lock, EngineLink::kLastWords, [this] { return state_->end.has_value(); });
    }
  }
  state_->link.channel->close_both();
  keeper_.join();
  // A sink may hold the last lease of a model, and sinks are called by the reader: it then goes on alone to its end.
  if (reader_.get_id() == std::this_thread::get_id()) {
    reader_.detach();
  } else {
    reader_.join();
  }
}

Result<std::unique_ptr<RemoteCompleter>> RemoteCompleter::load(EngineLink link,
                                                               std::span<const base::FileDescriptor> parts,
                                                               std::string_view name, const engine::Options& options,
                                                               const base::FileDescriptor& core_board) {
  limit_sending(*link.channel, link.send_patience);
  Watchdog watchdog(*link.channel, link.load_patience);
  const auto lost = [&](const Error& error) {
    if (watchdog.stop())
      return std::unexpected(
          Error::unavailable("the engine got no further while it was loading '" + std::string(name) + "'")
              .hint("the model's file may be damaged, or on a disk that does not answer; 'ingle doctor --verify' "
                    "checks it"));
    std::string how = link.how_it_ended ? link.how_it_ended() : "";
    if (how.empty()) how = error.message();
    return std::unexpected(
        Error::unavailable("the engine ended while it was loading '" + std::string(name) + "' (" + how + ")")
            .hint("is there enough memory, and is the file what it should be? 'ingle doctor --verify' checks it"));
  };
  if (core_board.valid()) (void)link.channel->send(type_of(ToEngine::kCoreBoard), "", std::span(&core_board, 1));
  const engine::PagesOnDisk& pages = options.pages_on_disk;
  link.ends_itself = pages.file != nullptr;
  if (pages.file) {
    (void)link.channel->send(type_of(ToEngine::kPagesOnDisk), encode_pages(pages), std::span(pages.file.get(), 1));
  }
  const std::string order = encode_load({.name = std::string(name), .options = options});
  if (auto sent = link.channel->send(type_of(ToEngine::kLoad), order, parts); !sent) {
    if (sent.error().code() == ErrorCode::kUsage) return std::unexpected(std::move(sent).error());
    return lost(sent.error());
  }
  double furthest = 0;
  for (;;) {
    const auto frame = link.channel->receive(0);
    if (!frame) return lost(frame.error());
    auto message = from_engine(*frame);
    if (!message) return lost(message.error());
    if (const auto* progress = std::get_if<Progress>(&*message)) {
      if (progress->done >= furthest + kLoadProgressStep) {
        furthest = progress->done;
        watchdog.feed();
      }
      if (options.on_load_progress) options.on_load_progress(progress->done);
    } else if (auto* failed = std::get_if<LoadFailed>(&*message)) {
      return std::unexpected(std::move(failed->error));
    } else if (auto* loaded = std::get_if<Loaded>(&*message)) {
      if (watchdog.stop()) return lost(Error::unavailable("it was too late"));
      auto state = std::make_shared<State>();
      state->link = std::move(link);
      state->description = std::move(loaded->description);
      state->bytes = loaded->bytes;
      state->max_requests = size_t{options.max_sequences} + options.max_queue;
      return std::unique_ptr<RemoteCompleter>(new RemoteCompleter(std::move(state)));
    } else {
      return lost(Error::corrupt("it answers before it has a model"));
    }
  }
}

Result<std::unique_ptr<RemoteCompleter>> load_in_engine_role(Spawner& spawner,
                                                             std::span<const base::FileDescriptor> parts,
                                                             std::string_view name, const engine::Options& options,
                                                             const base::FileDescriptor& core_board) {
  INGLE_TRY(Child started, spawner.spawn(Role::kEngine, {.max_file_bytes = options.pages_on_disk.max_bytes}));
  const auto child = std::make_shared<Child>(std::move(started));
  return RemoteCompleter::load({.channel = &child->channel(),
                                .owner = child,
                                .how_it_ended = [&child = *child] { return child.how_it_ended(); },
                                .kill = [&child = *child] { child.kill(); }},
                               parts, name, options, core_board);
}

bool RemoteCompleter::alive() const {
  return state_->alive;
}

uint64_t RemoteCompleter::bytes() const {
  return state_->bytes;
}

Result<chat::Description> RemoteCompleter::describe() {
  return state_->description;
}

Result<std::string> RemoteCompleter::render(const chat::ChatPrompt& prompt) {
  return state_->call(Verb::kRender, chat::encode(prompt));
}

Result<std::vector<int32_t>> RemoteCompleter::tokenize(const chat::TokenizeRequest& request) {
  INGLE_TRY(const std::string bytes, state_->call(Verb::kTokenize, chat::encode(request)));
  return decode_tokens(bytes);
}

Result<std::string> RemoteCompleter::detokenize(std::span<const int32_t> tokens) {
  return state_->call(Verb::kDetokenize, encode_tokens({tokens.begin(), tokens.end()}));
}

Status RemoteCompleter::complete(chat::CompleteRequest request, chat::EventSink sink) {
  return state_->begin(ToEngine::kComplete, chat::encode(request), {std::move(sink)});
}

Status RemoteCompleter::embed(chat::EmbedRequest request, chat::EventSink sink) {
  return state_->begin(ToEngine::kEmbed, chat::encode(request), {std::move(sink), request.inputs.size()});
}

void RemoteCompleter::cancel(std::string_view id) {
  state_->send_soon(ToEngine::kCancel, id);
}

Result<std::vector<float>> RemoteCompleter::score(const chat::ScoreRequest& request) {
  INGLE_TRY(const std::string bytes, state_->call(Verb::kScore, chat::encode(request)));
  return decode_numbers(bytes);
}

Result<std::vector<std::vector<float>>> RemoteCompleter::tag(const chat::EmbedTokens& request) {
  INGLE_TRY(const std::string bytes, state_->call(Verb::kTag, chat::encode(request)));
  return decode_table(bytes);
}

Result<std::string> RemoteCompleter::fork(std::string_view request_id) {
  return state_->call(Verb::kFork, request_id);
}

void RemoteCompleter::release(std::string_view handle) {
  state_->send_soon(ToEngine::kRelease, handle);
}

Result<chat::Stats> RemoteCompleter::stats() {
  INGLE_TRY(const std::string bytes, state_->call(Verb::kStats, {}, kStatsPatience));
  return chat::decode<chat::Stats>(bytes);
}

}  // namespace ingle::roles
