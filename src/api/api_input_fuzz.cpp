// Everything that the API parses before it knows who sent it: JSON of the dialects and multipart bodies.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "api/anthropic/parse.h"
#include "api/llama/parse.h"
#include "api/llama/vectors.h"
#include "api/lmstudio/parse.h"
#include "api/multipart.h"
#include "api/ollama/create.h"
#include "api/ollama/parse.h"
#include "api/openai/completions.h"
#include "api/openai/embeddings.h"
#include "api/openai/parse.h"
#include "api/openai/responses.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.empty()) return 0;
  const std::string_view body = text.substr(1);
  switch (text.front() % 7) {
    case 0:
      (void)ingle::api::openai::parse_chat(body);
      (void)ingle::api::openai::parse_completions(body);
      (void)ingle::api::openai::parse_responses(body);
      (void)ingle::api::openai::parse_embeddings(body);
      break;
    case 1:
      (void)ingle::api::ollama::parse_chat(body);
      break;
    case 2:
      (void)ingle::api::ollama::parse_generate(body);
      break;
    case 3:
      (void)ingle::api::anthropic::parse_messages(body);
      break;
    case 4:
      (void)ingle::api::ollama::parse_model_call(body, ingle::api::ollama::kShowFields);
      (void)ingle::api::ollama::parse_create(body);
      break;
    case 5:
      (void)ingle::api::llama::parse_completion(body);
      (void)ingle::api::llama::parse_infill(body);
      (void)ingle::api::llama::parse_embedding(body);
      (void)ingle::api::llama::parse_rerank(body);
      (void)ingle::api::lmstudio::parse_chat(body);
      break;
    default:
      if (const auto parts = ingle::api::parse_multipart("multipart/form-data; boundary=b", body))
        for (const auto& part : *parts)
          if (part.body.data() < body.data() || part.body.data() + part.body.size() > body.data() + body.size())
            __builtin_trap();
  }
  return 0;
}
