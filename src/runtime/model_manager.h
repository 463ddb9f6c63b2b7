// ModelManager: which models are loaded. Whoever needs one asks by name and holds it as long as it is used; then it stays
// loaded for its keep-alive. A model is loaded once, however many ask for it, and loaded anew when its engine has died;
// what was asked of a dead one and not begun begins anew (second_chance.h).
//
// One per process, owned by the composition root. Any thread may call it; loading, which takes seconds, is done by the
// caller that needs the model while others go on using theirs. Engines end on the manager's own thread or on that of a
// caller of acquire(), never where the last holder lets go: that may be an engine's own thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.h"
#include "chat/completer.h"
#include "runtime/models.h"
#include "runtime/second_chance.h"

namespace ingle::runtime {

/// Where a model lies; more than one file for a split model. `name` is what it is called in answers.
struct ModelFiles {
  std::string name;
  std::string digest;  // hexadecimal; empty: unknown
  std::vector<std::filesystem::path> parts;
};

/// A loaded model as its loader hands it over.
struct Engine {
  std::unique_ptr<chat::Completer> completer;
  std::function<bool()> alive = {};  // empty: always
  uint64_t bytes = 0;                // memory that it takes
};

/// An engine whose memory has not been given back: also one that is no longer listed but still used.
struct HeldMemory {
  std::string name;
  uint64_t planned = 0;  // that it may take
  uint64_t taken = 0;    // that it has taken; 0: unknown
  bool in_use = false;

  /// Not taken yet, and promised all the same.
  uint64_t promised() const { return planned - std::min(planned, taken); }
  uint64_t at_most() const { return std::max(planned, taken); }
};

/// What happened to a model, for logs and counters.
struct ModelChange {
  enum class Kind : uint8_t { kLoaded, kExpired, kDied, kAsked, kReplaced, kMadeRoom };  // all but the first: unloaded
  Kind kind{};
  std::string_view name;
  double seconds = 0;  // that loading took
};
std::string_view to_string(ModelChange::Kind kind);

struct ManagerOptions {
  KeepAlive keep_alive = 300;
  uint32_t max_loaded = 3;
  std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
  /// From any thread, under the manager's lock: must be quick and must not call back. May be empty.
  std::function<void(const ModelChange&)> on_change = {};
  /// Asked before another model is unloaded because there are too many. May be empty.
  std::function<Status(const ModelFiles& files, uint32_t context)> can_ever_load = {};
};

class ModelManager final : public Models {
 public:
  /// From what a user calls a model, a name or the path of a .gguf file, to its files.
  using Resolver = std::function<Result<ModelFiles>(std::string_view model)>;
  /// Starts an engine for everybody whose context is no less than this; 0: the setting's. Less than the setting's is loaded
  /// where memory is short alone. kExhausted: not enough is free; models that nobody uses then make room, one by one. All
  /// other errors are answered at once.
  using Loader = std::function<Result<Engine>(const ModelFiles& files, uint32_t context)>;

  ModelManager(Resolver resolver, Loader loader, ManagerOptions options);
  ~ModelManager() override;
  ModelManager(const ModelManager&) = delete;
  ModelManager& operator=(const ModelManager&) = delete;

  Result<std::shared_ptr<chat::Completer>> acquire(std::string_view model, const AcquireOptions& options) override;
  std::string name_of(std::string_view model) const override;
  void unload(std::string_view model) override;
  void let_go(std::string_view model, std::string_view client) override;
  void forget_clients(const std::function<bool(std::string_view client)>& is_known) override;
  std::optional<KeepAlive> granted(const AcquireOptions& options) const override;
  /// The most recently used first.
  std::vector<LoadedModel> loaded() const override;
  Result<chat::Stats> stats(std::string_view name) const override;

  /// Asks every engine, so it may not be called from on_change; a loader may call it.
  std::vector<HeldMemory> held() const;

  /// Unloads, as unload() does, what is not installed any more or has other bytes now.
  void forget_changed();

  /// For all models, but a time that a request named.
  void set_limits(KeepAlive keep_alive, uint32_t max_loaded);

  /// Looks at the clock again: for tests that turn it.
  void look_at_clock();

 private:
  struct Entry;
  struct State;

  Result<Lease> acquire_engine(const ModelFiles& files, const AcquireOptions& options);
  Result<std::optional<Lease>> lease(const ModelFiles& files, const AcquireOptions& options,
                                     std::shared_ptr<Entry> loaded = nullptr);
  Result<Engine> load(const ModelFiles& files, const AcquireOptions& options);

  const Resolver resolver_;
  const Loader loader_;
  std::mutex loading_mutex_;  // one load at a time: it uses all cores, and a model must not be loaded twice
  std::shared_ptr<State> state_;
  std::jthread janitor_;
  std::shared_ptr<Reviver> reviver_;
};

}  // namespace ingle::runtime
