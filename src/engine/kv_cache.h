// KvCache: which KV page belongs to which sequence. Bookkeeping only: the pages themselves lie in the executor.
//
// Pages are counted by reference. A full page is published in a prefix index once its content was computed and from then
// on never written again, so that system prompts, forks and later turns of a chat share it; the last page of a sequence is
// published when it is closed. A page that is shared or published and still has room is copied before the first write.
// Sequences of different scopes, one for every client, never share a page: what one of them asked cannot be learnt by
// another, not even from what was found in the cache. Owned and called by the engine's step thread only.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/prefix_index.h"

namespace ingle::engine {

class KvCache {
 public:
  using SequenceId = uint32_t;
  using Scope = uint32_t;
  static constexpr Scope kAlone = UINT32_MAX;
  struct Copy {
    uint32_t from;
    uint32_t to;
  };

  KvCache(uint32_t n_pages, uint32_t page_tokens);

  uint32_t page_tokens() const { return page_tokens_; }
  uint32_t n_pages() const { return static_cast<uint32_t>(references_.size()); }
  /// Pages that reserve() could hand out now: free ones and those kept only in case their prefix returns.
  uint32_t available() const { return static_cast<uint32_t>(free_.size()) + index_.n_parked(); }

  uint32_t n_parked() const { return index_.n_parked(); }

  /// A number for a client, the same for the same name. The caller bounds the number of names.
  Scope scope_of(std::string_view client);

  /// kAlone: shares with nobody but its forks, and nothing of it is found again.
  SequenceId open(Scope scope);
  /// A second sequence with the same content; nothing is copied until one of them goes on.
  SequenceId fork(SequenceId id);
  void close(SequenceId id);

  /// Continues a sequence that is a beginning of `tokens`, in full pages, with the full pages that are known to follow.
  /// Answers its number of tokens.
  uint32_t match(SequenceId id, std::span<const int32_t> tokens);
  /// And then with as much as is known of the page after those. Reserving copies it.
  uint32_t match_rest(SequenceId id, std::span<const int32_t> tokens);
  /// New pages that reserve() would need.
  uint32_t pages_needed(SequenceId id, uint32_t n_tokens) const;
  /// Makes room for the sequence to hold `n_tokens` > size() in all; false, and nothing changed, when pages are short.
  /// The copy, if there is one, must be made before the next call that changes the cache.
  bool reserve(SequenceId id, uint32_t n_tokens, std::vector<Copy>& copies);
  /// `tokens` is the whole sequence, whose content has been computed.
  void commit(SequenceId id, std::span<const int32_t> tokens);
  /// Before close(): what stands in a page that is not full can be found again too.
  void publish_rest(SequenceId id, std::span<const int32_t> tokens);
  /// Rolls back to the first `n_tokens`.
  void truncate(SequenceId id, uint32_t n_tokens);

  /// The next token goes to a page that others see too: reserve() will copy it.
  bool copies_page(SequenceId id) const { return must_copy(sequences_[id]); }

  uint32_t size(SequenceId id) const { return sequences_[id].n_tokens; }
  Scope scope(SequenceId id) const { return sequences_[id].scope; }
  /// The block table; valid until the next change of the sequence.
  std::span<const uint32_t> pages(SequenceId id) const { return sequences_[id].pages; }

 private:
  struct Sequence {
    std::vector<uint32_t> pages;
    uint32_t n_tokens = 0;
    uint32_t n_published = 0;  // leading pages that are in the index
    Scope scope = 0;
    bool open = false;
  };
  uint32_t take();
  void acquire(uint32_t page);
  void release(uint32_t page);
  void shrink(Sequence& sequence, size_t n_pages);
  bool must_copy(const Sequence& sequence) const;
  uint32_t parent_of(const Sequence& sequence, size_t page) const {
    return page == 0 ? root_of(sequence.scope) : sequence.pages[page - 1];
  }

  uint32_t page_tokens_;
  std::vector<uint32_t> references_;  // by sequences, for each page
  std::vector<uint32_t> free_;
  PrefixIndex index_;
  std::vector<Sequence> sequences_;
  std::vector<SequenceId> closed_;
  std::map<std::string, Scope, std::less<>> scopes_;
};

}  // namespace ingle::engine
