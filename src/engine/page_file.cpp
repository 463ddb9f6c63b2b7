#include "engine/page_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <random>
#include <utility>

#include "base/check.h"
#include "base/sha256.h"

namespace ingle::engine {
namespace {

constexpr std::string_view kMagic = "INGLEKV1";
constexpr uint64_t kHeaderBytes = 4096;
constexpr uint64_t kRecordBytes = 64;
constexpr uint32_t kMaxSlots = 1U << 20;
constexpr size_t kRecordsAtOnce = 1024;
constexpr uint64_t kMaxUses = uint64_t{1} << 62;  // no file's clock comes near its end

/// Tells damage, not malice: four streams of multiply and rotate, as fast as memory.
class Sum {
 public:
  explicit Sum(uint64_t seed) : lanes_{seed ^ kA, seed + kB, seed, ~seed} {}
  Sum& add(std::span<const std::byte> bytes) {
    while (bytes.size() >= sizeof lanes_) {
      for (size_t lane = 0; lane < lanes_.size(); ++lane)
        mix(lane, word(bytes.subspan(lane * 8, 8)));
      bytes = bytes.subspan(sizeof lanes_);
    }
    for (size_t lane = 0; !bytes.empty(); ++lane) {
      const size_t n = std::min<size_t>(8, bytes.size());
      mix(lane, word(bytes.first(n)));
      bytes = bytes.subspan(n);
    }
    return *this;
  }
  Sum& add(std::string_view text) { return add(std::as_bytes(std::span(text))); }
  Sum& add(uint64_t number) { return add(std::as_bytes(std::span(&number, 1))); }
  uint64_t finish() const {
    uint64_t sum = 0;
    for (const uint64_t lane : lanes_) {
      sum = (sum ^ lane) * kA;
      sum ^= sum >> 31;
    }
    return sum;
  }

 private:
  static constexpr uint64_t kA = 0x9E3779B97F4A7C15ULL;
  static constexpr uint64_t kB = 0xC2B2AE3D27D4EB4FULL;
  static uint64_t word(std::span<const std::byte> bytes) {
    uint64_t value = 0;
    std::memcpy(&value, bytes.data(), bytes.size());
    return value;
  }
  void mix(size_t lane, uint64_t value) { lanes_[lane] = std::rotl(lanes_[lane] + value * kB, 31) * kA; }
  std::array<uint64_t, 4> lanes_;
};

uint64_t sum_of_page(const PageKey& key, std::span<const std::byte> page) {
  return Sum(key[0]).add(key[1]).add(page).finish();
}

PageKey key_of(base::Sha256& digest) {
  const std::string hex = digest.finish();
  PageKey key{};
  for (size_t i = 0; i < key.size(); ++i)
    std::from_chars(hex.data() + i * 16, hex.data() + (i + 1) * 16, key[i], 16);
  return key;
}

bool read_all(int fd, uint64_t offset, std::span<std::byte> out) {
  while (!out.empty()) {
    const ssize_t n = ::pread(fd, out.data(), out.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    out = out.subspan(static_cast<size_t>(n));
    offset += static_cast<uint64_t>(n);
  }
  return true;
}

Status write_all(int fd, uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return std::unexpected(Error::io("writing the page cache", n < 0 ? errno : ENOSPC));
    bytes = bytes.subspan(static_cast<size_t>(n));
    offset += static_cast<uint64_t>(n);
  }
  return {};
}

Status write_all(int fd, uint64_t offset, std::string_view bytes) {
  return write_all(fd, offset, std::as_bytes(std::span(bytes)));
}

template <typename T>
void put(std::string& out, T value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

uint64_t number_at(std::span<const std::byte> bytes, size_t offset) {
  uint64_t value = 0;
  std::memcpy(&value, bytes.subspan(offset, sizeof value).data(), sizeof value);
  return value;
}

}  // namespace

PageKey root_key(std::string_view identity, std::string_view client) {
  base::Sha256 digest;
  const uint64_t size = identity.size();
  digest.update(std::as_bytes(std::span(&size, 1)));
  digest.update(std::as_bytes(std::span(identity)));
  digest.update(std::as_bytes(std::span(client)));
  return key_of(digest);
}

void extend_page_keys(const PageKey& root, std::span<const int32_t> tokens, uint32_t page_tokens,
                      std::vector<PageKey>& keys) {
  while ((keys.size() + 1) * page_tokens <= tokens.size()) {
    base::Sha256 digest;
    const PageKey& parent = keys.empty() ? root : keys.back();
    digest.update(std::as_bytes(std::span(parent)));
    digest.update(std::as_bytes(tokens.subspan(keys.size() * page_tokens, page_tokens)));
    keys.push_back(key_of(digest));
  }
}

Result<std::unique_ptr<PageFile>> PageFile::open(base::FileDescriptor fd, std::string identity, uint64_t page_bytes,
                                                 uint64_t max_bytes) {
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode))
    return std::unexpected(Error::usage("the page cache is no file"));
  const uint64_t room = max_bytes < 2 * kHeaderBytes ? 0 : max_bytes - 2 * kHeaderBytes;
  if (page_bytes == 0 || page_bytes > room || room / (page_bytes + kRecordBytes) == 0)
    return std::unexpected(Error::usage("the page cache has no room for a page"));
  const auto n_slots = static_cast<uint32_t>(std::min<uint64_t>(room / (page_bytes + kRecordBytes), kMaxSlots));
  std::unique_ptr<PageFile> file(new PageFile(std::move(fd), std::move(identity), page_bytes, n_slots));
  if (!file->read_records()) INGLE_TRY_VOID(file->begin_anew());
  for (uint32_t i = n_slots; i > 0; --i) {
    if (file->slots_[i - 1].used == 0) file->empty_.push_back(i - 1);
  }
  return file;
}

