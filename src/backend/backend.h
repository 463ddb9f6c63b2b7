// The op vocabulary: how a model is described to a device, and how a step of a batch is run on it.
//
// A model is a list of fused phases (no graph). models/ fills a Program from a GGUF file; a Backend loads its weights into
// the device's layout and gives an Executor, which owns weights, KV pages and scratch memory. The engine owns the Executor
// and calls it from one thread. Results of a row depend only on the tokens of its sequence, never on the company in the
// batch, the number of threads or how a prompt was cut into steps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "quant/format.h"

namespace ingle::backend {

/// A tensor in the model file. A matrix has n_out rows of n_in columns.
struct Source {
  std::string name;
  const quant::Format* format = nullptr;
  std::span<const std::byte> bytes;
  uint64_t file_offset = 0;  // for error texts
  uint32_t n_in = 0;
  uint32_t n_out = 1;
  bool empty() const { return format == nullptr; }
};

struct Norm {
  Source weight;  // empty: no norm
  float eps = 0;
  Source bias = {};  // of a layer norm; empty: RMS norm
};

/// Rotary embedding; angle of pair i at position p is p * inv_freq[i], cos and sin are multiplied by `magnitude`.
struct Rope {
  uint32_t n_rot = 0;     // dimensions rotated, from the front of the head
  bool adjacent = false;  // pairs (2i, 2i+1), else (i, i + n_rot / 2)
  float magnitude = 1.0F;
  std::vector<float> inv_freq;  // [n_rot / 2]
  // LongRoPE (arXiv 2402.13753): contexts longer than `long_from` use these instead; empty: one set for all.
  uint32_t long_from = 0;
  std::vector<float> long_inv_freq;
};

enum class Activation : uint8_t { kSilu, kGeluTanh, kGelu };  // kGelu: of MLPs without a gate, and only of them

/// Grouped-query attention with optional q/k-norm and sliding window.
struct Attention {
  Source q, k, v;  // [n_heads * head_dim, n_embd], [n_kv_heads * head_dim, n_embd] twice
  Source q_bias, k_bias, v_bias;
  Norm q_norm, k_norm;  // over each head
  uint32_t n_heads = 0;
  uint32_t n_kv_heads = 0;
  uint32_t head_dim = 0;
  uint32_t rope = 0;    // index into Program::ropes
  float scale = 0;      // of the scores
  uint32_t window = 0;  // a query at p sees keys p - window < t <= p; 0: all
  Source out;
  Source out_bias;
};

/// down(act(gate x) * (up x)); without a gate down(act(up x))
struct Mlp {
  Source gate, up, down;  // [n_ff, n_embd] twice, [n_embd, n_ff]
  Source gate_bias, up_bias, down_bias;
  Activation activation{};
};

/// residual += post(attention(pre(residual))); residual += post(mlp(pre(residual))). Where the norms are of the sum,
/// residual = post(residual + attention(pre(residual))), and so on.
struct Layer {
  Norm attention_norm;
  Attention attention;
  Norm attention_post_norm;
  Norm mlp_norm;
  Mlp mlp;
  Norm mlp_post_norm;
  bool norms_sum = false;
};

/// Which states of an encoder's last layer make the answer for a text: the mean of all, one of them, or what a classifier
/// makes of the first.
enum class Pooling : uint8_t { kMean, kFirst, kLast, kClasses };

/// What an encoder has besides its layers. Every token of a text sees all of it, and nothing of other texts.
struct Encoder {
  Source positions;  // [context_length, n_embd], added to the tokens' embeddings
  Source types;      // [n, n_embd], added too: the first row for a text or the first of a pair, the next for the second
  Norm embedding_norm;
  Pooling pooling{};
  // classes(tanh(dense(state))); an empty dense is the identity, without tanh.
  Source dense, dense_bias;      // [n_embd, n_embd], [n_embd]
  Source classes, classes_bias;  // [n_classes, n_embd], [n_classes]
};

struct Program {
  std::string architecture;
  uint32_t n_vocab = 0;
  uint32_t n_embd = 0;
  uint32_t context_length = 0;
  Source embedding;  // [n_vocab, n_embd]
  float embedding_scale = 1.0F;
  std::vector<Rope> ropes;
  std::vector<Layer> layers;
  Norm output_norm;
  Source head;  // empty: tied to the embedding
  Source head_bias;
  float logit_softcap = 0;              // c: logits become c * tanh(logits / c); 0: none
  std::optional<Encoder> encoder = {};  // such a model has no head and no output norm
};

enum class Precision : uint8_t {
  kDefault,    // what the kernel table does best
  kReference,  // f32 activations and f32 KV: exact up to rounding
};
/// How keys and values are kept; kI8: 8.5 bits a number, half of f16 and close to it (docs/benchmarks.md).
enum class KvType : uint8_t { kDefault, kF32, kF16, kBF16, kI8 };

struct Options {
  std::string isa;       // kernel table; "" = best
  uint32_t threads = 0;  // 0 = physical cores
  Precision precision = Precision::kDefault;
  KvType kv = KvType::kDefault;
  uint32_t n_pages = 0;  // KV pages to reserve; each holds page_tokens() tokens of all layers, or of one in an encoder
  uint32_t context = 0;  // tokens a sequence may hold; 0: n_pages worth, at most the model's own
  uint32_t max_rows = 512;  // rows in one step
  /// Called while weights are packed, from the loading thread: done and total bytes.
  std::function<void(uint64_t, uint64_t)> progress;
  /// Copies a part of a matrix's bytes, from any thread; empty: they are read where they are.
  std::function<Status(std::span<const std::byte>, std::byte*)> read;
  /// Tells which part of a matrix's bytes will be read soon, from any thread; may be empty.
  std::function<void(std::span<const std::byte>)> expect;
};

/// One token of a step.
struct Row {
  int32_t token = 0;
  uint32_t pos = 0;
  uint32_t sequence = 0;  // index into Step::sequences
  bool want_logits = false;
  uint32_t top = 0;       // only so many of the largest logits, at most kMaxTop and n_vocab; 0: all
  bool keep_all = false;  // beside `top`: all of them too
};
inline constexpr uint32_t kMaxTop = 64;

/// A token with its logit.
struct Scored {
  int32_t id = 0;
  float logit = 0;
  friend bool operator==(const Scored&, const Scored&) = default;
};

/// More likely first; equal logits by lower id.
inline bool likelier(const Scored& a, const Scored& b) {
  return a.logit > b.logit || (a.logit == b.logit && a.id < b.id);
}

/// What a step computed for a row with want_logits.
struct Output {
  /// n_vocab logits, n_embd numbers of a hidden state or an encoder's vector, or its classes' scores; empty for a row with
  /// `top` alone.
  std::span<const float> values = {};
  std::span<const Scored> top = {};  // sorted by likelier()
  uint32_t n_bad = 0;  // beside `top`: how many of all logits are NaN or +infinity; `top` means nothing then
};

/// Rows of a sequence stand together, in the order of their positions, and follow what its pages already hold. A page may
/// be shared by sequences as long as it is only read.
struct Step {
  std::span<const Row> rows;
  std::span<const std::span<const uint32_t>>
      sequences;             // block tables: page ids, position p lies in [p / page_tokens()]
  bool want_hidden = false;  // final normalised hidden states instead of logits for rows that want
};

/// What an encoder reads: a text or a pair of texts, at most context_length tokens.
struct Text {
  std::span<const int32_t> tokens;
  uint32_t second_from = 0;  // where the second text of a pair begins; 0: there is one
};

class Executor {
 public:
  virtual ~Executor() = default;
  virtual uint32_t page_tokens() const = 0;
  virtual uint32_t n_pages() const = 0;
  virtual uint64_t page_bytes() const = 0;
  virtual uint64_t weight_bytes() const = 0;
  /// Memory for the rows of a step.
  virtual uint64_t work_bytes() const { return 0; }
  virtual uint32_t max_rows() const = 0;
  virtual std::string_view isa() const = 0;
  virtual uint32_t threads() const = 0;
  /// How many of them the next steps may use, 1 ... threads(); results do not depend on it.
  virtual void use_threads(uint32_t n) = 0;

