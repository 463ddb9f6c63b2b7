#include "backend/cpu/executor.h"

#include <algorithm>
#include <cmath>

#include "backend/cpu/activations.h"
#include "backend/cpu/attention.h"
#include "backend/cpu/encoder.h"
#include "backend/cpu/footprint.h"
#include "backend/cpu/kv_pages.h"
#include "backend/cpu/norm.h"
#include "backend/cpu/rope_table.h"
#include "backend/cpu/top_rows.h"
#include "backend/cpu/weights.h"
#include "base/check.h"
#include "base/cpu_features.h"
#include "base/thread_pool.h"

namespace ingle::backend::cpu {
namespace {

using kernels::kPanelRows;

struct CpuLayer {
  CpuNorm attention_norm, attention_post_norm, mlp_norm, mlp_post_norm, q_norm, k_norm;
  Matrix q, k, v, out, gate, up, down;
  Vector q_bias, k_bias, v_bias, out_bias, gate_bias, up_bias, down_bias;
  AttentionShape shape;
  uint32_t rope = 0;
  Activation activation{};
  bool norms_sum = false;  // the post-norms
};

/// A post-norm that still waits: over a projection in delta, or over the residual that it was added to.
struct Pending {
  const CpuNorm* norm = nullptr;
  bool of_sum = false;
};

/// [begin, end) of part `index` when `n` things are dealt to `parts`.
struct Range {
  uint32_t begin;
  uint32_t end;
};
Range share_of(uint32_t n, uint32_t parts, uint32_t index) {
  return {static_cast<uint32_t>(static_cast<uint64_t>(n) * index / parts),
          static_cast<uint32_t>(static_cast<uint64_t>(n) * (index + 1) / parts)};
}

class CpuExecutor final : public Executor {
 public:
  static Result<std::unique_ptr<Executor>> create(const Program& program, const Options& options);

  uint32_t page_tokens() const override { return kernels::kPageTokens; }
  uint32_t n_pages() const override { return pages_.n_pages(); }
  uint64_t page_bytes() const override { return pages_.page_bytes(); }
  uint64_t weight_bytes() const override { return weights_.bytes() + weights_.bytes_of_vectors(); }
  uint64_t work_bytes() const override {
    return residual_.bytes() + normed_.bytes() + queries_.bytes() + mixed_.bytes() + hidden_.bytes() + delta_.bytes() +
           last_.bytes() + scratch_.size();
  }
  uint32_t max_rows() const override { return max_rows_; }
  std::string_view isa() const override { return math_.kernels->name; }
  uint32_t threads() const override { return pool_.size(); }
  void use_threads(uint32_t n) override { pool_.set_active(n); }
  Result<std::span<const Output>> run(const Step& step) override;
  Result<std::span<const Output>> encode(std::span<const Text> texts) override;
  void copy_page(uint32_t from, uint32_t to) override { pages_.copy(from, to); }
  std::span<std::byte> page(uint32_t page) override { return pages_.page(page); }
  std::string page_layout() const override { return page_layout_; }

 private:
  explicit CpuExecutor(std::unique_ptr<base::ThreadPool> pool) : pool_owner_(std::move(pool)), pool_(*pool_owner_) {}

  Status load_weights(const Program& program, const Options& options);
  Status allocate(const Program& program, const Options& options);

  // A token range of a phase's tasks.
  uint32_t token_blocks(uint32_t n_tokens) const { return (n_tokens + kTaskTokens - 1) / kTaskTokens; }
  uint32_t panel_parts(uint32_t n_panels, uint32_t n_tokens) const;
  float* scratch(uint32_t thread) const { return scratch_.as<float>() + thread * scratch_floats_; }

