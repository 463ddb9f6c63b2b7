#include "cli/model_work.h"

#include <gtest/gtest.h>

namespace ingle::cli {
namespace {

constexpr Peaks kPeaks{.int8_gops = 100, .f32_gops = 10, .bytes_per_s = 1e9};

ModelWork work() {
  ModelWork work;
  work.layers = {.bytes = 1'000'000, .int8_weights = 1e6, .f32_weights = 0};
  work.head = {.bytes = 500'000, .int8_weights = 0, .f32_weights = 5e5};
  return work;
}

TEST(Roofline, of_a_prompt_is_the_arithmetic_of_its_layers_and_one_row_of_the_head) {
  const Roofline bound = roofline(work(), {.prompt = 1000}, kPeaks);
  EXPECT_EQ(bound.bound, Bound::kCompute);
  EXPECT_DOUBLE_EQ(bound.tokens_per_second, 1000 / (2.0 * 1000 * 1e6 / 100e9 + 2 * 5e5 / 10e9));
}

TEST(Roofline, of_decoding_is_reading_all_weights_once_for_all_sequences) {
  const Roofline one = roofline(work(), {.generate = 10}, kPeaks);
  EXPECT_EQ(one.bound, Bound::kMemory);
  EXPECT_DOUBLE_EQ(one.tokens_per_second, 1e9 / 1.5e6);
  const Roofline four = roofline(work(), {.generate = 10, .batch = 4}, kPeaks);
  EXPECT_DOUBLE_EQ(four.tokens_per_second, 4e9 / 1.5e6);
}

TEST(Roofline, counts_the_keys_and_values_that_a_window_lets_through) {
  ModelWork deep = work();
  deep.kv = {{.bytes_per_token = 100, .window = 0}, {.bytes_per_token = 100, .window = 50}};
  const Roofline bound = roofline(deep, {.generate = 100, .batch = 2, .depth = 950}, kPeaks);
  EXPECT_DOUBLE_EQ(bound.tokens_per_second, 2e9 / (1.5e6 + 2 * (100 * 1000 + 100 * 50)));
}

TEST(Roofline, is_unknown_without_the_peak_it_needs) {
  EXPECT_EQ(roofline(work(), {.prompt = 1}, {}).bound, Bound::kUnknown);
  EXPECT_EQ(roofline(work(), {.prompt = 1}, {.int8_gops = 0, .f32_gops = 1, .bytes_per_s = 1}).tokens_per_second, 0);
}

TEST(ModelWork, counts_packed_matrices_once_and_a_tied_table_as_the_head) {
  backend::Program program;
  const auto matrix = [](uint32_t n_in, uint32_t n_out, quant::FormatId format) {
    backend::Source source;
    source.format = &quant::format(format);
    source.n_in = n_in;
    source.n_out = n_out;
    return source;
  };
  program.n_vocab = 100;
  program.n_embd = 64;
  program.embedding = matrix(64, 100, quant::FormatId::kF16);
  backend::Layer layer;
  layer.attention.n_kv_heads = 2;
  layer.attention.head_dim = 32;
  layer.attention.q = matrix(64, 64, quant::FormatId::kQ8_0);
  layer.mlp.down = matrix(64, 20, quant::FormatId::kQ8_0);
  program.layers = {layer, layer};
  const kernels::Kernels& table = *kernels::available().front();

  const ModelWork work = ModelWork::of(program, table, false, backend::KvType::kF16);
  EXPECT_EQ(work.layers.int8_weights + work.layers.f32_weights, 2.0 * (64 * 64 + 64 * 20));
  EXPECT_EQ(work.layers.bytes, 2 * (64 + 32) * 64 * 34U / 32);  // rows are padded to whole panels
  EXPECT_EQ(work.head.f32_weights, 64.0 * 100);
  ASSERT_EQ(work.kv.size(), 2U);
  EXPECT_EQ(work.kv[0].bytes_per_token, 2 * 2 * 32 * 2);
  EXPECT_EQ(ModelWork::of(program, table, true, backend::KvType::kF16).layers.int8_weights, 0);
}

}  // namespace
}  // namespace ingle::cli
