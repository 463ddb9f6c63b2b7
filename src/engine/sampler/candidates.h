// Candidates: the tokens that filters still allow, with their logits. Scratch memory of one sampling call, reused.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ingle::engine {

struct Candidate {
  int32_t id = 0;
  float logit = 0;
  float p = 0;  // valid after softmax(), until something is removed
};

/// More likely first; equal logits by lower id.
inline bool likelier(const Candidate& a, const Candidate& b) {
  return a.logit > b.logit || (a.logit == b.logit && a.id < b.id);
}

struct Candidates {
  std::vector<Candidate> items;  // never empty between filters
  bool sorted = false;           // by likelier()
};

/// All tokens, or the `k` most likely ones, sorted, without sorting the vocabulary. k <= 0: all.
void select_top_k(std::span<const float> logits, int32_t k, Candidates& out);

/// The same of those in `allowed`, a bit an id, that are possible: tokens at minus infinity are left out. May leave none.
void select_allowed(std::span<const float> logits, std::span<const uint64_t> allowed, size_t k, Candidates& out);

/// p of every candidate among those that are left.
void softmax(Candidates& candidates);

/// Moves the `n` first by `before` to the front, in order; the rest follows in any order.
template <typename Before>
void sort_front(std::vector<Candidate>& items, size_t n, Before before) {
  const auto middle = items.begin() + static_cast<std::ptrdiff_t>(n);
  if (middle != items.end()) std::nth_element(items.begin(), middle, items.end(), before);
  std::sort(items.begin(), middle, before);
}

/// The most likely token, the lowest id among equals.
int32_t argmax(std::span<const float> logits);

/// The candidate that `u` in [0, 1) falls on when every one is given a share of the line as long as its probability.
int32_t draw(const Candidates& candidates, double u);

}  // namespace ingle::engine
