#include "backend/cpu/footprint.h"

#include <algorithm>

#include "backend/cpu/activations.h"
#include "backend/cpu/weights.h"
#include "base/cpu_features.h"
#include "kernels/registry.h"

namespace ingle::backend::cpu {
namespace {

uint64_t norm_bytes(const Norm& norm) {
  return WeightStore::vector_bytes(norm.weight) + WeightStore::vector_bytes(norm.bias);
}

uint64_t layer_bytes(const Layer& layer) {
  const Attention& a = layer.attention;
  const Mlp& mlp = layer.mlp;
  uint64_t bytes = 0;
  for (const Source* matrix : {&a.q, &a.k, &a.v, &a.out, &mlp.gate, &mlp.up, &mlp.down})
    bytes += WeightStore::matrix_bytes(*matrix);
  for (const Source* bias :
       {&a.q_bias, &a.k_bias, &a.v_bias, &a.out_bias, &mlp.gate_bias, &mlp.up_bias, &mlp.down_bias})
    bytes += WeightStore::vector_bytes(*bias);
  for (const Norm* norm :
       {&layer.attention_norm, &layer.attention_post_norm, &layer.mlp_norm, &layer.mlp_post_norm, &a.q_norm, &a.k_norm})
    bytes += norm_bytes(*norm);
  return bytes;
}

uint64_t encoder_bytes(const Encoder& encoder) {
  uint64_t bytes = norm_bytes(encoder.embedding_norm);
  for (const Source* matrix : {&encoder.dense, &encoder.classes})
    bytes += WeightStore::matrix_bytes(*matrix);
  for (const Source* vector : {&encoder.positions, &encoder.types, &encoder.dense_bias, &encoder.classes_bias})
    bytes += WeightStore::vector_bytes(*vector);
  return bytes;
}

uint64_t weight_bytes(const Program& program) {
  uint64_t bytes = WeightStore::matrix_bytes(program.embedding) + WeightStore::matrix_bytes(program.head) +
                   WeightStore::vector_bytes(program.head_bias) + norm_bytes(program.output_norm);
  for (const Layer& layer : program.layers)
    bytes += layer_bytes(layer);
  if (program.encoder) bytes += encoder_bytes(*program.encoder);
  return bytes;
}

/// Angles of every position, in arrays that double when they grow.
uint64_t table_bytes(const Program& program, uint32_t context) {
  uint64_t floats = 0;
  for (const Rope& rope : program.ropes)
    floats += 2ULL * 2 * (rope.n_rot / 2) * context;
  return floats * sizeof(float);
}

}  // namespace

WorkShape WorkShape::of(const Program& program, uint32_t max_rows) {
  WorkShape shape;
  shape.rows = (std::max(max_rows, 1U) + kTile - 1) / kTile * kTile;
  uint32_t head_dim = 0;
  for (const Layer& layer : program.layers) {
    shape.heads = std::max(shape.heads, layer.attention.n_heads * layer.attention.head_dim);
    head_dim = std::max(head_dim, layer.attention.head_dim);
    shape.ff = std::max(shape.ff, layer.mlp.up.n_out);
  }
  // The largest task: keys and 16-bit values of a head, gate and up, or 16-bit activations of a piece of the head.
  const size_t task_rows = std::max<size_t>(3UL * head_dim, 4UL * kMaxTaskPanels * kernels::kPanelRows);
  const size_t widest = Activations::stride_for(std::max(program.n_embd, shape.heads));
  shape.task_floats = std::max(kTaskTokens * task_rows, Arithmetic::fine_scratch(widest));
  return shape;
}

uint64_t WorkShape::bytes(uint32_t n_embd, uint32_t threads, bool quantize) const {
  const auto of = [&](uint32_t columns, bool fine) { return Activations::bytes_for(rows, columns, fine); };
  return 2 * of(n_embd, false) + 2 * of(n_embd, quantize) + of(heads, false) + of(heads, quantize) + of(ff, quantize) +
         task_floats * sizeof(float) * threads;
}

Result<Footprint> footprint(const Program& program, const Options& options) {
  INGLE_TRY(const kernels::Kernels* const table, kernels::choose(options.isa));
  const bool reference = options.precision == Precision::kReference || !table->quantize_by_default;
  const uint32_t threads = options.threads > 0 ? options.threads : base::physical_cores();
  const bool exact_kv = reference && options.kv == KvType::kDefault;
  return Footprint{
      .weights = weight_bytes(program),
      .page = page_bytes(program, exact_kv ? KvType::kF32 : options.kv),
      .work = WorkShape::of(program, options.max_rows).bytes(program.n_embd, threads, !reference),
      .tables = table_bytes(program, options.context),
  };
}

}  // namespace ingle::backend::cpu
