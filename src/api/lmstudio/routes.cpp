#include "api/lmstudio/routes.h"

#include <algorithm>
#include <chrono>

#include "api/app_keys.h"
#include "api/downloads.h"
#include "api/inference.h"
#include "api/lmstudio/encode.h"
#include "api/lmstudio/parse.h"
#include "api/openai/ask.h"
#include "api/openai/embeddings.h"

namespace ingle::api::lmstudio {
namespace {

/// By any of its names.
bool is_loaded(const Services& services, std::string_view model) {
  const auto installed = installed_model(services, model);
  const auto loaded = services.models->loaded();
  return std::ranges::find(loaded, installed ? installed->name : model, &runtime::LoadedModel::name) != loaded.end();
}

double seconds_since(std::chrono::steady_clock::time_point started) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
}

ModelFacts facts_of(const Services& services, std::string_view model) {
  ModelFacts facts{.version = services.version};
  const auto found = services.info(model);
  if (!found) return facts;  // the answer is worth more than what stands beside it
  facts.architecture = found->architecture;
  facts.quantization = found->quantization;
  facts.context = found->context;
  return facts;
}

/// The conversation so far, then what is new. 404 where it is not kept (any more).
Answer<Conversation> go_on(Call& call, const ChatCall& wanted, std::span<const chat::Message> messages) {
  Conversation conversation;
  if (!wanted.previous_response_id.empty()) {
    const auto stored = call.services().responses->find(call.client(), wanted.previous_response_id);
    if (!stored)
      return std::unexpected(Failure{.status = 404,
                                     .code = "response_not_found",
                                     .param = "previous_response_id",
                                     .error = Error::not_found("'previous_response_id' names no stored answer")
                                                  .hint("they are kept while the server runs and has room")});
    conversation = stored->messages;
  }
  if (wanted.system) {
    if (!conversation.empty() && conversation.front()->role == "system") conversation.erase(conversation.begin());
    if (!wanted.system->empty())
      conversation.insert(conversation.begin(), std::make_shared<const chat::Message>(chat::Message{
                                                    .role = "system", .content = chat::Private(*wanted.system)}));
  }
  append(conversation, messages);
  return conversation;
}

}  // namespace

void chat(const std::shared_ptr<Call>& call) {
  auto parsed = parse_chat(call->request().body, options_of(call->services()));
  if (!parsed) return call->fail(parsed.error());
  call->name_ignored(parsed->ignored);
  auto& prompt = std::get<chat::ChatPrompt>(parsed->request.prompt);
  prompt.now_unix = call->services().now_unix();
  auto conversation = go_on(*call, *parsed, prompt.messages);
  if (!conversation) return call->fail(conversation.error());
  prompt.messages = copy_of(*conversation);
  if (!parsed->has_seed) parsed->request.sampling.seed = random_seed();
  ChatFrame frame{.model = parsed->model,
                  .response_id = parsed->store ? "resp_" + random_hex(24) : std::string(),
                  .loads = !is_loaded(call->services(), parsed->model)};
  if (parsed->store) {
    frame.keep = [responses = call->services().responses, client = call->client(), id = frame.response_id,
                  model = parsed->model,
                  messages = *std::move(conversation)](std::string text, std::string thinking) mutable {
      const chat::Message answer{.role = "assistant",
                                 .content = chat::Private(std::move(text)),
                                 .thinking = chat::Private(std::move(thinking))};
      append(messages, {&answer, 1});
      responses->put(client, id, {.model = model, .messages = std::move(messages)});
    };
  }
  run_inference(call, {.model = parsed->model,
                       .acquire = parsed->acquire,
                       .request = std::move(parsed->request),
                       .stream = parsed->stream,
                       .encoder = make_chat_encoder(std::move(frame))});
}

void list_models(const std::shared_ptr<Call>& call) {
  const auto models = call->services().list();
  if (failed(*call, models)) return;
  call->respond_json(encode_models_v1(*models, call->services().models->loaded()));
}

