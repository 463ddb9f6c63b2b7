// What a model must do at least: operations and bytes of a step, as the engine's packed weights have them. With the peaks
// of the machine this is the roofline of `bench` (Williams, Waterman and Patterson 2009).
//
// Counted: matrix products (two operations a weight and row), packed weights, keys and values. Not counted: the arithmetic
// of attention, norms, activations and sampling. Plain values; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "cli/measure.h"
#include "cli/peaks.h"

namespace ingle::cli {

struct ModelWork {
  struct Matrices {
    uint64_t bytes = 0;  // packed
    double int8_weights = 0;
    double f32_weights = 0;  // multiplied in f32: float formats, or all of them with `reference`
  };
  struct LayerKv {
    double bytes_per_token = 0;
    uint32_t window = 0;  // 0: all tokens are read
  };
  Matrices layers;  // every token goes through them
  Matrices head;    // only tokens that are asked for a successor
  std::vector<LayerKv> kv;

  static ModelWork of(const backend::Program& program, const kernels::Kernels& table, bool reference,
                      backend::KvType kv_type);
};

enum class Bound : uint8_t { kUnknown, kCompute, kMemory };

struct Roofline {
  double tokens_per_second = 0;  // 0: unknown
  Bound bound = Bound::kUnknown;
};
/// The speed at which `test` would run if nothing but the arithmetic or the reading took time, whichever takes longer.
Roofline roofline(const ModelWork& work, const SpeedTest& test, const Peaks& peaks);

}  // namespace ingle::cli
