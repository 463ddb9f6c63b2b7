#include "backend/cpu/encoder.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace ingle::backend::cpu {
namespace {

/// y = m x + bias in f32, whatever the format: one row for a text is nothing beside its layers.
std::vector<float> multiply(const kernels::Kernels& kernels, const Matrix& m, const Vector& bias,
                            std::span<const float> x) {
  std::vector<float> padded(m.k, 0.0F);
  std::ranges::copy(x, padded.begin());
  std::vector<float> y(size_t{m.n_panels()} * kernels::kPanelRows);
  kernels::MatmulArgs args;
  args.panels = m.panels;
  args.n_panels = m.n_panels();
  args.k = m.k;
  args.n_tokens = 1;
  args.x = padded.data();
  args.x_stride = m.k;
  args.y = y.data();
  args.y_stride = y.size();
  kernels.matmul_f32[static_cast<size_t>(m.info->format)](args);
  if (!bias.empty()) kernels.add(bias.data(), m.n_out, y.data());
  return y;
}

}  // namespace

EncoderEnds::EncoderEnds(const Encoder& from, uint32_t n_embd, WeightStore& weights)
    : n_embd_(n_embd),
      pooling_(from.pooling),
      positions_(weights.vector(from.positions)),
      types_(weights.vector(from.types)),
      n_types_(from.types.empty() ? 0 : from.types.n_out),
      embedding_norm_(CpuNorm::load(from.embedding_norm, weights)),
      dense_bias_(weights.vector(from.dense_bias)),
      classes_bias_(weights.vector(from.classes_bias)) {
  if (!from.dense.empty()) weights.plan(from.dense, &dense_);
  if (!from.classes.empty()) weights.plan(from.classes, &classes_);
}

const Step& EncoderEnds::begin(std::span<const Text> texts) {
  rows_.clear();
  is_second_.clear();
  first_state_.clear();
  pages_.resize(std::max(pages_.size(), texts.size()));
  uint32_t n_states = 0;
  uint32_t next_page = 0;
  for (uint32_t i = 0; i < texts.size(); ++i) {
    const auto n = static_cast<uint32_t>(texts[i].tokens.size());
    INGLE_CHECK(n > 0);
    first_state_.push_back(n_states);
    for (uint32_t pos = 0; pos < n; ++pos) {
      const bool is_read = pooling_ == Pooling::kMean || pos == (pooling_ == Pooling::kLast ? n - 1 : 0);
      rows_.push_back({.token = texts[i].tokens[pos], .pos = pos, .sequence = i, .want_logits = is_read});
      is_second_.push_back(texts[i].second_from > 0 && pos >= texts[i].second_from);
      n_states += is_read ? 1 : 0;
    }
    pages_[i].clear();
    for (uint32_t page = 0; page * kernels::kPageTokens < n; ++page)
      pages_[i].push_back(next_page++);
  }
  first_state_.push_back(n_states);
  tables_.assign(pages_.begin(), pages_.begin() + static_cast<std::ptrdiff_t>(texts.size()));
  step_ = {.rows = rows_, .sequences = tables_, .want_hidden = true};
  return step_;
}

void EncoderEnds::add_embeddings(const kernels::Kernels& kernels, uint32_t row, float* x) const {
  if (!positions_.empty()) kernels.add(&positions_[size_t{rows_[row].pos} * n_embd_], n_embd_, x);
  if (n_types_ == 0) return;
  const uint32_t type = is_second_[row] && n_types_ > 1 ? 1 : 0;
  kernels.add(&types_[size_t{type} * n_embd_], n_embd_, x);
}

void EncoderEnds::pool(base::ThreadPool& pool, const kernels::Kernels& kernels, const Activations& states,
                       std::vector<Output>& outputs) {
  const auto n_texts = static_cast<uint32_t>(first_state_.size()) - 1;
  const size_t size = answer_size();
  answers_.resize(std::max(answers_.size(), n_texts * size));
  pool.run(n_texts, [&](uint32_t text, uint32_t) { pool_one(kernels, states, text, &answers_[text * size]); });
  outputs.clear();
  for (uint32_t text = 0; text < n_texts; ++text)
    outputs.push_back({.values = {&answers_[text * size], size}});
}

void EncoderEnds::pool_one(const kernels::Kernels& kernels, const Activations& states, uint32_t text,
                           float* answer) const {
  const uint32_t first = first_state_[text];
  const uint32_t end = first_state_[text + 1];
  if (pooling_ == Pooling::kClasses) return classify(kernels, states.row(first), answer);
  std::copy_n(states.row(first), n_embd_, answer);
  if (end - first == 1) return;
  for (uint32_t r = first + 1; r < end; ++r)
    kernels.add(states.row(r), n_embd_, answer);
  const auto n = static_cast<float>(end - first);
  for (uint32_t i = 0; i < n_embd_; ++i)
    answer[i] /= n;
}

void EncoderEnds::classify(const kernels::Kernels& kernels, const float* state, float* scores) const {
  std::vector<float> pooled(state, state + n_embd_);
  if (!dense_.empty()) {
    const std::vector<float> dense = multiply(kernels, dense_, dense_bias_, pooled);
    std::transform(dense.begin(), dense.begin() + n_embd_, pooled.begin(), [](float x) { return std::tanh(x); });
  }
  std::copy_n(multiply(kernels, classes_, classes_bias_, pooled).begin(), classes_.n_out, scores);
}

}  // namespace ingle::backend::cpu
