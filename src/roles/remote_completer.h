// RemoteCompleter: a model that answers in a process of its own, seen from front.
//
// Owns its side of the channel and a thread that reads it: events are dispatched there, so sinks must be quick, as those of
// every Completer. Any thread may call it. When the channel breaks, or the engine says something that no engine would say,
// every request in flight ends with Failed{kUnavailable}, and so does everything that is asked afterwards.
//
// Its watch (engine_watch.h) has a second thread: an engine that lives and does not answer is killed, so that every wait here
// ends, and cancel() and release() never block. complete() and embed() wait for no answer, only until the engine has taken
// the request, for no longer than send_patience: what the engine refuses is a Failed, and a queue that is full is known here.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>

#include "base/files.h"
#include "base/result.h"
#include "chat/completer.h"
#include "engine/engine.h"
#include "roles/channel.h"
#include "roles/send_limit.h"
#include "roles/spawner.h"

namespace ingle::roles {

/// The other end of an engine's channel. `owner` keeps the process; it is let go of last.
struct EngineLink {
  Channel* channel = nullptr;
  std::shared_ptr<void> owner = {};
  /// "ended by signal 9"; empty: unknown.
  std::function<std::string()> how_it_ended = {};
  /// Ends the process, whatever it is doing; empty: there is only the channel to close.
  std::function<void()> kill = {};
  /// Between two looks at an engine of which something is asked.
  std::chrono::milliseconds between_looks = std::chrono::seconds(1);
  /// Whoever watches a server, or loads another model, must not hang with one of its engines: after so long its counts are
  /// the last that it told.
  std::chrono::milliseconds counts_patience = std::chrono::seconds(1);
  /// A load that gets no further for so long is given up: others wait for their turn.
  std::chrono::milliseconds load_patience = std::chrono::seconds(60);
  /// It has something to write down before it ends, and is given kLastWords for it.
  bool ends_itself = false;
  static constexpr std::chrono::milliseconds kLastWords = std::chrono::seconds(2);
  /// An engine that reads nothing for so long is broken.
  std::chrono::milliseconds send_patience = kFrontSendPatience;
};

class RemoteCompleter final : public chat::Completer {
 public:
  /// Has the model loaded behind `link`. `parts` as for engine::load; `core_board`, if valid, is the engine's place
  /// among those that share this machine.
  /// Blocks; options.on_load_progress is called by this thread.
  static Result<std::unique_ptr<RemoteCompleter>> load(EngineLink link, std::span<const base::FileDescriptor> parts,
                                                       std::string_view name, const engine::Options& options,
                                                       const base::FileDescriptor& core_board = {});
  ~RemoteCompleter() override;

  /// False once the channel has broken.
  bool alive() const;
  /// Memory of the engine after loading.
  uint64_t bytes() const;

  Result<chat::Description> describe() override;
  Result<std::string> render(const chat::ChatPrompt& prompt) override;
  Result<std::vector<int32_t>> tokenize(const chat::TokenizeRequest& request) override;
  Result<std::string> detokenize(std::span<const int32_t> tokens) override;
  Result<std::vector<std::string>> pieces(std::span<const int32_t> tokens) override;
  Status complete(chat::CompleteRequest request, chat::EventSink sink) override;
  Status embed(chat::EmbedRequest request, chat::EventSink sink) override;
  void cancel(std::string_view id) override;
  Result<std::vector<float>> score(const chat::ScoreRequest& request) override;
  Result<std::vector<std::vector<float>>> tag(const chat::EmbedTokens& request) override;
  Result<std::string> fork(std::string_view request_id) override;
  void release(std::string_view handle) override;
  Result<chat::Stats> stats() override;

 private:
  struct State;
  explicit RemoteCompleter(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;  // the reader holds it too: it may be what ends this object
  std::thread reader_;
};

/// An engine role of its own for this model. One that is killed while it loads (memory is short for a moment, or somebody
/// ends the wrong process) is started once more: nothing of an answer has begun, and whoever waits for the model need not know.
Result<std::unique_ptr<RemoteCompleter>> load_in_engine_role(Spawner& spawner,
                                                             std::span<const base::FileDescriptor> parts,
                                                             std::string_view name, const engine::Options& options,
                                                             const base::FileDescriptor& core_board = {});

}  // namespace ingle::roles
