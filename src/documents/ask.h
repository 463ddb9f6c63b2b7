// One question to a model whose answer is JSON of a schema: what it said for each string, and how likely it thought that.
#pragma once

#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "chat/completer.h"

namespace ingle::documents {

struct Said {
  std::string text;
  float probability = 0;  // product over the tokens of the value
};

struct Answer {
  std::string json;
  /// Strings of the top level, and those deeper by their path ("lines/0/total").
  std::map<std::string, Said, std::less<>> strings;
};

/// Greedy, with the schema as a constraint. `copy_text`, where it is not empty, is the source "document" of x-ingle-copy.
Result<Answer> ask(chat::Completer& model, const std::string& prompt, std::string schema, std::stop_token stop,
                   std::string_view copy_text = {});

}  // namespace ingle::documents
