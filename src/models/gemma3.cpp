// Gemma 3: four norms a layer, q/k-norm, five local layers to one global one with RoPE bases of their own, scaled
// embeddings, GELU.
//
// Gemma team 2025 (arXiv 2503.19786). Norm weights in the file already hold 1 + w.
#include <cmath>

#include "models/architecture.h"

namespace ingle::models {

namespace {

// The 27B model scales its scores by the width per head instead of the head size; its file has no key for it.
constexpr uint64_t kLayersOf27B = 62;

constexpr uint64_t kDefaultPeriod = 6;

}  // namespace

void describe_gemma3(const Hyper& hyper, Tensors& t, backend::Program& program) {
  Hyper h = hyper;
  if (h.window > 0 && !hyper.has_window_pattern) {
    for (uint64_t i = 0; i < h.n_layers; ++i)
      h.local[i] = i % kDefaultPeriod < kDefaultPeriod - 1;
  }
  constexpr uint32_t kGlobal = 0;
  constexpr uint32_t kLocal = 1;
  program.ropes = {scaled_rope(h, /*adjacent=*/false), plain_rope(h.n_rot, h.rope_base_swa, /*adjacent=*/false)};
  program.embedding_scale = std::sqrt(static_cast<float>(h.n_embd));
  program.logit_softcap = static_cast<float>(h.logit_softcap);

  for (uint64_t i = 0; i < h.n_layers; ++i) {
    backend::Layer layer = llama_layer(h, t, i);
    layer.attention.q_norm = norm(h, t.vector(block(i, "attn_q_norm.weight"), h.head_dim));
    layer.attention.k_norm = norm(h, t.vector(block(i, "attn_k_norm.weight"), h.head_dim));
    layer.attention.rope = h.local[i] ? kLocal : kGlobal;
    if (h.n_layers == kLayersOf27B) {
      layer.attention.scale = 1 / std::sqrt(static_cast<float>(h.n_embd) / static_cast<float>(h.n_heads[i]));
    }
    layer.attention_post_norm = norm(h, t.vector(block(i, "post_attention_norm.weight"), h.n_embd));
    layer.mlp.activation = backend::Activation::kGeluTanh;
    layer.mlp_post_norm = norm(h, t.vector(block(i, "post_ffw_norm.weight"), h.n_embd));
    program.layers.push_back(std::move(layer));
  }
}

}  // namespace ingle::models
