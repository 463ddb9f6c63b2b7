#include "runtime/model_manager.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <limits>
#include <map>

#include "chat/errors.h"

namespace ingle::runtime {
namespace {

using TimePoint = std::chrono::steady_clock::time_point;

constexpr KeepAlive kLongest = KeepAlive{100} * 365 * 24 * 3600;

bool is_for_ever(KeepAlive keep_alive) {
  return keep_alive < 0 || keep_alive > kLongest;
}

}  // namespace

std::string_view to_string(ModelChange::Kind kind) {
  static constexpr std::string_view kNames[] = {"loaded", "expired", "died", "asked", "replaced", "made_room"};
  return kNames[static_cast<size_t>(kind)];
}

struct ModelManager::Entry {
  std::string name;
  std::string digest;
  Engine engine;
  chat::Description description;
  /// How long a client wants it, from its last use on.
  struct Wish {
    std::optional<KeepAlive> keep_alive = {};  // nothing: the setting's
    TimePoint last_used = {};
  };
  std::map<std::string, Wish, std::less<>> wishes = {};  // of those who used it
  bool for_one = false;  // memory had room for the context that a request named, and not for the setting's
  uint32_t in_use = 0;
  uint64_t last_used = 0;
  TimePoint idle_since;
  bool forgotten = false;

  bool alive() const { return !engine.alive || engine.alive(); }
  /// When the last of those who want it does no longer; `setting`: for those who did not say how long.
  TimePoint expires(TimePoint now, KeepAlive setting) const {
    TimePoint latest = in_use > 0 ? now : idle_since;
    for (const auto& [client, wish] : wishes) {
      const KeepAlive keep_alive = wish.keep_alive.value_or(setting);
      if (is_for_ever(keep_alive)) return TimePoint::max();
      latest = std::max(latest, (in_use > 0 ? now : wish.last_used) + std::chrono::seconds(keep_alive));
    }
    return latest;
  }

  void wish(const AcquireOptions& options, KeepAlive setting) {
    Wish& own = wishes[options.client];
    if (!options.keep_alive) return;
    own.keep_alive = granted(options, setting);
    if (!options.may_only_wish) std::erase_if(wishes, [&](const auto& other) { return other.first != options.client; });
  }

  static std::optional<KeepAlive> granted(const AcquireOptions& options, KeepAlive setting) {
    const auto& asked = options.keep_alive;
    const bool is_more = asked && !is_for_ever(setting) && (is_for_ever(*asked) || *asked > setting);
    return is_more && options.may_only_wish ? setting : asked;
  }
};

/// What leases share with the manager, which they may outlive.
struct ModelManager::State {
  using Entries = std::map<std::string, std::shared_ptr<Entry>, std::less<>>;

  explicit State(ManagerOptions given) : options(std::move(given)) {}

  ManagerOptions options;  // under the lock, but for what never changes: now, on_change, can_ever_load
  mutable std::mutex mutex;
  std::condition_variable_any changed;
  bool has_changed = false;
  bool has_janitor = true;
  Entries entries;
  std::vector<std::weak_ptr<Entry>> all;      // also those that are no longer listed
  std::vector<std::shared_ptr<Entry>> ended;  // for the janitor to let go of
  bool is_letting_go = false;
  uint64_t n_uses = 0;

  void notify() {
    has_changed = true;
    changed.notify_all();
  }

  /// Under the lock.
  void tell(ModelChange::Kind kind, std::string_view name, double seconds = 0) const {
    if (options.on_change) options.on_change({kind, name, seconds});
  }

  /// Under the lock. Those who hold it keep it.
  void forget(Entries::iterator at, ModelChange::Kind why) {
    tell(why, at->first);
    at->second->forgotten = true;
    ended.push_back(std::move(at->second));
    entries.erase(at);
    notify();
  }

  void release(std::shared_ptr<Entry> entry, std::string_view client) {
    const std::lock_guard lock(mutex);
    --entry->in_use;
    entry->idle_since = options.now();
    if (const auto wish = entry->wishes.find(client); wish != entry->wishes.end())
      wish->second.last_used = entry->idle_since;
    // This may be the last reference to a forgotten one, and its engine must not end on this thread.
    if (entry->forgotten && has_janitor) ended.push_back(std::move(entry));
    // Of one that is still listed it is not, as long as the lock is held: the janitor may forget it right afterwards.
    if (entry && !entry->forgotten && has_janitor) entry.reset();
    notify();
  }

