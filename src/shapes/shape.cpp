#include "shapes/shape.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

namespace ingle::shapes {
namespace {

constexpr uint32_t k4K = 4096, k8K = 8192, k32K = 32768, k128K = 131072;

// From the config.json that each model was published with. Columns: layers, width, MLP width, query heads, KV heads, size
// of a head, vocabulary, tied, context, RoPE base, window.
constexpr Shape kShapes[] = {
    {"smollm2-135m", "llama", 30, 576, 1536, 9, 3, 64, 49152, true, k8K, 1e5F},
    {"smollm2-360m", "llama", 32, 960, 2560, 15, 5, 64, 49152, true, k8K, 1e5F},
    {"smollm2-1.7b", "llama", 24, 2048, 8192, 32, 32, 64, 49152, true, k8K, 1.3e5F},
    {"llama3.2-1b", "llama", 16, 2048, 8192, 32, 8, 64, 128256, true, k128K, 5e5F},
    {"llama3.2-3b", "llama", 28, 3072, 8192, 24, 8, 128, 128256, true, k128K, 5e5F},
    {"llama3-8b", "llama", 32, 4096, 14336, 32, 8, 128, 128256, false, k8K, 5e5F},
    {"mistral-7b", "llama", 32, 4096, 14336, 32, 8, 128, 32768, false, k32K, 1e6F},
    {"qwen2.5-0.5b", "qwen2", 24, 896, 4864, 14, 2, 64, 151936, true, k32K, 1e6F},
    {"qwen2.5-1.5b", "qwen2", 28, 1536, 8960, 12, 2, 128, 151936, true, k32K, 1e6F},
    {"qwen2.5-3b", "qwen2", 36, 2048, 11008, 16, 2, 128, 151936, true, k32K, 1e6F},
    {"qwen2.5-7b", "qwen2", 28, 3584, 18944, 28, 4, 128, 152064, false, k32K, 1e6F},
    {"qwen3-0.6b", "qwen3", 28, 1024, 3072, 16, 8, 128, 151936, true, k32K, 1e6F},
    {"qwen3-1.7b", "qwen3", 28, 2048, 6144, 16, 8, 128, 151936, true, k32K, 1e6F},
    {"qwen3-4b", "qwen3", 36, 2560, 9728, 32, 8, 128, 151936, true, k32K, 1e6F},
    {"qwen3-8b", "qwen3", 36, 4096, 12288, 32, 8, 128, 151936, false, k32K, 1e6F},
    {"gemma3-270m", "gemma3", 18, 640, 2048, 4, 1, 256, 262144, true, k32K, 1e6F, 512},
    {"gemma3-1b", "gemma3", 26, 1152, 6912, 4, 1, 256, 262144, true, k32K, 1e6F, 512},
    {"gemma3-4b", "gemma3", 34, 2560, 10240, 8, 4, 256, 262208, true, k128K, 1e6F, 1024},
    {"phi3-3.8b", "phi3", 32, 3072, 8192, 32, 32, 96, 32064, false, k4K, 1e4F},
};

constexpr std::string_view kDefaultRecipe = "q4_k_m";

template <typename Row>
std::string names(std::span<const Row> rows) {
  std::vector<std::string_view> all;
  all.reserve(rows.size());
  for (const Row& row : rows)
    all.push_back(row.name);
  return fmt::format("{}", fmt::join(all, ", "));
}

}  // namespace

std::span<const Shape> shapes() {
  return kShapes;
}

std::string ShapeSpec::name() const {
  return fmt::format("{}:{}", shape->name, recipe->name);
}

Result<ShapeSpec> parse_spec(std::string_view text) {
  const size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  const std::string_view recipe_name = colon == std::string_view::npos ? kDefaultRecipe : text.substr(colon + 1);
  const auto* const shape = std::ranges::find(kShapes, name, &Shape::name);
  if (shape == std::end(kShapes))
    return std::unexpected(
        Error::usage(fmt::format("no shape is called '{}'", name)).hint("shapes: " + names(shapes())));
  const auto recipe = std::ranges::find(recipes(), recipe_name, &Recipe::name);
  if (recipe == recipes().end())
    return std::unexpected(Error::usage(fmt::format("no mixture of formats is called '{}'", recipe_name))
                               .hint(fmt::format("{}:FORMAT, one of: {}", name, names(recipes()))));
  return ShapeSpec{shape, &*recipe};
}

}  // namespace ingle::shapes
