// From a text, or a pair of texts, to the tokens that a model reads. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "chat/types.h"
#include "text/tokenizer/tokenizer.h"

namespace ingle::engine {

/// kRefused for a pair where `model`, which the error names, knows no token to stand between its texts.
Result<std::vector<int32_t>> read_text(const text::Tokenizer& tokenizer, const chat::TokenizeRequest& request,
                                       std::string_view model);

}  // namespace ingle::engine
