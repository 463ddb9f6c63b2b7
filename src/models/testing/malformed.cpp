#include "models/testing/malformed.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <limits>
#include <string>
#include <utility>

#include "gguf/writer.h"
#include "quant/format.h"

namespace ingle::models::testing {
namespace {

using gguf::Writer;
using gguf::testing::Malformed;
using quant::FormatId;

constexpr uint32_t kEmbd = 64;
constexpr uint32_t kHeads = 4;
constexpr uint32_t kKvHeads = 2;
constexpr uint32_t kHeadDim = 16;
constexpr uint32_t kFf = 96;
constexpr uint32_t kLayers = 2;
constexpr uint32_t kVocab = 260;

using Put = std::function<void(Writer&, std::string_view key)>;

template <typename T>
Put value(T v) {
  return [v](Writer& writer, std::string_view key) { writer.add(key, v); };
}

struct Tensor {
  std::string name;
  std::vector<uint64_t> shape;
  FormatId format = FormatId::kF32;
  float poison = 0;  // put into one number, or into a block's scale, when not 0
};

/// A model as the lists of what is written, so that a case can change one entry.
struct Recipe {
  std::vector<std::pair<std::string, Put>> entries;
  std::vector<Tensor> tensors;

  void set(const std::string& key, Put put) {
    for (auto& [name, old] : entries) {
      if (name == key) {
        old = std::move(put);
        return;
      }
    }
    entries.emplace_back(key, std::move(put));
  }
  void drop(const std::string& key) {
    std::erase_if(entries, [&](const auto& entry) { return entry.first == key; });
  }
  Tensor& tensor(const std::string& name) {
    for (Tensor& t : tensors) {
      if (t.name == name) return t;
    }
    return tensors.emplace_back(Tensor{name, {kEmbd}});
  }
  std::string finish() const;
};

std::string Recipe::finish() const {
  Writer writer;
  for (const auto& [key, put] : entries)
    put(writer, key);
  for (const Tensor& tensor : tensors) {
    const quant::Format& format = quant::format(tensor.format);
    uint64_t n = 1;
    for (const uint64_t dim : tensor.shape)
      n *= dim;
    std::vector<float> numbers(n);
    for (size_t i = 0; i < n; ++i)
      numbers[i] = 0.05F * static_cast<float>(std::sin(static_cast<double>(i * 7 + 1)));
    std::vector<std::byte> bytes(format.row_bytes(n));
    format.quantize(numbers.data(), bytes.data(), n / format.block_size);
    if (tensor.poison != 0) {
      // All bits set is a NaN in every floating-point field of every format; a scale lies first or last in its block.
      const size_t block = bytes.size() / format.block_bytes / 2 * format.block_bytes;
      std::fill_n(bytes.begin() + static_cast<ptrdiff_t>(block), format.block_bytes, std::byte{0xFF});
    }
    writer.add_tensor(tensor.name, tensor.format, tensor.shape, bytes);
  }
  return writer.finish();
}

std::vector<std::string> tokens() {
  std::vector<std::string> list = {"<unk>", "<s>", "</s>", "\xE2\x96\x81"};
  for (int byte = 0; byte < 256; ++byte)
    list.push_back(fmt::format("<0x{:02X}>", byte));
  return list;
}
std::vector<int32_t> token_types() {
  std::vector<int32_t> types = {2, 3, 3, 1};
  types.resize(kVocab, 6);
  return types;
}

Recipe well_formed() {
  Recipe r;
  r.set("general.architecture", value("llama"));
  r.set("general.name", value("tiny"));
  r.set("llama.block_count", value(kLayers));
  r.set("llama.context_length", value(uint32_t{128}));
  r.set("llama.embedding_length", value(kEmbd));
  r.set("llama.feed_forward_length", value(kFf));
  r.set("llama.attention.head_count", value(kHeads));
  r.set("llama.attention.head_count_kv", value(kKvHeads));
  r.set("llama.attention.key_length", value(kHeadDim));
  r.set("llama.attention.value_length", value(kHeadDim));
  r.set("llama.attention.layer_norm_rms_epsilon", value(1e-5F));
  r.set("llama.rope.dimension_count", value(kHeadDim));
  r.set("llama.rope.freq_base", value(10000.0F));
  r.set("tokenizer.ggml.model", value("llama"));
  r.set("tokenizer.ggml.tokens", value(tokens()));
  r.set("tokenizer.ggml.scores", value(std::vector<float>(kVocab, 0.0F)));
  r.set("tokenizer.ggml.token_type", value(token_types()));
  r.set("tokenizer.ggml.bos_token_id", value(uint32_t{1}));
  r.set("tokenizer.ggml.eos_token_id", value(uint32_t{2}));
  r.set("tokenizer.ggml.unknown_token_id", value(uint32_t{0}));
  r.tensors = {{"token_embd.weight", {kEmbd, kVocab}}, {"output_norm.weight", {kEmbd}}};
  for (uint32_t i = 0; i < kLayers; ++i) {
    const auto add = [&](const char* name, std::vector<uint64_t> shape) {
      r.tensors.push_back({fmt::format("blk.{}.{}.weight", i, name), std::move(shape)});
    };
    add("attn_norm", {kEmbd});
    add("attn_q", {kEmbd, kHeads * kHeadDim});
    add("attn_k", {kEmbd, kKvHeads * kHeadDim});
    add("attn_v", {kEmbd, kKvHeads * kHeadDim});
    add("attn_output", {kHeads * kHeadDim, kEmbd});
    add("ffn_norm", {kEmbd});
    add("ffn_gate", {kEmbd, kFf});
    add("ffn_up", {kEmbd, kFf});
    add("ffn_down", {kFf, kEmbd});
  }
  return r;
}

Recipe well_formed_bert() {
  Recipe r = well_formed();
  std::erase_if(r.entries, [](const auto& entry) { return entry.first.starts_with("llama."); });
  r.set("general.architecture", value("bert"));
  r.set("bert.block_count", value(uint32_t{1}));
  r.set("bert.context_length", value(uint32_t{32}));
  r.set("bert.embedding_length", value(kEmbd));
  r.set("bert.feed_forward_length", value(kFf));
  r.set("bert.attention.head_count", value(kHeads));
  r.set("bert.attention.layer_norm_epsilon", value(1e-12F));
  r.set("bert.attention.causal", value(false));
  r.set("bert.pooling_type", value(uint32_t{4}));
  r.set("bert.classifier.output_labels", value(std::vector<std::string>{"no", "maybe", "yes"}));
  r.set("tokenizer.ggml.token_type_count", value(uint32_t{2}));
  r.tensors = {{"token_embd.weight", {kEmbd, kVocab}},
               {"position_embd.weight", {kEmbd, 32}},
               {"token_types.weight", {kEmbd, 2}},
               {"token_embd_norm.weight", {kEmbd}},
               {"token_embd_norm.bias", {kEmbd}}};
  const auto add = [&](const std::string& name, uint64_t n_in, uint64_t n_out) {
    r.tensors.push_back({name + ".weight", {n_in, n_out}});
    r.tensors.push_back({name + ".bias", {n_out}});
  };
  for (const char* name : {"blk.0.attn_q", "blk.0.attn_k", "blk.0.attn_v", "blk.0.attn_output", "cls"})
    add(name, kEmbd, kEmbd);
  add("blk.0.ffn_up", kEmbd, kFf);
  add("blk.0.ffn_down", kFf, kEmbd);
  add("cls.output", kEmbd, 3);
  for (const char* name : {"blk.0.attn_output_norm", "blk.0.layer_output_norm"}) {
    r.tensors.push_back({std::string(name) + ".weight", {kEmbd}});
    r.tensors.push_back({std::string(name) + ".bias", {kEmbd}});
  }
  return r;
}

class Cases {
 public:
  explicit Cases(Recipe base, std::string prefix) : base_(std::move(base)), prefix_(std::move(prefix)) {}

