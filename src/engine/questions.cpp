#include "engine/questions.h"

#include <cmath>

#include "engine/sampler/logprobs.h"

namespace ingle::engine {

bool Scoring::take(std::span<const backend::Output> rows, uint32_t pos, SamplerScratch& /*scratch*/) {
  for (const backend::Output& row : rows) {
    const auto logits = row.values;
    const auto logit = static_cast<double>(logits[static_cast<size_t>(tokens_[pos + 1])]);
    const double logprob = logit - log_sum_exp(logits);
    if (!std::isfinite(logprob)) {
      fail(Error::corrupt("the model computed logits that are not numbers at token " + std::to_string(pos))
               .hint("its weights may be damaged; compare the file's SHA-256 with its source, or pull it again"));
      return true;
    }
    outcome_->push_back(static_cast<float>(logprob));
    ++pos;
  }
  return pos == n_wanted();
}

bool Embedding::take(std::span<const backend::Output> rows, uint32_t /*pos*/, SamplerScratch& /*scratch*/) {
  const auto state = rows.front().values;
  double squares = 0;
  for (const float x : state)
    squares += static_cast<double>(x) * static_cast<double>(x);
  if (!std::isfinite(squares)) {
    fail(Error::corrupt("the model computed a hidden state that is not made of numbers")
             .hint("its weights may be damaged; compare the file's SHA-256 with its source, or pull it again"));
    return true;
  }
  const double length = squares > 0 ? std::sqrt(squares) : 1;
  outcome_->reserve(state.size());
  for (const float x : state)
    outcome_->push_back(static_cast<float>(static_cast<double>(x) / length));
  return true;
}

}  // namespace ingle::engine
