// How an architecture file turns a GGUF file into a program, and the pieces that several share.
#pragma once

#include <fmt/format.h>

#include <string>

#include "backend/backend.h"
#include "models/hyper.h"
#include "models/rope.h"
#include "models/tensors.h"

namespace ingle::models {

/// Fills layers, ropes and scales, and what makes an encoder one; sizes, embedding and the head of a model that generates
/// are the same everywhere and set by build().
using Describe = void (*)(const Hyper& hyper, Tensors& tensors, backend::Program& program);

void describe_llama(const Hyper& hyper, Tensors& tensors, backend::Program& program);
void describe_phi3(const Hyper& hyper, Tensors& tensors, backend::Program& program);
void describe_qwen2(const Hyper& hyper, Tensors& tensors, backend::Program& program);
void describe_qwen3(const Hyper& hyper, Tensors& tensors, backend::Program& program);
void describe_gemma3(const Hyper& hyper, Tensors& tensors, backend::Program& program);
void describe_bert(const Hyper& hyper, Tensors& tensors, backend::Program& program);

struct Architecture {
  std::string_view name;  // general.architecture
  Describe describe;
  bool is_encoder = false;
};

/// nullptr for a name that no row has; known_architectures() lists them for the error text.
const Architecture* find_architecture(std::string_view name);
std::string known_architectures();

/// "blk.3.attn_q.weight"
inline std::string block(uint64_t layer, std::string_view rest) {
  return fmt::format("blk.{}.{}", layer, rest);
}

/// A layer in the shape of Llama: RMS norm, grouped-query attention, RMS norm, gated MLP, separate matrices, no biases.
/// Other architectures change what differs.
backend::Layer llama_layer(const Hyper& hyper, Tensors& tensors, uint64_t layer);

/// The attention part alone, for layers whose projections lie elsewhere.
backend::Attention attention_of(const Hyper& hyper, uint64_t layer);

backend::Norm norm(const Hyper& hyper, backend::Source weight);

/// Of an encoder. A file without the key was made for vectors of words; the mean is what users of such models take.
backend::Pooling pooling_of(const Hyper& hyper);

}  // namespace ingle::models
