#include "convert/bert.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <optional>
#include <set>
#include <vector>

#include "convert/json_file.h"
#include "convert/safetensors.h"
#include "convert/wordpiece_file.h"
#include "gguf/writer.h"
#include "quant/format.h"

namespace ingle::convert {
namespace {

using quant::FormatId;

constexpr std::string_view kConfig = "config.json";
constexpr uint32_t kAlignment = 32;
// As llama.cpp numbers them.
constexpr uint32_t kPoolMean = 1, kPoolFirst = 2, kPoolLast = 3, kPoolClasses = 4;

struct Shape {
  uint64_t layers = 0, size = 0, ffn = 0, heads = 0, positions = 0, types = 0, rows = 0;
  double epsilon = 0;
  std::vector<std::string> labels;  // of a model that tells classes apart; empty: it gives vectors
};

Result<uint64_t> number(const Json& json, const char* name, uint64_t most) {
  const Json& value = member(json, name);
  if (!value.is_number_unsigned() || value.get<uint64_t>() == 0 || value.get<uint64_t>() > most)
    return std::unexpected(wrong_file(kConfig, fmt::format("{} is not a number from 1 to {}", name, most)));
  return value.get<uint64_t>();
}

/// The names of the classes in order; id2label is an object whose keys are numbers.
Result<std::vector<std::string>> read_labels(const Json& json) {
  constexpr size_t kMost = 1 << 16;
  const Json& labels = member(json, "id2label");
  if (labels.is_null()) {
    if (member(json, "num_labels").is_null()) return std::vector<std::string>{"LABEL_0"};
    INGLE_TRY(const uint64_t n, number(json, "num_labels", kMost));
    std::vector<std::string> names;
    for (uint64_t i = 0; i < n; ++i)
      names.push_back(fmt::format("LABEL_{}", i));
    return names;
  }
  if (!labels.is_object() || labels.empty() || labels.size() > kMost)
    return std::unexpected(wrong_file(kConfig, "id2label is not an object of classes"));
  std::vector<std::string> names(labels.size());
  for (size_t i = 0; i < names.size(); ++i) {
    const auto found = labels.find(std::to_string(i));
    if (found == labels.end() || !found->is_string())
      return std::unexpected(wrong_file(kConfig, fmt::format("id2label has no name for class {}", i)));
    names[i] = found->get<std::string>();
  }
  return names;
}

Result<Shape> read_config(std::string_view text) {
  INGLE_TRY(const Json json, parse_json(kConfig, text));
  const auto must_be = [&](const char* name, std::string_view wanted, bool may_miss) -> Status {
    if (may_miss && member(json, name).is_null()) return {};
    if (text_of(json, name) == wanted) return {};
    return std::unexpected(Error::unsupported(
        fmt::format("{}: {} is '{:.40}'; only '{}' is converted", kConfig, name, text_of(json, name), wanted)));
  };
  INGLE_TRY_VOID(must_be("model_type", "bert", false));
  INGLE_TRY_VOID(must_be("hidden_act", "gelu", false));
  INGLE_TRY_VOID(must_be("position_embedding_type", "absolute", true));
  if (member(json, "is_decoder") == true)
    return std::unexpected(
        Error::unsupported(fmt::format("{}: is_decoder is true; only encoders are converted", kConfig)));
  Shape shape;
  INGLE_TRY(shape.layers, number(json, "num_hidden_layers", 1024));
  INGLE_TRY(shape.size, number(json, "hidden_size", 1 << 16));
  INGLE_TRY(shape.ffn, number(json, "intermediate_size", 1 << 20));
  INGLE_TRY(shape.heads, number(json, "num_attention_heads", 4096));
  INGLE_TRY(shape.positions, number(json, "max_position_embeddings", 1 << 20));
  INGLE_TRY(shape.types, number(json, "type_vocab_size", 64));
  INGLE_TRY(shape.rows, number(json, "vocab_size", 1 << 22));
  if (shape.size % shape.heads != 0)
    return std::unexpected(wrong_file(kConfig, "hidden_size is not a multiple of num_attention_heads"));
  const Json& epsilon = member(json, "layer_norm_eps");
  if (!epsilon.is_number() || !(epsilon.get<double>() > 0 && epsilon.get<double>() < 1))
    return std::unexpected(wrong_file(kConfig, "layer_norm_eps is not a number between 0 and 1"));
  shape.epsilon = epsilon.get<double>();
  const Json& architectures = member(json, "architectures");
  if (architectures.is_array() && !architectures.empty() && architectures[0] == "BertForSequenceClassification") {
    INGLE_TRY(shape.labels, read_labels(json));
  }
  return shape;
}

/// What sentence-transformers' pooling module says; nothing where the model has none.
Result<std::optional<uint32_t>> read_pooling(std::string_view text) {
  if (text.empty()) return std::nullopt;
  constexpr std::string_view kFile = "pooling config.json";
  INGLE_TRY(const Json json, parse_json(kFile, text));
  struct Mode {
    const char* key;
    std::optional<uint32_t> pooling;
  };
  constexpr Mode kModes[] = {{"pooling_mode_mean_tokens", kPoolMean},   {"pooling_mode_cls_token", kPoolFirst},
                             {"pooling_mode_lasttoken", kPoolLast},     {"pooling_mode_max_tokens", {}},
                             {"pooling_mode_mean_sqrt_len_tokens", {}}, {"pooling_mode_weightedmean_tokens", {}}};
  std::optional<uint32_t> chosen;
  size_t on = 0;
  for (const Mode& mode : kModes) {
    if (member(json, mode.key) != true) continue;
    chosen = mode.pooling;
    ++on;
  }
  if (on != 1 || !chosen)
    return std::unexpected(Error::unsupported(fmt::format(
        "{}: exactly one of the modes mean, cls and lasttoken must be on; nothing else is converted", kFile)));
  return chosen;
}

/// A tensor of the GGUF and where its numbers come from.
struct Planned {
  std::string name;
  std::vector<uint64_t> shape;  // of the source: the slowest dimension first
  std::string source;
};

std::vector<Planned> plan(const Shape& s) {
  std::vector<Planned> out;
  const auto add = [&](std::string name, std::vector<uint64_t> shape, std::string source) {
    out.push_back({std::move(name), std::move(shape), std::move(source)});
  };
  const auto norm = [&](const std::string& name, const std::string& source) {
    add(name + ".weight", {s.size}, source + ".weight");
    add(name + ".bias", {s.size}, source + ".bias");
  };
  const auto dense = [&](const std::string& name, uint64_t to, uint64_t from, const std::string& source) {
    add(name + ".weight", {to, from}, source + ".weight");
    add(name + ".bias", {to}, source + ".bias");
  };
  add("token_embd.weight", {s.rows, s.size}, "embeddings.word_embeddings.weight");
  add("position_embd.weight", {s.positions, s.size}, "embeddings.position_embeddings.weight");
  add("token_types.weight", {s.types, s.size}, "embeddings.token_type_embeddings.weight");
  norm("token_embd_norm", "embeddings.LayerNorm");
  for (uint64_t i = 0; i < s.layers; ++i) {
    const std::string block = fmt::format("blk.{}.", i);
    const std::string layer = fmt::format("encoder.layer.{}.", i);
    dense(block + "attn_q", s.size, s.size, layer + "attention.self.query");
    dense(block + "attn_k", s.size, s.size, layer + "attention.self.key");
    dense(block + "attn_v", s.size, s.size, layer + "attention.self.value");
    dense(block + "attn_output", s.size, s.size, layer + "attention.output.dense");
    norm(block + "attn_output_norm", layer + "attention.output.LayerNorm");
    dense(block + "ffn_up", s.ffn, s.size, layer + "intermediate.dense");
    dense(block + "ffn_down", s.size, s.ffn, layer + "output.dense");
    norm(block + "layer_output_norm", layer + "output.LayerNorm");
  }
  if (!s.labels.empty()) {
    dense("cls", s.size, s.size, "pooler.dense");
    dense("cls.output", s.labels.size(), s.size, "classifier");
  }
  return out;
}

FormatId format_of(std::string_view dtype) {
  return dtype == "F16" ? FormatId::kF16 : dtype == "BF16" ? FormatId::kBF16 : FormatId::kF32;
}

/// Vectors, and what is only added up, are 32-bit numbers in every GGUF of this kind.
bool stays_narrow(const Planned& tensor) {
  return tensor.shape.size() == 2 && tensor.name != "position_embd.weight" && tensor.name != "token_types.weight";
}

class Conversion {
 public:
  Conversion(const BertFiles& files, const Sink& sink) : files_(files), sink_(sink) {}

