#include "api/ollama/routes.h"

#include <chrono>

#include "api/inference.h"
#include "api/infill.h"
#include "api/json_input.h"
#include "api/model_defaults.h"
#include "api/ollama/encode.h"
#include "api/ollama/parse.h"
#include "api/ollama/truncate.h"

namespace ingle::api::ollama {
namespace {

constexpr std::string_view kSpokenVersion = "0.40.0";  // of Ollama, whose interface this is

int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void load_or_unload(const std::shared_ptr<Call>& call, const CompletionCall& wanted, const AnswerFrame& frame) {
  const bool unload = wanted.acquire.keep_alive == 0;
  const auto answer = [call, frame, unload] { call->respond_json(encode_load(frame, unload)); };  // also of a stream
  if (!unload) return with_model(call, wanted.model, wanted.acquire, [answer](const auto& /*model*/) { answer(); });
  if (!is_model_name(wanted.model)) return call->fail(Failure::no_model(wanted.model));
  if (call->may_manage()) {
    call->services().models->unload(wanted.model);
  } else {
    call->services().models->let_go(wanted.model, call->client());
  }
  answer();
}

using Parse = Answer<CompletionCall> (*)(std::string_view body, const OptionsOf& options_of);

/// Whether the model can do what was asked for, in Ollama's words.
std::expected<void, Failure> check_abilities(const CompletionCall& wanted, Form form, chat::Completer& model) {
  const auto description = model.describe();
  if (!description) return std::unexpected(Failure::from(description.error()));
  const auto cannot = [&](std::string_view what) {
    return std::unexpected(
        Failure{.status = 400,
                .error = Error::unsupported(Json(wanted.model).dump() + " does not support " + std::string(what))});
  };
  if (!description->generates) return cannot(form == Form::kChat ? "chat" : "generate");
  if (wanted.think.value_or(false) && !description->thinks) return cannot("thinking");
  return {};
}

void complete(const std::shared_ptr<Call>& call, Parse parse, Form form) {
  auto parsed = parse(call->request().body, options_of(call->services()));
  if (!parsed) return call->fail(parsed.error());
  call->name_ignored(parsed->ignored);
  AnswerFrame frame{.form = form, .model = parsed->model, .logprobs = parsed->logprobs, .now = now_ns};
  if (parsed->only_load) return load_or_unload(call, *parsed, frame);
  if (!parsed->has_seed) parsed->request.sampling.seed = random_seed();
  if (auto* prompt = std::get_if<chat::ChatPrompt>(&parsed->request.prompt))
    prompt->now_unix = call->services().now_unix();
  Inference inference{.model = parsed->model,
                      .acquire = parsed->acquire,
                      .request = std::move(parsed->request),
                      .stream = parsed->stream,
                      .encoder = make_encoder(std::move(frame))};
  const bool is_auto = parsed->model == kAutoModel;
  const auto wanted = std::make_shared<const CompletionCall>(*std::move(parsed));
  if (!is_auto) {
    inference.asks_first = wanted->truncate || !wanted->suffix.empty();
    inference.prepare = [call, wanted, form](chat::Completer& model,
                                             chat::CompleteRequest& request) -> std::expected<void, Failure> {
      if (auto able = check_abilities(*wanted, form, model); !able) return able;
      if (!wanted->suffix.empty()) {
        const chat::Private before = std::get<chat::RawPrompt>(request.prompt).text;
        auto prompt = infill_prompt(model, {.before = before, .after = wanted->suffix}, "suffix");
        if (!prompt) return std::unexpected(std::move(prompt).error());
        request.prompt = *std::move(prompt);
      }
      auto* prompt = std::get_if<chat::ChatPrompt>(&request.prompt);
      if (!wanted->truncate || prompt == nullptr) return {};
      call->note_cut();
      const auto left_out = leave_out_oldest(model, *prompt, request.context);
      if (!left_out) return std::unexpected(Failure::from(left_out.error()));
      if (*left_out > 0) call->add_header("x-ingle-truncated", std::to_string(*left_out));
      return {};
    };
  }
  run_inference(call, std::move(inference));
}

}  // namespace

void greet(const std::shared_ptr<Call>& call) {
  call->respond({.headers = {{"content-type", "text/plain; charset=utf-8"}}, .body = "Ollama is running"});
}

void version(const std::shared_ptr<Call>& call) {
  // Clients look for a least version of the interface, which ours knows nothing of.
  call->respond_json(to_text({{"version", kSpokenVersion}, {"ingle", call->services().version}}));
}

void cloud_status(const std::shared_ptr<Call>& call) {
  call->respond_json(to_text({{"cloud", {{"disabled", true}, {"source", "config"}}}}));
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
