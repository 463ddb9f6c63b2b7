#include "cli/model_work.h"

#include <algorithm>

namespace ingle::cli {
namespace {

constexpr double kGiga = 1e9;

class Counter {
 public:
  Counter(const kernels::Kernels& table, bool reference) : table_(table), reference_(reference) {}

  void add(const backend::Source& matrix, ModelWork::Matrices& to) const {
    if (matrix.empty()) return;
    const kernels::PanelInfo& panel = kernels::panel_for(matrix.format->id);
    const uint32_t k = (matrix.n_in + panel.block_columns - 1) / panel.block_columns * panel.block_columns;
    const uint64_t n_panels = (uint64_t{matrix.n_out} + kernels::kPanelRows - 1) / kernels::kPanelRows;
    to.bytes += n_panels * panel.panel_bytes(k);
    const bool int8 =
        !reference_ && table_.quantize_by_default && table_.matmul_q8[static_cast<size_t>(panel.format)] != nullptr;
    (int8 ? to.int8_weights : to.f32_weights) += static_cast<double>(matrix.n_in) * matrix.n_out;
  }

 private:
  const kernels::Kernels& table_;
  bool reference_;
};

double seconds_of(const ModelWork::Matrices& matrices, double rows, const Peaks& peaks) {
  double seconds = 0;
  if (matrices.int8_weights > 0) seconds += 2 * rows * matrices.int8_weights / (peaks.int8_gops * kGiga);
  if (matrices.f32_weights > 0) seconds += 2 * rows * matrices.f32_weights / (peaks.f32_gops * kGiga);
  return seconds;
}

/// Keys and values that one sequence reads for a token at `position`.
double kv_bytes(const ModelWork& work, double position) {
  double bytes = 0;
  for (const ModelWork::LayerKv& layer : work.kv)
    bytes += layer.bytes_per_token * (layer.window > 0 ? std::min<double>(layer.window, position) : position);
  return bytes;
}

}  // namespace

ModelWork ModelWork::of(const backend::Program& program, const kernels::Kernels& table, bool reference,
                        backend::KvType kv_type) {
  ModelWork work;
  const Counter counter(table, reference);
  double kv_numbers = 0;
  for (const backend::Layer& layer : program.layers) {
    for (const backend::Source* matrix : {&layer.attention.q, &layer.attention.k, &layer.attention.v,
                                          &layer.attention.out, &layer.mlp.gate, &layer.mlp.up, &layer.mlp.down}) {
      if (!matrix->empty()) counter.add(*matrix, work.layers);
    }
    kv_numbers += static_cast<double>(layer.attention.n_kv_heads) * layer.attention.head_dim;
  }
  counter.add(program.head.empty() ? program.embedding : program.head, work.head);
  // A page holds all layers; each has its part by the numbers it keeps.
  const auto page = static_cast<double>(backend::page_bytes(program, reference ? backend::KvType::kF32 : kv_type));
  for (const backend::Layer& layer : program.layers)
    work.kv.push_back({page / kernels::kPageTokens * layer.attention.n_kv_heads * layer.attention.head_dim / kv_numbers,
                       layer.attention.window});
  return work;
}

Roofline roofline(const ModelWork& work, const SpeedTest& test, const Peaks& peaks) {
  if (peaks.bytes_per_s <= 0 || peaks.f32_gops <= 0 || (work.layers.int8_weights > 0 && peaks.int8_gops <= 0))
    return {};
  // A step: the whole prompt, whose last token alone needs the head, or one token of every sequence.
  const double rows = test.prompt > 0 ? test.prompt : test.batch;
  const double head_rows = test.prompt > 0 ? 1 : test.batch;
  const double compute = seconds_of(work.layers, rows, peaks) + seconds_of(work.head, head_rows, peaks);
  const double kv = kv_bytes(work, test.depth + (test.prompt > 0 ? test.prompt : test.generate) / 2.0);
  const double bytes =
      static_cast<double>(work.layers.bytes + work.head.bytes) + kv * (test.prompt > 0 ? 1 : test.batch);
  const double reading = bytes / peaks.bytes_per_s;
  return {rows / std::max(compute, reading), compute > reading ? Bound::kCompute : Bound::kMemory};
}

}  // namespace ingle::cli
