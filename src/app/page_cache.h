// PageCache: the files in INGLE_HOME/cache/pages (0700, files 0600), one a model, in which engines keep what they computed
// of conversations. Engines cannot open files: they are handed descriptors. What is in the files is derived from prompts;
// without the setting there are none. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "engine/engine.h"

namespace ingle::app {

class PageCache {
 public:
  /// `megabytes` a model; 0: nothing is kept, and what was kept before is removed.
  PageCache(const std::filesystem::path& home, uint32_t megabytes);

  /// The file of a model, if no other engine has it open. `digest` is hexadecimal; empty: a model that is known by its path
  /// only keeps nothing, for its bytes may be others tomorrow.
  engine::PagesOnDisk open(std::string_view digest) const;
  /// Of a model that is removed.
  static void remove(const std::filesystem::path& home, std::string_view digest);

 private:
  const std::filesystem::path folder_;
  const uint64_t max_bytes_;
};

}  // namespace ingle::app