  Status run() {
    INGLE_TRY(shape_, read_config(files_.config));
    INGLE_TRY(weights_, Safetensors::parse(files_.weights));
    INGLE_TRY(const WordPieceFile words, read_wordpiece(files_.tokenizer, shape_.rows));
    INGLE_TRY(const auto pooling, read_pooling(files_.pooling));
    INGLE_TRY_VOID(match_tensors());
    gguf::Writer writer(kAlignment);
    describe(writer, pooling);
    describe(writer, words);
    for (const Matched& tensor : tensors_) {
      std::vector<uint64_t> shape(tensor.planned.shape.rbegin(), tensor.planned.shape.rend());
      writer.declare_tensor(tensor.planned.name, tensor.format, shape);
    }
    INGLE_TRY_VOID(sink_(writer.header()));
    for (const Matched& tensor : tensors_)
      INGLE_TRY_VOID(write(tensor));
    return {};
  }

 private:
  struct Matched {
    Planned planned;
    const SafetensorsTensor* source;
    FormatId format;
  };

  /// Every tensor of the plan with its source, and nothing of the source that is left over unseen.
  Status match_tensors() {
    std::set<const SafetensorsTensor*> used;
    for (Planned& planned : plan(shape_)) {
      const SafetensorsTensor* source = weights_.find(planned.source);
      if (source == nullptr) source = weights_.find("bert." + planned.source);
      if (source == nullptr)
        return std::unexpected(wrong_file("model.safetensors", fmt::format("has no tensor '{}'", planned.source)));
      const bool is_known = source->dtype == "F32" || source->dtype == "F16" || source->dtype == "BF16";
      if (!is_known || source->shape != planned.shape) {
        return std::unexpected(
            wrong_file("model.safetensors",
                       fmt::format("tensor '{}' is {} [{}] and not numbers of [{}]", planned.source, source->dtype,
                                   fmt::join(source->shape, ", "), fmt::join(planned.shape, ", "))));
      }
      used.insert(source);
      const FormatId format = stays_narrow(planned) ? format_of(source->dtype) : FormatId::kF32;
      tensors_.push_back({std::move(planned), source, format});
    }
    for (const SafetensorsTensor& tensor : weights_.tensors()) {
      if (!used.contains(&tensor) && !is_unneeded(tensor.name)) {
        return std::unexpected(Error::unsupported(fmt::format(
            "model.safetensors: the tensor '{:.80}' has no place in the architecture 'bert'", tensor.name)));
      }
    }
    return {};
  }

