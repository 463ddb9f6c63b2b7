#include "models/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace ingle::models {
namespace {

/// The share of plain frequencies that YaRN keeps for pair i (Peng et al. 2023, section 3.2, with beta 32 and 1).
double yarn_extrapolation(uint64_t pair, uint64_t n_rot, double base, double original_context) {
  const auto pair_that_turns = [&](double turns) {
    return static_cast<double>(n_rot) * std::log(original_context / (turns * 2 * std::numbers::pi)) /
           (2 * std::log(base));
  };
  const double low = std::max(0.0, std::floor(pair_that_turns(32)));
  const double high = std::min(static_cast<double>(n_rot) - 1, std::ceil(pair_that_turns(1)));
  return 1 - std::clamp((static_cast<double>(pair) - low) / std::max(0.001, high - low), 0.0, 1.0);
}

}  // namespace

backend::Rope plain_rope(uint64_t n_rot, double base, bool adjacent) {
  backend::Rope rope;
  rope.n_rot = static_cast<uint32_t>(n_rot);
  rope.adjacent = adjacent;
  for (uint64_t i = 0; i < n_rot / 2; ++i) {
    rope.inv_freq.push_back(
        static_cast<float>(std::pow(base, -2.0 * static_cast<double>(i) / static_cast<double>(n_rot))));
  }
  return rope;
}

backend::Rope scaled_rope(const Hyper& h, bool adjacent) {
  backend::Rope rope = plain_rope(h.n_rot, h.rope_base, adjacent);
  rope.magnitude = static_cast<float>(h.attention_factor);
  if (h.scaling == RopeScaling::kLinear) {
    for (float& f : rope.inv_freq)
      f = static_cast<float>(f / h.scaling_factor);
  } else if (h.scaling == RopeScaling::kYarn) {
    for (uint64_t i = 0; i < rope.inv_freq.size(); ++i) {
      const double keep = yarn_extrapolation(i, h.n_rot, h.rope_base, static_cast<double>(h.original_context));
      rope.inv_freq[i] = static_cast<float>(rope.inv_freq[i] * (keep + (1 - keep) / h.scaling_factor));
    }
    rope.magnitude *= static_cast<float>(0.1 * std::log(h.scaling_factor) + 1);
  }
  return rope;
}

std::vector<float> divided(const std::vector<float>& inv_freq, const backend::Source& factors) {
  if (factors.empty()) return inv_freq;
  std::vector<float> values(inv_freq.size());
  factors.format->dequantize(factors.bytes.data(), values.data(), values.size() / factors.format->block_size);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = inv_freq[i] / values[i];
  return values;
}

}  // namespace ingle::models
