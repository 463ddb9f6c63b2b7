// From the inputs of an EmbedRequest to what the model reads: tokens that fit. Pure; any thread.
#pragma once

#include <expected>
#include <vector>

#include "chat/types.h"
#include "text/tokenizer/tokenizer.h"

namespace ingle::engine {

struct EmbedRow {
  chat::EmbedTokens text;
  bool is_cut = false;  // its end was left out
};

/// A row an input; the first that cannot be read fails them all and is named. Takes the texts out of `request`.
std::expected<std::vector<EmbedRow>, chat::Failed> read_inputs(const text::Tokenizer& tokenizer,
                                                               const chat::Description& model,
                                                               chat::EmbedRequest& request);

}  // namespace ingle::engine
