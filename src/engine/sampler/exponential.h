// Sums of exponentials over a vocabulary, in double, fast enough to be taken for every token of a text.
#pragma once

#include <span>

namespace ingle::engine {

/// sum(exp(x - largest)) for x <= largest; minus infinity counts nothing. Relative error below 1e-9.
double sum_of_exponentials(std::span<const float> values, float largest);

}  // namespace ingle::engine
