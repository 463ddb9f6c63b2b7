#include "shapes/model_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <ostream>

#include "gguf/writer.h"
#include "shapes/random_blocks.h"
#include "text/tokenizer/byte_alphabet.h"

namespace ingle::shapes {
namespace {

using quant::FormatId;

constexpr float kRmsEpsilon = 1e-5F;
constexpr uint32_t kAlignment = 32;
constexpr size_t kPieceBytes = size_t{4} << 20;

/// What an architecture has besides Llama's tensors.
struct Extras {
  std::string_view architecture;
  bool fused = false;  // Q, K and V in one matrix, gate and up in another
  bool qkv_biases = false;
  bool head_norms = false;
  bool post_norms = false;
};
constexpr Extras kExtras[] = {
    {.architecture = "llama"},
    {.architecture = "qwen2", .qkv_biases = true},
    {.architecture = "qwen3", .head_norms = true},
    {.architecture = "gemma3", .head_norms = true, .post_norms = true},
    {.architecture = "phi3", .fused = true},
};

class Plan {
 public:
  explicit Plan(const ShapeSpec& spec)
      : shape_(*spec.shape),
        recipe_(*spec.recipe),
        extras_(*std::ranges::find(kExtras, spec.shape->architecture, &Extras::architecture)) {
    matrix("token_embd.weight", shape_.tied ? Part::kHead : Part::kEmbedding, 0, shape_.n_embd, shape_.n_vocab);
    for (uint32_t i = 0; i < shape_.n_layers; ++i)
      layer(i);
    ones("output_norm.weight", shape_.n_embd);
    if (!shape_.tied) matrix("output.weight", Part::kHead, 0, shape_.n_embd, shape_.n_vocab);
  }
  std::vector<PlannedTensor> take() { return std::move(tensors_); }

 private:
  void layer(uint32_t i) {
    const uint64_t width = shape_.n_embd;
    const uint64_t q_size = uint64_t{shape_.n_heads} * shape_.head_dim;
    const uint64_t kv_size = uint64_t{shape_.n_kv_heads} * shape_.head_dim;
    const auto name = [i](std::string_view tensor) { return fmt::format("blk.{}.{}", i, tensor); };
    ones(name("attn_norm.weight"), width);
    if (extras_.fused) {
      matrix(name("attn_qkv.weight"), Part::kAttentionQkv, i, width, q_size + 2 * kv_size);
    } else {
      matrix(name("attn_q.weight"), Part::kOther, i, width, q_size);
      matrix(name("attn_k.weight"), Part::kOther, i, width, kv_size);
      matrix(name("attn_v.weight"), Part::kAttentionV, i, width, kv_size);
    }
    if (extras_.qkv_biases) {
      small(name("attn_q.bias"), q_size);
      small(name("attn_k.bias"), kv_size);
      small(name("attn_v.bias"), kv_size);
    }
    if (extras_.head_norms) {
      ones(name("attn_q_norm.weight"), shape_.head_dim);
      ones(name("attn_k_norm.weight"), shape_.head_dim);
    }
    matrix(name("attn_output.weight"), Part::kOther, i, q_size, width);
    if (extras_.post_norms) ones(name("post_attention_norm.weight"), width);
    ones(name("ffn_norm.weight"), width);
    if (extras_.fused) {
      matrix(name("ffn_up.weight"), Part::kOther, i, width, 2 * uint64_t{shape_.n_ff});
    } else {
      matrix(name("ffn_gate.weight"), Part::kOther, i, width, shape_.n_ff);
      matrix(name("ffn_up.weight"), Part::kOther, i, width, shape_.n_ff);
    }
    matrix(name("ffn_down.weight"), Part::kMlpDown, i, shape_.n_ff, width);
    if (extras_.post_norms) ones(name("post_ffw_norm.weight"), width);
  }

  void matrix(std::string name, Part part, uint32_t layer, uint64_t n_in, uint64_t n_out) {
    // 1 / sqrt(n_in): what comes out of a product is about as large as what goes in.
    tensors_.push_back({std::move(name),
                        choose_format(recipe_, part, layer, shape_.n_layers, n_in),
                        {n_in, n_out},
                        1 / std::sqrt(static_cast<float>(n_in))});
  }
  void ones(std::string name, uint64_t n) { tensors_.push_back({std::move(name), FormatId::kF32, {n}, 0}); }
  void small(std::string name, uint64_t n) { tensors_.push_back({std::move(name), FormatId::kF32, {n}, 0.02F}); }

