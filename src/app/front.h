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

#include "app/settings.h"
#include "base/files.h"
#include "base/result.h"
#include "chat/completer.h"
#include "engine/engine.h"
#include "net/receipt.h"
#include "net/transport.h"
#include "roles/jobs.h"
#include "roles/spawner.h"
#include "router/offline.h"
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

/// Where the other roles run.
struct Roles {
  std::shared_ptr<roles::Spawner> spawner = {};  // in processes of their own: the product
  EngineLoader load_engine = {};                 // in this process, where there is no spawner: tests
};

class Front {
 public:
  static Result<std::unique_ptr<Front>> create(const EnvLookup& env, Roles roles);
  ~Front();

  Settings& settings() { return settings_; }
  const store::Store& store() const { return store_; }

  /// Answers by a model's name, each model loaded once and kept as the settings say.
  runtime::Models& models();

  /// Hands a hostile input to a parse role. Kinds: app/roles_main.cpp.
  Result<std::string> run_job(std::string_view kind, std::string_view payload,
                              std::span<const base::FileDescriptor> files, const roles::JobLimits& limits = {});

  /// The way out of this machine for one set of proxies, certificates and limits; the sockets lie in the egress role.
  net::TransportFactory transports();
  /// One with the proxies and certificates of the settings.
  Result<std::unique_ptr<net::HttpTransport>> transport();
  /// What the privacy gate signs with: the egress role verifies with the same.
  const net::ReceiptKey& receipt_key() const { return receipt_key_; }

  /// Whether anything may leave this machine; turning it concerns all processes of this installation.
  const router::OfflineSwitch& offline() const { return offline_; }

  /// A model by name, or the path of a .gguf file, used in place. kNotFound says what can be done.
  Result<ModelFiles> locate(std::string_view model) const;
  /// Whether `model` means a file rather than a name.
  static bool is_path(std::string_view model);

  /// The engine options that the settings ask for.
  engine::Options engine_options() const;
  /// An engine of the caller's own, with options of its own.
  Result<std::unique_ptr<chat::Completer>> load(const ModelFiles& files, const engine::Options& options) const;

 private:
  Front(Settings settings, const EnvLookup& env, Roles roles, net::ReceiptKey receipt_key);

  Settings settings_;
  Roles roles_;
  net::ReceiptKey receipt_key_;
  router::OfflineSwitch offline_;
  store::Store store_;
  std::once_flag models_once_;
  std::unique_ptr<runtime::ModelManager> models_;
};

}  // namespace ingle::app
