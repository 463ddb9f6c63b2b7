// What an encoder does before and after its layers: texts become the rows of a step, and rows become answers.
//
// Owned by the executor and used by its thread. Pages are given out anew in every step: keys and values of a layer lie
// there until the next layer's take their place.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "backend/cpu/activations.h"
#include "backend/cpu/norm.h"
#include "backend/cpu/weights.h"
#include "base/thread_pool.h"

namespace ingle::backend::cpu {

class EncoderEnds {
 public:
  /// The matrices are there after weights.pack().
  EncoderEnds(const Encoder& from, uint32_t n_embd, WeightStore& weights);
  EncoderEnds(const EncoderEnds&) = delete;
  EncoderEnds& operator=(const EncoderEnds&) = delete;

  /// The rows of these texts. Those that pooling reads want an answer.
  const Step& begin(std::span<const Text> texts);
  /// Adds position and type to the token's embedding.
  void add_embeddings(const kernels::Kernels& kernels, uint32_t row, float* x) const;
  const CpuNorm& embedding_norm() const { return embedding_norm_; }

  /// `states`: one row for each that wanted an answer. An output for every text.
  void pool(base::ThreadPool& pool, const kernels::Kernels& kernels, const Activations& states,
            std::vector<Output>& outputs);

 private:
  void pool_one(const kernels::Kernels& kernels, const Activations& states, uint32_t text, float* answer) const;
  void classify(const kernels::Kernels& kernels, const float* state, float* scores) const;
  uint32_t answer_size() const { return pooling_ == Pooling::kClasses ? classes_.n_out : n_embd_; }

  uint32_t n_embd_;
  Pooling pooling_;
  Vector positions_, types_;
  uint32_t n_types_;
  CpuNorm embedding_norm_;
  Matrix dense_, classes_;
  Vector dense_bias_, classes_bias_;

  std::vector<Row> rows_;
  std::vector<bool> is_second_;  // of rows_: belongs to the second text of a pair
  std::vector<std::vector<uint32_t>> pages_;
  std::vector<std::span<const uint32_t>> tables_;
  std::vector<uint32_t> first_state_;  // of every text, and the end
  Step step_;
  std::vector<float> answers_;
};

}  // namespace ingle::backend::cpu
