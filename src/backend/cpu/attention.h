// Attention of one layer over the pages of every sequence in a step.
//
// Keys are reduced in chunks at fixed absolute positions, and chunks are merged in order, so that a row's result does not
// depend on the other rows, on the number of threads, or on which rows came in the same step (the online softmax of
// Milakov and Gimelshein, arXiv 1805.02867, with a fixed order). Long contexts with few rows are split over chunks, the way
// of Flash-Decoding; short ones over heads and query tiles.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "backend/cpu/buffer.h"
#include "backend/cpu/kv_pages.h"
#include "base/thread_pool.h"

namespace ingle::backend::cpu {

struct AttentionShape {
  uint32_t n_heads = 0;
  uint32_t n_kv_heads = 0;
  uint32_t head_dim = 0;
  uint32_t window = 0;  // 0: all
  float scale = 0;
  bool causal = true;  // a query sees no key behind it; else all keys of its sequence
};

class AttentionRunner {
 public:
  /// Scratch for the largest shape of a model; rows in a step are bounded by max_rows.
  static Result<AttentionRunner> create(const std::vector<AttentionShape>& shapes, uint32_t threads);

  /// Cuts the step into tasks; once a step, before run().
  void plan(const Step& step);

  /// q: [row][n_heads * head_dim] with q_stride, read; out: the same shape, written.
  void run(base::ThreadPool& pool, const kernels::Kernels& kernels, const KvPages& pages, size_t layer,
           const AttentionShape& shape, const Step& step, const float* q, size_t q_stride, float* out,
           size_t out_stride);

 private:
  // Rows [first_row, first_row + n_rows) of one sequence, which stand at consecutive positions.
  struct Span {
    uint32_t sequence;
    uint32_t first_row;
    uint32_t n_rows;
    uint32_t first_pos;
    uint32_t n_keys;  // of the sequence, with all its rows in the step
  };
  // Some query heads of one kv head for one span: the rows that are worked on together.
  struct Group {
    uint32_t span;
    uint32_t kv_head;
    uint32_t first_head;  // of the model
    uint32_t n_heads;
    uint32_t first_chunk;
    uint32_t n_chunks;
    uint32_t partial;  // where the chunks' rows begin in the partial buffers, if the group is split
  };
  // Work of one thread: a group over all its chunks, or over one of them.
  struct Item {
    uint32_t group;
    uint32_t chunk;  // kAllChunks, or the one chunk
  };
  static constexpr uint32_t kAllChunks = UINT32_MAX;
  static constexpr uint32_t kSpanRows = 16;

  struct Phase;  // what run() was asked to do
  struct Rows {  // partial softmax of a set of rows
    float* m;
    float* l;
    float* out;
  };

  void make_items(const AttentionShape& shape, unsigned threads);
  void run_item(const Phase& phase, uint32_t index, uint32_t thread);
  void attend_chunk(const Phase& phase, const Group& group, uint32_t chunk, const float* q,
                    std::span<const std::byte* const> pages, const std::byte* const* ahead, const Rows& result) const;
  void list_pages(const Phase& phase, const Group& group, uint32_t chunk, std::span<const std::byte*> pages) const;
  void pack_queries(const Phase& phase, const Group& group, float* q) const;
  void finish(const Phase& phase, const Group& group, const Rows& rows) const;
  Rows partial(const Group& group, uint32_t chunk, uint32_t head_dim);
  /// How many keys some row of the span sees, from the sequence's first on.
  static uint32_t end_of(const Span& span, const AttentionShape& shape) {
    return shape.causal ? span.first_pos + span.n_rows : span.n_keys;
  }
  uint32_t n_rows(const Group& group) const { return spans_[group.span].n_rows * group.n_heads; }

  std::vector<Span> spans_;
  std::vector<Group> groups_;
  std::vector<Item> items_;
  std::unique_ptr<std::atomic<uint32_t>[]> chunks_left_;  // of a group; whoever ends the last one merges them
  size_t n_counters_ = 0;
  std::vector<float> partial_m_, partial_l_, partial_out_;
  size_t scratch_floats_ = 0;  // per thread
  std::vector<float> scratch_;
};

}  // namespace ingle::backend::cpu
