// libFuzzer target of everything that the API parses before it knows who sent it: JSON of the dialects, multipart bodies,
// headers. The first byte chooses a row.
//
// api_input_fuzz --write-seeds=FOLDER   run at the root of the checkout: fills FOLDER with the requests of tests/api and ends.
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "api/anthropic/parse.h"
#include "api/guard.h"
#include "api/json_input.h"
#include "api/llama/parse.h"
#include "api/llama/state.h"
#include "api/llama/vectors.h"
#include "api/lmstudio/parse.h"
#include "api/multipart.h"
#include "api/ollama/create.h"
#include "api/ollama/embed.h"
#include "api/ollama/parse.h"
#include "api/openai/completions.h"
#include "api/openai/embeddings.h"
#include "api/openai/parse.h"
#include "api/openai/responses.h"
#include "api/tokens.h"
#include "api/trace.h"
#include "base/check.h"
#include "base/testing/fuzz_seeds.h"

namespace {

using namespace ingle::api;

template <auto kParse>
void parse(std::string_view input) {
  if constexpr (std::invocable<decltype(kParse), std::string_view>) {
    (void)kParse(input);
  } else {
    (void)kParse(input, {});  // a model without options of its own
  }
}

void multipart(std::string_view input) {
  const auto parts = parse_multipart("multipart/form-data; boundary=b", input);
  if (!parts) return;
  for (const auto& part : *parts)
    INGLE_CHECK(part.body.data() >= input.data() && part.body.data() + part.body.size() <= input.data() + input.size());
}

void content_type(std::string_view input) {
  (void)parse_multipart(input, "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b--\r\n");
}

void trace(std::string_view input) {
  const auto context = parse_traceparent(input);
  if (!context) return;
  const auto again = parse_traceparent(to_traceparent(*context));
  INGLE_CHECK(again && again->trace_id == context->trace_id && again->parent_id == context->parent_id &&
              again->sampled == context->sampled);
}

/// Headers as lines of a name, a colon and a value.
void guard(std::string_view input) {
  ingle::net::ServerRequest head;
  head.method = "POST";
  while (!input.empty()) {
    const std::string_view line = input.substr(0, input.find('\n'));
    input.remove_prefix(std::min(line.size() + 1, input.size()));
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    head.headers.push_back({ingle::net::lower_ascii(line.substr(0, colon)), std::string(line.substr(colon + 1))});
  }
  const GuardOptions options{.hosts = {"*.example"}, .origins = {"http://localhost:*", "chrome-extension://*"}};
  (void)check_request(head, nullptr, options);
  (void)allowed_origin(head, options);
}

struct Row {
  std::string_view path;  // whose requests are seeds
  void (*read)(std::string_view input);
};
constexpr Row kRows[] = {
    {"/v1/chat/completions", parse<openai::parse_chat>},
    {"/v1/completions", parse<openai::parse_completions>},
    {"/v1/responses", parse<openai::parse_responses>},
    {"/v1/embeddings", parse<openai::parse_embeddings>},
    {"/api/chat", parse<ollama::parse_chat>},
    {"/api/generate", parse<ollama::parse_generate>},
    {"/api/embed", parse<ollama::parse_embed>},
    {"/api/embeddings", parse<ollama::parse_embeddings>},
    {"/api/show", [](std::string_view body) { (void)ollama::parse_model_call(body, ollama::kShowFields); }},
    {"/api/create", parse<ollama::parse_create>},
    {"/api/copy", parse<ollama::parse_copy>},
    {"/v1/messages", parse<anthropic::parse_messages>},
    {"/v1/messages/count_tokens", parse<anthropic::parse_count_tokens>},
    {"/completion", parse<llama::parse_completion>},
    {"/infill", parse<llama::parse_infill>},
    {"/tokenize", parse<llama::parse_tokenize>},
    {"/detokenize", parse<llama::parse_detokenize>},
    {"/embedding", parse<llama::parse_embedding>},
    {"/rerank", parse<llama::parse_rerank>},
    {"/models/load", parse<llama::parse_load>},
    {"/lora-adapters", parse<llama::parse_adapters>},
    {"/api/v1/chat", parse<lmstudio::parse_chat>},
    {"/api/v1/models/load", parse<lmstudio::parse_load>},
    {"/api/v1/models/unload", parse<lmstudio::parse_unload>},
    {"/api/v1/models/download", parse<lmstudio::parse_download>},
    {"", multipart},
    {"", content_type},
    {"", trace},
    {"", parse<is_token_form>},
    {"", guard},
};

void write_seeds(const std::filesystem::path& folder) {
  size_t n = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("tests/api")) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream file(entry.path());
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const Json transcript = Json::parse(text, nullptr, false);
    if (!transcript.is_object()) continue;
    for (const Json& one : transcript["cases"]) {
      const std::string path = one.value("path", transcript.value("path", ""));
      for (size_t row = 0; row < std::size(kRows); ++row)
        if (kRows[row].path == path && one.contains("body"))
          std::ofstream(folder / std::to_string(n++)) << static_cast<char>(row) << one["body"].dump();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  ingle::base::testing::write_seeds_if_asked(*argc, *argv, write_seeds);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  kRows[data[0] % std::size(kRows)].read({reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
