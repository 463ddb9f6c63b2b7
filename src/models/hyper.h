// Hyper-parameters: what a file's metadata says about a model, range-checked and cross-checked in one place.
//
// hyper.cpp holds one table of keys with types, ranges and defaults; docs/exactness.md says what each means.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "gguf/file.h"

namespace ingle::models {

enum class RopeScaling : uint8_t { kNone, kLinear, kYarn };

inline constexpr uint64_t kPoolingFirst = 2;
inline constexpr uint64_t kPoolingLast = 3;
inline constexpr uint64_t kPoolingClasses = 4;

struct Hyper {
  std::string architecture;
  uint64_t n_layers = 0;
  uint64_t n_embd = 0;
  uint64_t context_length = 0;
  std::vector<uint64_t> n_ff, n_heads, n_kv_heads;  // one a layer
  uint64_t head_dim = 0;
  uint64_t value_dim = 0;
  double norm_eps = 0;
  uint64_t n_rot = 0;
  double rope_base = 0;
  double rope_base_swa = 0;
  RopeScaling scaling = RopeScaling::kNone;
  double scaling_factor = 0;
  uint64_t original_context = 0;
  double attention_factor = 0;
  uint64_t window = 0;
  std::vector<bool> local;  // one a layer: the window holds here
  bool has_window_pattern = false;
  double logit_softcap = 0;
  uint64_t pooling = 0;  // one of the numbers below, as llama.cpp writes them
  uint64_t n_token_types = 1;
  uint64_t n_classes = 1;
};

/// Reads and checks everything above. Every error names the key and its offset in the file.
Result<Hyper> read_hyper(const gguf::File& file);

}  // namespace ingle::models
