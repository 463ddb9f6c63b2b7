// Deterministic inputs for the tests and benchmarks of this module.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include "kernels/registry.h"

namespace ingle::kernels::testing {

/// SplitMix64 (Steele et al. 2014): small, seeded, the same everywhere.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next();
  /// [0, n)
  uint32_t below(uint32_t n) { return static_cast<uint32_t>(next() % n); }
  /// About normal, mean 0, deviation 1.
  float normal();

 private:
  uint64_t state_;
};

std::vector<float> normals(size_t n, uint64_t seed);

/// Bytes aligned as panels and pages are.
class AlignedBytes {
 public:
  explicit AlignedBytes(size_t n) : size_(n), bytes_(static_cast<std::byte*>(::operator new(n + 1, kAlign))) {}
  std::byte* data() const { return bytes_.get(); }
  size_t size() const { return size_; }

 private:
  static constexpr std::align_val_t kAlign{64};
  struct Delete {
    void operator()(std::byte* p) const { ::operator delete(p, kAlign); }
  };
  size_t size_;
  std::unique_ptr<std::byte, Delete> bytes_;
};

/// A file tensor of random numbers and its panels.
struct Matrix {
  const quant::Format* format;
  const PanelInfo* panel;
  uint32_t n_rows, k;
  std::vector<std::byte> rows;  // as in the file
  AlignedBytes panels;

  const std::byte* row(uint32_t r) const { return rows.data() + r * format->row_bytes(k); }
  uint32_t n_panels() const { return (n_rows + kPanelRows - 1) / kPanelRows; }
};
enum class Codes { kNormal, kRandomBytes };
/// kRandomBytes: every code bit is random, scales are kept finite and moderate.
Matrix make_matrix(quant::FormatId format, uint32_t n_rows, uint32_t k, uint64_t seed, Codes codes = Codes::kNormal);
/// Every byte is `fill`, except that scales are as with kRandomBytes: codes and sub-scales at their extremes.
Matrix make_filled_matrix(quant::FormatId format, uint32_t n_rows, uint32_t k, uint8_t fill);

/// Activations and their tiles.
struct Activations {
  Activations(uint32_t n_tokens, uint32_t k, std::vector<float> values);
  QuantTiles tiles() { return {q.data(), scale.data(), neg_sum.data()}; }

  std::vector<float> x;
  std::vector<int8_t> q;
  std::vector<float> scale;
  std::vector<int32_t> neg_sum;
};

}  // namespace ingle::kernels::testing
