// ModelManager: which models are loaded. Whoever needs one asks by name and holds it as long as it is used; models that
// nobody uses stay loaded, up to a number, for the next one who asks.
//
// One per process, owned by the composition root. Any thread may call it; loading, which takes seconds, is done by the
// caller that needs the model while others go on using theirs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "chat/completer.h"
#include "engine/engine.h"

namespace ingle::runtime {

/// Where a model lies; more than one file for a split model. `name` is what it is called in answers.
struct ModelFiles {
  std::string name;
  std::vector<std::filesystem::path> parts;
};

class ModelManager {
 public:
  /// From what a user calls a model, a name or the path of a .gguf file, to its files.
  using Resolver = std::function<Result<ModelFiles>(std::string_view model)>;
  /// engine::load, or what a test puts in its place.
  using Loader = std::function<Result<std::unique_ptr<chat::Completer>>(std::span<const base::FileDescriptor> parts,
                                                                        std::string_view name, const engine::Options&)>;

  ModelManager(Resolver resolver, Loader loader, size_t keep_loaded)
      : resolver_(std::move(resolver)), loader_(std::move(loader)), keep_loaded_(keep_loaded) {}

  /// The model, loaded with `options` unless it is loaded already. Shared: it is unloaded when nobody holds it and it is
  /// not among the last `keep_loaded` used.
  Result<std::shared_ptr<chat::Completer>> acquire(std::string_view model, const engine::Options& options);

  /// Stops keeping the model; it is unloaded once nobody holds it.
  void unload(std::string_view name);

  /// Names of the models that are kept, the most recently used first.
  std::vector<std::string> loaded() const;

 private:
  struct Entry {
    std::shared_ptr<chat::Completer> completer;
    uint64_t last_used = 0;
  };
  std::shared_ptr<chat::Completer> find(const std::string& name);
  std::vector<std::shared_ptr<chat::Completer>> forget_surplus();

  const Resolver resolver_;
  const Loader loader_;
  const size_t keep_loaded_;
  std::mutex loading_mutex_;  // one load at a time: it uses all cores, and a model must not be loaded twice
  mutable std::mutex models_mutex_;
  std::map<std::string, Entry, std::less<>> models_;
  uint64_t n_uses_ = 0;
};

}  // namespace ingle::runtime
