// A norm's weights as the CPU has them, and how it is applied to a row. Immutable after loading; any thread.
#pragma once

#include <algorithm>
#include <cstdint>

#include "backend/backend.h"
#include "backend/cpu/weights.h"
#include "kernels/kernels.h"

namespace ingle::backend::cpu {

struct CpuNorm {
  Vector weight;  // empty: the identity
  Vector bias;    // not empty: a layer norm
  float eps = 0;

  static CpuNorm load(const Norm& from, WeightStore& weights) {
    return {weights.vector(from.weight), weights.vector(from.bias), from.eps};
  }
  bool empty() const { return weight.empty(); }

  /// x == y allowed.
  void apply(const kernels::Kernels& k, const float* x, uint32_t n, float* y) const {
    if (!bias.empty()) {
      k.layer_norm(x, weight.data(), bias.data(), n, eps, y);
    } else if (!weight.empty()) {
      k.rms_norm(x, weight.data(), n, eps, y);
    } else if (x != y) {
      std::copy_n(x, n, y);
    }
  }
};

}  // namespace ingle::backend::cpu