  /// Under the lock: the end of the least recently used that nobody holds; entries.end() when all are held.
  Entries::iterator oldest_idle() {
    auto oldest = entries.end();
    for (auto it = entries.begin(); it != entries.end(); ++it) {
      if (it->second->in_use > 0) continue;
      if (oldest == entries.end() || it->second->last_used < oldest->second->last_used) oldest = it;
    }
    return oldest;
  }

  /// Whoever loads needs the memory of those that are ending, and what the same model wrote down last.
  void wait_for_ended() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return !has_janitor || (ended.empty() && !is_letting_go); });
  }

  /// Takes it out of the list; the caller ends its engine by letting go of it. nullptr: all are held.
  std::shared_ptr<Entry> take_oldest_idle() {
    const std::lock_guard lock(mutex);
    const auto oldest = oldest_idle();
    if (oldest == entries.end()) return nullptr;
    tell(ModelChange::Kind::kMadeRoom, oldest->first);
    std::shared_ptr<Entry> entry = std::move(oldest->second);
    entries.erase(oldest);
    return entry;
  }

  /// Forgets what has expired or died; returns when the next one expires.
  TimePoint sweep(TimePoint now) {
    TimePoint next = TimePoint::max();
    for (auto it = entries.begin(); it != entries.end();) {
      const auto at = it++;
      const Entry& entry = *at->second;
      if (!entry.alive()) {
        forget(at, ModelChange::Kind::kDied);
      } else if (entry.in_use == 0) {
        const TimePoint expires = entry.expires(now, options.keep_alive);
        if (expires <= now) {
          forget(at, ModelChange::Kind::kExpired);
        } else {
          next = std::min(next, expires);
        }
      }
    }
    return next;
  }

  void run_janitor(const std::stop_token& stop) {
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
      const TimePoint now = options.now();
      const TimePoint next = sweep(now);
      has_changed = false;
      if (!ended.empty()) {
        auto letting_go = std::exchange(ended, {});
        is_letting_go = true;
        lock.unlock();
        letting_go.clear();
        lock.lock();
        is_letting_go = false;
        changed.notify_all();
        continue;
      }
      const auto woken = [this] { return has_changed; };
      if (next == TimePoint::max()) {
        changed.wait(lock, stop, woken);
      } else {
        changed.wait_for(lock, stop, next - now, woken);
      }
    }
  }
};

ModelManager::ModelManager(Resolver resolver, Loader loader, ManagerOptions options)
    : resolver_(std::move(resolver)),
      loader_(std::move(loader)),
      state_(std::make_shared<State>(std::move(options))),
      janitor_([state = state_](const std::stop_token& stop) { state->run_janitor(stop); }),
      reviver_(std::make_shared<Reviver>(
          [this](std::string_view model, const AcquireOptions& options_then) -> Result<Lease> {
            INGLE_TRY(const ModelFiles files, resolver_(model));
            return acquire_engine(files, options_then);
          })) {}

ModelManager::~ModelManager() {
  reviver_->stop();
  janitor_.request_stop();
  janitor_.join();
  State::Entries entries;
  std::vector<std::shared_ptr<Entry>> ended;
  const std::lock_guard lock(state_->mutex);
  state_->has_janitor = false;
  entries.swap(state_->entries);
  ended.swap(state_->ended);
}

Result<std::optional<Lease>> ModelManager::lease(const ModelFiles& files, const AcquireOptions& options,
                                                 std::shared_ptr<Entry> loaded) {
  const std::lock_guard lock(state_->mutex);
  if (loaded) state_->entries[files.name] = std::move(loaded);
  const auto found = state_->entries.find(files.name);
  if (found == state_->entries.end()) return std::nullopt;
  const std::shared_ptr<Entry>& entry = found->second;
  const chat::Description& model = entry->description;
  const bool is_the_model = entry->alive() && entry->digest == files.digest;
  if (is_the_model && options.context > model.context_length && !options.clamp_context)
    return std::unexpected(
        chat::context_too_large({.asked_tokens = options.context, .model_tokens = model.context_length}));
  const bool is_enough =
      options.context == 0 ? !entry->for_one : std::min(options.context, model.context_length) <= model.context_limit;
  if (!is_the_model || !is_enough) {
    state_->forget(found, entry->alive() ? ModelChange::Kind::kReplaced : ModelChange::Kind::kDied);
    return std::nullopt;
  }
  entry->wish(options, state_->options.keep_alive);
  entry->last_used = ++state_->n_uses;
  ++entry->in_use;
  return Lease{.model = {entry->engine.completer.get(),
                         [state = state_, held = entry, client = options.client](chat::Completer*) mutable {
                           state->release(std::move(held), client);
                         }},
               .alive = [weak = std::weak_ptr(entry)] {
                 const auto known = weak.lock();
                 return known == nullptr || known->alive();
               }};
}

