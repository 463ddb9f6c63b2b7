#include "engine/sampler/sampler.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <string_view>

#include "base/check.h"
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
          Error::usage(fmt::format("logit_bias: there is no token {}, the vocabulary has {}", id, n_vocab)));
    }
    // Minus infinity bans; anything else must stay a number when added.
    const bool bans = std::isinf(bias) && bias < 0;
    if (!bans && !(std::abs(bias) <= 1e30F)) {
      return std::unexpected(Error::usage(fmt::format("logit_bias: that of token {} is {}", id, bias)));
    }
  }
  return {};
}

/// `n_bad` is 0 when none is bad by itself, but all are minus infinity.
Error not_numbers(size_t n_bad, size_t n_vocab) {
  return Error::corrupt(fmt::format("the model computed {} logits of {} that are not numbers",
                                    n_bad == 0 ? n_vocab : n_bad, n_vocab))
      .hint("its weights may be damaged; compare the file's SHA-256 with its source, or pull it again");
}

bool has_possible(const Candidates& candidates) {
  return std::ranges::any_of(candidates.items,
                             [](const Candidate& c) { return c.logit > -std::numeric_limits<float>::infinity(); });
}

Error all_banned(std::string_view what) {
  return Error::refused(fmt::format("logit_bias: it bans every token that {}", what));
}

}  // namespace

Result<Sampler> Sampler::create(const chat::Sampling& sampling, size_t n_vocab, DryBreakers breakers) {
  INGLE_TRY_VOID(check_numbers(sampling));
  INGLE_TRY_VOID(check_bias(sampling, n_vocab));
  Sampler sampler;
  sampler.settings_ = sampling;
  sampler.n_vocab_ = n_vocab;
  sampler.penalties_ = {sampling.repeat_last_n, sampling.repeat_penalty, sampling.presence_penalty,
                        sampling.frequency_penalty};
  sampler.dry_ = {sampling.dry_multiplier, sampling.dry_base, sampling.dry_allowed_length, sampling.dry_last_n};
  sampler.breakers_ = std::move(breakers);
  return sampler;
}

bool Sampler::edits_logits() const {
  return !settings_.logit_bias.empty() || penalties_.active() || dry_.active();
}

uint32_t Sampler::top() const {
  const chat::Sampling& s = settings_;
  if (penalties_.active() || dry_.active()) return 0;
  const bool raises = std::ranges::any_of(s.logit_bias, [](const auto& entry) { return entry.second > 0; });
  const bool is_greedy = s.temperature <= 0;
  // top_k as large as the vocabulary is none, and its candidates are not in the order of their logits.
  const bool cuts_first = !s.mirostat && s.top_k > 0 && static_cast<size_t>(s.top_k) < n_vocab_;
  if (raises || !(is_greedy || cuts_first)) return 0;
  // Of so many, at least the wanted number keep their logits when bias lowers the others, and what is not among them is
  // behind those.
  const size_t n = s.logit_bias.size() + (is_greedy ? 1 : static_cast<size_t>(s.top_k));
  return n <= std::min<size_t>(backend::kMaxTop, n_vocab_) ? static_cast<uint32_t>(n) : 0;
}

Result<int32_t> Sampler::sample_top(const backend::Output& output, std::span<const int32_t> history,
                                    SamplerScratch& scratch) const {
  INGLE_CHECK(top() > 0 && output.top.size() == top());
  constexpr float kBanned = -std::numeric_limits<float>::infinity();
  if (output.n_bad > 0 || output.top.front().logit == kBanned) {
    return std::unexpected(not_numbers(output.n_bad, n_vocab_));
  }
  Candidates& candidates = scratch.candidates;
  candidates.items.clear();
  for (const auto [id, logit] : output.top)
    candidates.items.push_back({id, logit, 0});
  candidates.sorted = true;
  if (!settings_.logit_bias.empty()) {
    for (const auto& [id, bias] : settings_.logit_bias) {
      const auto biased = std::ranges::find(candidates.items, id, &Candidate::id);
      if (biased != candidates.items.end()) biased->logit += bias;
    }
    std::ranges::sort(candidates.items, likelier);
    if (candidates.items.front().logit == kBanned) return std::unexpected(all_banned("the model could say"));
  }
  if (settings_.temperature <= 0) return candidates.items.front().id;
  candidates.items.resize(static_cast<size_t>(settings_.top_k));
  const uint64_t position = history.size();
  return filter_and_draw(position, uniform(settings_.seed, RandomStream::kToken, position), candidates);
}