  /// Runs a step. The answer holds an output for every row with want_logits, in order of rows; it is valid until the next
  /// call.
  virtual Result<std::span<const Output>> run(const Step& step) = 0;
  virtual void copy_page(uint32_t from, uint32_t to) = 0;
  /// The memory of a page, page_bytes() long; empty: pages cannot be taken out.
  virtual std::span<std::byte> page(uint32_t /*page*/) { return {}; }
  /// Names everything that the bits of a page depend on, beside the model and the text; empty where pages cannot be taken
  /// out.
  virtual std::string page_layout() const { return {}; }

  /// For encoders, which cannot run(): the answer for every text, valid until the next call. All of them together have at
  /// most max_rows() tokens and take at most n_pages() pages, each text whole ones; nothing stays there.
  virtual Result<std::span<const Output>> encode(std::span<const Text> texts);
};

/// Loads the weights; `program` and the bytes that its sources view are not needed afterwards.
Result<std::unique_ptr<Executor>> load(std::string_view device, const Program& program, const Options& options);

/// From what settings and flags call it: "" (the default), f32, f16, bf16, i8 or q8_0, llama.cpp's and Ollama's name for
/// eight bits in blocks of 32.
Result<KvType> kv_type_of(std::string_view name);

/// What load() takes, to plan memory before it: counted from the program's shapes alone, and exactly what the executor
/// says of itself afterwards. The rest, such as tables of angles, is bounded.
struct Footprint {
  uint64_t weights = 0;  // Executor::weight_bytes()
  uint64_t page = 0;     // KV bytes of one page
  uint64_t work = 0;     // Executor::work_bytes(), for max_rows, threads
  uint64_t tables = 0;   // at most, for `context`: grown when a context is filled
};
Result<Footprint> footprint(std::string_view device, const Program& program, const Options& options);

/// KV bytes of one page.
uint64_t page_bytes(const Program& program, KvType kv);

}  // namespace ingle::backend
