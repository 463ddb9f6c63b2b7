#include "backend/cpu/attention.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/check.h"

namespace ingle::backend::cpu {
namespace {

using kernels::kChunkPages;
using kernels::kChunkTokens;
using kernels::kPageTokens;

// A query head times a query: at most this many rows in one call of the kernel.
constexpr uint32_t kMaxRows = 512;

uint32_t first_key(uint32_t pos, uint32_t window) {
  return window == 0 || pos < window ? 0 : pos - window + 1;
}

uint32_t clamp_to_chunk(uint32_t key, uint32_t chunk_begin) {
  return key <= chunk_begin ? 0 : std::min(key - chunk_begin, kChunkTokens);
}

}  // namespace

struct AttentionRunner::Rows {
  float* m;
  float* l;
  float* out;
};

Result<AttentionRunner> AttentionRunner::create(const std::vector<AttentionShape>& shapes, uint32_t threads) {
  AttentionRunner runner;
  for (const AttentionShape& shape : shapes) {
    const uint32_t group = shape.n_heads / shape.n_kv_heads;
    if (group > kMaxRows / kSpanRows) {
      return std::unexpected(Error::unsupported("more than 32 query heads share one key head"));
    }
    // Two sets of (m, l, out): what is summed so far, and the chunk at hand.
    runner.scratch_floats_ = std::max<size_t>(runner.scratch_floats_, 2UL * kSpanRows * group * (shape.head_dim + 2));
  }
  runner.scratch_.resize(runner.scratch_floats_ * threads);
  return runner;
}

void AttentionRunner::plan(const Step& step) {
  spans_.clear();
  const auto rows = step.rows;
  for (uint32_t i = 0; i < rows.size();) {
    uint32_t n = 1;
    while (n < kSpanRows && i + n < rows.size() && rows[i + n].sequence == rows[i].sequence &&
           rows[i + n].pos == rows[i].pos + n) {
      ++n;
    }
    spans_.push_back({rows[i].sequence, i, n, rows[i].pos});
    i += n;
  }
}

void AttentionRunner::make_items(const AttentionShape& shape, unsigned threads) {
  items_.clear();
  const uint32_t group = shape.n_heads / shape.n_kv_heads;
  uint32_t parts = 1;  // of a head group, when there would not be a task for every thread
  while (parts < group && spans_.size() * shape.n_kv_heads * parts < threads)
    ++parts;

  uint32_t partials = 0;
  for (uint32_t s = 0; s < spans_.size(); ++s) {
    const Span& span = spans_[s];
    const uint32_t last_pos = span.first_pos + span.n_rows - 1;
    const uint32_t first_chunk = first_key(span.first_pos, shape.window) / kChunkTokens;
    const uint32_t n_chunks = last_pos / kChunkTokens + 1 - first_chunk;
    const bool split = n_chunks > 1 && spans_.size() * shape.n_kv_heads < 4UL * threads;
    for (uint32_t head = 0; head < shape.n_kv_heads; ++head) {
      for (uint32_t part = 0; part < parts; ++part) {
        const uint32_t from = group * part / parts;
        const uint32_t to = group * (part + 1) / parts;
        if (!split) {
          items_.push_back({s, head, from, to - from, kAllChunks, 0});
          continue;
        }
        for (uint32_t chunk = first_chunk; chunk < first_chunk + n_chunks; ++chunk) {
          items_.push_back({s, head, from, to - from, chunk, partials});
          partials += span.n_rows * (to - from);
        }
      }
    }
  }
  if (partials > partial_m_.size()) {
    partial_m_.resize(partials);
    partial_l_.resize(partials);
  }
  partial_out_.resize(std::max<size_t>(partial_out_.size(), static_cast<size_t>(partials) * shape.head_dim));
}

void AttentionRunner::run_item(const Item& item, uint32_t thread, const kernels::Kernels& kernels, const KvPages& pages,
                               size_t layer, const AttentionShape& shape, const Step& step, const float* q,
                               size_t q_stride, float* out, size_t out_stride) {
  const Span& span = spans_[item.span];
  const uint32_t n_rows = span.n_rows * item.n_heads;
  const uint32_t first_head = item.kv_head * (shape.n_heads / shape.n_kv_heads) + item.first_head;
  const auto& block_table = step.sequences[span.sequence];

  // Row = token * n_heads + head.
  std::array<const float*, kMaxRows> q_rows;
  std::array<uint32_t, kMaxRows> from;
  std::array<uint32_t, kMaxRows> to;
  for (uint32_t r = 0; r < n_rows; ++r) {
    q_rows[r] = q + (span.first_row + r / item.n_heads) * q_stride +
                static_cast<size_t>(first_head + r % item.n_heads) * shape.head_dim;
  }

  float* const scratch = scratch_.data() + thread * scratch_floats_;
  const auto rows_at = [&](float* base) { return Rows{base, base + n_rows, base + 2UL * n_rows}; };
  const Rows sum = item.chunk == kAllChunks
                       ? rows_at(scratch)
                       : Rows{partial_m_.data() + item.partial, partial_l_.data() + item.partial,
                              partial_out_.data() + static_cast<size_t>(item.partial) * shape.head_dim};
  const Rows next = rows_at(scratch + static_cast<size_t>(n_rows) * (shape.head_dim + 2));

  const auto one_chunk = [&](uint32_t chunk, const Rows& result) {
    const uint32_t begin = chunk * kChunkTokens;
    uint32_t end = 0;
    for (uint32_t r = 0; r < n_rows; ++r) {
      const uint32_t pos = span.first_pos + r / item.n_heads;
      from[r] = clamp_to_chunk(first_key(pos, shape.window), begin);
      to[r] = clamp_to_chunk(pos + 1, begin);
      end = std::max(end, to[r]);
    }
    std::array<const std::byte*, kChunkPages> chunk_pages{};
    for (uint32_t p = 0; p * kPageTokens < end; ++p) {
      chunk_pages[p] = pages.block(block_table[chunk * kChunkPages + p], layer, item.kv_head);
    }
    kernels::AttendArgs args;
    args.format = pages.format();
    args.head_dim = shape.head_dim;
    args.n_rows = n_rows;
    args.q = q_rows.data();
    args.from = from.data();
    args.to = to.data();
    args.pages = chunk_pages.data();
    args.scale = shape.scale;
    args.m = result.m;
    args.l = result.l;
    args.out = result.out;
    kernels.attend_chunk(args);
  };

  if (item.chunk != kAllChunks) {
    one_chunk(item.chunk, sum);
    return;
  }
  const uint32_t last_pos = span.first_pos + span.n_rows - 1;
  const uint32_t first_chunk = first_key(span.first_pos, shape.window) / kChunkTokens;
  one_chunk(first_chunk, sum);
  for (uint32_t chunk = first_chunk + 1; chunk <= last_pos / kChunkTokens; ++chunk) {
    one_chunk(chunk, next);
    kernels.attend_merge(n_rows, shape.head_dim, next.m, next.l, next.out, sum.m, sum.l, sum.out);
  }
  for (uint32_t r = 0; r < n_rows; ++r) {
    float* const to_row = out + (span.first_row + r / item.n_heads) * out_stride +
                          static_cast<size_t>(first_head + r % item.n_heads) * shape.head_dim;
    const float* const from_row = sum.out + static_cast<size_t>(r) * shape.head_dim;
    for (uint32_t d = 0; d < shape.head_dim; ++d)
      to_row[d] = from_row[d] / sum.l[r];
  }
}

void AttentionRunner::merge_split(const kernels::Kernels& kernels, const AttentionShape& shape, float* out,
                                  size_t out_stride) {
  // Items of one (span, kv head, part) stand together, chunk after chunk: the same order as in run_item.
  for (size_t i = 0; i < items_.size();) {
    const Item& first = items_[i];
    if (first.chunk == kAllChunks) {
      ++i;
      continue;
    }
    const Span& span = spans_[first.span];
    const uint32_t n_rows = span.n_rows * first.n_heads;
    float* const m = partial_m_.data() + first.partial;
    float* const l = partial_l_.data() + first.partial;
    float* const sum = partial_out_.data() + static_cast<size_t>(first.partial) * shape.head_dim;
    for (++i; i < items_.size() && items_[i].chunk != kAllChunks && items_[i].chunk > items_[i - 1].chunk; ++i) {
      const uint32_t p = items_[i].partial;
      kernels.attend_merge(n_rows, shape.head_dim, &partial_m_[p], &partial_l_[p],
                           &partial_out_[static_cast<size_t>(p) * shape.head_dim], m, l, sum);
    }
    const uint32_t first_head = first.kv_head * (shape.n_heads / shape.n_kv_heads) + first.first_head;
    for (uint32_t r = 0; r < n_rows; ++r) {
      float* const to_row = out + (span.first_row + r / first.n_heads) * out_stride +
                            static_cast<size_t>(first_head + r % first.n_heads) * shape.head_dim;
      for (uint32_t d = 0; d < shape.head_dim; ++d)
        to_row[d] = sum[static_cast<size_t>(r) * shape.head_dim + d] / l[r];
    }
  }
}

void AttentionRunner::run(base::ThreadPool& pool, const kernels::Kernels& kernels, const KvPages& pages, size_t layer,
                          const AttentionShape& shape, const Step& step, const float* q, size_t q_stride, float* out,
                          size_t out_stride) {
  make_items(shape, pool.active());
  pool.run(static_cast<uint32_t>(items_.size()), [&](uint32_t task, uint32_t thread) {
    run_item(items_[task], thread, kernels, pages, layer, shape, step, q, q_stride, out, out_stride);
  });
  merge_split(kernels, shape, out, out_stride);
}

}  // namespace ingle::backend::cpu