  /// The pooler and the heads of pre-training play no part in vectors; position_ids are 0, 1, 2 ...
  static bool is_unneeded(std::string_view name) {
    if (name.starts_with("bert.")) name.remove_prefix(5);
    return name.starts_with("pooler.dense.") || name.starts_with("cls.") || name == "embeddings.position_ids";
  }

  void describe(gguf::Writer& writer, std::optional<uint32_t> pooling) const {
    const auto number = [&](const char* key, uint64_t value) { writer.add(key, static_cast<uint32_t>(value)); };
    writer.add("general.architecture", "bert");
    writer.add("general.type", "model");
    writer.add("general.name", files_.name);
    number("bert.block_count", shape_.layers);
    number("bert.context_length", shape_.positions);
    number("bert.embedding_length", shape_.size);
    number("bert.feed_forward_length", shape_.ffn);
    number("bert.attention.head_count", shape_.heads);
    writer.add("bert.attention.layer_norm_epsilon", static_cast<float>(shape_.epsilon));
    writer.add("bert.attention.causal", false);
    if (!shape_.labels.empty()) {
      writer.add("bert.classifier.output_labels", shape_.labels);
      number("bert.pooling_type", kPoolClasses);
    } else if (pooling) {
      number("bert.pooling_type", *pooling);
    }
    const FormatId format = tensors_.front().format;  // of the embedding, as of all matrices
    number("general.file_type", format == FormatId::kF16 ? 1 : format == FormatId::kBF16 ? 32 : 0);
  }

