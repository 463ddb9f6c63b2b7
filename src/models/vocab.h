// Reads a tokenizer's description out of GGUF metadata (tokenizer.ggml.*).
#pragma once

#include "base/result.h"
#include "gguf/file.h"
#include "text/tokenizer/vocab.h"

namespace ingle::models {

Result<text::Vocab> read_vocab(const gguf::File& file);

/// The model's chat template; "" when it has none.
Result<std::string> read_chat_template(const gguf::File& file);

}  // namespace ingle::models
