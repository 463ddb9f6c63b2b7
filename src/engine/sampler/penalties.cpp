#include "engine/sampler/penalties.h"

#include <algorithm>
#include <limits>

namespace ingle::engine {

std::span<const int32_t> window_of(std::span<const int32_t> history, int32_t last_n) {
  if (last_n < 0) return history;
  return history.last(std::min(history.size(), static_cast<size_t>(last_n)));
}

void apply_penalties(const Penalties& penalties, std::span<const int32_t> history, std::span<uint32_t> counts,
                     std::span<float> logits) {
  if (!penalties.active()) return;
  const auto window = window_of(history, penalties.last_n);
  for (const int32_t id : window)
    ++counts[static_cast<size_t>(id)];
  for (const int32_t id : window) {
    uint32_t& count = counts[static_cast<size_t>(id)];
    if (count == 0) continue;  // this token's turn was at its first occurrence
    float& logit = logits[static_cast<size_t>(id)];
    // CTRL (Keskar et al. 2019, arXiv 1909.05858) divides; a negative logit must be multiplied to become less likely.
    logit = logit <= 0 ? logit * penalties.repeat : logit / penalties.repeat;
    logit -= static_cast<float>(count) * penalties.frequency + penalties.presence;
    // An absurd setting must not turn into infinities, which mean "banned" or an error further on.
    if (logit > -std::numeric_limits<float>::infinity()) logit = std::clamp(logit, -1e30F, 1e30F);
    count = 0;
  }
}

}  // namespace ingle::engine
