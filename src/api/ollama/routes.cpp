#include "api/ollama/routes.h"

#include <chrono>

#include "api/inference.h"
#include "api/json_input.h"
#include "api/ollama/encode.h"
#include "api/ollama/parse.h"

namespace ingle::api::ollama {
namespace {

constexpr std::string_view kLines = "application/x-ndjson";

int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void load_or_unload(const std::shared_ptr<Call>& call, const CompletionCall& wanted, const AnswerFrame& frame) {
  const bool unload = wanted.acquire.keep_alive == 0;
  if (unload) {
    if (!is_model_name(wanted.model)) return call->fail(Failure::no_model(wanted.model));
    call->services().models->unload(wanted.model);
  } else if (const auto model = acquire_model(*call, wanted.model, wanted.acquire); !model) {
    return call->fail(model.error());
  }
  std::string body = encode_load(frame, unload);
  if (!wanted.stream) return call->respond_json(std::move(body));
  call->start_stream(kLines, std::move(body));
  call->exchange().finish();
}

using Parse = Answer<CompletionCall> (*)(std::string_view body, const CallDefaults& defaults);

void complete(const std::shared_ptr<Call>& call, Parse parse, Form form) {
  auto parsed = parse(call->request().body, {});
  if (parsed && !parsed->only_load && is_model_name(parsed->model) && call->services().defaults) {
    const ModelDefaults defaults = call->services().defaults(parsed->model);
    if (!defaults.options_json.empty() || !defaults.system.empty())
      parsed = parse(call->request().body, {.options_json = defaults.options_json, .system = defaults.system});
  }
  if (!parsed) return call->fail(parsed.error());
  call->name_ignored(parsed->ignored);
  AnswerFrame frame{.form = form, .model = parsed->model, .logprobs = parsed->logprobs, .now = now_ns};
  if (parsed->only_load) return load_or_unload(call, *parsed, frame);
  if (!parsed->has_seed) parsed->request.sampling.seed = random_seed();
  if (auto* prompt = std::get_if<chat::ChatPrompt>(&parsed->request.prompt))
    prompt->now_unix = call->services().now_unix();
  run_inference(call, {.model = parsed->model,
                       .acquire = parsed->acquire,
                       .request = std::move(parsed->request),
                       .stream = parsed->stream,
                       .encoder = make_encoder(std::move(frame))});
}

}  // namespace

void greet(const std::shared_ptr<Call>& call) {
  call->respond({.headers = {{"content-type", "text/plain; charset=utf-8"}}, .body = "Ollama is running"});
}

void version(const std::shared_ptr<Call>& call) {
  call->respond_json(to_text({{"version", call->services().version}}));
}

void chat(const std::shared_ptr<Call>& call) {
  complete(call, parse_chat, Form::kChat);
}

void generate(const std::shared_ptr<Call>& call) {
  complete(call, parse_generate, Form::kGenerate);
}

void tags(const std::shared_ptr<Call>& call) {
  const auto models = call->services().list();
  if (failed(*call, models)) return;
  call->respond_json(encode_tags(*models));
}

void running(const std::shared_ptr<Call>& call) {
  const auto models = call->services().list();
  if (failed(*call, models)) return;
  call->respond_json(encode_running(call->services().models->loaded(), *models, call->services().now_unix()));
}

}  // namespace ingle::api::ollama
