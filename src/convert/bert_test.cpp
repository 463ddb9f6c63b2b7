#include "convert/bert.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>

#include "convert/convert_job.h"
#include "convert/safetensors.h"
#include "convert/testing/safetensors_files.h"
#include "gguf/file.h"

namespace ingle::convert {
namespace {

using ::testing::HasSubstr;
using testing::tiny_bert;
using testing::TinyBert;
using Json = nlohmann::ordered_json;

Result<std::string> convert(const TinyBert& files) {
  std::string out;
  const Status status = convert_bert({.name = "tiny",
                                      .weights = std::as_bytes(std::span(files.weights)),
                                      .config = files.config,
                                      .tokenizer = files.tokenizer,
                                      .pooling = files.pooling},
                                     [&](std::string_view bytes) -> Status {
                                       out += bytes;
                                       return {};
                                     });
  if (!status) return std::unexpected(status.error());
  return out;
}

std::string refusal(const TinyBert& files) {
  const auto converted = convert(files);
  return converted ? "accepted" : converted.error().message();
}

template <typename Change>
std::string changed(const std::string& json, Change change) {
  Json value = Json::parse(json);
  change(value);
  return value.dump();
}

std::unique_ptr<gguf::File> read(const std::string& bytes) {
  auto file = gguf::File::parse(std::as_bytes(std::span(bytes)), "test");
  EXPECT_TRUE(file) << (file ? "" : file.error().message());
  return std::move(file).value();
}

TEST(ConvertBert, takes_over_every_number_as_it_is) {
  const TinyBert tiny = tiny_bert();
  const auto bytes = convert(tiny);
  ASSERT_TRUE(bytes) << bytes.error().message();
  const auto file = read(*bytes);
  const auto weights = Safetensors::parse(std::as_bytes(std::span(tiny.weights)));
  ASSERT_TRUE(weights);
  const std::pair<const char*, const char*> pairs[] = {
      {"token_embd.weight", "embeddings.word_embeddings.weight"},
      {"token_embd_norm.bias", "embeddings.LayerNorm.bias"},
      {"blk.1.attn_k.weight", "encoder.layer.1.attention.self.key.weight"},
      {"blk.0.ffn_down.weight", "encoder.layer.0.output.dense.weight"},
      {"blk.1.layer_output_norm.weight", "encoder.layer.1.output.LayerNorm.weight"}};
  for (const auto& [name, source] : pairs) {
    const gguf::Tensor* tensor = file->find_tensor(name);
    ASSERT_NE(tensor, nullptr) << name;
    EXPECT_TRUE(std::ranges::equal(tensor->bytes, weights->find(source)->bytes)) << name;
  }
  EXPECT_EQ(file->find_tensor("blk.0.ffn_up.weight")->shape, (std::vector<uint64_t>{32, 64}));
  EXPECT_EQ(file->find_tensor("cls.weight"), nullptr) << "the pooler plays no part in vectors";
  EXPECT_EQ(file->get_string("general.architecture").value(), "bert");
  EXPECT_EQ(file->get_uint("bert.block_count").value(), 2U);
  EXPECT_EQ(file->get_uint("bert.pooling_type").value(), 1U);
  EXPECT_FALSE(file->get_bool("bert.attention.causal").value());
  EXPECT_EQ(convert(tiny).value(), *bytes) << "the same files give the same bytes";
}

TEST(ConvertBert, keeps_narrow_formats_where_matrices_are_multiplied) {
  for (const auto& [dtype, format] :
       {std::pair{"F16", quant::FormatId::kF16}, std::pair{"BF16", quant::FormatId::kBF16}}) {
    const auto bytes = convert(tiny_bert(dtype));
    ASSERT_TRUE(bytes) << bytes.error().message();
    const auto file = read(*bytes);
    EXPECT_EQ(file->find_tensor("token_embd.weight")->format->id, format);
    EXPECT_EQ(file->find_tensor("position_embd.weight")->format->id, quant::FormatId::kF32);
    EXPECT_EQ(file->find_tensor("blk.0.attn_q.bias")->format->id, quant::FormatId::kF32);
  }
}

TEST(ConvertBert, converts_a_model_that_tells_classes_apart) {
  const auto bytes = convert(tiny_bert("F32", 3));
  ASSERT_TRUE(bytes) << bytes.error().message();
  const auto file = read(*bytes);
  EXPECT_EQ(file->get_uint("bert.pooling_type").value(), 4U);
  EXPECT_EQ(file->find("bert.classifier.output_labels")->size(), 3U);
  EXPECT_EQ(file->find_tensor("cls.output.weight")->shape, (std::vector<uint64_t>{32, 3}));
  EXPECT_NE(file->find_tensor("cls.bias"), nullptr);
}

TEST(ConvertBert, writes_the_vocabulary_as_readers_of_gguf_expect_it) {
  const auto bytes = convert(tiny_bert());
  ASSERT_TRUE(bytes);
  const auto file = read(*bytes);
  const gguf::Value* tokens = file->find("tokenizer.ggml.tokens");
  ASSERT_EQ(tokens->size(), 40U);
  EXPECT_EQ(tokens->as_string(2), "[CLS]");
  EXPECT_EQ(tokens->as_string(5), "\xE2\x96\x81the");
  EXPECT_EQ(tokens->as_string(11), "s");
  EXPECT_EQ(tokens->as_string(39), "[UNUSED_39]");
  EXPECT_EQ(file->find("tokenizer.ggml.token_type")->as_int(2), 3);
  EXPECT_EQ(file->find("tokenizer.ggml.token_type")->as_int(39), 5);
  EXPECT_TRUE(file->get_bool("tokenizer.ggml.normalizer.strip_accents").value())
      << "as lowercase, when the file says null";
  EXPECT_EQ(file->get_uint("tokenizer.ggml.cls_token_id").value(), 2U);
  EXPECT_EQ(file->get_uint("tokenizer.ggml.unknown_token_id").value(), 1U);
}

TEST(ConvertBert, refuses_what_a_gguf_of_this_kind_cannot_say) {
  const TinyBert good = tiny_bert();
  const auto with_config = [&](auto change) {
    TinyBert files = good;
    files.config = changed(files.config, change);
    return refusal(files);
  };
  EXPECT_THAT(with_config([](Json& c) { c["model_type"] = "roberta"; }), HasSubstr("only 'bert' is converted"));
  EXPECT_THAT(with_config([](Json& c) { c["hidden_act"] = "relu"; }), HasSubstr("hidden_act is 'relu'"));
  EXPECT_THAT(with_config([](Json& c) { c["position_embedding_type"] = "relative_key"; }), HasSubstr("'absolute'"));
  EXPECT_THAT(with_config([](Json& c) { c["is_decoder"] = true; }), HasSubstr("only encoders"));
  EXPECT_THAT(with_config([](Json& c) { c["num_hidden_layers"] = 3; }),
              HasSubstr("has no tensor 'encoder.layer.2.attention.self.query.weight'"));
  EXPECT_THAT(with_config([](Json& c) { c["num_hidden_layers"] = 1; }), HasSubstr("has no place in the architecture"));
  EXPECT_THAT(with_config([](Json& c) { c["num_hidden_layers"] = 1'000'000; }), HasSubstr("from 1 to 1024"));
  EXPECT_THAT(with_config([](Json& c) { c["hidden_size"] = -1; }), HasSubstr("hidden_size is not a number"));
  EXPECT_THAT(with_config([](Json& c) { c["hidden_size"] = 64; }), HasSubstr("and not numbers of [40, 64]"));
  EXPECT_THAT(with_config([](Json& c) { c["num_attention_heads"] = 5; }), HasSubstr("not a multiple"));
  EXPECT_THAT(with_config([](Json& c) { c["layer_norm_eps"] = 0; }), HasSubstr("layer_norm_eps"));
  EXPECT_THAT(with_config([](Json& c) { c["vocab_size"] = 10; }), HasSubstr("has no number below 10"));
  TinyBert files = good;
  files.pooling = R"({"pooling_mode_max_tokens":true})";
  EXPECT_THAT(refusal(files), HasSubstr("mean, cls and lasttoken"));
  files = good;
  files.config = "[" + std::string(100'000, '[');
  EXPECT_THAT(refusal(files), HasSubstr("config.json: is not valid JSON"));
  files = good;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::memcpy(files.weights.data() + files.weights.size() - 400 * sizeof nan, &nan, sizeof nan);
  EXPECT_EQ(refusal(files), "accepted") << "in the pooler, which is not taken over";
  std::memcpy(files.weights.data() + files.weights.size() - 1100 * sizeof nan, &nan, sizeof nan);
  EXPECT_THAT(refusal(files), HasSubstr("a number that is none"));
}

TEST(ConvertBert, refuses_tokenizers_that_split_otherwise) {
  const TinyBert good = tiny_bert();
  const auto with_tokenizer = [&](auto change) {
    TinyBert files = good;
    files.tokenizer = changed(files.tokenizer, change);
    return refusal(files);
  };
  EXPECT_THAT(with_tokenizer([](Json& t) { t["model"]["type"] = "BPE"; }), HasSubstr("only WordPiece"));
  EXPECT_THAT(with_tokenizer([](Json& t) { t["normalizer"]["type"] = "NFKC"; }), HasSubstr("BertNormalizer"));
  EXPECT_THAT(with_tokenizer([](Json& t) { t.erase("pre_tokenizer"); }), HasSubstr("BertPreTokenizer"));
  EXPECT_THAT(with_tokenizer([](Json& t) { t["normalizer"]["clean_text"] = false; }), HasSubstr("clean_text"));
  EXPECT_THAT(with_tokenizer([](Json& t) { t["normalizer"]["strip_accents"] = 1; }), HasSubstr("strip_accents"));
  EXPECT_THAT(with_tokenizer([](Json& t) { t["model"]["max_input_chars_per_word"] = 50; }), HasSubstr("not 100"));
  EXPECT_THAT(with_tokenizer([](Json& t) { t["model"]["vocab"] = Json::array(); }), HasSubstr("model.vocab"));
  EXPECT_THAT(with_tokenizer([](Json& t) { t["model"]["vocab"]["x"] = 5; }), HasSubstr("have the number 5"));
  EXPECT_THAT(with_tokenizer([](Json& t) { t["model"]["vocab"]["x"] = -5; }), HasSubstr("has no number below 40"));
  EXPECT_THAT(with_tokenizer([](Json& t) { t["model"]["unk_token"] = "<unk>"; }), HasSubstr("no token '<unk>'"));
  EXPECT_THAT(with_tokenizer([](Json& t) { t["added_tokens"][0]["id"] = 7; }), HasSubstr("added_tokens"));
  EXPECT_THAT(with_tokenizer([](Json& t) { t.erase("post_processor"); }), HasSubstr("[CLS] first [SEP]"));
}

TEST(ConvertJob, reads_and_writes_descriptors_only) {
  const TinyBert tiny = tiny_bert();
  const auto folder = std::filesystem::temp_directory_path();
  std::vector<base::FileDescriptor> files;
  for (const std::string* bytes : {&tiny.tokenizer, &tiny.weights, &tiny.config, &tiny.pooling}) {
    auto file = base::unnamed_file(folder, *bytes);
    ASSERT_TRUE(file);
    files.push_back(std::move(*file));
  }
  std::string path = (folder / "convert_job_XXXXXX").string();
  files.emplace_back(::mkstemp(path.data()));
  const std::vector<std::string> names = {"tokenizer.json", "model.safetensors", "config.json", "pooling.json"};
  const auto done = convert_job(convert_payload("tiny", names), files);
  const auto written = base::read_file(path, 1 << 20);
  std::filesystem::remove(path);
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_EQ(written.value(), convert(tiny).value());
  EXPECT_FALSE(convert_job(convert_payload("tiny", {}), files)) << "files that the payload does not name";
}

}  // namespace
}  // namespace ingle::convert