  void add(const std::string& name, const std::string& field, const std::function<void(Recipe&)>& change) {
    Recipe recipe = base_;
    change(recipe);
    list.push_back({prefix_ + name, recipe.finish(), field});
  }
  void with(const std::string& name, const std::string& key, Put put, const std::string& field = "") {
    add(name + "_" + key, field.empty() ? key : field, [&](Recipe& r) { r.set(key, put); });
  }
  /// The tensor is left out, has a row less, one more, or a dimension more.
  void with_wrong_shape(const Tensor& tensor, bool may_be_missing = false) {
    const std::string& name = tensor.name;
    if (!may_be_missing) {
      add("missing_" + name, name,
          [&](Recipe& r) { std::erase_if(r.tensors, [&](const Tensor& t) { return t.name == name; }); });
    }
    add("short_" + name, name, [&](Recipe& r) { r.tensor(name).shape.back() -= 1; });
    add("long_" + name, name, [&](Recipe& r) { r.tensor(name).shape.back() += 1; });
    add("flat_" + name, name, [&](Recipe& r) { r.tensor(name).shape.push_back(2); });
    if (tensor.shape.size() == 2 && tensor.shape[0] != tensor.shape[1])
      add("transposed_" + name, name, [&](Recipe& r) { std::swap(r.tensor(name).shape[0], r.tensor(name).shape[1]); });
  }
  const Recipe& base() const { return base_; }
  std::vector<Malformed> list;