std::string PageFile::make_header(uint64_t epoch) const {
  std::string header(kMagic);
  put(header, page_bytes_);
  put(header, uint64_t{slots_.size()});
  put(header, kRecordBytes);
  put(header, epoch);
  header += base::sha256_hex(std::as_bytes(std::span(identity_)));
  put(header, Sum(epoch).add(header).finish());
  return header;
}

std::string PageFile::make_record(uint32_t index, const Slot& slot) const {
  std::string record;
  put(record, slot.key[0]);
  put(record, slot.key[1]);
  put(record, slot.used);
  put(record, slot.page_sum);
  put(record, Sum(epoch_).add(uint64_t{index}).add(record).finish());
  record.resize(kRecordBytes, '\0');
  return record;
}

/// False: there is nothing of ours.
bool PageFile::read_records() {
  std::string header = make_header(0);
  const size_t epoch_at = kMagic.size() + 3 * sizeof(uint64_t);
  if (!read_all(fd_.get(), 0, std::as_writable_bytes(std::span(header)))) return false;
  epoch_ = number_at(std::as_bytes(std::span(header)), epoch_at);
  if (header != make_header(epoch_)) return false;
  std::vector<std::byte> records(kRecordsAtOnce * kRecordBytes);
  for (uint32_t first = 0; first < slots_.size(); first += kRecordsAtOnce) {
    const auto n = std::min<uint32_t>(kRecordsAtOnce, static_cast<uint32_t>(slots_.size()) - first);
    const auto bytes = std::span(records).first(n * kRecordBytes);
    // A file that was cut short: what is not there was never written, as far as anybody can tell.
    std::ranges::fill(bytes, std::byte{0});
    (void)read_all(fd_.get(), kHeaderBytes + uint64_t{first} * kRecordBytes, bytes);
    for (uint32_t i = 0; i < n; ++i) {
      const auto record = bytes.subspan(i * kRecordBytes, kRecordBytes);
      const Slot slot{{number_at(record, 0), number_at(record, 8)}, number_at(record, 16), number_at(record, 24), true};
      if (slot.used == 0 || slot.used > kMaxUses || by_use_.contains(slot.used) || by_key_.contains(slot.key)) continue;
      const std::string expected = make_record(first + i, slot);
      if (!std::ranges::equal(record, std::as_bytes(std::span(expected)))) continue;
      slots_[first + i] = slot;
      by_key_.emplace(slot.key, first + i);
      by_use_.emplace(slot.used, first + i);
    }
  }
  clock_ = by_use_.empty() ? 0 : by_use_.rbegin()->first;
  return true;
}

