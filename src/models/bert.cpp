// BERT and its descendants that only differ in their weights: MiniLM, BGE, E5, cross-encoders with a classifier.
//
// Devlin et al. 2018 (arXiv 1810.04805): embeddings of token, position and text are added and normalised; a layer norm
// follows every addition; the MLP has no gate and the exact GELU; everything has a bias. How a text's vector is made
// (mean, [CLS]) is Reimers and Gurevych 2019 (1908.10084). Names and keys as llama.cpp's converter writes them.
#include "models/architecture.h"

namespace ingle::models {
namespace {

backend::Norm layer_norm(const Hyper& h, Tensors& t, const std::string& name) {
  backend::Norm norm;
  norm.weight = t.vector(name + ".weight", h.n_embd);
  norm.bias = t.vector(name + ".bias", h.n_embd);
  norm.eps = static_cast<float>(h.norm_eps);
  return norm;
}

backend::Layer bert_layer(const Hyper& h, Tensors& t, uint64_t i) {
  const uint64_t q_size = h.n_heads[i] * h.head_dim;
  const uint64_t kv_size = h.n_kv_heads[i] * h.head_dim;
  backend::Layer layer;
  layer.norms_sum = true;
  layer.attention = attention_of(h, i);
  layer.attention.q = t.matrix(block(i, "attn_q.weight"), h.n_embd, q_size);
  layer.attention.k = t.matrix(block(i, "attn_k.weight"), h.n_embd, kv_size);
  layer.attention.v = t.matrix(block(i, "attn_v.weight"), h.n_embd, kv_size);
  layer.attention.q_bias = t.vector(block(i, "attn_q.bias"), q_size);
  layer.attention.k_bias = t.vector(block(i, "attn_k.bias"), kv_size);
  layer.attention.v_bias = t.vector(block(i, "attn_v.bias"), kv_size);
  layer.attention.out = t.matrix(block(i, "attn_output.weight"), q_size, h.n_embd);
  layer.attention.out_bias = t.vector(block(i, "attn_output.bias"), h.n_embd);
  layer.attention_post_norm = layer_norm(h, t, block(i, "attn_output_norm"));
  layer.mlp.up = t.matrix(block(i, "ffn_up.weight"), h.n_embd, h.n_ff[i]);
  layer.mlp.up_bias = t.vector(block(i, "ffn_up.bias"), h.n_ff[i]);
  layer.mlp.down = t.matrix(block(i, "ffn_down.weight"), h.n_ff[i], h.n_embd);
  layer.mlp.down_bias = t.vector(block(i, "ffn_down.bias"), h.n_embd);
  layer.mlp.activation = backend::Activation::kGelu;
  layer.mlp_post_norm = layer_norm(h, t, block(i, "layer_output_norm"));
  return layer;
}

}  // namespace

void describe_bert(const Hyper& h, Tensors& t, backend::Program& program) {
  program.ropes = {backend::Rope{}};
  backend::Encoder encoder;
  encoder.positions = t.matrix("position_embd.weight", h.n_embd, h.context_length);
  encoder.types = t.optional_matrix("token_types.weight", h.n_embd, h.n_token_types);
  encoder.embedding_norm = layer_norm(h, t, "token_embd_norm");
  encoder.pooling = pooling_of(h);
  if (encoder.pooling == backend::Pooling::kClasses) {
    encoder.dense = t.optional_matrix("cls.weight", h.n_embd, h.n_embd);
    encoder.dense_bias = t.optional_vector("cls.bias", h.n_embd);
    encoder.classes = t.matrix("cls.output.weight", h.n_embd, h.n_classes);
    encoder.classes_bias = t.optional_vector("cls.output.bias", h.n_classes);
  } else {
    for (const char* name : {"cls.weight", "cls.bias", "cls.output.weight", "cls.output.bias"})
      t.ignore(name);
  }
  program.encoder = std::move(encoder);
  for (uint64_t i = 0; i < h.n_layers; ++i)
    program.layers.push_back(bert_layer(h, t, i));
}

}  // namespace ingle::models
