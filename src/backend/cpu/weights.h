// Weights in the CPU's layout: matrices as panels, vectors as f32.
//
// plan() is called for every tensor first, so that one buffer holds all; then pack() fills it over the thread pool, in the
// order of the file and in pieces that stay in a core's cache, so that neither a disk nor the memory is waited for twice.
#pragma once

#include <cstdint>
#include <vector>

#include "backend/backend.h"
#include "backend/cpu/buffer.h"
#include "base/result.h"
#include "base/thread_pool.h"
#include "kernels/registry.h"

namespace ingle::backend::cpu {

struct Matrix {
  const kernels::PanelInfo* info = nullptr;
  const std::byte* panels = nullptr;
  size_t panel_bytes = 0;
  uint32_t n_in = 0;
  uint32_t n_out = 0;
  bool fine = false;  // multiplies 16-bit activations, see Arithmetic
  uint32_t k = 0;     // n_in padded to the panel format's block
  bool empty() const { return info == nullptr; }
  uint32_t n_panels() const { return (n_out + kernels::kPanelRows - 1) / kernels::kPanelRows; }
  const std::byte* panel(uint32_t index) const { return panels + index * panel_bytes; }
};

using Vector = std::vector<float>;

class WeightStore {
 public:
  /// How vector() reads, see Options::read; without it, and after pack(), in place.
  void read_with(const Options& options) { read_ = options.read; }
  /// Remembers that `source` becomes `matrix`; the pointer must stay valid until pack() has returned.
  void plan(const Source& source, Matrix* matrix);
  uint64_t bytes() const { return bytes_; }  // of the matrices
  uint64_t bytes_of_vectors() const { return n_vector_bytes_; }
  /// What plan() and vector() come to for a source; nothing for an empty one.
  static uint64_t matrix_bytes(const Source& source);
  static uint64_t vector_bytes(const Source& source);
  Status pack(base::ThreadPool& pool, const Options& options);

  /// A one-row tensor (norm weight, bias) as f32, padded with zeros to whole panels. pack() reports what is wrong with it.
  Vector vector(const Source& source);

 private:
  struct Plan {
    Source source;
    Matrix* matrix;
    std::byte* panels;
  };
  /// Some panels of a matrix, packed in one go.
  struct Piece {
    const Plan* plan;
    uint32_t first_panel;
    uint32_t n_panels;
    std::span<const std::byte> bytes() const;  // of their rows
    std::byte* to() const { return plan->panels + first_panel * plan->matrix->panel_bytes; }
  };
  class Packing;

  void place();
  std::vector<Piece> cut() const;

  decltype(Options::read) read_;
  std::vector<Plan> plans_;
  Status status_;
  uint64_t bytes_ = 0;
  uint64_t n_vector_bytes_ = 0;
  Buffer buffer_;
};

}  // namespace ingle::backend::cpu
