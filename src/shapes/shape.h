// Shapes of known models: the sizes that decide how fast they run, without their weights. One row a model in shape.cpp.
//
// A ShapeSpec is a shape and the mixture of number formats in which its file would be: "llama3-8b:q4_k_m". Plain values
// over static tables; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "shapes/recipe.h"

namespace ingle::shapes {

struct Shape {
  std::string_view name;          // "llama3-8b"
  std::string_view architecture;  // as GGUF files say it
  uint32_t n_layers;
  uint32_t n_embd;
  uint32_t n_ff;
  uint32_t n_heads;
  uint32_t n_kv_heads;
  uint32_t head_dim;
  uint32_t n_vocab;
  bool tied;  // the embedding table is the output matrix too
  uint32_t context_length;
  float rope_base;
  uint32_t window = 0;  // of the local layers; 0: every layer sees everything
};

/// All of them, the smallest of each family first.
std::span<const Shape> shapes();

struct ShapeSpec {
  const Shape* shape = nullptr;
  const Recipe* recipe = nullptr;
  std::string name() const;
};

/// "NAME:RECIPE"; without a recipe q4_k_m. An unknown name is an error that lists those there are.
Result<ShapeSpec> parse_spec(std::string_view text);

}  // namespace ingle::shapes
