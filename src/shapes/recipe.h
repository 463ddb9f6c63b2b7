// Which number format a tensor has in a file of a given mixture ("Q4_K_M"), as llama.cpp's quantizer chooses it without an
// importance matrix (the rules are those of llama-quant.cpp; formats of whole-file mixtures are the mixture's own).
//
// Plain values over a static table; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "quant/format.h"

namespace ingle::shapes {

/// What a matrix does, as far as mixtures treat it differently.
enum class Part : uint8_t { kEmbedding, kHead, kAttentionV, kAttentionQkv, kMlpDown, kOther };

/// Which layers' V and down matrices get the better format.
enum class Better : uint8_t {
  kNone,
  kFirst,  // V of the first four layers, down of the first eighth
  kSome,   // the first and last eighth of the layers, and every third between
};

struct Recipe {
  std::string_view name;  // "q4_k_m"
  uint32_t file_type;     // general.file_type, llama.h's enum llama_ftype
  quant::FormatId base;
  quant::FormatId head;  // the output matrix, which is the embedding table where they are tied
  Better better = Better::kNone;
  quant::FormatId better_format = base;
  quant::FormatId qkv = base;  // fused Q, K and V
};

std::span<const Recipe> recipes();

/// `n_in` is the length of a row: where it is no multiple of a format's block, a format of smaller blocks takes its place.
quant::FormatId choose_format(const Recipe& recipe, Part part, uint32_t layer, uint32_t n_layers, uint64_t n_in);

}  // namespace ingle::shapes