  // Phases, in the order of a step.
  void check(const Step& step) const;
  void embed(const Step& step);
  uint32_t run_layers(const Step& step, Pending pending);
  void settle(const Pending& pending, uint32_t row);
  void norm(const CpuNorm& pre, const Pending& pending, uint32_t n_rows, std::initializer_list<const Matrix*> users);
  void project_qkv(size_t layer_index, const Step& step);
  void store_head(const CpuLayer& layer, size_t layer_index, uint32_t kv_head, const Step& step, uint32_t first_row,
                  uint32_t n_rows, float* k, float* v);
  void finish_head(float* head, const Vector& bias, size_t bias_at, const CpuNorm& head_norm, const CpuLayer& layer,
                   uint32_t pos) const;
  void quantize_rows(const Activations& x, const Matrix& user, uint32_t n_rows);
  void project_residual(const Matrix& m, const Vector& bias, const Activations& x, bool delayed, uint32_t n_rows);
  void activate(const CpuLayer& layer, uint32_t n_rows);
  uint32_t keep_wanted(const Step& step);
  void head(uint32_t n);
  void head_task(uint32_t first_panel, uint32_t n_panels, uint32_t first, uint32_t n, uint32_t thread);

  std::unique_ptr<base::ThreadPool> pool_owner_;
  base::ThreadPool& pool_;
  Arithmetic math_;
  WeightStore weights_;
  KvPages pages_;
  std::unique_ptr<AttentionRunner> attention_;
  std::string page_layout_;
  std::vector<RopeTable> ropes_;
  std::vector<CpuLayer> layers_;
  Matrix embedding_, head_;
  CpuNorm output_norm_;
  Vector head_bias_;
  std::unique_ptr<EncoderEnds> encoder_;
  float embedding_scale_ = 1.0F;
  float logit_softcap_ = 0;
  uint32_t n_vocab_ = 0, n_embd_ = 0, max_rows_ = 0;

