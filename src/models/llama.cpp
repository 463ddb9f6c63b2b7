// Llama 2 and 3.x, Mistral (sliding window), SmolLM2.
//
// Touvron et al. 2023 (arXiv 2307.09288), Dubey et al. 2024 (2407.21783), Jiang et al. 2023 (2310.06825). Files rotate
// neighbouring pairs: their converter interleaves the rows of Q and K. Llama 3.1 and later carry their frequency divisors
// as the tensor rope_freqs.weight.
#include "models/architecture.h"

namespace ingle::models {

void describe_llama(const Hyper& h, Tensors& t, backend::Program& program) {
  backend::Rope rope = scaled_rope(h, /*adjacent=*/true);
  rope.inv_freq = divided(rope.inv_freq, t.optional_vector("rope_freqs.weight", h.n_rot / 2));
  program.ropes = {std::move(rope)};
  for (uint64_t i = 0; i < h.n_layers; ++i) {
    backend::Layer layer = llama_layer(h, t, i);
    // Some derivatives were trained with biases.
    layer.attention.q_bias = t.optional_vector(block(i, "attn_q.bias"), h.n_heads[i] * h.head_dim);
    layer.attention.k_bias = t.optional_vector(block(i, "attn_k.bias"), h.n_kv_heads[i] * h.head_dim);
    layer.attention.v_bias = t.optional_vector(block(i, "attn_v.bias"), h.n_kv_heads[i] * h.head_dim);
    layer.attention.out_bias = t.optional_vector(block(i, "attn_output.bias"), h.n_embd);
    layer.mlp.gate_bias = t.optional_vector(block(i, "ffn_gate.bias"), h.n_ff[i]);
    layer.mlp.up_bias = t.optional_vector(block(i, "ffn_up.bias"), h.n_ff[i]);
    layer.mlp.down_bias = t.optional_vector(block(i, "ffn_down.bias"), h.n_embd);
    t.ignore(block(i, "attn_rot_embd.weight"));  // a cache of the angles in files of 2023
    t.ignore(block(i, "attention.rotary_emb.inv_freq"));
    program.layers.push_back(std::move(layer));
  }
}

}  // namespace ingle::models
