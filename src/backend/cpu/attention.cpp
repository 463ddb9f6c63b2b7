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

struct AttentionRunner::Phase {
  const kernels::Kernels& kernels;
  const KvPages& pages;
  size_t layer;
  const AttentionShape& shape;
  const Step& step;
  const float* q;
  size_t q_stride;
  float* out;
  size_t out_stride;
};

Result<AttentionRunner> AttentionRunner::create(const std::vector<AttentionShape>& shapes, uint32_t threads) {
  AttentionRunner runner;
  for (const AttentionShape& shape : shapes) {
    const uint32_t group = shape.n_heads / shape.n_kv_heads;
    if (group > kMaxRows / kSpanRows) {
      return std::unexpected(Error::unsupported("more than 32 query heads share one key head"));
    }
    // The queries, and two sets of (m, l, out): what is summed so far, and the chunk at hand.
    runner.scratch_floats_ =
        std::max<size_t>(runner.scratch_floats_, size_t{kSpanRows} * group * (3 * shape.head_dim + 4));
  }
  runner.scratch_.resize(runner.scratch_floats_ * threads);
  return runner;
}

void AttentionRunner::plan(const Step& step) {
  spans_.clear();
  const auto rows = step.rows;
  const auto is_next = [&](uint32_t i) {
    return i < rows.size() && rows[i].sequence == rows[i - 1].sequence && rows[i].pos == rows[i - 1].pos + 1;
  };
  for (uint32_t i = 0; i < rows.size();) {
    uint32_t end = i + 1;
    while (is_next(end))
      ++end;
    const uint32_t n_keys = rows[end - 1].pos + 1;
    for (; i < end; i = std::min(end, i + kSpanRows))
      spans_.push_back({rows[i].sequence, i, std::min(kSpanRows, end - i), rows[i].pos, n_keys});
  }
}

void AttentionRunner::make_items(const AttentionShape& shape, unsigned threads) {
  items_.clear();
  groups_.clear();
  const uint32_t group_heads = shape.n_heads / shape.n_kv_heads;
  const auto first_chunk = [&](const Span& span) { return first_key(span.first_pos, shape.window) / kChunkTokens; };
  const auto n_chunks = [&](const Span& span) {
    return (end_of(span, shape) - 1) / kChunkTokens + 1 - first_chunk(span);
  };
  // Chunks are shared out before the heads of a group are, because heads apart read the same keys twice.
  const bool split = spans_.size() * shape.n_kv_heads < 4UL * threads;
  size_t tasks = 0;
  for (const Span& span : spans_)
    tasks += size_t{shape.n_kv_heads} * (split ? n_chunks(span) : 1);
  uint32_t parts = 1;  // of a head group, when there would not be a task for every thread
  while (parts < group_heads && tasks * parts < threads)
    ++parts;

  uint32_t partials = 0;
  for (uint32_t s = 0; s < spans_.size(); ++s) {
    const Span& span = spans_[s];
    for (uint32_t head = 0; head < shape.n_kv_heads; ++head) {
      for (uint32_t part = 0; part < parts; ++part) {
        const uint32_t from = group_heads * part / parts;
        const uint32_t n_heads = group_heads * (part + 1) / parts - from;
        const auto group = static_cast<uint32_t>(groups_.size());
        groups_.push_back({s, head, head * group_heads + from, n_heads, first_chunk(span), n_chunks(span), partials});
        if (!split || n_chunks(span) == 1) {
          items_.push_back({group, kAllChunks});
          continue;
        }
        for (uint32_t i = 0; i < n_chunks(span); ++i)
          items_.push_back({group, first_chunk(span) + i});
        partials += n_chunks(span) * span.n_rows * n_heads;
      }
    }
  }
  partial_m_.resize(std::max<size_t>(partial_m_.size(), partials));
  partial_l_.resize(std::max<size_t>(partial_l_.size(), partials));
  partial_out_.resize(std::max(partial_out_.size(), size_t{partials} * shape.head_dim));
  if (groups_.size() > n_counters_) {
    n_counters_ = groups_.size();
    chunks_left_ = std::make_unique<std::atomic<uint32_t>[]>(n_counters_);
  }
  for (size_t i = 0; i < groups_.size(); ++i)
    chunks_left_[i].store(groups_[i].n_chunks, std::memory_order_relaxed);
}

AttentionRunner::Rows AttentionRunner::partial(const Group& group, uint32_t chunk, uint32_t head_dim) {
  const size_t at = group.partial + size_t{chunk - group.first_chunk} * n_rows(group);
  return {&partial_m_[at], &partial_l_[at], &partial_out_[at * head_dim]};
}

// All of a chunk's pages, the last one repeated where the sequence ends.
void AttentionRunner::list_pages(const Phase& phase, const Group& group, uint32_t chunk,
                                 std::span<const std::byte*> pages) const {
  const Span& span = spans_[group.span];
  const uint32_t last_page = (end_of(span, phase.shape) - 1) / kPageTokens;
  for (uint32_t i = 0; i < kChunkPages; ++i) {
    const uint32_t page = std::min(chunk * kChunkPages + i, last_page);
    pages[i] = phase.pages.block(phase.step.sequences[span.sequence][page], phase.layer, group.kv_head);
  }
}

