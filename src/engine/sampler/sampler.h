// Sampler: from the logits of one position to the next token, a pure function.
//
// A Sampler is the checked settings of one request, immutable. What changes from token to token is a small value,
// SamplerState, copied when a sequence forks and restored when it rolls back; the windows of the penalties are read from
// the tokens themselves and random numbers from (seed, position). Scratch memory belongs to the calling thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "base/result.h"
#include "chat/types.h"
#include "engine/sampler/candidates.h"
#include "engine/sampler/dry.h"
#include "engine/sampler/penalties.h"

namespace ingle::engine {

struct SamplerState {
  float mu = 0;  // of mirostat
  friend bool operator==(const SamplerState&, const SamplerState&) = default;
};

struct SamplerScratch {
  std::vector<float> logits;
  std::vector<uint32_t> counts;
  Candidates candidates;
  DryScratch dry;
};

class Sampler {
 public:
  /// Refuses settings that are not numbers, and token ids out of range, by name.
  static Result<Sampler> create(const chat::Sampling& sampling, size_t n_vocab, DryBreakers breakers);

  SamplerState initial_state() const { return {2 * settings_.mirostat_tau}; }

  /// How many of the largest logits decide the next token, at most backend::kMaxTop; 0: all do.
  uint32_t top() const;
  /// How many of them most likely decide it when not every token is allowed; 0: no list of them does.
  uint32_t top_under_mask() const;
  /// The model does not know the token, or a bias forbids it.
  bool bans(int32_t token) const;
  /// Fails when logits are not numbers.
  static Status check(std::span<const float> logits);

  /// The next token after `history`; one of `allowed`, a bit an id, unless that is empty. Fails when logits are not
  /// numbers or every token is banned.
  Result<int32_t> sample(std::span<const float> logits, std::span<const int32_t> history, SamplerState& state,
                         SamplerScratch& scratch, std::span<const uint64_t> allowed = {}) const;
  /// The same token as from output.values, which are looked at only when output.top does not decide it.
  Result<int32_t> sample_allowed(const backend::Output& output, std::span<const int32_t> history, SamplerState& state,
                                 SamplerScratch& scratch, std::span<const uint64_t> allowed) const;
  /// The same token from the top() largest logits alone, where top() is not 0.
  Result<int32_t> sample_top(const backend::Output& output, std::span<const int32_t> history,
                             SamplerScratch& scratch) const;

 private:
  Sampler() = default;
  bool edits_logits() const;
  size_t n_candidates() const;
  int32_t pick(uint64_t position, SamplerState& state, Candidates& candidates) const;
  int32_t filter_and_draw(uint64_t position, double u, Candidates& candidates) const;

  chat::Sampling settings_;
  size_t n_vocab_ = 0;
  Penalties penalties_;
  Dry dry_;
  DryBreakers breakers_;
};

}  // namespace ingle::engine
