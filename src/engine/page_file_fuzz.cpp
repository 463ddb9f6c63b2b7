// Opens any bytes as a file of KV pages: nothing may crash, take memory that the bytes decide, or give a page that is not
// what was written.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include "base/check.h"
#include "engine/page_file.h"

namespace {

using namespace ingle;  // NOLINT

constexpr uint64_t kPageBytes = 64;
constexpr uint64_t kBytes = 8192 + 16 * (kPageBytes + 64);

engine::PageKey key(int32_t n) {
  std::vector<engine::PageKey> keys;
  engine::extend_page_keys(engine::root_key("model", ""), std::span(&n, 1), 1, keys);
  return keys[0];
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const int kFile = ::memfd_create("pages", MFD_CLOEXEC);
  if (::ftruncate(kFile, 0) != 0) return 0;
  std::vector<std::byte> page(kPageBytes, std::byte{7});
  {
    // A good file, of which the input changes bytes: pairs of a place and a value.
    const auto good = engine::PageFile::open(base::FileDescriptor(::dup(kFile)), "model", kPageBytes, kBytes);
    INGLE_CHECK(good.has_value());
    for (int32_t n = 0; n < 4; ++n)
      INGLE_CHECK((*good)->write(key(n), page).has_value());
  }
  for (size_t i = 1; i + 2 < size; i += 3) {
    const off_t at = (data[i] << 8 | data[i + 1]) % static_cast<off_t>(kBytes);
    if (::pwrite(kFile, data + i + 2, 1, at) != 1) return 0;
  }
  if (size > 0 && data[0] % 4 == 0 && ::ftruncate(kFile, data[0] * 40) != 0) return 0;
  const auto file = engine::PageFile::open(base::FileDescriptor(::dup(kFile)), "model", kPageBytes, kBytes);
  INGLE_CHECK(file.has_value());
  INGLE_CHECK((*file)->n_pages() <= (*file)->n_slots());
  for (int32_t n = 0; n < 20; ++n) {
    if ((*file)->read(key(n), page)) INGLE_CHECK(n < 4 && std::ranges::count(page, std::byte{7}) == kPageBytes);
    std::ranges::fill(page, std::byte{7});
    INGLE_CHECK((*file)->write(key(n), page).has_value());
  }
  return 0;
}