Result<Engine> ModelManager::load(const ModelFiles& files, const AcquireOptions& options) {
  uint32_t context = options.context;
  bool was_asked = !state_->options.can_ever_load;
  for (;;) {
    size_t n_loaded = 0;
    size_t max_loaded = 0;
    {
      const std::lock_guard lock(state_->mutex);
      n_loaded = state_->entries.size();
      max_loaded = std::max(1U, state_->options.max_loaded);
    }
    if (n_loaded < max_loaded) {
      state_->wait_for_ended();
      auto engine = loader_(files, context);
      if (engine) return engine;
      if (const auto counts = chat::as_context_too_large(engine.error());
          counts && options.clamp_context && context == options.context) {
        context = static_cast<uint32_t>(counts->model_tokens);
        continue;
      }
      if (engine.error().code() != ErrorCode::kExhausted) return engine;
      if (!state_->take_oldest_idle()) return engine;
    } else if (!std::exchange(was_asked, true)) {
      INGLE_TRY_VOID(state_->options.can_ever_load(files, context));
    } else if (!state_->take_oldest_idle()) {
      return std::unexpected(
          Error::exhausted(fmt::format("'{}' cannot be loaded: {} models are loaded and all of them are in use",
                                       files.name, n_loaded))
              .hint("wait until one has answered, or raise the setting max_loaded_models"));
    }
  }
}

Result<std::shared_ptr<chat::Completer>> ModelManager::acquire(std::string_view model, const AcquireOptions& options) {
  INGLE_TRY(const ModelFiles files, resolver_(model));
  INGLE_TRY(Lease leased, acquire_engine(files, options));
  return std::make_shared<SecondChance>(std::move(leased), files.name, options, reviver_);
}

std::string ModelManager::name_of(std::string_view model) const {
  const auto files = resolver_(model);
  return files ? files->name : std::string(model);
}

Result<Lease> ModelManager::acquire_engine(const ModelFiles& files, const AcquireOptions& options) {
  INGLE_TRY(auto leased, lease(files, options));
  if (leased) return *std::move(leased);

  const std::lock_guard loading(loading_mutex_);
  INGLE_TRY(leased, lease(files, options));  // somebody else may have been faster
  if (leased) return *std::move(leased);
  auto entry = std::make_shared<Entry>();
  const TimePoint began = state_->options.now();
  INGLE_TRY(entry->engine, load(files, options));
  INGLE_TRY(entry->description, entry->engine.completer->describe());
  entry->name = files.name;
  entry->digest = files.digest;
  entry->for_one = options.context != 0 && entry->description.memory.wanted_context != 0;
  entry->idle_since = state_->options.now();
  {
    const std::lock_guard lock(state_->mutex);
    std::erase_if(state_->all, [](const auto& known) { return known.expired(); });
    state_->all.push_back(entry);
    state_->tell(ModelChange::Kind::kLoaded, files.name,
                 std::chrono::duration<double>(entry->idle_since - began).count());
  }
  INGLE_TRY(leased, lease(files, options, std::move(entry)));
  if (leased) return *std::move(leased);
  return std::unexpected(Error::unavailable("the engine of '" + files.name + "' ended as soon as it was loaded")
                             .hint("ask again; 'ingle doctor' checks the model's file"));
}

void ModelManager::unload(std::string_view model) {
  const auto files = resolver_(model);
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->entries.find(files ? std::string_view(files->name) : model);
  if (found != state_->entries.end()) state_->forget(found, ModelChange::Kind::kAsked);
}