void load(const std::shared_ptr<Call>& call) {
  const auto parsed = parse_load(call->request().body);
  if (!parsed) return call->fail(parsed.error());
  call->name_ignored(parsed->ignored);
  with_model(call, parsed->model, {.context = parsed->context},
             [call, asked = *parsed, started = std::chrono::steady_clock::now()](const auto& model) {
               const auto description = model->describe();
               if (failed(*call, description)) return;
               call->respond_json(encode_loaded({.model = asked.model,
                                                 .seconds = seconds_since(started),
                                                 .context = description->context_limit,
                                                 .generates = description->generates,
                                                 .echo = asked.echo}));
             });
}

void unload(const std::shared_ptr<Call>& call) {
  const auto id = parse_unload(call->request().body);
  if (!id) return call->fail(id.error());
  if (!is_loaded(call->services(), *id)) {
    Failure failure = Failure::no_model(*id);
    failure.param = "instance_id";
    failure.error = Error::not_found("no instance '" + *id + "' is loaded");
    return call->fail(failure);
  }
  call->services().models->unload(*id);
  call->respond_json(encode_unloaded(*id));
}

namespace {

/// As the store calls it, by the catalog's name where that has one.
std::string installed_name(const store::ModelName& name) {
  const store::CatalogEntry* entry = store::Catalog::builtin().find(name);
  return (entry == nullptr ? name : entry->name).display();
}

}  // namespace

void download(const std::shared_ptr<Call>& call) {
  const auto wanted = parse_download(call->request().body);
  if (!wanted) return call->fail(wanted.error());
  call->name_ignored(wanted->ignored);
  Downloads* const downloads = call->services().downloads;
  if (downloads == nullptr) return call->fail(Error::unsupported("this server pulls no models"));
  const auto name = store::ModelName::parse(wanted->model);
  if (!name || !is_model_name(wanted->model)) return call->fail(Failure::bad_field("model", "is not a model's name"));
  if (const auto here = call->services().info(installed_name(*name)))
    return call->respond_json(encode_downloaded(*here));
  const auto begun = downloads->begin(name->display());
  if (failed(*call, begun)) return;
  call->respond_json(encode_download(*begun, call->services().now_unix()));
}

void download_status(const std::shared_ptr<Call>& call) {
  Downloads* const downloads = call->services().downloads;
  const auto found = downloads == nullptr ? std::nullopt : downloads->find(call->rest());
  if (!found)
    return call->fail({.status = 404,
                       .code = "job_not_found",
                       .param = "job_id",
                       .error = Error::not_found("there is no download of this id")
                                    .hint("the last 64 are remembered while the server runs")});
  call->respond_json(encode_download(*found, call->services().now_unix()));
}

namespace {

void run_v0(const std::shared_ptr<Call>& call, Answer<Inference> inference) {
  if (!inference) return call->fail(inference.error());
  inference->encoder = add_stats(std::move(inference->encoder), facts_of(call->services(), inference->model));
  run_inference(call, *std::move(inference));
}

}  // namespace

void chat_v0(const std::shared_ptr<Call>& call) {
  run_v0(call, openai::ask_chat(*call));
}

void completions_v0(const std::shared_ptr<Call>& call) {
  run_v0(call, openai::ask_completions(*call));
}

void embeddings_v0(const std::shared_ptr<Call>& call) {
  auto parsed = openai::parse_embeddings(call->request().body);
  if (!parsed) return call->fail(parsed.error());
  call->name_ignored(parsed->ignored);
  VectorsJob job = openai::embeddings_job(*std::move(parsed));
  job.encoder = add_facts(std::move(job.encoder), facts_of(call->services(), job.model));
  run_vectors(call, std::move(job));
}

void list_models_v0(const std::shared_ptr<Call>& call) {
  const auto models = call->services().list();
  if (failed(*call, models)) return;
  call->respond_json(encode_models_v0(*models, call->services().models->loaded()));
}

void show_model_v0(const std::shared_ptr<Call>& call) {
  const auto found = installed_model(call->services(), call->rest());
  if (!found) return call->fail(found.error());
  call->respond_json(encode_model_v0(*found, is_loaded(call->services(), found->name)));
}

}  // namespace ingle::api::lmstudio
