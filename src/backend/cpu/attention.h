// Attention of one layer over the pages of every sequence in a step.
//
// Keys are reduced in chunks at fixed absolute positions, and chunks are merged in order, so that a row's result does not
// depend on the other rows, on the number of threads, or on which rows came in the same step (the online softmax of
// Milakov and Gimelshein, arXiv 1805.02867, with a fixed order). Long contexts with few rows are split over chunks, the way
// of Flash-Decoding; short ones over heads and query tiles.
#pragma once

#include <cstdint>
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
  };
  // Work of one thread: some query heads of one kv head for one span, over all chunks or over one.
  struct Item {
    uint32_t span;
    uint32_t kv_head;
    uint32_t first_head;  // within the group
    uint32_t n_heads;
    uint32_t chunk;    // kAllChunks, or the one chunk
    uint32_t partial;  // where the split item's rows begin in the partial buffers
  };
  static constexpr uint32_t kAllChunks = UINT32_MAX;
  static constexpr uint32_t kSpanRows = 16;

  struct Rows;  // partial softmax of a set of rows

  void make_items(const AttentionShape& shape, unsigned threads);
  void run_item(const Item& item, uint32_t thread, const kernels::Kernels& kernels, const KvPages& pages, size_t layer,
                const AttentionShape& shape, const Step& step, const float* q, size_t q_stride, float* out,
                size_t out_stride);
  void merge_split(const kernels::Kernels& kernels, const AttentionShape& shape, float* out, size_t out_stride);

  std::vector<Span> spans_;
  std::vector<Item> items_;
  std::vector<float> partial_m_, partial_l_, partial_out_;
  size_t scratch_floats_ = 0;  // per thread
  std::vector<float> scratch_;
};

}  // namespace ingle::backend::cpu
