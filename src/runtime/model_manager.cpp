#include "runtime/model_manager.h"

#include <algorithm>

namespace ingle::runtime {

std::shared_ptr<chat::Completer> ModelManager::find(const std::string& name) {
  const std::lock_guard lock(models_mutex_);
  const auto found = models_.find(name);
  if (found == models_.end()) return nullptr;
  found->second.last_used = ++n_uses_;
  return found->second.completer;
}

Result<std::shared_ptr<chat::Completer>> ModelManager::acquire(std::string_view model, const engine::Options& options) {
  INGLE_TRY(const ModelFiles files, resolver_(model));
  if (auto loaded = find(files.name)) return loaded;

  const std::lock_guard loading(loading_mutex_);
  if (auto loaded = find(files.name)) return loaded;  // somebody else was faster
  std::vector<base::FileDescriptor> parts;
  for (const auto& path : files.parts) {
    INGLE_TRY(auto part, base::FileDescriptor::open_read(path));
    parts.push_back(std::move(part));
  }
  INGLE_TRY(auto loaded, loader_(parts, files.name, options));
  std::shared_ptr<chat::Completer> completer = std::move(loaded);
  std::vector<std::shared_ptr<chat::Completer>> surplus;  // ends after the lock is released: unloading joins a thread
  {
    const std::lock_guard lock(models_mutex_);
    models_[files.name] = {completer, ++n_uses_};
    surplus = forget_surplus();
  }
  return completer;
}

/// The least recently used that nobody holds, as long as there are too many. The caller lets go of them.
std::vector<std::shared_ptr<chat::Completer>> ModelManager::forget_surplus() {
  std::vector<std::shared_ptr<chat::Completer>> surplus;
  while (models_.size() > keep_loaded_) {
    auto oldest = models_.end();
    for (auto it = models_.begin(); it != models_.end(); ++it) {
      if (it->second.completer.use_count() > 1) continue;
      if (oldest == models_.end() || it->second.last_used < oldest->second.last_used) oldest = it;
    }
    if (oldest == models_.end()) break;
    surplus.push_back(std::move(oldest->second.completer));
    models_.erase(oldest);
  }
  return surplus;
}

void ModelManager::unload(std::string_view name) {
  std::shared_ptr<chat::Completer> completer;  // ends after the lock is released
  const std::lock_guard lock(models_mutex_);
  const auto found = models_.find(name);
  if (found == models_.end()) return;
  completer = std::move(found->second.completer);
  models_.erase(found);
}

std::vector<std::string> ModelManager::loaded() const {
  std::vector<std::pair<uint64_t, std::string>> by_use;
  {
    const std::lock_guard lock(models_mutex_);
    for (const auto& [name, entry] : models_)
      by_use.emplace_back(entry.last_used, name);
  }
  std::ranges::sort(by_use, std::greater<>());
  std::vector<std::string> names;
  names.reserve(by_use.size());
  for (auto& [use, name] : by_use)
    names.push_back(std::move(name));
  return names;
}

}  // namespace ingle::runtime
