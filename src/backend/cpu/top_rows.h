// TopRows: the largest logits of some rows of a step, collected by every thread of the pool from pieces of the vocabulary
// while they are in its caches, so that no array of the whole vocabulary is written and read again.
//
// Every thread keeps a sorted list a row. Which pieces a thread saw does not matter: logits are ordered by value, then by
// id, and the largest under a total order are the same however the whole was cut. begin() and finish() are called by the
// owner of the pool, see() by its threads in between.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "kernels/kernels.h"

namespace ingle::backend::cpu {

class TopRows {
 public:
  /// `tops`: how many logits each row wants; 0: none.
  void begin(std::span<const uint32_t> tops, uint32_t n_threads);
  bool wanted(uint32_t row) const { return from_[row + 1] > from_[row]; }
  /// The logits of `row` for the tokens [first_id, first_id + n), on thread `thread`.
  void see(const kernels::Kernels& kernels, uint32_t thread, uint32_t row, const float* logits, uint32_t n,
           uint32_t first_id);
  /// Of all threads together; valid until the next begin().
  Output finish(uint32_t row);

 private:
  std::span<Scored> best(uint32_t thread, uint32_t row) {
    return std::span(best_).subspan(thread * best_stride_ + from_[row], from_[row + 1] - from_[row]);
  }

  uint32_t n_threads_ = 0;
  size_t best_stride_ = 0, bad_stride_ = 0;
  std::vector<uint32_t> from_;  // [rows + 1] where a row's list begins in each thread's part of best_
  std::vector<Scored> best_;    // [threads][best_stride_]
  std::vector<uint32_t> bad_;   // [threads][bad_stride_]
};

}  // namespace ingle::backend::cpu
