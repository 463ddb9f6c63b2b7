// App: the composition root. Builds what a command needs from the settings and the environment, and owns it.
//
// One per process, made at start by the thread of main() and used by it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
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

class App {
 public:
  static Result<App> create(const EnvLookup& env, EngineLoader load_engine);

  Settings& settings() { return settings_; }
  const store::Store& store() const { return store_; }

  /// A model by name, or the path of a .gguf file, used in place. kNotFound says what can be done.
  Result<ModelFiles> locate(std::string_view model) const;
  /// Whether `model` means a file rather than a name.
  static bool is_path(std::string_view model);

  /// The engine options that the settings ask for.
  engine::Options engine_options() const;
  Result<std::unique_ptr<chat::Completer>> load(const ModelFiles& files, const engine::Options& options) const;

 private:
  App(Settings settings, store::Store store, EngineLoader load_engine)
      : settings_(std::move(settings)), store_(std::move(store)), load_engine_(std::move(load_engine)) {}

  Settings settings_;
  store::Store store_;
  EngineLoader load_engine_;
};

}  // namespace ingle::app
