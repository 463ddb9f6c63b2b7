// Front: the composition root of every process that a person starts. Owns settings and store and, where it was given a
// spawner, starts the other roles: an engine a model, the egress role for downloads and clouds, parse roles for files.
//
// One per process, made by the thread of main(); settings() belongs to that thread until models() or lock() is called.
// Everything else may be called from any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/known_facts.h"
#include "app/memory_budget.h"
#include "app/page_cache.h"
#include "app/settings.h"
#include "app/slots.h"
#include "base/core_board.h"
#include "base/files.h"
#include "base/result.h"
#include "chat/completer.h"
#include "engine/engine.h"
#include "net/receipt.h"
#include "net/transport.h"
#include "roles/egress_process.h"
#include "roles/jobs.h"
#include "roles/model_facts.h"
#include "roles/remote_transport.h"
#include "roles/spawner.h"
#include "router/offline.h"
#include "router/router.h"
#include "runtime/model_manager.h"
#include "runtime/models.h"
#include "store/store.h"

namespace ingle::app {

/// Where a model's files lie. More than one for a split model.
struct ModelFiles {
  std::string name;  // as a person would say it: the catalog's name, or the file's
  std::vector<std::filesystem::path> parts;
  uint64_t bytes = 0;
  std::optional<store::InstalledModel> installed;  // nothing for a path
};

/// engine::load, or what a test puts in its place.
using EngineLoader = std::function<Result<std::unique_ptr<chat::Completer>>(std::span<const base::FileDescriptor>,
                                                                            std::string_view, const engine::Options&)>;

/// Where the other roles run: in processes of their own, or, where there is no spawner, in this one (tests).
struct Roles {
  std::shared_ptr<roles::Spawner> spawner = {};
  EngineLoader load_engine = {};  // of this process
};

/// What a locked front may still open.
enum class FileAccess : uint8_t {
  kAll,         // what the user may: commands that work on files which people name
  kOwnFolders,  // INGLE_HOME, the models, other programs' models: servers
};

class Front {
 public:
  static Result<std::unique_ptr<Front>> create(const EnvLookup& env, Roles roles);
  ~Front();

  /// No new sockets, no connections, no programs from here on, for this process (roles/sandbox.h). Before the first
  /// thread; a server opens its listening socket before. Nothing happens where there is no spawner.
  Status lock(FileAccess access) const;

  Settings& settings() { return settings_; }
  const store::Store& store() const { return store_; }

  /// kUnavailable: no engine can be started any more, whatever is tried. At once.
  Status can_start_roles() const { return roles_.spawner ? roles_.spawner->can_spawn() : Status(); }
  /// Kills engines, jobs and connections, whatever they do, so that whoever waits for one goes on; there are none after it.
  void end_roles();

  /// What happens to models; see runtime::ManagerOptions::on_change. Before the first models().
  void watch_models(std::function<void(const runtime::ModelChange&)> on_change) {
    on_model_change_ = std::move(on_change);
  }
  /// Reads environment and config.toml anew and takes over what can change while models are loaded: how long they stay,
  /// and how many. Answers with the settings as they are now; what else has changed there is for the next start.
  Result<Settings> reload();

  /// Answers by a model's name, each model loaded once and kept as the settings say; "auto" is the router.
  runtime::Models& models();
  /// Removes an installed model, and what engines keep on disk of it.
  Result<store::RemoveReport> remove(std::string_view model) const;
  /// Lets go of loaded models that somebody removed or replaced.
  void look_at_models();
  /// Decisions, policy and what left this machine.
  router::Routing& routing();

  /// What can be told about a model without loading it; a parse role reads its file. Remembered as long as the file
  /// does not change.
  Result<roles::ModelFacts> facts(const ModelFiles& files);

  /// What a model would take of the memory that is there now, as the settings are; `least_context` as in engine::Options.
  Result<engine::MemoryForecast> forecast(const ModelFiles& files, uint32_t least_context = 0);

  /// All of a model's file but the weights, as JSON (roles/model_listing.h).
  Result<std::string> listing(const ModelFiles& files);

  /// Hands a hostile input to a parse role. Kinds: app/roles_main.cpp.
  Result<std::string> run_job(std::string_view kind, std::string_view payload,
                              std::span<const base::FileDescriptor> files, const roles::JobLimits& limits = {});

  /// The way out of this machine for one set of proxies, certificates and limits; the sockets lie in the egress role.
  net::TransportFactory transports();
  /// One with the proxies and certificates of the settings.
  Result<std::unique_ptr<net::HttpTransport>> transport();
  /// What the privacy gate signs with: the egress role verifies with the same.
  const net::ReceiptKey& receipt_key() const { return receipt_key_; }

  /// Whether anything may leave this machine.
  const router::OfflineSwitch& offline() const { return offline_; }
  /// Turns it for all processes of this installation. On: what this one was sending has ended when it returns.
  Status set_offline(bool on);

  /// A model by name, or the path of a .gguf file, used in place. kNotFound says what can be done.
  Result<ModelFiles> locate(std::string_view model) const;
  static ModelFiles files_of(store::InstalledModel model);
  /// Whether `model` means a file rather than a name.
  static bool is_path(std::string_view model);

  /// The engine options that the settings ask for.
  engine::Options engine_options() const;
  /// A connection to the running server: the first model that is needed from here on is the server's own where it is the
  /// same (attach.h), unless the setting no_server is on.
  void use_server(base::FileDescriptor connection);

  /// An engine of the caller's own, with options of its own, or the server's.
  Result<std::unique_ptr<chat::Completer>> load(const ModelFiles& files, const engine::Options& options);
  /// Always an engine of its own, in this process, whatever there is: for measurements.
  Result<std::unique_ptr<chat::Completer>> load_here(const ModelFiles& files, engine::Options options) const;

 private:
  store::Network network(const Settings& settings, const EnvLookup& env);
  /// An error while nothing may leave this machine.
  Status may_connect() const;
  Result<runtime::Engine> start_engine(std::span<const std::filesystem::path> paths, const std::string& name,
                                       engine::Options options);
  Result<MemoryRoom> room_beside(std::span<const runtime::HeldMemory> held) const;
  /// The same within what the memory allows that engines which are loaded leave.
  Result<runtime::Engine> start_engine_beside(std::span<const runtime::HeldMemory> held,
                                              std::span<const std::filesystem::path> paths, const std::string& name,
                                              engine::Options options);
  base::FileDescriptor take_server();
  std::filesystem::path board_folder() const;
  base::FileDescriptor place_among_engines() const;
  std::shared_ptr<base::CoreBoard> board_of_this_process() const;
  Front(Settings settings, const EnvLookup& env, Roles roles, net::ReceiptKey receipt_key);

  Settings settings_;
  EnvLookup env_;
  Roles roles_;
  net::ReceiptKey receipt_key_;
  router::OfflineSwitch offline_;
  store::Store store_;
  std::unique_ptr<roles::EgressProcess> egress_;  // where there is a spawner
  KnownFacts facts_;                              // by path, size and time of the file
  Slots jobs_;                                    // parse processes at once: each may take a core and a gigabyte
  void make_models();

  std::mutex server_mutex_;
  base::FileDescriptor server_;
  std::function<void(const runtime::ModelChange&)> on_model_change_;
  std::once_flag models_once_;
  std::unique_ptr<PageCache> page_cache_;
  std::unique_ptr<runtime::ModelManager> models_;
  std::unique_ptr<router::Routing> routing_;       // uses models_
  std::unique_ptr<runtime::Models> named_models_;  // models_, and the router under its name
};

}  // namespace ingle::app
