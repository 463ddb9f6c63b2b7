// Encoders against an independent implementation, and the promise that a text's answer has the same bits alone and among
// others, on any number of threads.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "backend/backend.h"
#include "kernels/registry.h"
#include "models/model.h"
#include "models/testing/tiny.h"

namespace ingle::models {
namespace {

using testing::EncoderCase;

std::vector<EncoderCase> all_cases() {
  return testing::read_encoder_cases(std::filesystem::path(INGLE_TEST_DATA) / "models" / "encoders");
}

std::string name_of(const ::testing::TestParamInfo<EncoderCase>& info) {
  std::string name = info.param.name;
  std::ranges::replace_if(name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
}

Model open_model(const EncoderCase& tiny) {
  auto file = gguf::File::open(tiny.model);
  EXPECT_TRUE(file) << file.error().message();
  auto model = load(std::move(*file));
  EXPECT_TRUE(model) << model.error().message();
  return std::move(*model);
}

std::unique_ptr<backend::Executor> open_executor(const EncoderCase& tiny, std::string isa, uint32_t threads,
                                                 backend::Precision precision) {
  const Model model = open_model(tiny);
  backend::Options options;
  options.isa = std::move(isa);
  options.threads = threads;
  options.precision = precision;
  options.kv = backend::KvType::kF32;
  options.n_pages = 32;
  options.max_rows = 512;
  auto executor = backend::load("cpu", model.program, options);
  EXPECT_TRUE(executor) << executor.error().message();
  return std::move(*executor);
}

backend::Text text_of(const EncoderCase::Text& text) {
  return {text.tokens, text.second_from};
}

std::vector<std::vector<float>> answers_of(backend::Executor& executor, const std::vector<backend::Text>& texts) {
  const auto outputs = executor.encode(texts);
  EXPECT_TRUE(outputs);
  std::vector<std::vector<float>> answers;
  for (const backend::Output& output : *outputs)
    answers.emplace_back(output.values.begin(), output.values.end());
  return answers;
}

class TinyEncoder : public ::testing::TestWithParam<EncoderCase> {};

TEST_P(TinyEncoder, agrees_with_an_independent_implementation_in_f32) {
  const EncoderCase& tiny = GetParam();
  for (const kernels::Kernels* table : kernels::available()) {
    const auto executor = open_executor(tiny, table->name, 2, backend::Precision::kReference);
    double worst = 0;
    for (const EncoderCase::Text& text : tiny.texts) {
      const auto answers = answers_of(*executor, {text_of(text)});
      ASSERT_EQ(answers.size(), 1U);
      ASSERT_EQ(answers[0].size(), text.answer.size());
      for (size_t i = 0; i < text.answer.size(); ++i)
        worst = std::max<double>(worst, std::abs(answers[0][i] - text.answer[i]));
    }
    // Answers have a standard deviation of about 1. A GELU of the tanh form would move them by more than this.
    EXPECT_LT(worst, 5e-5) << table->name;
  }
}

TEST_P(TinyEncoder, is_close_to_it_with_activations_of_eight_bits) {
  const EncoderCase& tiny = GetParam();
  for (const kernels::Kernels* table : kernels::available()) {
    const auto executor = open_executor(tiny, table->name, 2, backend::Precision::kDefault);
    for (const EncoderCase::Text& text : tiny.texts) {
      const auto answer = answers_of(*executor, {text_of(text)}).front();
      double dot = 0, squares = 0, expected_squares = 0;
      for (size_t i = 0; i < answer.size(); ++i) {
        dot += static_cast<double>(answer[i]) * static_cast<double>(text.answer[i]);
        squares += static_cast<double>(answer[i]) * static_cast<double>(answer[i]);
        expected_squares += static_cast<double>(text.answer[i]) * static_cast<double>(text.answer[i]);
      }
      EXPECT_GT(dot / std::sqrt(squares * expected_squares), 0.999) << table->name;
    }
  }
}

TEST_P(TinyEncoder, gives_the_same_bits_alone_and_among_others_in_any_order) {
  const EncoderCase& tiny = GetParam();
  for (const kernels::Kernels* table : kernels::available()) {
    const auto executor = open_executor(tiny, table->name, 3, backend::Precision::kDefault);
    std::vector<std::vector<float>> alone;
    std::vector<backend::Text> texts;
    for (const EncoderCase::Text& text : tiny.texts) {
      texts.push_back(text_of(text));
      alone.push_back(answers_of(*executor, {texts.back()}).front());
    }
    EXPECT_EQ(answers_of(*executor, texts), alone) << table->name;
    std::ranges::reverse(texts);
    std::ranges::reverse(alone);
    EXPECT_EQ(answers_of(*executor, texts), alone) << table->name;
    const std::vector<backend::Text> same(4, texts.back());
    EXPECT_EQ(answers_of(*executor, same), std::vector<std::vector<float>>(4, alone.back())) << table->name;
  }
}

TEST_P(TinyEncoder, gives_the_same_bits_on_any_number_of_threads) {
  const EncoderCase& tiny = GetParam();
  std::vector<backend::Text> texts;
  for (const EncoderCase::Text& text : tiny.texts)
    texts.push_back(text_of(text));
  for (const kernels::Kernels* table : kernels::available()) {
    const auto one = open_executor(tiny, table->name, 1, backend::Precision::kDefault);
    const auto expected = answers_of(*one, texts);
    for (const uint32_t threads : {2U, 8U}) {
      const auto many = open_executor(tiny, table->name, threads, backend::Precision::kDefault);
      EXPECT_EQ(answers_of(*many, texts), expected) << table->name << ", " << threads << " threads";
      EXPECT_EQ(answers_of(*many, {texts.back()}).front(), expected.back());
    }
  }
}

TEST_P(TinyEncoder, sees_every_token_in_both_directions) {
  const EncoderCase& tiny = GetParam();
  const auto executor = open_executor(tiny, "", 2, backend::Precision::kDefault);
  std::vector<int32_t> tokens = tiny.texts[3].tokens;
  const auto before = answers_of(*executor, {{tokens}});
  for (const size_t place : {size_t{0}, tokens.size() / 2, tokens.size() - 1}) {
    std::vector<int32_t> changed = tokens;
    changed[place] = changed[place] == 5 ? 6 : 5;
    EXPECT_NE(answers_of(*executor, {{changed}}), before) << place;
  }
}

INSTANTIATE_TEST_SUITE_P(Models, TinyEncoder, ::testing::ValuesIn(all_cases()), name_of);

TEST(Encoders, are_summed_up_with_their_pooling) {
  std::vector<std::string> poolings;
  for (const EncoderCase& tiny : all_cases()) {
    const auto file = gguf::File::open(tiny.model);
    ASSERT_TRUE(file);
    const auto summary = summarize(**file);
    ASSERT_TRUE(summary);
    EXPECT_EQ(summary->architecture, "bert");
    EXPECT_EQ(summary->context_length, tiny.context);
    poolings.push_back(summary->pooling);
  }
  EXPECT_EQ(poolings, (std::vector<std::string>{"cls", "last", "mean", "rank", "rank"}));
}

TEST(Encoders, keep_one_layer_in_a_page) {
  const Model model = open_model(all_cases().front());
  ASSERT_TRUE(model.program.encoder.has_value());
  const auto& attention = model.program.layers.front().attention;
  EXPECT_EQ(backend::page_bytes(model.program, backend::KvType::kF32),
            uint64_t{2} * 32 * attention.n_kv_heads * attention.head_dim * sizeof(float));
}

TEST(Encoders, are_the_only_models_that_encode) {
  const auto tiny = testing::read_tiny_cases(std::filesystem::path(INGLE_TEST_DATA) / "models" / "tiny").front();
  auto file = gguf::File::open(tiny.model);
  ASSERT_TRUE(file);
  const auto model = load(std::move(*file));
  ASSERT_TRUE(model);
  backend::Options options;
  options.n_pages = 1;
  options.threads = 1;
  const auto executor = backend::load("cpu", model->program, options);
  ASSERT_TRUE(executor);
  EXPECT_EQ((*executor)->encode({}).error().code(), ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace ingle::models
