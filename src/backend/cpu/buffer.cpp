#include "backend/cpu/buffer.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>

namespace ingle::backend::cpu {

Buffer::~Buffer() {
  if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

Result<Buffer> Buffer::allocate(uint64_t size, const char* what) {
  Buffer buffer;
  if (size == 0) return buffer;
  void* address = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (address == MAP_FAILED) {
    return std::unexpected(
        Error::exhausted(fmt::format("cannot reserve {} MiB for {}: {}", size >> 20, what, std::strerror(errno)))
            .hint("choose a smaller model, a smaller context, or close other programs"));
  }
  // Fewer faults at load and fewer TLB misses in the weight stream; a refusal changes speed only.
  if (size >= (2U << 20)) ::madvise(address, size, MADV_HUGEPAGE);
  buffer.bytes_ = {static_cast<std::byte*>(address), static_cast<size_t>(size)};
  return buffer;
}

}  // namespace ingle::backend::cpu
