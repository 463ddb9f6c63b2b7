#include "engine/sampler/sampler.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "engine/sampler/filters.h"
#include "engine/sampler/random.h"

namespace ingle::engine {
namespace {

Status check_numbers(const chat::Sampling& s) {
  const struct {
    const char* name;
    float value;
  } fields[] = {
      {"temperature", s.temperature},
      {"top_p", s.top_p},
      {"min_p", s.min_p},
      {"typical_p", s.typical_p},
      {"repeat_penalty", s.repeat_penalty},
      {"presence_penalty", s.presence_penalty},
      {"frequency_penalty", s.frequency_penalty},
      {"dry_multiplier", s.dry_multiplier},
      {"dry_base", s.dry_base},
      {"xtc_probability", s.xtc_probability},
      {"xtc_threshold", s.xtc_threshold},
      {"mirostat_tau", s.mirostat_tau},
      {"mirostat_eta", s.mirostat_eta},
  };
  for (const auto& field : fields) {
    if (!std::isfinite(field.value)) {
      return std::unexpected(Error::usage(fmt::format("sampling: {} is {}, not a number", field.name, field.value)));
    }
  }
  if (s.repeat_penalty <= 0) {
    return std::unexpected(Error::usage(fmt::format("sampling: repeat_penalty is {}", s.repeat_penalty))
                               .hint("it divides logits: 1 is off, 1.1 is usual"));
  }
  return {};
}

Status check_bias(const chat::Sampling& s, size_t n_vocab) {
  for (const auto& [id, bias] : s.logit_bias) {
    if (id < 0 || static_cast<size_t>(id) >= n_vocab) {
      return std::unexpected(
          Error::usage(fmt::format("sampling: logit_bias names token {}, the vocabulary has {}", id, n_vocab)));
    }
    // Minus infinity bans; anything else must stay a number when added.
    const bool bans = std::isinf(bias) && bias < 0;
    if (!bans && !(std::abs(bias) <= 1e30F)) {
      return std::unexpected(Error::usage(fmt::format("sampling: logit_bias of token {} is {}", id, bias)));
    }
  }
  return {};
}

/// The model's own numbers: an error here is the model's, not the settings'.
Status check_logits(std::span<const float> logits) {
  // Counted in lanes, not searched: compilers make vector code of that.
  constexpr size_t kLanes = 16;
  std::array<uint32_t, kLanes> bad{};
  std::array<uint32_t, kLanes> possible{};
  const auto count = [&](size_t lane, float logit) {
    bad[lane] += static_cast<uint32_t>(!(logit <= std::numeric_limits<float>::max()));
    possible[lane] |= static_cast<uint32_t>(logit >= std::numeric_limits<float>::lowest());
  };
  size_t i = 0;
  for (; i + kLanes <= logits.size(); i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane)
      count(lane, logits[i + lane]);
  }
  for (; i < logits.size(); ++i)
    count(0, logits[i]);
  const uint32_t n_bad = std::accumulate(bad.begin(), bad.end(), 0U);
  const bool any_possible = std::ranges::any_of(possible, [](uint32_t p) { return p != 0; });
  if (n_bad == 0 && any_possible) return {};
  return std::unexpected(
      Error::corrupt(fmt::format("the model computed {} logits of {} that are not numbers",
                                 n_bad == 0 ? logits.size() : n_bad, logits.size()))
          .hint("its weights may be damaged; compare the file's SHA-256 with its source, or pull it again"));
}

void ban_all_but(std::span<const uint64_t> allowed, std::span<float> logits) {
  constexpr float kBanned = -std::numeric_limits<float>::infinity();
  for (size_t word = 0; word * 64 < logits.size(); ++word) {
    const uint64_t bits = word < allowed.size() ? allowed[word] : 0;
    const auto block = logits.subspan(word * 64, std::min<size_t>(64, logits.size() - word * 64));
    if (bits == 0) {
      std::ranges::fill(block, kBanned);
      continue;
    }
    for (size_t i = 0; i < block.size(); ++i) {
      if ((bits >> i & 1) == 0) block[i] = kBanned;
    }
  }
}

}  // namespace

Result<Sampler> Sampler::create(const chat::Sampling& sampling, size_t n_vocab, DryBreakers breakers) {
  INGLE_TRY_VOID(check_numbers(sampling));
  INGLE_TRY_VOID(check_bias(sampling, n_vocab));
  Sampler sampler;
  sampler.settings_ = sampling;
  sampler.penalties_ = {sampling.repeat_last_n, sampling.repeat_penalty, sampling.presence_penalty,
                        sampling.frequency_penalty};
  sampler.dry_ = {sampling.dry_multiplier, sampling.dry_base, sampling.dry_allowed_length, sampling.dry_last_n};
  sampler.breakers_ = std::move(breakers);
  return sampler;
}

bool Sampler::edits_logits() const {
  return !settings_.logit_bias.empty() || penalties_.active() || dry_.active();
}

Result<int32_t> Sampler::sample(std::span<const float> logits, std::span<const int32_t> history, SamplerState& state,
                                SamplerScratch& scratch, std::span<const uint64_t> allowed) const {
  INGLE_TRY_VOID(check_logits(logits));
  if (!edits_logits() && allowed.empty()) return pick(logits, history.size(), state, scratch.candidates);

  scratch.logits.assign(logits.begin(), logits.end());
  if (!allowed.empty()) ban_all_but(allowed, scratch.logits);
  scratch.counts.resize(logits.size());
  for (const auto& [id, bias] : settings_.logit_bias)
    scratch.logits[static_cast<size_t>(id)] += bias;
  apply_penalties(penalties_, history, scratch.counts, scratch.logits);
  apply_dry(dry_, breakers_, history, scratch.dry, scratch.logits);
  const int32_t best = argmax(scratch.logits);
  if (scratch.logits[static_cast<size_t>(best)] == -std::numeric_limits<float>::infinity()) {
    return std::unexpected(
        Error::refused(fmt::format("sampling: logit_bias bans every token that {}",
                                   allowed.empty() ? "the model could say" : "may come next in the asked-for format")));
  }
  if (settings_.temperature <= 0) return best;
  return pick(scratch.logits, history.size(), state, scratch.candidates);
}

int32_t Sampler::pick(std::span<const float> logits, uint64_t position, SamplerState& state,
                      Candidates& candidates) const {
  const chat::Sampling& s = settings_;
  if (s.temperature <= 0) return argmax(logits);
  const double u = uniform(s.seed, RandomStream::kToken, position);
  if (s.mirostat) {
    select_top_k(logits, 0, candidates);
    apply_temperature(candidates, s.temperature);
    filter_mirostat(candidates, state.mu);
    const int32_t id = draw(candidates, u);
    state.mu = updated_mu(candidates, id, state.mu, s.mirostat_tau, s.mirostat_eta);
    return id;
  }
  select_top_k(logits, s.top_k, candidates);
  filter_typical(candidates, s.typical_p);
  filter_top_p(candidates, s.top_p);
  filter_min_p(candidates, s.min_p);
  if (s.xtc_probability > 0 && uniform(s.seed, RandomStream::kXtc, position) < static_cast<double>(s.xtc_probability)) {
    filter_xtc(candidates, s.xtc_threshold);
  }
  apply_temperature(candidates, s.temperature);
  return draw(candidates, u);
}

}  // namespace ingle::engine
