// Ollama's requests that make models: create, copy. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/failure.h"
#include "api/fields.h"
#include "api/services.h"

namespace ingle::api::ollama {

extern const FieldTable kCreateFields;
extern const FieldTable kCopyFields;

struct CreateCall {
  CreateModel model;
  bool stream = true;
  std::vector<std::string> ignored;
};
Answer<CreateCall> parse_create(std::string_view body);

struct CopyCall {
  std::string source;
  std::string destination;
  std::vector<std::string> ignored;
};
Answer<CopyCall> parse_copy(std::string_view body);

}  // namespace ingle::api::ollama