  void describe(gguf::Writer& writer, const WordPieceFile& words) const {
    writer.add("tokenizer.ggml.model", "bert");
    writer.add("tokenizer.ggml.pre", "default");
    writer.add("tokenizer.ggml.token_type_count", static_cast<uint32_t>(shape_.types));
    writer.add("tokenizer.ggml.tokens", words.tokens);
    writer.add("tokenizer.ggml.token_type", words.kinds);
    writer.add("tokenizer.ggml.normalizer.lowercase", words.lowercase);
    writer.add("tokenizer.ggml.normalizer.strip_accents", words.strip_accents);
    writer.add("tokenizer.ggml.bos_token_id", words.begin);
    writer.add("tokenizer.ggml.cls_token_id", words.begin);
    writer.add("tokenizer.ggml.seperator_token_id", words.separator);
    writer.add("tokenizer.ggml.unknown_token_id", words.unknown);
    if (words.pad >= 0) writer.add("tokenizer.ggml.padding_token_id", static_cast<uint32_t>(words.pad));
    if (words.mask >= 0) writer.add("tokenizer.ggml.mask_token_id", static_cast<uint32_t>(words.mask));
    writer.add("tokenizer.ggml.add_bos_token", true);
    writer.add("tokenizer.ggml.add_sep_token", true);
  }

  Status write(const Matched& tensor) const {
    constexpr size_t kTogether = 1 << 16;  // numbers
    const quant::Format& from = quant::format(format_of(tensor.source->dtype));
    const std::span<const std::byte> bytes = tensor.source->bytes;
    const size_t n = bytes.size() / from.block_bytes;
    std::vector<float> values(std::min(n, kTogether));
    for (size_t at = 0; at < n; at += kTogether) {
      const size_t count = std::min(kTogether, n - at);
      const std::byte* source = bytes.data() + at * from.block_bytes;
      from.dequantize(source, values.data(), count);
      if (!std::all_of(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(count),
                       [](float value) { return std::isfinite(value); })) {
        return std::unexpected(wrong_file(
            "model.safetensors", fmt::format("tensor '{}' holds a number that is none", tensor.planned.source)));
      }
      const bool widened = quant::format(tensor.format).block_bytes != from.block_bytes;
      const auto* out = widened ? reinterpret_cast<const char*>(values.data()) : reinterpret_cast<const char*>(source);
      INGLE_TRY_VOID(sink_({out, count * quant::format(tensor.format).block_bytes}));
    }
    const size_t size = n * quant::format(tensor.format).block_bytes;
    return sink_(std::string((kAlignment - size % kAlignment) % kAlignment, '\0'));
  }

  const BertFiles& files_;
  const Sink& sink_;
  Shape shape_;
  Safetensors weights_;
  std::vector<Matched> tensors_;
};

}  // namespace

Status convert_bert(const BertFiles& files, const Sink& sink) {
  return Conversion(files, sink).run();
}

}  // namespace ingle::convert
