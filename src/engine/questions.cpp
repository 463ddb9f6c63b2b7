#include "engine/questions.h"

#include <cmath>

#include "engine/answer_vector.h"
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
  outcome_ = unit_vector(rows.front().values);
  return true;
}

}  // namespace ingle::engine
