// From the body of a question in OpenAI's form to an inference that answers it in that form. A dialect that is OpenAI's with
// something beside the answers wraps the encoder. Called by a worker.
#pragma once

#include <span>
#include <string>

#include "api/call.h"
#include "api/failure.h"
#include "api/inference.h"

namespace ingle::api::openai {

Answer<Inference> ask_chat(Call& call);
Answer<Inference> ask_completions(Call& call);

/// Variables of a template that does not use them ask for nothing, as at llama-server: they are named in X-Ingle-Ignored.
void leave_out_unused(Call& call, chat::Completer& model, std::span<const std::string> arguments,
                      chat::ChatPrompt& prompt);

}  // namespace ingle::api::openai
