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
#include "roles/engine_watch.h"
#include "roles/message.h"
#include "roles/watchdog.h"

namespace ingle::roles {
namespace {

constexpr double kLoadProgressStep = 1.0 / 128;  // less is no progress

uint8_t type_of(ToEngine type) {
  return static_cast<uint8_t>(type);
}

Error given_up(Pulse::Finding finding) {
  return Error::unavailable(finding == Pulse::Finding::kSilent ? "the engine did not answer any more and was ended"
                                                               : "the engine did not get any further and was ended")
      .hint("ask again: the model is loaded anew; engines stop where memory is short or a disk hangs");
}

}  // namespace

struct RemoteCompleter::State {
  /// Somebody waits for the answer to the call of this number.
  struct Waiter {
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

  State(EngineLink the_link, Loaded loaded, size_t most)
      : link(std::move(the_link)),
        description(std::move(loaded.description)),
        bytes(loaded.bytes),
        max_requests(most),
        watch(*link.channel, link.between_looks, link.kill) {}

  const EngineLink link;
  const chat::Description description;
  const uint64_t bytes;
  const size_t max_requests;  // at once
  EngineWatch watch;
  std::atomic<bool> alive = true;

  std::mutex mutex;
  uint64_t next_number = 1;
  std::map<uint64_t, std::shared_ptr<Waiter>> waiters;
  Requests requests;         // a sink is called without the lock, by the reader alone
  bool closing = false;      // by us: the engine did nothing wrong
  std::optional<Error> end;  // why nothing works any more
  std::condition_variable over;

  void read();
  bool take(EngineMessage message);
  bool answer(uint64_t number, Outcome outcome);
  bool dispatch(uint64_t number, chat::Event event);
  void fail_all(const Error& error);
  Error how_it_broke(const Error& error);
  Status begin(ToEngine type, std::string_view asked, Request request);
  /// Waits as long as the engine lives.
  Outcome call(Verb verb, std::string_view argument);
  Result<chat::Stats> counts();
};

/// What people are told: how the process ended where that is known, else what was wrong with what it said.
Error RemoteCompleter::State::how_it_broke(const Error& error) {
  {
    const std::lock_guard lock(mutex);
    if (closing) return Error::unavailable("the model is being unloaded");
  }
  if (const auto finding = watch.verdict()) return given_up(*finding);
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

void RemoteCompleter::State::fail_all(const Error& error) {
  Requests ended;
  {
    const std::lock_guard lock(mutex);
    end = error;
    over.notify_all();
    for (auto& [number, waiter] : waiters) {
      waiter->outcome = std::unexpected(error);
      waiter->answered.notify_one();
    }
    waiters.clear();
    ended.swap(requests);
  }
  watch.stop();
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
  if (number == EngineWatch::kLook) return watch.told_counts(outcome);
  const std::lock_guard lock(mutex);
  const auto found = waiters.find(number);
  if (found == waiters.end()) return false;
  watch.worked();
  watch.answered();
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
    watch.worked();
    if (last) {
      watch.answered();
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
    watch.asked();
  }
  Status sent = watch.send(type, MessageWriter().number(number).rest(asked).take());
  if (sent || sent.error().code() != ErrorCode::kUsage) return {};  // as in call(): the reader meets a broken channel
  Requests::node_type unsent;
  const std::lock_guard lock(mutex);
  unsent = requests.extract(number);
  if (unsent.empty()) return {};  // the channel broke meanwhile, and the sink was told
  watch.answered();
  return sent;
}

Outcome RemoteCompleter::State::call(Verb verb, std::string_view argument) {
  const auto waiting = std::make_shared<Waiter>();  // the reader may find it after this call has gone
  Waiter& waiter = *waiting;
  uint64_t number = 0;
  {
    const std::lock_guard lock(mutex);
    if (end) return std::unexpected(*end);
    number = next_number++;
    waiters.emplace(number, waiting);
    watch.asked();
  }
  const Status sent = watch.send(ToEngine::kCall, encode_call(number, verb, argument));
  std::unique_lock lock(mutex);
  if (!sent && sent.error().code() == ErrorCode::kUsage && !waiter.outcome) {
    // Too long for a frame: nothing was sent and everything else goes on.
    waiters.erase(number);
    watch.answered();
    return std::unexpected(sent.error());
  }
  // Any other failure to send is met by the reader too, which knows why and answers everybody.
  waiter.answered.wait(lock, [&] { return waiter.outcome.has_value(); });
  return *std::move(waiter.outcome);
}

Result<chat::Stats> RemoteCompleter::State::counts() {
  auto told = watch.counts(link.counts_patience);
  const std::lock_guard lock(mutex);
  if (end) return std::unexpected(*end);
  return told;
}

RemoteCompleter::RemoteCompleter(std::shared_ptr<State> state)
    : state_(std::move(state)), reader_([state = state_] { state->read(); }) {}

RemoteCompleter::~RemoteCompleter() {
  const bool waits = state_->link.ends_itself && reader_.get_id() != std::this_thread::get_id();
  state_->watch.stop();
  {
    std::unique_lock lock(state_->mutex);
    state_->closing = true;
    if (waits) {
      state_->link.channel->close_sending();
      state_->over.wait_for(lock, EngineLink::kLastWords, [this] { return state_->end.has_value(); });
    }
  }
  state_->link.channel->close_both();
  state_->watch.join();
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
      const size_t most = size_t{options.max_sequences} + options.max_queue;
      auto state = std::make_shared<State>(std::move(link), *std::move(loaded), most);
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
  for (bool is_second = false;; is_second = true) {
    INGLE_TRY(Child started, spawner.spawn(Role::kEngine, {.max_file_bytes = options.pages_on_disk.max_bytes}));
    const auto child = std::make_shared<Child>(std::move(started));
    auto loaded = RemoteCompleter::load({.channel = &child->channel(),
                                         .owner = child,
                                         .how_it_ended = [&child = *child] { return child.how_it_ended(); },
                                         .kill = [&child = *child] { child.kill(); }},
                                        parts, name, options, core_board);
    if (loaded || is_second || !child->was_killed()) return loaded;
  }
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

Result<std::vector<std::string>> RemoteCompleter::pieces(std::span<const int32_t> tokens) {
  INGLE_TRY(const std::string bytes, state_->call(Verb::kPieces, encode_tokens({tokens.begin(), tokens.end()})));
  return decode_pieces(bytes);
}

Status RemoteCompleter::complete(chat::CompleteRequest request, chat::EventSink sink) {
  return state_->begin(ToEngine::kComplete, chat::encode(request), {std::move(sink)});
}

Status RemoteCompleter::embed(chat::EmbedRequest request, chat::EventSink sink) {
  return state_->begin(ToEngine::kEmbed, chat::encode(request), {std::move(sink), request.inputs.size()});
}

void RemoteCompleter::cancel(std::string_view id) {
  state_->watch.send_soon(ToEngine::kCancel, id);
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
  state_->watch.send_soon(ToEngine::kRelease, handle);
}

Result<chat::Stats> RemoteCompleter::stats() {
  return state_->counts();
}

}  // namespace ingle::roles
