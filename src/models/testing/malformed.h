// Model files that the reader accepts and the model must refuse: hyper-parameters, tensors that do not fit them,
// tokenizers, weights that are no numbers. The same form as gguf/testing/malformed.h, which makes the files below this
// level.
#pragma once

#include <vector>

#include "gguf/testing/malformed.h"

namespace ingle::models::testing {

/// The bytes of a model that works, and from which all others are made by one change.
std::string well_formed_model();
/// The same for encoders.
std::string well_formed_encoder();

std::vector<gguf::testing::Malformed> malformed_models();

}  // namespace ingle::models::testing
