#include "api/openai/routes.h"

#include <algorithm>

#include "api/anthropic/encode.h"
#include "api/inference.h"
#include "api/openai/ask.h"
#include "api/openai/embeddings.h"
#include "api/openai/encode.h"
#include "api/token_count.h"

namespace ingle::api::openai {
namespace {

// clang-format off
constexpr Field kModelListRows[] = {
  harmless("limit", "the list is whole, and has_more of Anthropic's form false"),
  harmless("after_id", "the list is whole"),
  harmless("before_id", "the list is whole"),
};
// clang-format on

void run(const std::shared_ptr<Call>& call, Answer<Inference> inference) {
  if (!inference) return call->fail(inference.error());
  run_inference(call, *std::move(inference));
}

}  // namespace

constexpr FieldTable kModelListParameters = kModelListRows;

void chat_completions(const std::shared_ptr<Call>& call) {
  run(call, ask_chat(*call));
}

void count_chat(const std::shared_ptr<Call>& call) {
  auto question = ask_chat(*call);
  if (!question) return call->fail(question.error());
  count_prompt(call, *std::move(question), encode_count);
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

/// By any of its names.
Answer<ModelInfo> find_model(const Services& services, const std::string& name) {
  if (name != kAutoModel) return installed_model(services, name);
  const auto models = models_of(services);
  if (!models) return std::unexpected(Failure::from(models.error()));
  const auto found = std::ranges::find(*models, name, &ModelInfo::name);
  return found == models->end() ? Answer<ModelInfo>(std::unexpected(no_such_model(services, name))) : *found;
}

/// Both ask at the same address.
bool is_anthropics(const Call& call) {
  return call.dialect() == Dialect::kAnthropic;
}

}  // namespace

void list_models(const std::shared_ptr<Call>& call) {
  const auto models = models_of(call->services());
  if (failed(*call, models)) return;
  call->respond_json(is_anthropics(*call) ? anthropic::encode_models(*models) : encode_models(*models));
}

void show_model(const std::shared_ptr<Call>& call) {
  const auto found = find_model(call->services(), call->rest());
  if (!found) return call->fail(found.error());
  call->respond_json(is_anthropics(*call) ? anthropic::encode_model(*found) : encode_model(*found));
}

}  // namespace ingle::api::openai
