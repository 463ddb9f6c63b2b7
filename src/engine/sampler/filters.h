// The filters of the sampling chain, one file each. Every filter leaves at least one candidate.
//
// Meaning and order are those that users know from llama.cpp; each is applied to the probabilities among the candidates
// that the filters before it left.
#pragma once

#include "engine/sampler/candidates.h"

namespace ingle::engine {

/// Locally typical sampling (Meister et al. 2022, arXiv 2202.00666): the candidates whose surprise is closest to the
/// entropy, until their probabilities exceed `p`. p >= 1: off.
void filter_typical(Candidates& candidates, float p);

/// Nucleus sampling (Holtzman et al. 2019, arXiv 1904.09751): the fewest most likely candidates that reach `p`. p >= 1: off.
void filter_top_p(Candidates& candidates, float p);

/// Candidates at least `p` times as likely as the most likely one (arXiv 2407.01082). p <= 0: off.
void filter_min_p(Candidates& candidates, float p);

/// "Exclude top choices": of the candidates with a probability of `threshold` or more, only the least likely stays. The
/// caller has drawn whether to do it at all. threshold > 0.5: off, two candidates cannot reach it.
void filter_xtc(Candidates& candidates, float threshold);

/// Divides logits; the result is relative to the most likely candidate, so that a tiny temperature does not overflow.
void apply_temperature(Candidates& candidates, float temperature);

/// Mirostat 2 (Basu et al. 2020, arXiv 2007.14966): candidates with a surprise of at most `mu` bits.
void filter_mirostat(Candidates& candidates, float mu);
/// The next mu after the token `id`, one of the candidates, was drawn.
float updated_mu(Candidates& candidates, int32_t id, float mu, float tau, float eta);

}  // namespace ingle::engine
