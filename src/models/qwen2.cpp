// Qwen2 and Qwen2.5: Llama with biases on Q, K and V, rotating halves.
//
// Yang et al. 2024 (arXiv 2407.10671).
#include "models/architecture.h"

namespace ingle::models {

void describe_qwen2(const Hyper& h, Tensors& t, backend::Program& program) {
  program.ropes = {scaled_rope(h, /*adjacent=*/false)};
  for (uint64_t i = 0; i < h.n_layers; ++i) {
    backend::Layer layer = llama_layer(h, t, i);
    layer.attention.q_bias = t.vector(block(i, "attn_q.bias"), h.n_heads[i] * h.head_dim);
    layer.attention.k_bias = t.vector(block(i, "attn_k.bias"), h.n_kv_heads[i] * h.head_dim);
    layer.attention.v_bias = t.vector(block(i, "attn_v.bias"), h.n_kv_heads[i] * h.head_dim);
    program.layers.push_back(std::move(layer));
  }
  program.head_bias = t.optional_vector("output.bias", program.n_vocab);
}

}  // namespace ingle::models
