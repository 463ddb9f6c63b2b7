// Scoring and Embedding: jobs that read a text and generate nothing.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "engine/job.h"

namespace ingle::engine {

/// A job with one answer: a list of numbers.
class Question : public Job {
 public:
  using Answer = std::move_only_function<void(Result<std::vector<float>>)>;
  Question(std::string id, std::vector<int32_t> tokens, Answer answer)
      : Job(std::move(id), std::move(tokens)), answer_(std::move(answer)) {}

  void fail(Error error) override { outcome_ = std::unexpected(std::move(error)); }
  void cancel() override { fail(Error::cancelled()); }
  void conclude() override { answer_(std::move(outcome_)); }

 protected:
  Answer answer_;
  Result<std::vector<float>> outcome_;
};

/// The log-probability of every token from `first` on, each under those before it.
class Scoring final : public Question {
 public:
  Scoring(std::string id, std::vector<int32_t> tokens, uint32_t first, Answer answer)
      : Question(std::move(id), std::move(tokens), std::move(answer)), first_(first) {
    outcome_->reserve(tokens_.size() - first);
  }

  uint32_t n_wanted() const override { return static_cast<uint32_t>(tokens_.size()) - 1; }
  uint32_t first_result() const override { return first_ - 1; }
  bool take(std::span<const backend::Output> rows, uint32_t pos, SamplerScratch& scratch) override;

 private:
  uint32_t first_;
};

/// The hidden state of the last token, of length 1.
class Embedding final : public Question {
 public:
  Embedding(std::string id, std::vector<int32_t> tokens, Answer answer, std::function<void()> started)
      : Question(std::move(id), std::move(tokens), std::move(answer)), started_(std::move(started)) {}

  void started(uint32_t /*n_cached*/) override { started_(); }
  bool wants_hidden() const override { return true; }
  bool take(std::span<const backend::Output> rows, uint32_t pos, SamplerScratch& scratch) override;

 private:
  const std::function<void()> started_;
};

}  // namespace ingle::engine
