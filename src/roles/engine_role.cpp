#include "roles/engine_role.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/core_board.h"
#include "chat/wire.h"
#include "roles/engine_protocol.h"
#include "roles/message.h"
#include "roles/outbox.h"
#include "roles/workers.h"

namespace ingle::roles {
namespace {

constexpr int kCallThreads = 8;             // calls that wait for the model at the same time
constexpr int kSlowStarters = 2;            // requests with a grammar to compile, or a long text to read
constexpr int kListReaders = 1;             // long lists of texts to embed: nobody who talks waits for an index
constexpr size_t kLongText = 64 << 10;      // bytes; a shorter one is tokens within milliseconds
constexpr time_t kPatienceSeconds = 30;     // front reads at once; one that does not for so long never will
constexpr double kProgressStep = 1.0 / 64;  // of a load

/// Memory that belongs to this process alone, through a descriptor that was opened before the lock.
uint64_t own_memory(const base::FileDescriptor& statm) {
  char text[200] = {};
  unsigned long long total = 0;
  unsigned long long resident = 0;
  unsigned long long shared = 0;
  if (::pread(statm.get(), text, sizeof text - 1, 0) <= 0) return 0;
  if (std::sscanf(text, "%llu %llu %llu", &total, &resident, &shared) != 3 || shared > resident) return 0;
  return (resident - shared) * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

template <typename T>
Outcome encoded(const Result<T>& result, std::string (*encode)(const T&)) {
  if (!result) return std::unexpected(result.error());
  return encode(*result);
}

/// Its beginning may take longer than a step: it must not hold up those that come after it.
bool is_slow_to_begin(const chat::EmbedRequest& request) {
  size_t bytes = 0;
  for (const chat::EmbedInput& input : request.inputs) {
    const auto* text = std::get_if<chat::EmbedText>(&input);
    if (text != nullptr) bytes += text->text.reveal().size() + (text->second ? text->second->reveal().size() : 0);
  }
  return bytes > kLongText;
}

size_t bytes_of(const chat::Prompt& prompt) {
  if (const auto* raw = std::get_if<chat::RawPrompt>(&prompt)) return raw->text.reveal().size();
  size_t bytes = 0;
  if (const auto* conversation = std::get_if<chat::ChatPrompt>(&prompt)) {
    for (const chat::Message& message : conversation->messages)
      bytes += message.content.reveal().size();
  }
  return bytes;
}

bool is_slow_to_begin(const chat::CompleteRequest& request) {
  if (!request.grammar.empty() || !request.json_schema.empty()) return true;
  const auto* conversation = std::get_if<chat::ChatPrompt>(&request.prompt);
  if (conversation != nullptr && !conversation->tools_json.empty()) return true;
  return bytes_of(request.prompt) > kLongText;
}

/// Requests that begin beside the others: a cancel that overtakes one reaches it all the same.
class Beginnings {
 public:
  void add(const std::string& id) {
    const std::lock_guard lock(mutex_);
    cancelled_.try_emplace(id, false);
  }
  /// Whether it has not begun yet; it will be told.
  bool cancel(std::string_view id) {
    const std::lock_guard lock(mutex_);
    const auto found = cancelled_.find(id);
    if (found != cancelled_.end()) found->second = true;
    return found != cancelled_.end();
  }
  bool is_cancelled(const std::string& id) {
    const std::lock_guard lock(mutex_);
    return cancelled_.at(id);
  }
  /// Whether it was cancelled meanwhile.
  bool remove(const std::string& id) {
    const std::lock_guard lock(mutex_);
    return cancelled_.extract(id).mapped();
  }

 private:
  std::mutex mutex_;
  std::map<std::string, bool, std::less<>> cancelled_;
};

class EngineServer {
 public:
  EngineServer(Channel& channel, Outbox& outbox, const base::FileDescriptor& statm,
               std::unique_ptr<chat::Completer> completer)
      : channel_(channel),
        outbox_(outbox),
        statm_(statm),
        completer_(std::move(completer)),
        starter_(1),
        slow_starters_(kSlowStarters),
        list_readers_(kListReaders),
        callers_(kCallThreads) {}

  int serve() {
    for (;;) {
      auto frame = channel_.receive(0);
      if (!frame) return 0;
      MessageReader reader(frame->payload);
      switch (static_cast<ToEngine>(frame->type)) {
        case ToEngine::kComplete: {
          const auto number = reader.number<uint64_t>();
          begin(number, chat::decode<chat::CompleteRequest>(reader.rest()), slow_starters_);
          break;
        }
        case ToEngine::kEmbed: {
          const auto number = reader.number<uint64_t>();
          begin(number, chat::decode<chat::EmbedRequest>(reader.rest()), list_readers_);
          break;
        }
        case ToEngine::kCancel:
          if (slow_.cancel(frame->payload)) break;
          // At once, and behind the request that it is meant for, which may not have begun.
          completer_->cancel(frame->payload);
          starter_.push([this, id = std::move(frame->payload)] { completer_->cancel(id); });
          break;
        case ToEngine::kRelease:
          starter_.push([this, handle = std::move(frame->payload)] { completer_->release(handle); });
          break;
        case ToEngine::kCall: {
          const auto number = reader.number<uint64_t>();
          const auto verb = reader.number<uint8_t>();
          answer(number, static_cast<Verb>(verb), std::string(reader.rest()));
          break;
        }
        default:
          return 1;
      }
    }
  }

 private:
  /// From any thread, the model's included: there it waits for front for kPatienceSeconds at most, then all is over.
  void say(FromEngine type, std::string_view payload) {
    if (!channel_.send(static_cast<uint8_t>(type), payload)) channel_.close_both();
  }

  void answer(uint64_t number, Verb verb, std::string argument) {
    if (verb == Verb::kStats) return reply(number, call(verb, argument));  // at once: others may wait for the model
    // A fork comes behind the request that it is of, which may not have begun.
    (verb == Verb::kFork ? starter_ : callers_).push([this, number, verb, argument = std::move(argument)] {
      reply(number, call(verb, argument));
    });
  }

  void reply(uint64_t number, const Outcome& outcome) {
    const std::string payload = encode_outcome(number, outcome);
    if (payload.size() <= Channel::kMaxPayload) return say(FromEngine::kReply, payload);
    const Error too_long =
        Error::refused("the answer is longer than a message between processes can be").hint("ask with a shorter text");
    say(FromEngine::kReply, encode_outcome(number, std::unexpected(too_long)));
  }

  static bool stands_in_order(const chat::CompleteRequest& request) { return !request.continue_from.empty(); }
  static bool stands_in_order(const chat::EmbedRequest&) { return false; }

  /// In the order in which they came, but for those that take long, which go to `slow`. What continues a kept sequence
  /// stands before its release.
  template <typename Request>
  void begin(uint64_t number, Result<Request> request, Workers& slow) {
    if (!request || request->id.empty() || stands_in_order(*request) || !is_slow_to_begin(*request)) {
      return starter_.push(
          [this, number, request = std::move(request)]() mutable { start(number, std::move(request)); });
    }
    slow_.add(request->id);
    slow.push([this, number, request = std::move(request)]() mutable {
      const std::string id = request->id;
      if (slow_.is_cancelled(id)) {
        slow_.remove(id);
        return tell(number, chat::Finished{.reason = chat::FinishReason::kCancelled, .stop_text = {}, .usage = {}},
                    false);
      }
      start(number, std::move(request));
      if (slow_.remove(id)) completer_->cancel(id);
    });
  }

  Status hand_over(chat::CompleteRequest request, chat::EventSink sink) {
    return completer_->complete(std::move(request), std::move(sink));
  }
  Status hand_over(chat::EmbedRequest request, chat::EventSink sink) {
    return completer_->embed(std::move(request), std::move(sink));
  }

  template <typename Request>
  void start(uint64_t number, Result<Request> request) {
    Status started;
    if (request) {
      started = hand_over(*std::move(request), [this, number, begun = false](chat::Event event) mutable {
        const bool is_delta = std::holds_alternative<chat::Delta>(event);
        const bool is_progress =
            std::holds_alternative<chat::Prefill>(event) || std::holds_alternative<chat::Vectors>(event);
        const bool may_wait = is_delta ? begun : is_progress;
        begun = begun || is_delta;
        tell(number, event, may_wait);
      });
    } else {
      started = std::unexpected(std::move(request).error());
    }
    // Front does not wait for a request to begin: one that cannot is one that failed.
    if (!started) tell(number, chat::Failed{std::move(started).error()}, false);
  }

  void tell(uint64_t number, const chat::Event& event, bool may_wait) {
    outbox_.add(static_cast<uint8_t>(FromEngine::kEvent),
                MessageWriter().number(number).rest(chat::encode(event)).take(), may_wait);
  }

  Outcome call(Verb verb, const std::string& argument) {
    switch (verb) {
      case Verb::kRender: {
        INGLE_TRY(const auto prompt, chat::decode<chat::ChatPrompt>(argument));
        return completer_->render(prompt);
      }
      case Verb::kTokenize: {
        INGLE_TRY(const auto request, chat::decode<chat::TokenizeRequest>(argument));
        return encoded(completer_->tokenize(request), encode_tokens);
      }
      case Verb::kDetokenize: {
        INGLE_TRY(const auto tokens, decode_tokens(argument));
        return completer_->detokenize(tokens);
      }
      case Verb::kPieces: {
        INGLE_TRY(const auto tokens, decode_tokens(argument));
        return encoded(completer_->pieces(tokens), encode_pieces);
      }
      case Verb::kScore: {
        INGLE_TRY(const auto request, chat::decode<chat::ScoreRequest>(argument));
        return encoded(completer_->score(request), encode_numbers);
      }
      case Verb::kTag: {
        INGLE_TRY(const auto request, chat::decode<chat::EmbedTokens>(argument));
        return encoded(completer_->tag(request), encode_table);
      }
      case Verb::kFork:
        return completer_->fork(argument);
      case Verb::kStats: {
        INGLE_TRY(auto stats, completer_->stats());
        stats.memory_bytes = own_memory(statm_);
        return chat::encode(stats);
      }
    }
    return std::unexpected(Error::internal("front called what there is not"));
  }

  Channel& channel_;
  Outbox& outbox_;
  const base::FileDescriptor& statm_;
  std::unique_ptr<chat::Completer> completer_;
  Workers starter_;
  Beginnings slow_;
  Workers slow_starters_;
  Workers list_readers_;
  Workers callers_;
};

struct Order {
  LoadOrder load;
  std::vector<base::FileDescriptor> parts;
};

Result<Order> receive_order(Channel& channel) {
  base::FileDescriptor board;
  engine::PagesOnDisk pages;
  for (;;) {
    INGLE_TRY(Frame frame, channel.receive());
    if (frame.type == static_cast<uint8_t>(ToEngine::kCoreBoard) && frame.descriptors.size() == 1) {
      board = std::move(frame.descriptors.front());
      continue;
    }
    if (frame.type == static_cast<uint8_t>(ToEngine::kPagesOnDisk) && frame.descriptors.size() == 1) {
      INGLE_TRY(pages, decode_pages(frame.payload));
      pages.file = std::make_shared<base::FileDescriptor>(std::move(frame.descriptors.front()));
      continue;
    }
    if (frame.type != static_cast<uint8_t>(ToEngine::kLoad))
      return std::unexpected(Error::internal("front asks before there is a model"));
    INGLE_TRY(LoadOrder load, decode_load(frame.payload));
    load.options.pages_on_disk = std::move(pages);
    if (board.valid()) {
      INGLE_TRY(load.options.cores, base::CoreBoard::open(std::move(board)));
    }
    return Order{std::move(load), std::move(frame.descriptors)};
  }
}

Result<std::unique_ptr<chat::Completer>> load_as_ordered(Channel& channel, Outbox& outbox, const EngineLoad& load) {
  INGLE_TRY(Order order, receive_order(channel));
  double told = 0;
  order.load.options.on_load_progress = [&](double done) {
    if (done < told + kProgressStep || done > 1) return;
    told = done;
    (void)channel.send(static_cast<uint8_t>(FromEngine::kProgress), MessageWriter().number(done).take());
  };
  order.load.options.on_pause = [&outbox](std::chrono::nanoseconds until_next) { outbox.pause(until_next); };
  return load(order.parts, order.load.name, order.load.options);
}

}  // namespace

int serve_engine(Channel& channel, const EngineLoad& load, const std::function<Status()>& lock) {
  const base::FileDescriptor statm(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
  const timeval patience{.tv_sec = kPatienceSeconds, .tv_usec = 0};
  ::setsockopt(channel.descriptor(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  Status ready = lock();
  Outbox outbox(channel);
  auto completer = ready ? load_as_ordered(channel, outbox, load) : std::unexpected(std::move(ready).error());
  Result<chat::Description> description =
      completer ? (*completer)->describe() : std::unexpected(std::move(completer).error());
  if (!description) {
    (void)channel.send(static_cast<uint8_t>(FromEngine::kFailed), MessageWriter().error(description.error()).take());
    return 1;
  }
  const std::string loaded = MessageWriter().number(own_memory(statm)).rest(chat::encode(*description)).take();
  if (!channel.send(static_cast<uint8_t>(FromEngine::kLoaded), loaded)) return 1;
  return EngineServer(channel, outbox, statm, *std::move(completer)).serve();
}

}  // namespace ingle::roles