  Activations residual_;  // x: the stream that layers add to; its tiles are not used
  Activations normed_;    // what QKV, gate and up read
  Activations queries_;   // q after norm and RoPE
  Activations mixed_;     // the attention's output
  Activations hidden_;    // act(gate) * up
  Activations delta_;     // a projection that still waits for its post-norm
  Activations last_;      // gathered rows for the head
  Buffer scratch_;
  size_t scratch_floats_ = 0;
  std::vector<float> logits_;
  std::vector<uint32_t> tops_;  // of the rows with an answer
  std::vector<bool> whole_;     // which of them want every logit
  std::vector<float*> all_of_;  // where all logits of such a row go
  TopRows top_rows_;
  std::vector<Output> outputs_;
};

uint32_t CpuExecutor::panel_parts(uint32_t n_panels, uint32_t n_tokens) const {
  // A multiple of the number of threads, so that an undisturbed static split ends everywhere at once.
  const uint32_t threads = pool_.active();
  const uint32_t least = (n_panels + kMaxTaskPanels - 1) / kMaxTaskPanels;
  uint32_t parts = threads * (n_tokens > 1 ? 4 : 2);
  parts = std::max(parts, (least + threads - 1) / threads * threads);
  return std::min(parts, n_panels);
}

Status CpuExecutor::load_weights(const Program& program, const Options& options) {
  weights_.read_with(options);
  layers_.resize(program.layers.size());  // before plan(): it keeps pointers to the matrices
  const auto norm_of = [&](const Norm& norm) { return CpuNorm::load(norm, weights_); };
  const auto plan = [&](const Source& source, Matrix* matrix) {
    if (!source.empty()) weights_.plan(source, matrix);
  };
  plan(program.embedding, &embedding_);
  for (size_t i = 0; i < layers_.size(); ++i) {
    const Layer& from = program.layers[i];
    const Attention& a = from.attention;
    CpuLayer& to = layers_[i];
    to.attention_norm = norm_of(from.attention_norm);
    to.attention_post_norm = norm_of(from.attention_post_norm);
    to.mlp_norm = norm_of(from.mlp_norm);
    to.mlp_post_norm = norm_of(from.mlp_post_norm);
    to.q_norm = norm_of(a.q_norm);
    to.k_norm = norm_of(a.k_norm);
    plan(a.q, &to.q);
    plan(a.k, &to.k);
    plan(a.v, &to.v);
    plan(a.out, &to.out);
    plan(from.mlp.gate, &to.gate);
    plan(from.mlp.up, &to.up);
    plan(from.mlp.down, &to.down);
    to.q_bias = weights_.vector(a.q_bias);
    to.k_bias = weights_.vector(a.k_bias);
    to.v_bias = weights_.vector(a.v_bias);
    to.out_bias = weights_.vector(a.out_bias);
    to.gate_bias = weights_.vector(from.mlp.gate_bias);
    to.up_bias = weights_.vector(from.mlp.up_bias);
    to.down_bias = weights_.vector(from.mlp.down_bias);
    to.shape = {a.n_heads, a.n_kv_heads, a.head_dim, a.window, a.scale, !program.encoder};
    to.rope = a.rope;
    to.activation = from.mlp.activation;
    to.norms_sum = from.norms_sum;
    INGLE_CHECK(from.mlp.gate.empty() == (to.activation == Activation::kGelu));
    if (a.head_dim % kPanelRows != 0) {
      return std::unexpected(Error::unsupported("attention heads of a size that is not a multiple of 16"));
    }
  }
  plan(program.head, &head_);
  head_bias_ = weights_.vector(program.head_bias);
  logit_softcap_ = program.logit_softcap;
  output_norm_ = norm_of(program.output_norm);
  if (program.encoder) encoder_ = std::make_unique<EncoderEnds>(*program.encoder, n_embd_, weights_);
  INGLE_TRY_VOID(weights_.pack(pool_, options));
  if (head_.empty() && !program.encoder) head_ = embedding_;
  // Where 16 bits cost little and matter most: the values, few rows that everything later reads; the last layer, of which
  // only rows with an answer see more than keys and values; the head.
  for (CpuLayer& layer : layers_)
    layer.v.fine = true;
  CpuLayer& last = layers_.back();
  // Of a mean every row has an answer, and none of them decides alone.
  if (program.encoder && program.encoder->pooling == Pooling::kMean) return {};
  for (Matrix* m : {&last.out, &last.gate, &last.up, &last.down, &head_})
    m->fine = true;
  return {};
}

Status CpuExecutor::allocate(const Program& program, const Options& options) {
  const WorkShape shape = WorkShape::of(program, options.max_rows);
  max_rows_ = shape.rows;
  std::vector<AttentionShape> shapes;
  for (const CpuLayer& layer : layers_)
    shapes.push_back(layer.shape);
  INGLE_TRY_VOID(residual_.allocate(max_rows_, n_embd_));
  INGLE_TRY_VOID(normed_.allocate(max_rows_, n_embd_, math_.quantize));
  INGLE_TRY_VOID(delta_.allocate(max_rows_, n_embd_));
  INGLE_TRY_VOID(last_.allocate(max_rows_, n_embd_, math_.quantize));
  INGLE_TRY_VOID(queries_.allocate(max_rows_, shape.heads));
  INGLE_TRY_VOID(mixed_.allocate(max_rows_, shape.heads, math_.quantize));
  INGLE_TRY_VOID(hidden_.allocate(max_rows_, shape.ff, math_.quantize));

  scratch_floats_ = shape.task_floats;
  INGLE_TRY(scratch_, Buffer::allocate(scratch_floats_ * sizeof(float) * pool_.size(), "scratch memory"));
  INGLE_TRY(AttentionRunner attention, AttentionRunner::create(shapes, pool_.size()));
  attention_ = std::make_unique<AttentionRunner>(std::move(attention));

  const uint64_t room = static_cast<uint64_t>(options.n_pages) * kernels::kPageTokens;
  const auto context =
      options.context > 0 ? options.context : static_cast<uint32_t>(std::min<uint64_t>(room, program.context_length));
  for (const Rope& rope : program.ropes)
    ropes_.emplace_back(rope, context);
  return {};
}

/// Other kernels round otherwise, and other contexts may turn heads by other angles.
std::string layout_text(const KvLayout& layout, const kernels::Kernels& kernels, Precision precision,
                        std::span<const RopeTable> ropes) {
  std::string text = "cpu " + std::string(kernels.name) + (precision == Precision::kReference ? " exact" : "");
  text += " kv " + std::to_string(static_cast<int>(layout.format)) + " " + std::to_string(layout.page_bytes) + " rope ";
  for (const RopeTable& rope : ropes)
    text += rope.is_long() ? 'l' : 's';
  return text;
}

Result<std::unique_ptr<Executor>> CpuExecutor::create(const Program& program, const Options& options) {
  INGLE_TRY(const kernels::Kernels* table, kernels::choose(options.isa));
  const unsigned threads = options.threads > 0 ? options.threads : base::physical_cores();
  INGLE_TRY(auto pool, base::ThreadPool::create(threads));
  auto executor = std::unique_ptr<CpuExecutor>(new CpuExecutor(std::move(pool)));
  CpuExecutor& e = *executor;
  const bool reference = options.precision == Precision::kReference || !table->quantize_by_default;
  e.math_ = {table, !reference};
  e.n_vocab_ = program.n_vocab;
  e.n_embd_ = program.n_embd;
  e.embedding_scale_ = program.embedding_scale;
  INGLE_TRY_VOID(e.load_weights(program, options));
  INGLE_TRY_VOID(e.allocate(program, options));
  const auto precision = reference ? Precision::kReference : Precision::kDefault;
  const KvLayout layout = KvLayout::of(program, kv_format(options.kv, precision));
  e.page_layout_ = layout_text(layout, *table, precision, e.ropes_);
  INGLE_TRY(e.pages_, KvPages::allocate(layout, options.n_pages));
  return executor;
}

void CpuExecutor::embed(const Step& step) {
  pool_.run(static_cast<uint32_t>(step.rows.size()), [&](uint32_t r, uint32_t) {
    const auto token = static_cast<uint32_t>(step.rows[r].token);
    float* const x = residual_.row(r);
    embedding_.info->unpack_row(embedding_.panel(token / kPanelRows), token % kPanelRows, embedding_.n_in, x);
    if (embedding_scale_ != 1.0F) {
      for (uint32_t i = 0; i < n_embd_; ++i)
        x[i] *= embedding_scale_;
    }
    if (encoder_) encoder_->add_embeddings(*math_.kernels, r, x);
  });
}

void CpuExecutor::settle(const Pending& pending, uint32_t row) {
  if (pending.norm == nullptr || pending.norm->empty()) return;
  const kernels::Kernels& k = *math_.kernels;
  if (pending.of_sum) return pending.norm->apply(k, residual_.row(row), n_embd_, residual_.row(row));
  pending.norm->apply(k, delta_.row(row), n_embd_, delta_.row(row));
  k.add(delta_.row(row), n_embd_, residual_.row(row));
}

// normed = norm(residual), after the post-norm that still waits.
void CpuExecutor::norm(const CpuNorm& pre, const Pending& pending, uint32_t n_rows,
                       std::initializer_list<const Matrix*> users) {
  // The users share the columns, so one of each kind speaks for all of its kind.
  const auto user_that = [&](bool fine) {
    const auto user = std::ranges::find_if(
        users, [&](const Matrix* m) { return !m->empty() && m->fine == fine && math_.wants_q8(*m); });
    return user == users.end() ? nullptr : *user;
  };
  const Matrix* const coarse_user = user_that(false);
  const Matrix* const fine_user = user_that(true);
  const uint32_t tiles = (n_rows + kTile - 1) / kTile;
  pool_.run(tiles, [&](uint32_t tile, uint32_t thread) {
    const uint32_t first = tile * kTile;
    const uint32_t n = std::min(kTile, n_rows - first);
    for (uint32_t r = first; r < first + n; ++r) {
      settle(pending, r);
      pre.apply(*math_.kernels, residual_.row(r), n_embd_, normed_.row(r));
    }
    for (const Matrix* user : {coarse_user, fine_user}) {
      if (user == nullptr) continue;
      math_.prepare(*user, normed_.row(first), normed_.stride(), first, n, 0, user->k, normed_, scratch(thread));
    }
  });
}

void CpuExecutor::finish_head(float* head, const Vector& bias, size_t bias_at, const CpuNorm& head_norm,
                              const CpuLayer& layer, uint32_t pos) const {
  const kernels::Kernels& k = *math_.kernels;
  const uint32_t n = layer.shape.head_dim;
  if (!bias.empty()) k.add(bias.data() + bias_at, n, head);
  head_norm.apply(k, head, n, head);
  const RopeTable& rope = ropes_[layer.rope];
  if (rope.n_rot() == 0) return;
  (rope.adjacent() ? k.rope_adjacent : k.rope_halves)(head, rope.n_rot(), rope.cos(pos), rope.sin(pos));
}

void CpuExecutor::store_head(const CpuLayer& layer, size_t layer_index, uint32_t kv_head, const Step& step,
                             uint32_t first_row, uint32_t n_rows, float* k, float* v) {
  const uint32_t n = layer.shape.head_dim;
  const size_t at = static_cast<size_t>(kv_head) * n;
  for (uint32_t t = 0; t < n_rows; ++t) {
    const Row& row = step.rows[first_row + t];
    finish_head(k + static_cast<size_t>(t) * n, layer.k_bias, at, layer.k_norm, layer, row.pos);
    if (!layer.v_bias.empty()) math_.kernels->add(layer.v_bias.data() + at, n, v + static_cast<size_t>(t) * n);
    kernels::KvStoreArgs args;
    args.format = pages_.format();
    args.page = pages_.block(step.sequences[row.sequence][row.pos / kernels::kPageTokens], layer_index, kv_head);
    args.slot = row.pos % kernels::kPageTokens;
    args.head_dim = n;
    args.k = k + static_cast<size_t>(t) * n;
    args.v = v + static_cast<size_t>(t) * n;
    math_.kernels->kv_store(args);
  }
}

void CpuExecutor::project_qkv(size_t layer_index, const Step& step) {
  const CpuLayer& layer = layers_[layer_index];
  const AttentionShape& shape = layer.shape;
  const auto n_rows = static_cast<uint32_t>(step.rows.size());
  const uint32_t blocks = token_blocks(n_rows);
  const uint32_t head_panels = shape.head_dim / kPanelRows;
  // The key heads first: they are twice the work of a query head.
  pool_.run((shape.n_kv_heads + shape.n_heads) * blocks, [&](uint32_t task, uint32_t thread) {
    const uint32_t unit = task / blocks;
    const uint32_t first = task % blocks * kTaskTokens;
    const uint32_t n = std::min(kTaskTokens, n_rows - first);
    float* const y = scratch(thread);
    if (unit < shape.n_kv_heads) {
      float* const v = y + static_cast<size_t>(n) * shape.head_dim;
      math_.multiply(layer.k, unit * head_panels, head_panels, normed_, first, n, y, shape.head_dim);
      math_.multiply(layer.v, unit * head_panels, head_panels, normed_, first, n, v, shape.head_dim);
      store_head(layer, layer_index, unit, step, first, n, y, v);
      return;
    }
    const uint32_t head = unit - shape.n_kv_heads;
    const size_t at = static_cast<size_t>(head) * shape.head_dim;
    math_.multiply(layer.q, head * head_panels, head_panels, normed_, first, n, queries_.row(first) + at,
                   queries_.stride());
    for (uint32_t r = first; r < first + n; ++r) {
      finish_head(queries_.row(r) + at, layer.q_bias, at, layer.q_norm, layer, step.rows[r].pos);
    }
  });
}

void CpuExecutor::quantize_rows(const Activations& x, const Matrix& user, uint32_t n_rows) {
  if (!math_.wants_q8(user)) return;
  pool_.run((n_rows + kTile - 1) / kTile, [&](uint32_t tile, uint32_t thread) {
    const uint32_t first = tile * kTile;
    math_.prepare(user, x.row(first), x.stride(), first, std::min(kTile, n_rows - first), 0, user.k, x,
                  scratch(thread));
  });
}

// residual += m * x + bias; if delayed, delta = m * x + bias waits there for its post-norm.
void CpuExecutor::project_residual(const Matrix& m, const Vector& bias, const Activations& x, bool delayed,
                                   uint32_t n_rows) {
  const uint32_t blocks = token_blocks(n_rows);
  const uint32_t parts = panel_parts(m.n_panels(), n_rows);
  pool_.run(parts * blocks, [&](uint32_t task, uint32_t thread) {
    const Range panels = share_of(m.n_panels(), parts, task / blocks);
    const uint32_t first = task % blocks * kTaskTokens;
    const uint32_t n = std::min(kTaskTokens, n_rows - first);
    const uint32_t column = panels.begin * kPanelRows;
    const uint32_t width = (panels.end - panels.begin) * kPanelRows;
    const uint32_t used = std::min(width, m.n_out - column);
    float* const y = scratch(thread);
    math_.multiply(m, panels.begin, panels.end - panels.begin, x, first, n, y, width);
    for (uint32_t t = 0; t < n; ++t) {
      float* const row = y + static_cast<size_t>(t) * width;
      if (!bias.empty()) math_.kernels->add(bias.data() + column, used, row);
      if (!delayed) {
        math_.kernels->add(row, used, residual_.row(first + t) + column);
      } else {
        std::copy_n(row, used, delta_.row(first + t) + column);
      }
    }
  });
}

// hidden = act(gate) * up, or act(up)
void CpuExecutor::activate(const CpuLayer& layer, uint32_t n_rows) {
  const kernels::Kernels& k = *math_.kernels;
  const bool gated = !layer.gate.empty();
  const auto act = layer.activation == Activation::kSilu ? k.silu_mul : k.gelu_tanh_mul;
  const bool quantize = math_.wants_q8(layer.down);
  // Pairs of panels: 32 columns are one block of quantized activations, and belong to one task.
  const uint32_t pairs = (layer.up.n_panels() + 1) / 2;
  const uint32_t blocks = token_blocks(n_rows);
  const uint32_t parts =
      std::min(pairs, std::max(panel_parts(pairs, n_rows), (pairs * 2 + kMaxTaskPanels - 1) / kMaxTaskPanels));
  pool_.run(parts * blocks, [&](uint32_t task, uint32_t thread) {
    const Range pair = share_of(pairs, parts, task / blocks);
    const uint32_t first_panel = pair.begin * 2;
    const uint32_t n_panels = std::min(pair.end * 2, layer.up.n_panels()) - first_panel;
    const uint32_t first = task % blocks * kTaskTokens;
    const uint32_t n = std::min(kTaskTokens, n_rows - first);
    const uint32_t column = first_panel * kPanelRows;
    const uint32_t width = n_panels * kPanelRows;
    const uint32_t used = std::min(width, layer.up.n_out - column);
    float* const gate = scratch(thread);
    float* const up = gated ? gate + static_cast<size_t>(n) * width : gate;  // a fine gate's second rows until summed
    if (gated) math_.multiply(layer.gate, first_panel, n_panels, normed_, first, n, gate, width);
    math_.multiply(layer.up, first_panel, n_panels, normed_, first, n, up, width);
    for (uint32_t t = 0; t < n; ++t) {
      const size_t at = static_cast<size_t>(t) * width;
      float* const to = quantize ? gate + at : hidden_.row(first + t) + column;
      if (!layer.gate_bias.empty()) k.add(layer.gate_bias.data() + column, used, gate + at);
      if (!layer.up_bias.empty()) k.add(layer.up_bias.data() + column, used, up + at);
      if (gated) {
        act(gate + at, up + at, used, to);
      } else {
        k.gelu(up + at, used, to);
      }
    }
    if (!quantize) return;
    float* const spare = gate + 2UL * n * width;
    for (uint32_t t = 0; t < n; t += kTile) {
      // The task's columns are a contiguous piece of each tile.
      math_.prepare(layer.down, gate + static_cast<size_t>(t) * width, width, first + t, std::min(kTile, n - t), column,
                    used, hidden_, spare);
    }
  });
}

// Once the last layer's keys and values are stored, only rows with an answer go on; they move to the front.
uint32_t CpuExecutor::keep_wanted(const Step& step) {
  uint32_t n = 0;
  tops_.clear();
  whole_.clear();
  for (uint32_t r = 0; r < step.rows.size(); ++r) {
    if (!step.rows[r].want_logits) continue;
    tops_.push_back(step.rows[r].top);
    whole_.push_back(step.rows[r].top == 0 || step.rows[r].keep_all);
    if (n != r) {
      std::copy_n(residual_.row(r), n_embd_, residual_.row(n));
      std::copy_n(mixed_.row(r), mixed_.stride(), mixed_.row(n));
    }
    ++n;
  }
  return n;
}

void CpuExecutor::head(uint32_t n) {
  const size_t n_whole = static_cast<size_t>(std::ranges::count(whole_, true));
  if (logits_.size() < n_whole * n_vocab_) logits_.resize(n_whole * n_vocab_);
  all_of_.clear();
  float* next = logits_.data();
  for (const bool whole : whole_) {
    all_of_.push_back(whole ? next : nullptr);
    if (whole) next += n_vocab_;
  }
  top_rows_.begin(tops_, pool_.size());
  quantize_rows(last_, head_, n);
  const uint32_t blocks = token_blocks(n);
  const uint32_t parts =
      std::max(panel_parts(head_.n_panels(), n), (head_.n_panels() + kMaxTaskPanels * 2 - 1) / (kMaxTaskPanels * 2));
  pool_.run(parts * blocks, [&](uint32_t task, uint32_t thread) {
    const Range panels = share_of(head_.n_panels(), parts, task / blocks);
    const uint32_t first = task % blocks * kTaskTokens;
    head_task(panels.begin, panels.end - panels.begin, first, std::min(kTaskTokens, n - first), thread);
  });
  for (uint32_t r = 0; r < n; ++r) {
    outputs_.push_back(top_rows_.wanted(r) ? top_rows_.finish(r) : Output{});
    if (whole_[r]) outputs_.back().values = {all_of_[r], n_vocab_};
  }
}

void CpuExecutor::head_task(uint32_t first_panel, uint32_t n_panels, uint32_t first, uint32_t n, uint32_t thread) {
  const uint32_t column = first_panel * kPanelRows;
  const uint32_t width = n_panels * kPanelRows;
  const uint32_t used = std::min(width, n_vocab_ - column);
  float* const y = scratch(thread);
  math_.multiply(head_, first_panel, n_panels, last_, first, n, y, width);
  for (uint32_t t = 0; t < n; ++t) {
    float* const row = y + static_cast<size_t>(t) * width;
    if (!head_bias_.empty()) math_.kernels->add(head_bias_.data() + column, used, row);
    if (logit_softcap_ != 0) {
      for (uint32_t i = 0; i < used; ++i)
        row[i] = logit_softcap_ * std::tanh(row[i] / logit_softcap_);
    }
    if (top_rows_.wanted(first + t)) top_rows_.see(*math_.kernels, thread, first + t, row, used, column);
    if (float* const all = all_of_[first + t]; all != nullptr) std::copy_n(row, used, all + column);
  }
}

void CpuExecutor::check(const Step& step) const {
  INGLE_CHECK(!step.rows.empty() && step.rows.size() <= max_rows_);
  for (const Row& row : step.rows) {
    INGLE_CHECK(row.token >= 0 && static_cast<uint32_t>(row.token) < n_vocab_);
    INGLE_CHECK(row.top <= std::min(kMaxTop, n_vocab_));
    INGLE_CHECK(row.sequence < step.sequences.size());
    const std::span<const uint32_t> pages = step.sequences[row.sequence];
    INGLE_CHECK(row.pos / kernels::kPageTokens < pages.size());
    INGLE_CHECK(pages[row.pos / kernels::kPageTokens] < pages_.n_pages());
  }
}

// From the embeddings to the last layer's residual: its first rows are those that want an answer. How many there are.
uint32_t CpuExecutor::run_layers(const Step& step, Pending pending) {
  auto n = static_cast<uint32_t>(step.rows.size());
  const uint32_t n_positions = std::ranges::max(step.rows, {}, &Row::pos).pos + 1;
  for (RopeTable& rope : ropes_)
    rope.reserve(n_positions);
  attention_->plan(step);
  embed(step);
  for (size_t i = 0; i < layers_.size(); ++i) {
    const CpuLayer& layer = layers_[i];
    const auto is_delayed = [&](const CpuNorm& post) { return !post.empty() && !layer.norms_sum; };
    norm(layer.attention_norm, pending, n, {&layer.q, &layer.k, &layer.v});
    project_qkv(i, step);
    const bool is_last = i + 1 == layers_.size();
    if (is_last && std::ranges::none_of(step.rows, &Row::want_logits)) return 0;
    attention_->run(pool_, *math_.kernels, pages_, i, layer.shape, step, queries_.row(0), queries_.stride(),
                    mixed_.row(0), mixed_.stride());
    if (is_last) n = keep_wanted(step);
    quantize_rows(mixed_, layer.out, n);
    project_residual(layer.out, layer.out_bias, mixed_, is_delayed(layer.attention_post_norm), n);
    norm(layer.mlp_norm, {&layer.attention_post_norm, layer.norms_sum}, n, {&layer.gate, &layer.up});
    activate(layer, n);
    project_residual(layer.down, layer.down_bias, hidden_, is_delayed(layer.mlp_post_norm), n);
    pending = {&layer.mlp_post_norm, layer.norms_sum};
  }
  pool_.run((n + kTile - 1) / kTile, [&](uint32_t tile, uint32_t) {
    for (uint32_t r = tile * kTile; r < std::min(n, (tile + 1) * kTile); ++r)
      settle(pending, r);
  });
  return n;
}

Result<std::span<const Output>> CpuExecutor::run(const Step& step) {
  INGLE_CHECK(!encoder_);
  check(step);
  const uint32_t n = run_layers(step, {});
  outputs_.clear();
  for (uint32_t r = 0; r < n; ++r) {
    output_norm_.apply(*math_.kernels, residual_.row(r), n_embd_, last_.row(r));
    if (step.want_hidden) outputs_.push_back({.values = {last_.row(r), n_embd_}});
  }
  if (!step.want_hidden && n > 0) head(n);
  return outputs_;
}

Result<std::span<const Output>> CpuExecutor::encode(std::span<const Text> texts) {
  if (!encoder_) return Executor::encode(texts);
  const Step& step = encoder_->begin(texts);
  check(step);
  run_layers(step, {&encoder_->embedding_norm(), true});
  encoder_->pool(pool_, *math_.kernels, residual_, outputs_);
  return outputs_;
}

}  // namespace

Result<std::unique_ptr<Executor>> load(const Program& program, const Options& options) {
  return CpuExecutor::create(program, options);
}

}  // namespace ingle::backend::cpu

namespace ingle::backend {

uint64_t page_bytes(const Program& program, KvType kv) {
  return cpu::KvLayout::of(program, cpu::kv_format(kv, Precision::kDefault)).page_bytes;
}

}  // namespace ingle::backend
