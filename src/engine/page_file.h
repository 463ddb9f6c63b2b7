// PageFile: KV pages in a file, found again by the text that leads to them, so that a conversation survives its engine.
//
// A page's key is a digest of model, arithmetic, client and all tokens up to the page's end: equal keys, equal bits, and
// nobody finds the pages of another client. The file is | header, 4096 bytes | a record of 64 bytes a slot | pages |, in the
// byte order of the machine, and is made anew where anything in it is not as this engine would write it: another version,
// model, size, a sum that is wrong. What is read back is hostile: sums are checked a record and a page, and nothing in the
// file decides how much memory is taken. When all slots are full the page that was not used for longest goes.
// Any thread may call find, read and write; the file belongs to this process alone (front holds a lock on it).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/files.h"
#include "base/result.h"

namespace ingle::engine {

/// 128 bits of a SHA-256.
using PageKey = std::array<uint64_t, 2>;

/// The key of the beginning of all texts of a client.
PageKey root_key(std::string_view identity, std::string_view client);
/// Appends keys for the full pages of `tokens` that have none yet. `keys` are those of its first pages.
void extend_page_keys(const PageKey& root, std::span<const int32_t> tokens, uint32_t page_tokens,
                      std::vector<PageKey>& keys);

class PageFile {
 public:
  /// `identity` names everything that the bits of a page depend on beside its text. The file has room for `max_bytes`.
  static Result<std::unique_ptr<PageFile>> open(base::FileDescriptor fd, std::string identity, uint64_t page_bytes,
                                                uint64_t max_bytes);

  const std::string& identity() const { return identity_; }
  uint64_t page_bytes() const { return page_bytes_; }
  uint32_t n_slots() const { return static_cast<uint32_t>(slots_.size()); }
  uint32_t n_pages() const;

  bool holds(const PageKey& key) const;
  /// Fills `page` and makes it the most recently used; false: it is not there, or is not what was written. Then `page` may
  /// hold anything.
  bool read(const PageKey& key, std::span<std::byte> page);
  /// One thread at a time.
  Status write(const PageKey& key, std::span<const std::byte> page);
  /// Writes down which pages were used since the last call. The same thread.
  Status write_uses();

 private:
  struct Slot {
    PageKey key{};
    uint64_t used = 0;  // 0: empty
    uint64_t page_sum = 0;
    bool told = true;  // the record in the file says so too
  };
  struct KeyHash {
    size_t operator()(const PageKey& key) const { return static_cast<size_t>(key[0]); }
  };

  PageFile(base::FileDescriptor fd, std::string identity, uint64_t page_bytes, uint32_t n_slots)
      : fd_(std::move(fd)), identity_(std::move(identity)), page_bytes_(page_bytes), slots_(n_slots) {}
  std::string make_header(uint64_t epoch) const;
  bool read_records();
  Status begin_anew();
  uint64_t page_offset(uint32_t slot) const;
  std::string make_record(uint32_t index, const Slot& slot) const;
  void forget(uint32_t index);
  void use(uint32_t index);
  uint32_t slot_for_another();

  base::FileDescriptor fd_;
  std::string identity_;
  uint64_t page_bytes_ = 0;
  uint64_t epoch_ = 0;  // records of another one are not this file's any more

  mutable std::mutex slots_mutex_;  // of everything below
  std::vector<Slot> slots_;
  std::unordered_map<PageKey, uint32_t, KeyHash> by_key_;
  std::map<uint64_t, uint32_t> by_use_;
  std::vector<uint32_t> empty_;
  std::vector<uint32_t> untold_;  // slots whose use the file does not know yet
  uint64_t clock_ = 0;
};

}  // namespace ingle::engine
