#include "shapes/model_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <sstream>

#include "gguf/file.h"
#include "models/model.h"
#include "shapes/random_blocks.h"

namespace ingle::shapes {
namespace {

using quant::FormatId;

ShapeSpec spec(std::string_view text) {
  return parse_spec(text).value();
}

FormatId format_of(const std::vector<PlannedTensor>& tensors, std::string_view name) {
  const auto found = std::ranges::find(tensors, name, &PlannedTensor::name);
  EXPECT_NE(found, tensors.end()) << name;
  return found->format;
}

/// A shape like `like`, as small as its architecture allows.
Shape small(const Shape& like) {
  Shape shape = like;
  shape.n_layers = 3;
  shape.n_embd = 128;
  shape.n_ff = 256;
  shape.n_heads = 4;
  shape.n_kv_heads = 2;
  shape.head_dim = 32;
  shape.n_vocab = 300;
  shape.context_length = 64;
  return shape;
}

std::string written(const ShapeSpec& spec) {
  std::ostringstream out;
  EXPECT_TRUE(write_model(spec, out, {}));
  return std::move(out).str();
}

TEST(ShapeSpec, has_a_default_mixture_and_a_name) {
  EXPECT_EQ(spec("llama3-8b").name(), "llama3-8b:q4_k_m");
  EXPECT_EQ(spec("phi3-3.8b:q8_0").name(), "phi3-3.8b:q8_0");
}

TEST(ShapeSpec, that_is_unknown_is_an_error_that_lists_what_there_is) {
  const auto no_shape = parse_spec("llama9-1t:q4_k_m");
  ASSERT_FALSE(no_shape);
  EXPECT_EQ(no_shape.error().code(), ErrorCode::kUsage);
  EXPECT_NE(no_shape.error().hint().find("qwen3-4b"), std::string::npos);
  const auto no_recipe = parse_spec("qwen3-4b:q9");
  ASSERT_FALSE(no_recipe);
  EXPECT_NE(no_recipe.error().hint().find("q5_k_m"), std::string::npos);
}

TEST(Shapes, have_names_of_their_own_and_heads_that_share_evenly) {
  std::set<std::string_view> names;
  for (const Shape& shape : shapes()) {
    EXPECT_TRUE(names.insert(shape.name).second) << shape.name;
    EXPECT_EQ(shape.n_heads % shape.n_kv_heads, 0U) << shape.name;
  }
}

TEST(Recipe, q4_k_m_gives_half_of_the_layers_more_bits) {
  const auto tensors = plan_tensors(spec("llama3-8b:q4_k_m"));
  EXPECT_EQ(format_of(tensors, "token_embd.weight"), FormatId::kQ4_K);
  EXPECT_EQ(format_of(tensors, "output.weight"), FormatId::kQ6_K);
  EXPECT_EQ(format_of(tensors, "blk.0.attn_q.weight"), FormatId::kQ4_K);
  EXPECT_EQ(format_of(tensors, "blk.0.attn_v.weight"), FormatId::kQ6_K);
  EXPECT_EQ(format_of(tensors, "blk.5.ffn_down.weight"), FormatId::kQ4_K);
  EXPECT_EQ(format_of(tensors, "blk.6.ffn_down.weight"), FormatId::kQ6_K);
  EXPECT_EQ(std::ranges::count_if(tensors,
                                  [](const PlannedTensor& tensor) {
                                    return tensor.name.ends_with("attn_v.weight") && tensor.format == FormatId::kQ6_K;
                                  }),
            16);
}

TEST(Recipe, takes_small_blocks_where_rows_do_not_fit_large_ones) {
  const auto tensors = plan_tensors(spec("qwen2.5-0.5b:q4_k_m"));
  EXPECT_EQ(format_of(tensors, "token_embd.weight"), FormatId::kQ8_0);  // tied: the output matrix
  EXPECT_EQ(format_of(tensors, "blk.0.attn_q.weight"), FormatId::kQ5_0);
  EXPECT_EQ(format_of(tensors, "blk.0.attn_v.weight"), FormatId::kQ8_0);
  EXPECT_EQ(format_of(tensors, "blk.0.ffn_down.weight"), FormatId::kQ6_K);  // 4864 = 19 * 256
}

TEST(FillRandom, gives_finite_centred_numbers_of_the_spread_that_was_asked_for) {
  constexpr size_t kNumbers = 1 << 16;
  for (const Recipe& recipe : recipes()) {
    for (const FormatId id : {recipe.base, recipe.head, recipe.better_format}) {
      const quant::Format& format = quant::format(id);
      for (const float deviation : {0.01F, 0.05F}) {
        Random random(7);
        std::vector<std::byte> blocks(format.row_bytes(kNumbers));
        fill_random(id, deviation, random, blocks);
        std::vector<float> numbers(kNumbers);
        format.dequantize(blocks.data(), numbers.data(), kNumbers / format.block_size);
        ASSERT_TRUE(std::ranges::all_of(numbers, [](float x) { return std::isfinite(x); })) << format.name;
        const double mean = std::accumulate(numbers.begin(), numbers.end(), 0.0) / kNumbers;
        double squares = 0;
        for (const float x : numbers)
          squares += static_cast<double>(x) * x;
        const double spread = std::sqrt(squares / kNumbers);
        EXPECT_LT(std::abs(mean), 0.15 * deviation) << format.name;
        EXPECT_GT(spread, 0.6 * deviation) << format.name;  // floats know powers of two only
        EXPECT_LT(spread, 1.6 * deviation) << format.name;
      }
    }
  }
}

TEST(WriteModel, makes_a_file_of_the_size_it_said_that_the_engine_loads) {
  for (const Shape& like : shapes()) {
    const Shape shape = small(like);
    for (const Recipe& recipe : recipes()) {
      const ShapeSpec tiny{&shape, &recipe};
      const std::string bytes = written(tiny);
      EXPECT_EQ(bytes.size(), file_bytes(tiny));
      auto file = gguf::File::parse(std::as_bytes(std::span(bytes)), "tiny");
      ASSERT_TRUE(file) << tiny.name() << ": " << file.error().message();
      const auto model = models::load(*std::move(file));
      ASSERT_TRUE(model) << tiny.name() << ": " << model.error().message();
      EXPECT_EQ(model->program.layers.size(), 3U);
      EXPECT_EQ(model->program.head.empty(), like.tied);
    }
  }
}

TEST(WriteModel, writes_the_same_bytes_every_time) {
  const Shape shape = small(shapes().front());
  const ShapeSpec tiny{&shape, spec("llama3-8b").recipe};
  EXPECT_EQ(written(tiny), written(tiny));
}

TEST(WriteModel, stops_when_asked_and_tells_how_far_it_is) {
  std::stop_source stop;
  std::ostringstream out;
  uint64_t seen = 0;
  WriteOptions options;
  options.stop = stop.get_token();
  options.progress = [&](uint64_t done, uint64_t total) {
    EXPECT_LT(done, total);
    seen = done;
    stop.request_stop();
  };
  const Status status = write_model(spec("smollm2-135m"), out, options);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code(), ErrorCode::kCancelled);
  EXPECT_EQ(out.str().size(), seen);
}

TEST(WriteModel, says_that_a_stream_failed) {
  std::ostringstream out;
  out.setstate(std::ios::badbit);
  const Status status = write_model(spec("smollm2-135m"), out, {});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code(), ErrorCode::kIo);
}

}  // namespace
}  // namespace ingle::shapes
