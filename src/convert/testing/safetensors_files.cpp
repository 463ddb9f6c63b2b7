#include "convert/testing/safetensors_files.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <random>

#include "quant/format.h"

namespace ingle::convert::testing {
namespace {

constexpr uint64_t kSize = 32, kFfn = 64, kRows = 40, kPositions = 16;
constexpr int kLayers = 2;
using Json = nlohmann::ordered_json;

/// The tensors of a BERT, one after the other.
class Weights {
 public:
  explicit Weights(std::string_view dtype)
      : dtype_(dtype),
        format_(quant::format(dtype == "F16"    ? quant::FormatId::kF16
                              : dtype == "BF16" ? quant::FormatId::kBF16
                                                : quant::FormatId::kF32)) {}

  void add(const std::string& name, std::vector<uint64_t> shape) {
    size_t n = 1;
    for (const uint64_t d : shape)
      n *= d;
    std::vector<float> values(n);
    for (float& value : values)
      value = (static_cast<float>(random_() % 2001) - 1000.0F) / 2000.0F;
    std::string bytes(n * format_.block_bytes, '\0');
    format_.quantize(values.data(), reinterpret_cast<std::byte*>(bytes.data()), n);
    tensors_.push_back({name, dtype_, std::move(shape), std::move(bytes)});
  }
  void dense(const std::string& name, uint64_t to, uint64_t from) {
    add(name + ".weight", {to, from});
    add(name + ".bias", {to});
  }
  void norm(const std::string& name) {
    add(name + ".weight", {kSize});
    add(name + ".bias", {kSize});
  }
  std::string file() const { return write_safetensors(tensors_); }

 private:
  std::string dtype_;
  const quant::Format& format_;
  std::mt19937 random_{7};
  std::vector<Tensor> tensors_;
};

std::string tiny_weights(std::string_view dtype, size_t n_classes) {
  Weights weights(dtype);
  const std::string prefix = n_classes > 0 ? "bert." : "";
  weights.add(prefix + "embeddings.word_embeddings.weight", {kRows, kSize});
  weights.add(prefix + "embeddings.position_embeddings.weight", {kPositions, kSize});
  weights.add(prefix + "embeddings.token_type_embeddings.weight", {2, kSize});
  weights.norm(prefix + "embeddings.LayerNorm");
  for (int i = 0; i < kLayers; ++i) {
    const std::string layer = fmt::format("{}encoder.layer.{}.", prefix, i);
    for (const char* name : {"query", "key", "value"})
      weights.dense(layer + "attention.self." + name, kSize, kSize);
    weights.dense(layer + "attention.output.dense", kSize, kSize);
    weights.norm(layer + "attention.output.LayerNorm");
    weights.dense(layer + "intermediate.dense", kFfn, kSize);
    weights.dense(layer + "output.dense", kSize, kFfn);
    weights.norm(layer + "output.LayerNorm");
  }
  weights.dense(prefix + "pooler.dense", kSize, kSize);
  if (n_classes > 0) weights.dense("classifier", n_classes, kSize);
  return weights.file();
}

std::string tiny_config(size_t n_classes) {
  Json config = {{"architectures", Json::array({n_classes > 0 ? "BertForSequenceClassification" : "BertModel"})},
                 {"model_type", "bert"},
                 {"hidden_act", "gelu"},
                 {"hidden_size", kSize},
                 {"intermediate_size", kFfn},
                 {"layer_norm_eps", 1e-12},
                 {"max_position_embeddings", kPositions},
                 {"num_attention_heads", 4},
                 {"num_hidden_layers", kLayers},
                 {"type_vocab_size", 2},
                 {"vocab_size", kRows}};
  for (size_t i = 0; i < n_classes; ++i)
    config["id2label"][std::to_string(i)] = fmt::format("class {}", i);
  return config.dump();
}

std::string tiny_tokenizer() {
  const char* const words[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the",   "cat", "sat", "on",
                               "mat",   "dog",   "##s",   "##ing", "sit",    "##t",   "a",   "##a", ".",
                               ",",     "!",     "?",     "'",     "cafe",   "##ter", "is",  "it"};
  Json tokenizer;
  tokenizer["normalizer"] = {{"type", "BertNormalizer"},
                             {"clean_text", true},
                             {"handle_chinese_chars", true},
                             {"strip_accents", nullptr},
                             {"lowercase", true}};
  tokenizer["pre_tokenizer"]["type"] = "BertPreTokenizer";
  tokenizer["model"] = {{"type", "WordPiece"},
                        {"unk_token", "[UNK]"},
                        {"continuing_subword_prefix", "##"},
                        {"max_input_chars_per_word", 100}};
  tokenizer["post_processor"] = {
      {"type", "BertProcessing"}, {"sep", Json::array({"[SEP]", 3})}, {"cls", Json::array({"[CLS]", 2})}};
  tokenizer["added_tokens"] = Json::array();
  size_t id = 0;
  for (const char* word : words) {
    tokenizer["model"]["vocab"][word] = id;
    if (id < 5) tokenizer["added_tokens"].push_back({{"id", id}, {"content", word}, {"special", true}});
    ++id;
  }
  return tokenizer.dump();
}

}  // namespace

std::string raw_file(uint64_t length, std::string_view header, std::string_view data) {
  std::string out(reinterpret_cast<const char*>(&length), sizeof length);
  out += header;
  out += data;
  return out;
}

std::string raw_file(std::string_view header, std::string_view data) {
  return raw_file(header.size(), header, data);
}

std::string write_safetensors(const std::vector<Tensor>& tensors) {
  Json header;
  header["__metadata__"]["format"] = "pt";
  std::string data;
  for (const Tensor& tensor : tensors) {
    header[tensor.name] = {{"dtype", tensor.dtype},
                           {"shape", tensor.shape},
                           {"data_offsets", Json::array({data.size(), data.size() + tensor.bytes.size()})}};
    data += tensor.bytes;
  }
  return raw_file(header.dump(), data);
}

TinyBert tiny_bert(std::string_view dtype, size_t n_classes) {
  return {tiny_weights(dtype, n_classes), tiny_config(n_classes), tiny_tokenizer(),
          n_classes > 0 ? "" : R"({"pooling_mode_mean_tokens":true,"pooling_mode_cls_token":false})"};
}

}  // namespace ingle::convert::testing
