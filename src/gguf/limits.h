// What a GGUF file may ask for, in one place. Private to this module.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ingle::gguf {

inline constexpr uint32_t kMaxVersion = 3;
inline constexpr uint64_t kDefaultAlignment = 32;  // gguf.md, general.alignment
inline constexpr uint64_t kMinAlignment = 8;       // gguf.md: a multiple of 8; kernels rely on aligned f32
inline constexpr uint64_t kMaxAlignment = 1 << 20;

inline constexpr uint64_t kMaxKeyBytes = 65535;      // gguf.md
inline constexpr uint64_t kMaxTensorNameBytes = 64;  // gguf.md
inline constexpr uint32_t kMaxDims = 4;              // gguf.md

// Real files have some 40 entries, at most a few thousand tensors and half a million strings. The limits keep opening a
// file that only pretends to be a model below a second.
inline constexpr uint64_t kMaxEntries = 1 << 16;
inline constexpr uint64_t kMaxTensors = 1 << 17;
inline constexpr uint64_t kMaxItems = 1 << 23;  // strings and arrays inside the arrays of one file
inline constexpr uint64_t kMaxStringBytes = 64 << 20;
inline constexpr size_t kStringsReserved = 1 << 18;
inline constexpr int kMaxArrayDepth = 4;
inline constexpr uint64_t kMaxParts = 1024;

}  // namespace ingle::gguf
