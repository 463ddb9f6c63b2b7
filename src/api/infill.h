// What stands between two texts, as a prompt for models that were trained to fill it in: /infill, and `suffix` of OpenAI's
// completions and Ollama's generate. The texts are data: control tokens in them do not count. Pure but for the model that it
// asks; any thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "api/failure.h"
#include "chat/completer.h"

namespace ingle::api {

struct Infill {
  struct File {
    chat::Private name;
    chat::Private text;
  };
  chat::Private before;
  chat::Private after;
  chat::Private begun = {};      // how what is to stand between begins
  std::vector<File> files = {};  // of the same project
};

/// A prompt for complete(). 400 of `field` where the model was not trained for it.
Answer<chat::TokenPrompt> infill_prompt(chat::Completer& model, const Infill& infill, std::string_view field);

}  // namespace ingle::api
