// From what a model computed for a text to what embed() answers. Pure; any thread.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"

namespace ingle::engine {

/// The state divided by its length; a state of zeros stays one. kCorrupt when something in it is not finite.
Result<std::vector<float>> unit_vector(std::span<const float> state);

/// The scores as they are. kCorrupt as above.
Result<std::vector<float>> class_scores(std::span<const float> scores);

}  // namespace ingle::engine