  const Shape& shape_;
  const Recipe& recipe_;
  const Extras& extras_;
  std::vector<PlannedTensor> tensors_;
};

/// Byte-level BPE with one merge: the 256 letters, names for the rest, and control tokens at the end. llama.cpp looks for
/// these four in every file whose name says Phi-3.
void add_vocabulary(gguf::Writer& writer, uint32_t n_vocab) {
  constexpr int32_t kNormal = 1, kControl = 3;
  constexpr const char* kControlTokens[] = {"<s>", "</s>", "<unk>", "<|endoftext|>"};
  std::vector<std::string> tokens;
  tokens.reserve(n_vocab);
  for (uint32_t i = 0; i < 256; ++i)
    tokens.emplace_back(text::letter_of_byte(static_cast<uint8_t>(i)));
  tokens.emplace_back("th");
  while (tokens.size() < n_vocab - std::size(kControlTokens))
    tokens.push_back(fmt::format("token{}", tokens.size()));
  const auto first = static_cast<uint32_t>(tokens.size());
  tokens.insert(tokens.end(), std::begin(kControlTokens), std::end(kControlTokens));
  std::vector<int32_t> types(n_vocab, kNormal);
  std::fill(types.begin() + first, types.end(), kControl);
  writer.add("tokenizer.ggml.model", "gpt2");
  writer.add("tokenizer.ggml.pre", "default");
  writer.add("tokenizer.ggml.tokens", tokens);
  writer.add("tokenizer.ggml.token_type", types);
  writer.add("tokenizer.ggml.merges", std::vector<std::string>{"t h"});
  writer.add("tokenizer.ggml.bos_token_id", first);
  writer.add("tokenizer.ggml.eos_token_id", first + 1);
  writer.add("tokenizer.ggml.add_bos_token", false);
}

std::string header_of(const ShapeSpec& spec, const std::vector<PlannedTensor>& tensors) {
  const Shape& shape = *spec.shape;
  gguf::Writer writer(kAlignment);
  writer.add("general.architecture", shape.architecture);
  writer.add("general.name", fmt::format("{} (random weights)", spec.name()));
  writer.add("general.file_type", spec.recipe->file_type);
  writer.add("general.quantization_version", uint32_t{2});
  const auto key = [&](std::string_view name) { return fmt::format("{}.{}", shape.architecture, name); };
  writer.add(key("block_count"), shape.n_layers);
  writer.add(key("context_length"), shape.context_length);
  writer.add(key("embedding_length"), shape.n_embd);
  writer.add(key("feed_forward_length"), shape.n_ff);
  writer.add(key("vocab_size"), shape.n_vocab);
  writer.add(key("attention.head_count"), shape.n_heads);
  writer.add(key("attention.head_count_kv"), shape.n_kv_heads);
  writer.add(key("attention.key_length"), shape.head_dim);
  writer.add(key("attention.value_length"), shape.head_dim);
  writer.add(key("attention.layer_norm_rms_epsilon"), kRmsEpsilon);
  writer.add(key("rope.dimension_count"), shape.head_dim);
  writer.add(key("rope.freq_base"), shape.rope_base);
  if (shape.window > 0) writer.add(key("attention.sliding_window"), shape.window);
  add_vocabulary(writer, shape.n_vocab);
  for (const PlannedTensor& tensor : tensors)
    writer.declare_tensor(tensor.name, tensor.format, tensor.shape);
  return writer.header();
}

uint64_t bytes_of(const PlannedTensor& tensor) {
  const uint64_t n_rows = tensor.shape.size() > 1 ? tensor.shape[1] : 1;
  return n_rows * quant::format(tensor.format).row_bytes(tensor.shape[0]);
}

uint64_t padding_of(uint64_t bytes) {
  return (kAlignment - bytes % kAlignment) % kAlignment;
}

void fill(const PlannedTensor& tensor, Random& random, std::span<std::byte> piece) {
  if (tensor.deviation > 0) return fill_random(tensor.format, tensor.deviation, random, piece);
  const std::vector<float> ones(piece.size() / sizeof(float), 1.0F);
  std::ranges::copy(std::as_bytes(std::span(ones)), piece.begin());
}

}  // namespace

std::vector<PlannedTensor> plan_tensors(const ShapeSpec& spec) {
  return Plan(spec).take();
}

uint64_t file_bytes(const ShapeSpec& spec) {
  const auto tensors = plan_tensors(spec);
  uint64_t total = header_of(spec, tensors).size();
  for (const PlannedTensor& tensor : tensors)
    total += bytes_of(tensor) + padding_of(bytes_of(tensor));
  return total;
}

Status write_model(const ShapeSpec& spec, std::ostream& out, const WriteOptions& options) {
  const auto tensors = plan_tensors(spec);
  const uint64_t total = file_bytes(spec);
  uint64_t written = 0;
  const auto write = [&](std::span<const std::byte> bytes) -> Status {
    if (options.stop.stop_requested()) return std::unexpected(Error::cancelled("interrupted"));
    errno = 0;
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (!out) return std::unexpected(Error::io("writing the weights of " + spec.name(), errno));
    written += bytes.size();
    if (options.progress) options.progress(written, total);
    return {};
  };
  const std::string header = header_of(spec, tensors);
  INGLE_TRY_VOID(write(std::as_bytes(std::span(header))));
  std::vector<std::byte> piece;
  for (size_t i = 0; i < tensors.size(); ++i) {
    Random random(i);
    const uint64_t block_bytes = quant::format(tensors[i].format).block_bytes;
    const uint64_t bytes = bytes_of(tensors[i]);
    for (uint64_t done = 0; done < bytes; done += piece.size()) {
      piece.resize(std::min(kPieceBytes / block_bytes * block_bytes, bytes - done));
      fill(tensors[i], random, piece);
      INGLE_TRY_VOID(write(piece));
    }
    const std::vector<std::byte> zeros(padding_of(bytes));
    INGLE_TRY_VOID(write(zeros));
  }
  return {};
}

}  // namespace ingle::shapes
