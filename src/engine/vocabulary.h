// A model of which only vocabulary and chat template are used: tokenize, detokenize, render. Loads in no time and takes no
// memory for weights. Immutable; any thread.
#pragma once

#include <memory>

#include "chat/completer.h"
#include "models/model.h"
#include "text/template/chat_template.h"

namespace ingle::engine {

/// `description` as for a whole engine, without what computing would add.
std::unique_ptr<chat::Completer> make_vocabulary(chat::Description description,
                                                 std::unique_ptr<text::Tokenizer> tokenizer,
                                                 std::shared_ptr<const text::ChatTemplate> chat_template);

}  // namespace ingle::engine
