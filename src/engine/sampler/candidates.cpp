#include "engine/sampler/candidates.h"

#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "base/check.h"

namespace ingle::engine {
namespace {

float max_logit(const Candidates& candidates) {
  if (candidates.sorted) return candidates.items.front().logit;
  float best = -std::numeric_limits<float>::infinity();
  for (const Candidate& c : candidates.items)
    best = std::max(best, c.logit);
  return best;
}

/// In lanes: compilers make vector code of that.
float largest(std::span<const float, 64> block) {
  std::array<float, 16> best;
  std::copy_n(block.begin(), best.size(), best.begin());
  for (size_t i = best.size(); i < block.size(); i += best.size()) {
    for (size_t lane = 0; lane < best.size(); ++lane)
      best[lane] = block[i + lane] > best[lane] ? block[i + lane] : best[lane];
  }
  return *std::ranges::max_element(best);
}

}  // namespace

void select_top_k(std::span<const float> logits, int32_t k, Candidates& out) {
  INGLE_CHECK(!logits.empty());
  out.items.clear();
  if (k <= 0 || static_cast<size_t>(k) >= logits.size()) {
    out.items.resize(logits.size());
    for (size_t i = 0; i < logits.size(); ++i)
      out.items[i] = {static_cast<int32_t>(i), logits[i], 0};
    out.sorted = false;
    return;
  }
  // A heap of the k best so far with the worst on top: most of the vocabulary costs one comparison.
  const auto wanted = static_cast<size_t>(k);
  for (size_t i = 0; i < wanted; ++i)
    out.items.push_back({static_cast<int32_t>(i), logits[i], 0});
  std::make_heap(out.items.begin(), out.items.end(), likelier);
  for (size_t i = wanted; i < logits.size(); ++i) {
    // Ids grow, so an equal logit met later is the less likely one.
    if (logits[i] <= out.items.front().logit) continue;
    std::pop_heap(out.items.begin(), out.items.end(), likelier);
    out.items.back() = {static_cast<int32_t>(i), logits[i], 0};
    std::push_heap(out.items.begin(), out.items.end(), likelier);
  }
  std::sort_heap(out.items.begin(), out.items.end(), likelier);
  out.sorted = true;
}

void select_allowed(std::span<const float> logits, std::span<const uint64_t> allowed, size_t k, Candidates& out) {
  constexpr size_t kWord = 64;
  std::vector<Candidate>& items = out.items;
  items.clear();
  // The least that an item must have to be among the k best so far; ids grow, so an equal logit comes too late.
  float bar = -std::numeric_limits<float>::infinity();
  const auto see = [&](size_t id) {
    if (!(logits[id] > bar)) return;
    const Candidate candidate{static_cast<int32_t>(id), logits[id], 0};
    if (k == 0 || items.size() < k) {
      items.push_back(candidate);
      if (items.size() != k) return;
      std::make_heap(items.begin(), items.end(), likelier);
    } else {
      std::pop_heap(items.begin(), items.end(), likelier);
      items.back() = candidate;
      std::push_heap(items.begin(), items.end(), likelier);
    }
    bar = items.front().logit;
  };
  const size_t n_words = std::min(allowed.size(), (logits.size() + kWord - 1) / kWord);
  for (size_t word = 0; word < n_words; ++word) {
    const size_t first = word * kWord;
    uint64_t bits = allowed[word];
    if (bits == 0) continue;
    if (logits.size() - first < kWord) {
      bits &= (uint64_t{1} << (logits.size() - first)) - 1;
    } else if (k != 0 && items.size() == k && largest(logits.subspan(first).first<kWord>()) <= bar) {
      continue;
    }
    for (; bits != 0; bits &= bits - 1)
      see(first + static_cast<size_t>(std::countr_zero(bits)));
  }
  out.sorted = k != 0;
  if (out.sorted) std::ranges::sort(items, likelier);
}

void softmax(Candidates& candidates) {
  const float best = max_logit(candidates);
  double total = 0;
  for (Candidate& c : candidates.items) {
    c.p = std::exp(c.logit - best);
    total += static_cast<double>(c.p);
  }
  const auto scale = static_cast<float>(1.0 / total);
  for (Candidate& c : candidates.items)
    c.p *= scale;
}

int32_t argmax(std::span<const float> logits) {
  size_t best = 0;
  for (size_t i = 1; i < logits.size(); ++i) {
    if (logits[i] > logits[best]) best = i;
  }
  return static_cast<int32_t>(best);
}

int32_t draw(const Candidates& candidates, double u) {
  const auto best = static_cast<double>(max_logit(candidates));
  double total = 0;
  for (const Candidate& c : candidates.items)
    total += std::exp(static_cast<double>(c.logit) - best);
  const double target = u * total;
  double reached = 0;
  int32_t last_possible = candidates.items.front().id;
  for (const Candidate& c : candidates.items) {
    const double weight = std::exp(static_cast<double>(c.logit) - best);
    if (weight == 0) continue;
    reached += weight;
    last_possible = c.id;
    if (target < reached) break;
  }
  return last_possible;
}

}  // namespace ingle::engine