void ModelManager::forget_changed() {
  std::vector<std::pair<std::string, std::string>> known;  // names and digests
  {
    const std::lock_guard lock(state_->mutex);
    for (const auto& [name, entry] : state_->entries)
      known.emplace_back(name, entry->digest);
  }
  for (const auto& [name, digest] : known) {
    const auto files = resolver_(name);
    if (files ? files->digest == digest : files.error().code() != ErrorCode::kNotFound) continue;
    const std::lock_guard lock(state_->mutex);
    const auto found = state_->entries.find(name);
    if (found != state_->entries.end() && found->second->digest == digest)
      state_->forget(found, ModelChange::Kind::kReplaced);
  }
}

void ModelManager::let_go(std::string_view model, std::string_view client) {
  const auto files = resolver_(model);
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->entries.find(files ? std::string_view(files->name) : model);
  if (found == state_->entries.end()) return;
  auto& wishes = found->second->wishes;
  if (const auto wish = wishes.find(client); wish != wishes.end()) wishes.erase(wish);
  state_->notify();
}

void ModelManager::forget_clients(const std::function<bool(std::string_view client)>& is_known) {
  const std::lock_guard lock(state_->mutex);
  size_t n_forgotten = 0;
  for (const auto& [name, entry] : state_->entries)
    n_forgotten += std::erase_if(entry->wishes, [&](const auto& wish) { return !is_known(wish.first); });
  if (n_forgotten > 0) state_->notify();
}

std::optional<KeepAlive> ModelManager::granted(const AcquireOptions& options) const {
  const std::lock_guard lock(state_->mutex);
  return Entry::granted(options, state_->options.keep_alive);
}

std::vector<LoadedModel> ModelManager::loaded() const {
  std::vector<std::pair<uint64_t, LoadedModel>> by_use;
  const auto unix_now = std::chrono::system_clock::now().time_since_epoch();
  {
    const std::lock_guard lock(state_->mutex);
    const TimePoint now = state_->options.now();
    for (const auto& [name, entry] : state_->entries) {
      if (!entry->alive()) continue;
      LoadedModel model{.name = name,
                        .digest = entry->digest,
                        .bytes = entry->engine.bytes,
                        .expires_unix = std::numeric_limits<int64_t>::max(),
                        .in_use = entry->in_use,
                        .description = entry->description};
      if (const TimePoint expires = entry->expires(now, state_->options.keep_alive); expires != TimePoint::max()) {
        // Rounded once, so that a moment is the same second whenever it is told.
        model.expires_unix = std::chrono::round<std::chrono::seconds>(unix_now + (expires - now)).count();
      }
      by_use.emplace_back(entry->last_used, std::move(model));
    }
  }
  std::ranges::sort(by_use, std::greater<>(), [](const auto& pair) { return pair.first; });
  std::vector<LoadedModel> models;
  models.reserve(by_use.size());
  for (auto& [use, model] : by_use)
    models.push_back(std::move(model));
  return models;
}

Result<chat::Stats> ModelManager::stats(std::string_view name) const {
  std::shared_ptr<Entry> entry;  // kept while its engine is asked, without the lock
  {
    const std::lock_guard lock(state_->mutex);
    const auto found = state_->entries.find(name);
    if (found != state_->entries.end()) entry = found->second;
  }
  if (entry == nullptr) return Models::stats(name);
  return entry->engine.completer->stats();
}

std::vector<HeldMemory> ModelManager::held() const {
  std::vector<std::pair<std::shared_ptr<Entry>, bool>> entries;  // kept while their engines are asked, without the lock
  {
    const std::lock_guard lock(state_->mutex);
    for (const auto& known : state_->all)
      if (auto entry = known.lock(); entry && entry->alive()) entries.emplace_back(entry, entry->in_use > 0);
  }
  std::vector<HeldMemory> held;
  for (const auto& [entry, in_use] : entries) {
    const auto stats = entry->engine.completer->stats();
    held.push_back({.name = entry->name,
                    .planned = entry->description.memory.total(),
                    .taken = stats ? stats->memory_bytes : 0,
                    .in_use = in_use});
  }
  return held;
}

void ModelManager::set_limits(KeepAlive keep_alive, uint32_t max_loaded) {
  const std::lock_guard lock(state_->mutex);
  state_->options.keep_alive = keep_alive;
  state_->options.max_loaded = max_loaded;
  state_->notify();
}

void ModelManager::look_at_clock() {
  const std::lock_guard lock(state_->mutex);
  state_->notify();
}

}  // namespace ingle::runtime
