#include "models/architecture.h"

#include <array>
#include <cmath>

namespace ingle::models {
namespace {

constexpr std::array kArchitectures = {
    Architecture{"llama", describe_llama},   Architecture{"phi3", describe_phi3},
    Architecture{"qwen2", describe_qwen2},   Architecture{"qwen3", describe_qwen3},
    Architecture{"gemma3", describe_gemma3}, Architecture{"bert", describe_bert, /*is_encoder=*/true},
};

}  // namespace

const Architecture* find_architecture(std::string_view name) {
  for (const Architecture& row : kArchitectures) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

std::string known_architectures() {
  std::string names;
  for (const Architecture& row : kArchitectures)
    names += (names.empty() ? "" : ", ") + std::string(row.name);
  return names;
}

backend::Pooling pooling_of(const Hyper& h) {
  switch (h.pooling) {
    case kPoolingFirst:
      return backend::Pooling::kFirst;
    case kPoolingLast:
      return backend::Pooling::kLast;
    case kPoolingClasses:
      return backend::Pooling::kClasses;
    default:
      return backend::Pooling::kMean;
  }
}

backend::Norm norm(const Hyper& hyper, backend::Source weight) {
  return {std::move(weight), static_cast<float>(hyper.norm_eps)};
}

backend::Attention attention_of(const Hyper& h, uint64_t layer) {
  backend::Attention attention;
  attention.n_heads = static_cast<uint32_t>(h.n_heads[layer]);
  attention.n_kv_heads = static_cast<uint32_t>(h.n_kv_heads[layer]);
  attention.head_dim = static_cast<uint32_t>(h.head_dim);
  attention.scale = static_cast<float>(1 / std::sqrt(static_cast<double>(h.head_dim)));
  attention.window = h.local[layer] ? static_cast<uint32_t>(h.window) : 0;
  return attention;
}

backend::Layer llama_layer(const Hyper& h, Tensors& t, uint64_t i) {
  const uint64_t q_size = h.n_heads[i] * h.head_dim;
  const uint64_t kv_size = h.n_kv_heads[i] * h.head_dim;
  backend::Layer layer;
  layer.attention_norm = norm(h, t.vector(block(i, "attn_norm.weight"), h.n_embd));
  layer.attention = attention_of(h, i);
  layer.attention.q = t.matrix(block(i, "attn_q.weight"), h.n_embd, q_size);
  layer.attention.k = t.matrix(block(i, "attn_k.weight"), h.n_embd, kv_size);
  layer.attention.v = t.matrix(block(i, "attn_v.weight"), h.n_embd, kv_size);
  layer.attention.out = t.matrix(block(i, "attn_output.weight"), q_size, h.n_embd);
  layer.mlp_norm = norm(h, t.vector(block(i, "ffn_norm.weight"), h.n_embd));
  layer.mlp.gate = t.matrix(block(i, "ffn_gate.weight"), h.n_embd, h.n_ff[i]);
  layer.mlp.up = t.matrix(block(i, "ffn_up.weight"), h.n_embd, h.n_ff[i]);
  layer.mlp.down = t.matrix(block(i, "ffn_down.weight"), h.n_ff[i], h.n_embd);
  return layer;
}

}  // namespace ingle::models
