#include "backend/cpu/top_rows.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

namespace ingle::backend::cpu {
namespace {

// Logits that are looked at one by one when the largest of them belongs into the list: long enough for argmax to pay,
// short enough that lists of dozens do not make every piece a hit.
constexpr uint32_t kPiece = 64;
// Threads write their own cache lines.
constexpr size_t kLine = 64;

size_t whole_lines(size_t n, size_t bytes_each) {
  const size_t per_line = kLine / bytes_each;
  return (n + per_line - 1) / per_line * per_line;
}

uint32_t count_bad(const float* logits, uint32_t n) {
  // In lanes: compilers make vector code of that.
  constexpr uint32_t kLanes = 16;
  std::array<uint32_t, kLanes> bad{};
  uint32_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (uint32_t lane = 0; lane < kLanes; ++lane)
      bad[lane] += static_cast<uint32_t>(!(logits[i + lane] <= std::numeric_limits<float>::max()));
  }
  for (; i < n; ++i)
    bad[0] += static_cast<uint32_t>(!(logits[i] <= std::numeric_limits<float>::max()));
  return std::accumulate(bad.begin(), bad.end(), 0U);
}

/// False when it does not belong into the full, sorted list; the last of the list falls out otherwise.
bool insert(std::span<Scored> list, const Scored& scored) {
  if (!likelier(scored, list.back())) return false;
  size_t at = list.size() - 1;
  for (; at > 0 && likelier(scored, list[at - 1]); --at)
    list[at] = list[at - 1];
  list[at] = scored;
  return true;
}

}  // namespace

void TopRows::begin(std::span<const uint32_t> tops, uint32_t n_threads) {
  n_threads_ = n_threads;
  from_.assign(1, 0);
  for (const uint32_t top : tops)
    from_.push_back(from_.back() + top);
  best_stride_ = whole_lines(from_.back(), sizeof(Scored));
  bad_stride_ = whole_lines(tops.size(), sizeof(uint32_t));
  // Behind everything that can be seen.
  best_.assign(n_threads * best_stride_,
               {std::numeric_limits<int32_t>::max(), -std::numeric_limits<float>::infinity()});
  bad_.assign(n_threads * bad_stride_, 0);
}

void TopRows::see(const kernels::Kernels& kernels, uint32_t thread, uint32_t row, const float* logits, uint32_t n,
                  uint32_t first_id) {
  const std::span<Scored> list = best(thread, row);
  bad_[thread * bad_stride_ + row] += count_bad(logits, n);
  const uint32_t piece = list.size() == 1 ? n : kPiece;
  for (uint32_t from = 0; from < n; from += piece) {
    const uint32_t end = std::min(n, from + piece);
    const uint32_t largest = from + kernels.argmax(logits + from, end - from);
    if (!insert(list, {static_cast<int32_t>(first_id + largest), logits[largest]}) || list.size() == 1) continue;
    for (uint32_t i = from; i < end; ++i) {
      if (i != largest && logits[i] >= list.back().logit) {
        insert(list, {static_cast<int32_t>(first_id + i), logits[i]});
      }
    }
  }
}

Output TopRows::finish(uint32_t row) {
  const std::span<Scored> list = best(0, row);
  Output output{.top = list, .n_bad = bad_[row]};
  for (uint32_t thread = 1; thread < n_threads_; ++thread) {
    output.n_bad += bad_[thread * bad_stride_ + row];
    for (const Scored& scored : best(thread, row)) {
      if (!insert(list, scored)) break;
    }
  }
  return output;
}

}  // namespace ingle::backend::cpu
