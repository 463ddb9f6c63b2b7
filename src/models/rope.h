// Rotary embeddings as the five architectures scale them (Su et al. 2021; docs/exactness.md, "RoPE").
#pragma once

#include "backend/backend.h"
#include "models/hyper.h"

namespace ingle::models {

/// Plain: angle of pair i at position p is p * base^(-2i / n_rot).
backend::Rope plain_rope(uint64_t n_rot, double base, bool adjacent);

/// With what the file says about scaling: none, linear or YaRN, and the attention factor.
backend::Rope scaled_rope(const Hyper& hyper, bool adjacent);

/// Divides the angle of every pair by its factor: rope_freqs.weight and the longrope tensors hold these.
std::vector<float> divided(const std::vector<float>& inv_freq, const backend::Source& factors);

}  // namespace ingle::models
