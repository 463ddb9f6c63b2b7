#include "engine/answer_vector.h"

#include <cmath>

namespace ingle::engine {
namespace {

Result<double> sum_of_squares(std::span<const float> numbers) {
  double squares = 0;
  for (const float x : numbers)
    squares += static_cast<double>(x) * static_cast<double>(x);
  if (std::isfinite(squares)) return squares;
  return std::unexpected(
      Error::corrupt("the model computed a hidden state that is not made of numbers")
          .hint("its weights may be damaged; compare the file's SHA-256 with its source, or pull it again"));
}

}  // namespace

Result<std::vector<float>> unit_vector(std::span<const float> state) {
  INGLE_TRY(const double squares, sum_of_squares(state));
  const double length = squares > 0 ? std::sqrt(squares) : 1;
  std::vector<float> vector;
  vector.reserve(state.size());
  for (const float x : state)
    vector.push_back(static_cast<float>(static_cast<double>(x) / length));
  return vector;
}

Result<std::vector<float>> class_scores(std::span<const float> scores) {
  INGLE_TRY_VOID(sum_of_squares(scores));
  return std::vector<float>(scores.begin(), scores.end());
}

}  // namespace ingle::engine