// Row = token * n_heads + head; q[dimension][row].
void AttentionRunner::pack_queries(const Phase& phase, const Group& group, float* q) const {
  const uint32_t rows = n_rows(group), dim = phase.shape.head_dim;
  for (uint32_t r = 0; r < rows; ++r) {
    const float* const from = phase.q + (spans_[group.span].first_row + r / group.n_heads) * phase.q_stride +
                              size_t{group.first_head + r % group.n_heads} * dim;
    for (uint32_t d = 0; d < dim; ++d)
      q[size_t{d} * rows + r] = from[d];
  }
}

void AttentionRunner::finish(const Phase& phase, const Group& group, const Rows& rows) const {
  const uint32_t dim = phase.shape.head_dim;
  for (uint32_t r = 0; r < n_rows(group); ++r) {
    float* const to = phase.out + (spans_[group.span].first_row + r / group.n_heads) * phase.out_stride +
                      size_t{group.first_head + r % group.n_heads} * dim;
    const float* const sum = rows.out + size_t{r} * dim;
    const float factor = 1 / rows.l[r];
    for (uint32_t d = 0; d < dim; ++d)
      to[d] = sum[d] * factor;
  }
}

void AttentionRunner::attend_chunk(const Phase& phase, const Group& group, uint32_t chunk, const float* q,
                                   std::span<const std::byte* const> pages, const std::byte* const* ahead,
                                   const Rows& result) const {
  std::array<uint32_t, kMaxRows> from;
  std::array<uint32_t, kMaxRows> to;
  for (uint32_t r = 0; r < n_rows(group); ++r) {
    const Span& span = spans_[group.span];
    const uint32_t pos = span.first_pos + r / group.n_heads;
    from[r] = clamp_to_chunk(first_key(pos, phase.shape.window), chunk * kChunkTokens);
    to[r] = clamp_to_chunk(phase.shape.causal ? pos + 1 : span.n_keys, chunk * kChunkTokens);
  }
  phase.kernels.attend_chunk({.format = phase.pages.format(),
                              .head_dim = phase.shape.head_dim,
                              .n_rows = n_rows(group),
                              .q = q,
                              .from = from.data(),
                              .to = to.data(),
                              .pages = pages.data(),
                              .ahead = ahead,
                              .scale = phase.shape.scale,
                              .m = result.m,
                              .l = result.l,
                              .out = result.out});
}

void AttentionRunner::run_item(const Phase& phase, uint32_t index, uint32_t thread) {
  const Item& item = items_[index];
  const Group& group = groups_[item.group];
  const uint32_t rows = n_rows(group), dim = phase.shape.head_dim;
  float* const q = scratch_.data() + thread * scratch_floats_;
  pack_queries(phase, group, q);

  std::array<const std::byte*, kChunkPages> pages;
  std::array<const std::byte*, kChunkPages> ahead;
  const auto merge = [&](const Rows& next, const Rows& sum) {
    phase.kernels.attend_merge(rows, dim, next.m, next.l, next.out, sum.m, sum.l, sum.out);
  };
  if (item.chunk == kAllChunks) {
    const auto rows_at = [&](float* base) { return Rows{base, base + rows, base + 2UL * rows}; };
    const Rows sum = rows_at(q + size_t{rows} * dim);
    const Rows next = rows_at(sum.out + size_t{rows} * dim);
    list_pages(phase, group, group.first_chunk, pages);
    for (uint32_t i = 0; i < group.n_chunks; ++i) {
      const uint32_t chunk = group.first_chunk + i;
      const bool is_last = i + 1 == group.n_chunks;
      if (!is_last) list_pages(phase, group, chunk + 1, ahead);
      attend_chunk(phase, group, chunk, q, pages, is_last ? nullptr : ahead.data(), i == 0 ? sum : next);
      if (i > 0) merge(next, sum);
      pages = ahead;
    }
    finish(phase, group, sum);
    return;
  }
  list_pages(phase, group, item.chunk, pages);
  // Usually this thread takes the next item too.
  const Item* const next = index + 1 < items_.size() ? &items_[index + 1] : nullptr;
  const bool reads_ahead = next != nullptr && next->chunk != kAllChunks;
  if (reads_ahead) list_pages(phase, groups_[next->group], next->chunk, ahead);
  attend_chunk(phase, group, item.chunk, q, pages, reads_ahead ? ahead.data() : nullptr,
               partial(group, item.chunk, dim));
  // The same order of chunks as above, whoever comes last.
  if (chunks_left_[item.group].fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  const Rows sum = partial(group, group.first_chunk, dim);
  for (uint32_t i = 1; i < group.n_chunks; ++i)
    merge(partial(group, group.first_chunk + i, dim), sum);
  finish(phase, group, sum);
}

void AttentionRunner::run(base::ThreadPool& pool, const kernels::Kernels& kernels, const KvPages& pages, size_t layer,
                          const AttentionShape& shape, const Step& step, const float* q, size_t q_stride, float* out,
                          size_t out_stride) {
  make_items(shape, pool.active());
  const Phase phase{kernels, pages, layer, shape, step, q, q_stride, out, out_stride};
  pool.run(static_cast<uint32_t>(items_.size()),
           [&](uint32_t task, uint32_t thread) { run_item(phase, task, thread); });
}

}  // namespace ingle::backend::cpu
