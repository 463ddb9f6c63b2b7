#include "quant/codecs.h"

#include <algorithm>
#include <cmath>

#include "quant/half.h"

namespace ingle::quant {

uint16_t finite_f16(float value) {
  return f32_to_f16(std::clamp(value, -65504.0F, 65504.0F));
}

int round_to_range(float value, int low, int high) {
  const float rounded = std::round(value);
  if (!(rounded > static_cast<float>(low))) return low;
  if (rounded >= static_cast<float>(high)) return high;
  return static_cast<int>(rounded);
}

float signed_extreme(const float* values, size_t n) {
  float extreme = 0.0F;
  for (size_t i = 0; i < n; ++i) {
    if (std::fabs(values[i]) > std::fabs(extreme)) extreme = values[i];
  }
  return extreme;
}

}  // namespace ingle::quant
