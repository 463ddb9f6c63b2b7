#include "api/openai/routes.h"

#include <algorithm>

#include "api/anthropic/encode.h"
#include "api/inference.h"
#include "api/openai/ask.h"
#include "api/openai/embeddings.h"
#include "api/openai/encode.h"

namespace ingle::api::openai {
namespace {

void run(const std::shared_ptr<Call>& call, Answer<Inference> inference) {
  if (!inference) return call->fail(inference.error());
  run_inference(call, *std::move(inference));
}

}  // namespace

void chat_completions(const std::shared_ptr<Call>& call) {
  run(call, ask_chat(*call));
}

void completions(const std::shared_ptr<Call>& call) {
  run(call, ask_completions(*call));
}

void embeddings(const std::shared_ptr<Call>& call) {
  auto parsed = parse_embeddings(call->request().body);
  if (!parsed) return call->fail(parsed.error());
  call->name_ignored(parsed->ignored);
  run_vectors(call, embeddings_job(*std::move(parsed)));
}

namespace {

/// The models, and the router where it has one to ask.
Result<std::vector<ModelInfo>> models_of(const Services& services) {
  INGLE_TRY(auto models, services.list());
  if (!models.empty() && services.policy) models.push_back({.name = std::string(kAutoModel)});
  return models;
}

/// Both ask at the same address, and Anthropic's clients say what they are.
bool is_anthropics(Call& call) {
  return call.request().has_header("anthropic-version");
}

}  // namespace

void list_models(const std::shared_ptr<Call>& call) {
  const auto models = models_of(call->services());
  if (failed(*call, models)) return;
  call->respond_json(is_anthropics(*call) ? anthropic::encode_models(*models) : encode_models(*models));
}

void show_model(const std::shared_ptr<Call>& call) {
  const auto models = models_of(call->services());
  if (failed(*call, models)) return;
  const auto found = std::ranges::find(*models, call->rest(), &ModelInfo::name);
  if (found == models->end()) return call->fail(no_such_model(call->services(), call->rest()));
  call->respond_json(is_anthropics(*call) ? anthropic::encode_model(*found) : encode_model(*found));
}

}  // namespace ingle::api::openai