 private:
  Recipe base_;
  std::string prefix_;
};

void add_hyper_parameters(Cases& cases) {
  for (const char* key : {"general.architecture", "llama.block_count", "llama.context_length", "llama.embedding_length",
                          "llama.feed_forward_length", "llama.attention.head_count",
                          "llama.attention.layer_norm_rms_epsilon", "tokenizer.ggml.model", "tokenizer.ggml.tokens"}) {
    cases.add(std::string("missing_") + key, key, [&](Recipe& r) { r.drop(key); });
  }
  const std::vector<std::string> whole_numbers = {"llama.block_count",
                                                  "llama.context_length",
                                                  "llama.embedding_length",
                                                  "llama.feed_forward_length",
                                                  "llama.attention.head_count",
                                                  "llama.attention.head_count_kv",
                                                  "llama.attention.key_length",
                                                  "llama.attention.value_length",
                                                  "llama.rope.dimension_count",
                                                  "llama.attention.sliding_window",
                                                  "llama.rope.scaling.original_context_length"};
  for (const std::string& key : whole_numbers) {
    cases.with("string", key, value("12"));
    cases.with("float", key, value(12.5F));
    cases.with("negative", key, value(int32_t{-1}));
    cases.with("huge", key, value(uint64_t{1} << 60));
    cases.with("largest", key, value(UINT64_MAX));
    cases.with("array", key, value(std::vector<uint32_t>{1, 2, 3}));
    if (key != "llama.rope.dimension_count" && key != "llama.attention.sliding_window") {
      cases.with("zero", key, value(uint32_t{0}));
    }
  }
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  for (const char* key : {"llama.attention.layer_norm_rms_epsilon", "llama.rope.freq_base", "llama.rope.scaling.factor",
                          "llama.rope.scaling.attn_factor"}) {
    cases.with("string", key, value("x"));
    cases.with("nan", key, value(nan));
    cases.with("infinite", key, value(infinity));
    cases.with("negative", key, value(-1.0F));
    cases.with("array", key, value(std::vector<float>{1, 2}));
  }
  cases.with("unknown", "general.architecture", value("lama"));
  cases.with("empty", "general.architecture", value(""));
  cases.with("number", "general.architecture", value(uint32_t{7}));
  cases.with("number", "general.name", value(uint32_t{7}));
  cases.with("unknown", "llama.rope.scaling.type", value("spiral"));
  cases.with("number", "llama.rope.scaling.type", value(uint32_t{1}));
  cases.with("without_factor", "llama.rope.scaling.type", value("yarn"));
  cases.with("nan", "llama.rope.scale_linear", value(nan));
  cases.with("not_a_divisor", "llama.attention.head_count_kv", value(uint32_t{3}));
  cases.with("more_than_heads", "llama.attention.head_count_kv", value(uint32_t{8}));
  cases.with("odd", "llama.rope.dimension_count", value(uint32_t{7}));
  cases.with("above_head", "llama.rope.dimension_count", value(uint32_t{32}));
  cases.with("other_than_keys", "llama.attention.value_length", value(uint32_t{32}));
  cases.with("strings", "llama.attention.head_count", value(std::vector<std::string>{"4", "4"}));
  cases.with("negatives", "llama.attention.head_count", value(std::vector<int32_t>{-4, -4}));
  cases.add("heads_do_not_divide_width", "llama.attention.head_count", [](Recipe& r) {
    r.drop("llama.attention.key_length");
    r.set("llama.attention.head_count", value(uint32_t{5}));
    r.set("llama.attention.head_count_kv", value(uint32_t{5}));
  });
  for (Put put : {value(std::vector<bool>{true}.size() == 1 ? std::vector<uint8_t>{1} : std::vector<uint8_t>{}),
                  value(std::vector<uint8_t>{1, 0, 1})}) {
    cases.add(fmt::format("window_pattern_length_{}", cases.list.size()), "llama.attention.sliding_window_pattern",
              [&](Recipe& r) {
                r.set("llama.attention.sliding_window", value(uint32_t{8}));
                r.set("llama.attention.sliding_window_pattern", put);
              });
  }
  cases.add("window_pattern_of_strings", "llama.attention.sliding_window_pattern", [](Recipe& r) {
    r.set("llama.attention.sliding_window", value(uint32_t{8}));
    r.set("llama.attention.sliding_window_pattern", value(std::vector<std::string>{"a", "b"}));
  });
}

void add_tensors(Cases& cases) {
  for (const Tensor& tensor : cases.base().tensors)
    cases.with_wrong_shape(tensor);
  for (const char* name :
       {"blk.0.attn_q.lora_a", "blk.0.ffn_gate_exps.weight", "blk.2.attn_norm.weight", "rope.weight"}) {
    cases.add(std::string("unknown_") + name, name, [&](Recipe& r) { r.tensor(name); });
  }
  // Not a number, in every format that fits the width of the matrix.
  for (const quant::Format& format : quant::formats()) {
    const bool wide = format.block_size > 32;
    const std::string name = "blk.1.ffn_down.weight";
    cases.add(fmt::format("nan_in_{}", format.name), name, [&](Recipe& r) {
      r.tensor(name).format = format.id;
      r.tensor(name).poison = 1;
      if (!wide) return;
      r.set("llama.feed_forward_length", value(uint32_t{256}));
      for (const char* layer : {"blk.0.", "blk.1."}) {
        r.tensor(std::string(layer) + "ffn_gate.weight").shape[1] = 256;
        r.tensor(std::string(layer) + "ffn_up.weight").shape[1] = 256;
        r.tensor(std::string(layer) + "ffn_down.weight").shape[0] = 256;
      }
    });
  }
  for (const char* name : {"output_norm.weight", "blk.0.attn_norm.weight", "token_embd.weight"}) {
    cases.add(std::string("nan_in_") + name, name, [&](Recipe& r) { r.tensor(name).poison = 1; });
  }
}

void add_tokenizers(Cases& cases) {
  const auto strings = [](size_t n, const char* text) { return std::vector<std::string>(n, text); };
  cases.with("unknown", "tokenizer.ggml.model", value("tea-leaves"));
  cases.with("number", "tokenizer.ggml.model", value(uint32_t{1}));
  cases.with("numbers", "tokenizer.ggml.tokens", value(std::vector<uint32_t>(kVocab, 1)));
  cases.with("one_string", "tokenizer.ggml.tokens", value("abc"));
  cases.with("none", "tokenizer.ggml.tokens", value(std::vector<std::string>{}));
  cases.with("fewer", "tokenizer.ggml.tokens", value(strings(kVocab - 1, "a")), "token");
  cases.with("strings", "tokenizer.ggml.scores", value(strings(kVocab, "0")));
  cases.with("fewer", "tokenizer.ggml.scores", value(std::vector<float>(kVocab - 1)), "scores");
  cases.with("strings", "tokenizer.ggml.token_type", value(strings(kVocab, "1")));
  cases.with("fewer", "tokenizer.ggml.token_type", value(std::vector<int32_t>(kVocab - 1, 1)), "token_type");
  cases.with("below_all_kinds", "tokenizer.ggml.token_type", value(std::vector<int32_t>(kVocab, -1)));
  cases.with("above_all_kinds", "tokenizer.ggml.token_type", value(std::vector<int32_t>(kVocab, 7)));
  cases.with("more_than_tokens", "llama.vocab_size", value(kVocab + 1));
  cases.with("none", "llama.vocab_size", value(uint32_t{0}));
  cases.with("string", "llama.vocab_size", value("260"));
  cases.with("numbers", "tokenizer.ggml.merges", value(std::vector<uint32_t>{1}));
  for (const char* key : {"bos_token_id", "eos_token_id", "unknown_token_id", "padding_token_id", "eot_token_id"}) {
    const std::string full = std::string("tokenizer.ggml.") + key;
    cases.with("out_of_range", full, value(kVocab));
    cases.with("negative", full, value(int32_t{-5}));
    cases.with("string", full, value("</s>"));
  }
  for (const char* key : {"add_bos_token", "add_eos_token", "add_space_prefix"}) {
    cases.with("string", std::string("tokenizer.ggml.") + key, value("yes"));
  }
  cases.with("number", "tokenizer.chat_template", value(uint32_t{1}));
}

void add_encoders(Cases& cases) {
  for (const char* key : {"bert.attention.layer_norm_epsilon", "bert.context_length", "bert.attention.head_count"})
    cases.add(std::string("missing_") + key, key, [&](Recipe& r) { r.drop(key); });
  cases.with("above_all_kinds", "bert.pooling_type", value(uint32_t{5}));
  cases.with("string", "bert.pooling_type", value("mean"));
  cases.with("negative", "bert.pooling_type", value(int32_t{-1}));
  cases.with("true", "bert.attention.causal", value(true));
  cases.with("number", "bert.attention.causal", value(uint32_t{1}));
  cases.with("nan", "bert.attention.layer_norm_epsilon", value(std::numeric_limits<float>::quiet_NaN()));
  cases.with("none", "tokenizer.ggml.token_type_count", value(uint32_t{0}));
  cases.with("huge", "tokenizer.ggml.token_type_count", value(uint32_t{1} << 30));
  cases.with("string", "tokenizer.ggml.token_type_count", value("2"));
  cases.with("one_string", "bert.classifier.output_labels", value("yes"));
  cases.with("none", "bert.classifier.output_labels", value(std::vector<std::string>{}));
  cases.with("more_than_rows", "bert.classifier.output_labels", value(std::vector<std::string>(4, "a")),
             "cls.output.weight");
  cases.with("more_than_rows", "tokenizer.ggml.token_type_count", value(uint32_t{3}), "token_types.weight");
  cases.with("more_than_rows", "bert.context_length", value(uint32_t{33}), "position_embd.weight");
  cases.with("huge", "bert.context_length", value(uint32_t{1} << 27), "position_embd.weight");
  for (const Tensor& tensor : cases.base().tensors) {
    const bool optional = tensor.name == "token_types.weight" || tensor.name.starts_with("cls.weight") ||
                          tensor.name == "cls.bias" || tensor.name == "cls.output.bias";
    cases.with_wrong_shape(tensor, optional);
  }
  for (const char* name : {"position_embd.weight", "blk.0.attn_output_norm.bias", "cls.output.weight", "cls.weight"})
    cases.add(std::string("nan_in_") + name, name, [&](Recipe& r) { r.tensor(name).poison = 1; });
  cases.add("head_of_a_decoder", "output_norm.weight", [](Recipe& r) { r.tensor("output_norm.weight"); });
}

}  // namespace

std::string well_formed_model() {
  return well_formed().finish();
}

std::string well_formed_encoder() {
  return well_formed_bert().finish();
}

std::vector<Malformed> malformed_models() {
  Cases cases(well_formed(), "model_");
  add_hyper_parameters(cases);
  add_tensors(cases);
  add_tokenizers(cases);
  Cases encoders(well_formed_bert(), "model_encoder_");
  add_encoders(encoders);
  std::ranges::move(encoders.list, std::back_inserter(cases.list));
  return std::move(cases.list);
}

}  // namespace ingle::models::testing
