// Penalties on tokens that stand in the recent text: repeat (divides), presence (once), frequency (for each occurrence).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ingle::engine {

struct Penalties {
  int32_t last_n = 64;  // tokens looked back; -1: all, 0: off
  float repeat = 1;
  float presence = 0;
  float frequency = 0;
  bool active() const { return last_n != 0 && (repeat != 1 || presence != 0 || frequency != 0); }
};

/// The part of `history` that a window of `last_n` sees.
std::span<const int32_t> window_of(std::span<const int32_t> history, int32_t last_n);

/// Changes the logits of the tokens in the window. `counts` is scratch memory: as many zeros as logits, before and after.
void apply_penalties(const Penalties& penalties, std::span<const int32_t> history, std::span<uint32_t> counts,
                     std::span<float> logits);

}  // namespace ingle::engine
