#include "api/ollama/routes.h"

#include <chrono>

#include "api/inference.h"
#include "api/json_input.h"
#include "api/ollama/encode.h"
#include "api/ollama/parse.h"

namespace ingle::api::ollama {
namespace {

constexpr std::string_view kLines = "application/x-ndjson";
constexpr auto kProgressInterval = std::chrono::milliseconds(100);
constexpr size_t kEnoughQueued = 64 * 1024;

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

/// The digest that the catalog pins for a model; empty where it pins none.
std::string pinned_digest(std::string_view model) {
  const auto name = store::ModelName::parse(model);
  if (!name) return {};
  const store::CatalogEntry* entry = store::Catalog::builtin().find(*name);
  return entry == nullptr ? std::string() : entry->digest.hex();
}

/// Lines of progress, not more than a client can use.
class PullStream {
 public:
  PullStream(std::shared_ptr<Call> call, std::string model)
      : call_(std::move(call)), model_(std::move(model)), digest_(pinned_digest(model_)) {}

  void show(const store::PullProgress& progress) {
    const auto now = std::chrono::steady_clock::now();
    const bool new_phase = !begun_ || progress.phase != phase_;
    if (!new_phase && (now - last_ < kProgressInterval || call_->exchange().queued_bytes() > kEnoughQueued)) return;
    last_ = now;
    phase_ = progress.phase;
    send(encode_pull(progress, model_, digest_));
  }

  void end(const Result<store::PullReport>& report) {
    if (!report) {
      if (!begun_) return call_->fail(report.error());
      send(encode_error(Failure::from(report.error())) + "\n");
    } else {
      send(encode_status("writing manifest") + encode_status("success"));
    }
    call_->exchange().finish();
  }

 private:
  void send(std::string text) {
    if (std::exchange(begun_, true)) {
      call_->exchange().send(std::move(text));
    } else {
      call_->start_stream(kLines, std::move(text));
    }
  }

  const std::shared_ptr<Call> call_;
  const std::string model_;
  const std::string digest_;
  bool begun_ = false;
  store::PullPhase phase_{};
  std::chrono::steady_clock::time_point last_;
};

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

void show(const std::shared_ptr<Call>& call) {
  const auto wanted = parse_model_call(call->request().body);
  if (!wanted) return call->fail(wanted.error());
  call->name_ignored(wanted->ignored);
  if (!is_model_name(wanted->model)) return call->fail(Failure::no_model(wanted->model));
  const auto details = call->services().show(wanted->model);
  if (!details && details.error().code() == ErrorCode::kNotFound) return call->fail(Failure::no_model(wanted->model));
  if (failed(*call, details)) return;
  call->respond_json(encode_show(*details));
}

void pull(const std::shared_ptr<Call>& call) {
  const auto wanted = parse_model_call(call->request().body);
  if (!wanted) return call->fail(wanted.error());
  call->name_ignored(wanted->ignored);
  if (!is_model_name(wanted->model)) return call->fail(Failure::bad_field("model", "is not a model's name"));
  const auto stop = std::make_shared<std::stop_source>();
  call->exchange().on_gone([stop] { stop->request_stop(); });
  if (!wanted->stream) {
    const auto report = call->services().pull(wanted->model, [](const store::PullProgress&) {}, stop->get_token());
    if (failed(*call, report)) return;
    return call->respond_json(encode_status("success"));
  }
  PullStream stream(call, wanted->model);
  stream.end(call->services().pull(
      wanted->model, [&](const store::PullProgress& progress) { stream.show(progress); }, stop->get_token()));
}

void remove(const std::shared_ptr<Call>& call) {
  const auto wanted = parse_model_call(call->request().body);
  if (!wanted) return call->fail(wanted.error());
  if (!is_model_name(wanted->model)) return call->fail(Failure::no_model(wanted->model));
  call->services().models->unload(wanted->model);
  const Status removed = call->services().remove(wanted->model);
  if (!removed && removed.error().code() == ErrorCode::kNotFound) return call->fail(Failure::no_model(wanted->model));
  if (!removed) return call->fail(removed.error());
  call->respond({.status = 200});
}

}  // namespace ingle::api::ollama
