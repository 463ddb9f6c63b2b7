// Memory that is taken once, at load: page-aligned, zeroed by the system, committed when first touched.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "base/result.h"

namespace ingle::backend::cpu {

class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~Buffer();

  /// `what` names the purpose in the error text.
  static Result<Buffer> allocate(uint64_t size, const char* what);

  std::byte* data() const { return bytes_.data(); }
  size_t size() const { return bytes_.size(); }
  template <typename T>
  T* as() const {
    return reinterpret_cast<T*>(bytes_.data());
  }

 private:
  std::span<std::byte> bytes_;
};

}  // namespace ingle::backend::cpu
