// Phi-3, Phi-3.5, Phi-4-mini and Phi-4: Llama with fused QKV and gate-up matrices, partial rotary and LongRoPE.
//
// Abdin et al. 2024 (arXiv 2404.14219); LongRoPE: Ding et al. 2024 (2402.13753). The rows of attn_qkv are Q, K, V; those of
// ffn_up are gate, up. The tensors rope_factors_short and _long decide about LongRoPE, not a key.
#include "models/architecture.h"

namespace ingle::models {

void describe_phi3(const Hyper& h, Tensors& t, backend::Program& program) {
  backend::Rope rope = scaled_rope(h, /*adjacent=*/false);
  const backend::Source long_factors = t.optional_vector("rope_factors_long.weight", h.n_rot / 2);
  if (!long_factors.empty()) {
    rope.long_from = static_cast<uint32_t>(h.original_context);
    rope.long_inv_freq = divided(rope.inv_freq, long_factors);
  }
  rope.inv_freq = divided(rope.inv_freq, t.optional_vector("rope_factors_short.weight", h.n_rot / 2));
  program.ropes = {std::move(rope)};

  for (uint64_t i = 0; i < h.n_layers; ++i) {
    const auto q_size = static_cast<uint32_t>(h.n_heads[i] * h.head_dim);
    const auto kv_size = static_cast<uint32_t>(h.n_kv_heads[i] * h.head_dim);
    const auto n_ff = static_cast<uint32_t>(h.n_ff[i]);
    const backend::Source qkv = t.matrix(block(i, "attn_qkv.weight"), h.n_embd, q_size + 2 * kv_size);
    const backend::Source gate_up = t.matrix(block(i, "ffn_up.weight"), h.n_embd, 2 * h.n_ff[i]);

    backend::Layer layer;
    layer.attention_norm = norm(h, t.vector(block(i, "attn_norm.weight"), h.n_embd));
    layer.attention = attention_of(h, i);
    layer.attention.q = rows_of(qkv, 0, q_size);
    layer.attention.k = rows_of(qkv, q_size, kv_size);
    layer.attention.v = rows_of(qkv, q_size + kv_size, kv_size);
    layer.attention.out = t.matrix(block(i, "attn_output.weight"), q_size, h.n_embd);
    layer.mlp_norm = norm(h, t.vector(block(i, "ffn_norm.weight"), h.n_embd));
    layer.mlp.gate = rows_of(gate_up, 0, n_ff);
    layer.mlp.up = rows_of(gate_up, n_ff, n_ff);
    layer.mlp.down = t.matrix(block(i, "ffn_down.weight"), h.n_ff[i], h.n_embd);
    program.layers.push_back(std::move(layer));
  }
}

}  // namespace ingle::models
