// Number formats of GGUF tensors: one row a format, with the scalar truth that every kernel is tested against.
//
// A row of a tensor is a sequence of blocks; a block holds `block_size` consecutive numbers in `block_bytes` bytes.
// Layouts follow the GGML tensor formats (ggml-common.h of ggml 0.25 is the reference for the bytes, not for the code).
// Everything here is pure and may be called from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace ingle::quant {

/// The number by which GGUF files name a format.
enum class FormatId : uint32_t {
  kF32 = 0,
  kF16 = 1,
  kQ4_0 = 2,
  kQ4_1 = 3,
  kQ5_0 = 6,
  kQ5_1 = 7,
  kQ8_0 = 8,
  kQ2_K = 10,
  kQ3_K = 11,
  kQ4_K = 12,
  kQ5_K = 13,
  kQ6_K = 14,
  kIQ4_NL = 20,
  kBF16 = 30,
  kMXFP4 = 39,
};

struct Format {
  FormatId id;
  std::string_view name;  // "Q4_K", as llama.cpp prints it
  uint32_t block_size;    // numbers in a block
  uint32_t block_bytes;   // bytes of a block
  /// The exact value of every number of `n_blocks` blocks, rounded once to f32. `out` holds n_blocks * block_size.
  void (*dequantize)(const std::byte* blocks, float* out, size_t n_blocks);
  /// Round to nearest in the simplest way that the format allows: for tests and for tiny models, not for quality.
  void (*quantize)(const float* values, std::byte* blocks, size_t n_blocks);

  /// Bytes of a row of `n` numbers; `n` must be a multiple of block_size.
  uint64_t row_bytes(uint64_t n) const { return n / block_size * block_bytes; }
};

/// All formats that the engine reads, in the order of their ids.
std::span<const Format> formats();

/// nullptr when this build does not read the format.
const Format* find_format(uint32_t ggml_type);
const Format& format(FormatId id);

}  // namespace ingle::quant