// The model's own numbers: an error here is the model's, not the settings'.
Status Sampler::check(std::span<const float> logits) {
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
  return std::unexpected(not_numbers(n_bad, logits.size()));
}

uint32_t Sampler::top_under_mask() const {
  if (edits_logits() || top() == 0) return 0;
  // Inside texts the likeliest is nearly always allowed; where the shape is told few are, and all logits soon looked at.
  const uint32_t n = settings_.temperature <= 0 ? 1 : backend::kMaxTop;
  return static_cast<uint32_t>(std::min<size_t>(n, n_vocab_));
}

bool Sampler::bans(int32_t token) const {
  if (token < 0 || static_cast<size_t>(token) >= n_vocab_) return true;
  return std::ranges::any_of(settings_.logit_bias,
                             [token](const auto& entry) { return entry.first == token && std::isinf(entry.second); });
}

/// Candidates that decide: the sampling chain begins with the choice of so many; 0: all.
size_t Sampler::n_candidates() const {
  if (settings_.temperature <= 0) return 1;
  return settings_.mirostat || settings_.top_k <= 0 ? 0 : static_cast<size_t>(settings_.top_k);
}

Result<int32_t> Sampler::sample_allowed(const backend::Output& output, std::span<const int32_t> history,
                                        SamplerState& state, SamplerScratch& scratch,
                                        std::span<const uint64_t> allowed) const {
  if (!output.top.empty() && output.n_bad == 0) {
    const size_t wanted = n_candidates();
    Candidates& candidates = scratch.candidates;
    candidates.items.clear();
    candidates.sorted = true;
    for (const auto [id, logit] : output.top) {
      const auto bit = static_cast<size_t>(id);
      const bool fits = bit / 64 < allowed.size() && (allowed[bit / 64] >> (bit % 64) & 1) != 0;
      if (!fits || logit == -std::numeric_limits<float>::infinity()) continue;
      candidates.items.push_back({id, logit, 0});
      if (candidates.items.size() == wanted) return pick(history.size(), state, candidates);
    }
  }
  return sample(output.values, history, state, scratch, allowed);
}

Result<int32_t> Sampler::sample(std::span<const float> logits, std::span<const int32_t> history, SamplerState& state,
                                SamplerScratch& scratch, std::span<const uint64_t> allowed) const {
  INGLE_TRY_VOID(check(logits));
  if (edits_logits()) {
    scratch.logits.assign(logits.begin(), logits.end());
    scratch.counts.resize(logits.size());
    for (const auto& [id, bias] : settings_.logit_bias)
      scratch.logits[static_cast<size_t>(id)] += bias;
    apply_penalties(penalties_, history, scratch.counts, scratch.logits);
    apply_dry(dry_, breakers_, history, scratch.dry, scratch.logits);
    logits = scratch.logits;
  }
  Candidates& candidates = scratch.candidates;
  const size_t n = n_candidates();
  if (!allowed.empty()) {
    select_allowed(logits, allowed, n, candidates);
  } else if (n == 1 && settings_.temperature <= 0) {
    const int32_t best = argmax(logits);
    candidates.items.assign(1, {best, logits[static_cast<size_t>(best)], 0});
    candidates.sorted = true;
  } else {
    select_top_k(logits, static_cast<int32_t>(n), candidates);
  }
  if (!allowed.empty() && std::ranges::all_of(allowed, [](uint64_t word) { return word == 0; }))
    return std::unexpected(Error::internal("sampling: the asked-for format allows no token here"));
  if (candidates.items.empty() || !has_possible(candidates)) {
    return std::unexpected(
        all_banned(allowed.empty() ? "the model could say" : "may come next in the asked-for format"));
  }
  return pick(history.size(), state, candidates);
}

/// From the candidates with which the chain begins.
int32_t Sampler::pick(uint64_t position, SamplerState& state, Candidates& candidates) const {
  const chat::Sampling& s = settings_;
  if (s.temperature <= 0) return candidates.items.front().id;
  const double u = uniform(s.seed, RandomStream::kToken, position);
  if (s.mirostat) {
    apply_temperature(candidates, s.temperature);
    filter_mirostat(candidates, state.mu);
    const int32_t id = draw(candidates, u);
    state.mu = updated_mu(candidates, id, state.mu, s.mirostat_tau, s.mirostat_eta);
    return id;
  }
  return filter_and_draw(position, u, candidates);
}

int32_t Sampler::filter_and_draw(uint64_t position, double u, Candidates& candidates) const {
  const chat::Sampling& s = settings_;
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
