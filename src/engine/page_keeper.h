// PageKeeper: brings the pages of ended requests to disk, and those of new ones back, between the cache and the store.
//
// A sequence that ends is forked, so that its pages stay until they are stored, one or a few between two steps; when pages
// are short it is let go. What comes back from disk has the bits that computing would give. The engine's step thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "engine/kv_cache.h"
#include "engine/page_store.h"

namespace ingle::engine {

class PageKeeper {
 public:
  /// `on_room`: see PageStore.
  PageKeeper(KvCache& cache, backend::Executor& executor, std::unique_ptr<PageFile> file, std::function<void()> on_room)
      : cache_(cache), executor_(executor), store_(std::move(file), std::move(on_room)) {}

  /// Continues a sequence that is a beginning of `tokens`, in full pages, with up to `most` pages from disk. True: there
  /// are no more. `keys` are those of its text, remembered from call to call.
  bool restore(KvCache::SequenceId id, std::string_view client, std::span<const int32_t> tokens, uint32_t most,
               std::vector<PageKey>& keys);
  /// Before close(): has the full pages of a sequence stored, if they are worth it.
  void keep(KvCache::SequenceId id, std::string_view client, std::span<const int32_t> tokens);
  /// Stores what the store takes now, or a page only.
  void store_some(bool one_page);
  /// Frees the pages that wait to be stored; false: there were none.
  bool let_go();
  /// Before the engine ends.
  void finish(std::chrono::milliseconds patience);

 private:
  struct Sequence {
    KvCache::SequenceId id = 0;
    std::vector<PageKey> keys;
    size_t next = 0;  // page to store
  };

  KvCache& cache_;
  backend::Executor& executor_;
  PageStore store_;
  std::deque<Sequence> waiting_;
};

}  // namespace ingle::engine
