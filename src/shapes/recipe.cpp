#include "shapes/recipe.h"

namespace ingle::shapes {
namespace {

using enum quant::FormatId;

constexpr Recipe kRecipes[] = {
    {"f32", 0, kF32, kF32},
    {"f16", 1, kF16, kF16},
    {"bf16", 32, kBF16, kBF16},
    {"q4_0", 2, kQ4_0, kQ6_K},
    {"q4_1", 3, kQ4_1, kQ6_K},
    {"q5_0", 8, kQ5_0, kQ6_K},
    {"q5_1", 9, kQ5_1, kQ6_K},
    {"q8_0", 7, kQ8_0, kQ8_0},
    {"q4_k_s", 14, kQ4_K, kQ6_K, Better::kFirst, kQ5_K},
    {"q4_k_m", 15, kQ4_K, kQ6_K, Better::kSome, kQ6_K, kQ5_K},
    {"q5_k_s", 16, kQ5_K, kQ6_K},
    {"q5_k_m", 17, kQ5_K, kQ6_K, Better::kSome, kQ6_K, kQ6_K},
    {"q6_k", 18, kQ6_K, kQ6_K},
};

bool gets_better(Better better, Part part, uint32_t layer, uint32_t n_layers) {
  const uint32_t eighth = n_layers / 8;
  if (better == Better::kFirst) return layer < (part == Part::kAttentionV ? 4 : eighth);
  if (better == Better::kSome) return layer < eighth || layer >= 7 * n_layers / 8 || (layer - eighth) % 3 == 2;
  return false;
}

quant::FormatId fitting(quant::FormatId format, uint64_t n_in) {
  if (n_in % quant::format(format).block_size == 0) return format;
  if (format == kQ4_K) return kQ5_0;
  if (format == kQ5_K) return kQ5_1;
  return kQ8_0;
}

}  // namespace

std::span<const Recipe> recipes() {
  return kRecipes;
}

quant::FormatId choose_format(const Recipe& recipe, Part part, uint32_t layer, uint32_t n_layers, uint64_t n_in) {
  quant::FormatId format = recipe.base;
  if (part == Part::kHead) format = recipe.head;
  if (part == Part::kAttentionQkv) format = recipe.qkv;
  if ((part == Part::kAttentionV || part == Part::kMlpDown) && gets_better(recipe.better, part, layer, n_layers))
    format = recipe.better_format;
  return fitting(format, n_in);
}

}  // namespace ingle::shapes
