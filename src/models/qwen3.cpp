// Qwen3: Llama with an RMS norm over every query and key head before RoPE, rotating halves, and a head size of its own.
//
// Yang et al. 2025 (arXiv 2505.09388).
#include "models/architecture.h"

namespace ingle::models {

void describe_qwen3(const Hyper& h, Tensors& t, backend::Program& program) {
  program.ropes = {scaled_rope(h, /*adjacent=*/false)};
  for (uint64_t i = 0; i < h.n_layers; ++i) {
    backend::Layer layer = llama_layer(h, t, i);
    layer.attention.q_norm = norm(h, t.vector(block(i, "attn_q_norm.weight"), h.head_dim));
    layer.attention.k_norm = norm(h, t.vector(block(i, "attn_k_norm.weight"), h.head_dim));
    program.layers.push_back(std::move(layer));
  }
}

}  // namespace ingle::models
