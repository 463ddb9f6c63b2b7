// Safetensors: the tensors of a .safetensors file, read in place with everything checked.
//
// The file is hostile. Its header is JSON of at most kMaxSafetensorsHeader bytes in which no key stands twice, nothing nests
// deeper than the format does, and the tensors tile the bytes behind it: no overlap, no hole, nothing after the last. A shard
// index (model.safetensors.index.json) is another format and is not followed, so no file can name another.
// The views live as long as the bytes that were parsed. Immutable; any thread may read.
// Format: github.com/huggingface/safetensors, README.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ingle::convert {

inline constexpr uint64_t kMaxSafetensorsHeader = uint64_t{16} << 20;
inline constexpr size_t kMaxSafetensors = 1 << 16;  // tensors in a file
inline constexpr size_t kMaxDimensions = 8;

struct SafetensorsTensor {
  std::string name;
  std::string dtype;            // "F32", "BF16", ...: one that the format defines
  std::vector<uint64_t> shape;  // the slowest dimension first
  uint64_t begin = 0;           // of its bytes, in the file
  std::span<const std::byte> bytes;
};

class Safetensors {
 public:
  static Result<Safetensors> parse(std::span<const std::byte> file);

  /// In the order of their bytes.
  std::span<const SafetensorsTensor> tensors() const { return tensors_; }
  /// nullptr when there is none of that name.
  const SafetensorsTensor* find(std::string_view name) const;

 private:
  std::vector<SafetensorsTensor> tensors_;
  std::vector<uint32_t> by_name_;
};

}  // namespace ingle::convert
