#include "api/openai/routes.h"

#include <algorithm>

#include "api/inference.h"
#include "api/openai/embeddings.h"
#include "api/openai/encode.h"
#include "api/openai/parse.h"

namespace ingle::api::openai {

void chat_completions(const std::shared_ptr<Call>& call) {
  auto parsed = parse_chat(call->request().body);
  if (!parsed) return call->fail(parsed.error());
  call->name_ignored(parsed->ignored);
  if (parsed->n != 1) return call->fail(Failure::bad_field("n", "must be 1: this server gives one answer a request"));
  const int64_t now = call->services().now_unix();
  std::get<chat::ChatPrompt>(parsed->request.prompt).now_unix = now;
  if (!parsed->has_seed) parsed->request.sampling.seed = random_seed();
  Inference inference{.model = parsed->model,
                      .acquire = {.keep_alive = {}, .context = parsed->context},
                      .request = std::move(parsed->request),
                      .stream = parsed->stream,
                      .encoder = make_chat_encoder({.id = "chatcmpl-" + call->request_id(),
                                                    .model = parsed->model,
                                                    .fingerprint = "ingle-" + call->services().version,
                                                    .created_unix = now,
                                                    .include_usage = parsed->include_usage,
                                                    .logprobs = parsed->logprobs})};
  run_inference(call, std::move(inference));
}

void embeddings(const std::shared_ptr<Call>& call) {
  auto parsed = parse_embeddings(call->request().body);
  if (!parsed) return call->fail(parsed.error());
  call->name_ignored(parsed->ignored);
  call->request().body = {};
  const auto model = acquire_model(*call, parsed->model, {});
  if (!model) return call->fail(model.error());
  parsed->request.gone = [call] { return call->exchange().gone(); };
  const auto answer = embed(**model, parsed->request);
  if (!answer) return call->fail(answer.error());
  call->respond_json(encode_embeddings(*answer, parsed->model, parsed->base64));
}

namespace {

/// The models, and the router where it has one to ask.
Result<std::vector<ModelInfo>> models_of(const Services& services) {
  INGLE_TRY(auto models, services.list());
  if (!models.empty() && services.policy) models.push_back({.name = std::string(kAutoModel)});
  return models;
}

}  // namespace

void list_models(const std::shared_ptr<Call>& call) {
  const auto models = models_of(call->services());
  if (failed(*call, models)) return;
  call->respond_json(encode_models(*models));
}

void show_model(const std::shared_ptr<Call>& call) {
  const auto models = models_of(call->services());
  if (failed(*call, models)) return;
  const auto found = std::ranges::find(*models, call->rest(), &ModelInfo::name);
  if (found == models->end()) return call->fail(Failure::no_model(call->rest()));
  call->respond_json(encode_model(*found));
}

}  // namespace ingle::api::openai
