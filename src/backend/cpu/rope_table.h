// cos and sin of every position seen so far, per rotary embedding; grown on demand, never shrunk.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "backend/backend.h"

namespace ingle::backend::cpu {

class RopeTable {
 public:
  /// `context` decides between the short and the long factors, once: a sequence never changes its angles while it grows.
  RopeTable(const Rope& rope, uint32_t context)
      : n_rot_(rope.n_rot),
        adjacent_(rope.adjacent),
        magnitude_(rope.magnitude),
        is_long_(!rope.long_inv_freq.empty() && context > rope.long_from),
        inv_freq_(is_long_ ? rope.long_inv_freq : rope.inv_freq) {}

  uint32_t n_rot() const { return n_rot_; }
  bool adjacent() const { return adjacent_; }
  bool is_long() const { return is_long_; }

  /// Not thread-safe: called between phases.
  void reserve(uint32_t n_positions) {
    const size_t half = n_rot_ / 2;
    for (size_t pos = cos_.size() / std::max<size_t>(half, 1); pos < n_positions && half > 0; ++pos) {
      for (const float inv_freq : inv_freq_) {
        // The product in f32 as the models were trained, the functions in double.
        const double angle = static_cast<float>(pos) * inv_freq;
        cos_.push_back(static_cast<float>(std::cos(angle)) * magnitude_);
        sin_.push_back(static_cast<float>(std::sin(angle)) * magnitude_);
      }
    }
  }
  const float* cos(uint32_t pos) const { return cos_.data() + static_cast<size_t>(pos) * (n_rot_ / 2); }
  const float* sin(uint32_t pos) const { return sin_.data() + static_cast<size_t>(pos) * (n_rot_ / 2); }

 private:
  uint32_t n_rot_;
  bool adjacent_;
  float magnitude_;
  bool is_long_;
  std::vector<float> inv_freq_;
  std::vector<float> cos_, sin_;
};

}  // namespace ingle::backend::cpu