Status PageFile::begin_anew() {
  std::random_device random;
  epoch_ = (uint64_t{random()} << 32) | random();
  return write_all(fd_.get(), 0, make_header(epoch_));
}

uint64_t PageFile::page_offset(uint32_t slot) const {
  const uint64_t records = (slots_.size() * kRecordBytes + kHeaderBytes - 1) / kHeaderBytes * kHeaderBytes;
  return kHeaderBytes + records + slot * page_bytes_;
}

uint32_t PageFile::n_pages() const {
  const std::lock_guard lock(slots_mutex_);
  return static_cast<uint32_t>(by_key_.size());
}

bool PageFile::holds(const PageKey& key) const {
  const std::lock_guard lock(slots_mutex_);
  return by_key_.contains(key);
}

void PageFile::use(uint32_t index) {
  Slot& slot = slots_[index];
  by_use_.erase(slot.used);
  slot.used = ++clock_;
  if (std::exchange(slot.told, false)) untold_.push_back(index);
  by_use_.emplace(slot.used, index);
}

void PageFile::forget(uint32_t index) {
  Slot& slot = slots_[index];
  by_key_.erase(slot.key);
  by_use_.erase(slot.used);
  slot = {};
}

bool PageFile::read(const PageKey& key, std::span<std::byte> page) {
  INGLE_CHECK(page.size() == page_bytes_);
  uint32_t index = 0;
  uint64_t sum = 0;
  {
    const std::lock_guard lock(slots_mutex_);
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return false;
    index = found->second;
    sum = slots_[index].page_sum;
    use(index);
  }
  if (read_all(fd_.get(), page_offset(index), page) && sum_of_page(key, page) == sum) return true;
  const std::lock_guard lock(slots_mutex_);
  // Damaged, or overwritten by another page while it was read.
  if (const auto found = by_key_.find(key); found != by_key_.end() && found->second == index) {
    forget(index);
    empty_.push_back(index);
  }
  return false;
}

uint32_t PageFile::slot_for_another() {
  const std::lock_guard lock(slots_mutex_);
  if (empty_.empty()) {
    const uint32_t oldest = by_use_.begin()->second;
    forget(oldest);
    return oldest;
  }
  const uint32_t index = empty_.back();
  empty_.pop_back();
  return index;
}

Status PageFile::write(const PageKey& key, std::span<const std::byte> page) {
  INGLE_CHECK(page.size() == page_bytes_);
  if (holds(key)) return {};
  const uint32_t index = slot_for_another();
  Slot slot{.key = key, .used = 0, .page_sum = sum_of_page(key, page), .told = true};
  Status written = write_all(fd_.get(), page_offset(index), page);
  std::string record;
  {
    const std::lock_guard lock(slots_mutex_);
    if (!written) {
      empty_.push_back(index);
      return written;
    }
    slot.used = ++clock_;
    slots_[index] = slot;
    by_key_.emplace(key, index);
    by_use_.emplace(slot.used, index);
    record = make_record(index, slot);
  }
  // After the page: whoever finds the record finds what it speaks of.
  return write_all(fd_.get(), kHeaderBytes + index * kRecordBytes, record);
}

Status PageFile::write_uses() {
  std::vector<std::pair<uint32_t, std::string>> records;
  {
    const std::lock_guard lock(slots_mutex_);
    for (const uint32_t index : std::exchange(untold_, {})) {
      if (std::exchange(slots_[index].told, true)) continue;  // another page stands there now
      records.emplace_back(index, make_record(index, slots_[index]));
    }
  }
  for (const auto& [index, record] : records)
    INGLE_TRY_VOID(write_all(fd_.get(), kHeaderBytes + index * kRecordBytes, record));
  return {};
}

}  // namespace ingle::engine
