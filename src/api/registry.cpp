#include "api/registry.h"

#include <algorithm>

#include "api/answer_fields.h"
#include "api/anthropic/parse.h"
#include "api/anthropic/routes.h"
#include "api/limits.h"
#include "api/llama/parse.h"
#include "api/llama/routes.h"
#include "api/llama/state.h"
#include "api/llama/vectors.h"
#include "api/lmstudio/parse.h"
#include "api/lmstudio/routes.h"
#include "api/ollama/create.h"
#include "api/ollama/embed.h"
#include "api/ollama/parse.h"
#include "api/ollama/routes.h"
#include "api/openai/completions.h"
#include "api/openai/embeddings.h"
#include "api/openai/parse.h"
#include "api/openai/responses.h"
#include "api/openai/routes.h"
#include "api/own/routes.h"
#include "base/suggest.h"

namespace ingle::api {
namespace {

using net::Lane;

constexpr Route not_here(std::string_view method, std::string_view pattern, Dialect dialect, std::string_view reason) {
  return {method,  pattern, dialect, Scope::kInference, Lane::kQuick, BodyKind::kJson, kMaxSmallJsonBytes,
          nullptr, reason};
}

// clang-format off
constexpr Route kRoutes[] = {
  {"GET", "/", Dialect::kOwn, Scope::kPublic, Lane::kQuick, BodyKind::kNone, 0, own::root, "the page of the app for browsers, Ollama's greeting for others"},
  {"GET", "/health", Dialect::kOwn, Scope::kPublic, Lane::kQuick, BodyKind::kNone, 0, own::health, "whether the server runs", nullptr, &answers::kHealth},
  {"GET", "/v1/health", Dialect::kLlama, Scope::kPublic, Lane::kQuick, BodyKind::kNone, 0, own::health, "whether the server runs", nullptr, &answers::kHealth},
  {"GET", "/metrics", Dialect::kOwn, Scope::kManage, Lane::kSlow, BodyKind::kNone, 0, own::metrics, "counters and gauges in the text form of Prometheus"},
  {"GET", "/openapi.json", Dialect::kOwn, Scope::kPublic, Lane::kQuick, BodyKind::kNone, 0, own::openapi, "this document"},
  {"GET", "/open", Dialect::kOwn, Scope::kPublic, Lane::kQuick, BodyKind::kNone, 0, own::open_link, "turns a link of 'ingle app' into a cookie", nullptr, nullptr, &own::kLinkParameters},

  {"POST", "/v1/chat/completions", Dialect::kOpenAi, Scope::kInference, Lane::kSlow, BodyKind::kJson, kMaxJsonBytes, openai::chat_completions, "answers a conversation", &openai::kChatFields, &answers::kOpenAiChat},
  {"POST", "/v1/chat/completions/input_tokens", Dialect::kOpenAi, Scope::kInference, Lane::kSlow, BodyKind::kJson, kMaxJsonBytes, openai::count_chat, "how long a conversation is, as llama-server tells it", &openai::kChatFields, &answers::kInputTokens},
  {"POST", "/v1/completions", Dialect::kOpenAi, Scope::kInference, Lane::kSlow, BodyKind::kJson, kMaxJsonBytes, openai::completions, "goes on with texts, or fills in", &openai::kCompletionsFields, &answers::kOpenAiCompletions},
  {"POST", "/v1/responses", Dialect::kOpenAi, Scope::kInference, Lane::kSlow, BodyKind::kJson, kMaxJsonBytes, openai::responses, "answers, and keeps the conversation", &openai::kResponsesFields, &answers::kResponse},
  {"POST", "/v1/responses/input_tokens", Dialect::kOpenAi, Scope::kInference, Lane::kSlow, BodyKind::kJson, kMaxJsonBytes, openai::count_responses, "how long a question is, with the conversation that it goes on with", &openai::kResponsesFields, &answers::kInputTokens},
  not_here("POST", "/v1/responses/compact", Dialect::kOpenAi, "nothing is left out of a conversation here: what was computed of it is found again"),
  {"GET", "/v1/responses/*/input_items", Dialect::kOpenAi, Scope::kInference, Lane::kQuick, BodyKind::kNone, 0, openai::list_input_items, "what a response was made of", nullptr, &answers::kInputItems, &openai::kInputItemParameters},
  {"GET", "/v1/responses/*", Dialect::kOpenAi, Scope::kInference, Lane::kQuick, BodyKind::kNone, 0, openai::get_response, "a response that is kept", nullptr, &answers::kResponse, &openai::kKeptResponseParameters},
  {"POST", "/v1/responses/*/cancel", Dialect::kOpenAi, Scope::kInference, Lane::kQuick, BodyKind::kNone, 0, openai::cancel_response, "always 400: no response is made in the background"},
  {"DELETE", "/v1/responses/*", Dialect::kOpenAi, Scope::kInference, Lane::kQuick, BodyKind::kNone, 0, openai::delete_response, "forgets a response", nullptr, &answers::kDeleted},
  {"POST", "/v1/embeddings", Dialect::kOpenAi, Scope::kInference, Lane::kSlow, BodyKind::kJson, kMaxJsonBytes, openai::embeddings, "vectors of texts", &openai::kEmbeddingsFields, &answers::kOpenAiEmbeddings},
  {"POST", "/v1/messages", Dialect::kAnthropic, Scope::kInference, Lane::kSlow, BodyKind::kJson, kMaxJsonBytes, anthropic::messages, "an answer to a conversation, whole or as events", &anthropic::kMessagesFields, &answers::kMessages},
  {"POST", "/v1/messages/count_tokens", Dialect::kAnthropic, Scope::kInference, Lane::kSlow, BodyKind::kJson, kMaxJsonBytes, anthropic::count_tokens, "how long a conversation is", &anthropic::kCountFields, &answers::kTokenCount},
  {"GET", "/v1/models", Dialect::kOpenAi, Scope::kLists, Lane::kSlow, BodyKind::kNone, 0, openai::list_models, "the models here, and the router where there is one", nullptr, &answers::kOpenAiModels, &openai::kModelListParameters},
  {"GET", "/v1/models/*", Dialect::kOpenAi, Scope::kLists, Lane::kSlow, BodyKind::kNone, 0, openai::show_model, "a model", nullptr, &answers::kOpenAiModel},
  {"POST", "/v1/extract", Dialect::kOwn, Scope::kInference, Lane::kLong, BodyKind::kMultipart, kMaxDocumentBytes, own::extract, "fields of a document, with where they stand", &own::kExtractFields, &answers::kExtraction},
  {"POST", "/v1/summarize", Dialect::kOwn, Scope::kInference, Lane::kLong, BodyKind::kMultipart, kMaxDocumentBytes, own::summarize, "a summary of a document, with where its statements stand", &own::kSummarizeFields, &answers::kSummary},

  {"POST", "/completion", Dialect::kLlama, Scope::kInference, Lane::kSlow, BodyKind::kJson, kMaxJsonBytes, llama::completion, "goes on with a text", &llama::kCompletionFields, &answers::kCompletion},
  {"POST", "/completions", Dialect::kLlama, Scope::kInference, Lane::kSlow, BodyKind::kJson, kMaxJsonBytes, llama::completion, "goes on with a text", &llama::kCompletionFields, &answers::kCompletion},
  {"POST", "/infill", Dialect::kLlama, Scope::kInference, Lane::kSlow, BodyKind::kJson, kMaxJsonBytes, llama::infill, "what stands between two texts, from models that were trained for it", &llama::kInfillFields, &answers::kCompletion},
  {"POST", "/embedding", Dialect::kLlama, Scope::kInference, Lane::kSlow, BodyKind::kJson, kMaxJsonBytes, llama::embedding, "vectors of texts; /v1/embeddings has OpenAI's form", &llama::kEmbeddingFields, &answers::kLlamaVector, nullptr, nullptr, true},
  {"POST", "/embeddings", Dialect::kLlama, Scope::kInference, Lane::kSlow, BodyKind::kJson, kMaxJsonBytes, llama::embedding, "vectors of texts; /v1/embeddings has OpenAI's form", &llama::kEmbeddingFields, &answers::kLlamaVector, nullptr, nullptr, true},
  {"POST", "/rerank", Dialect::kLlama, Scope::kInference, Lane::kSlow, BodyKind::kJson, kMaxJsonBytes, llama::rerank_documents, "how well documents answer a query", &llama::kRerankFields, &answers::kRerank},
  {"POST", "/reranking", Dialect::kLlama, Scope::kInference, Lane::kSlow, BodyKind::kJson, kMaxJsonBytes, llama::rerank_documents, "how well documents answer a query", &llama::kRerankFields, &answers::kRerank},
  {"POST", "/v1/rerank", Dialect::kLlama, Scope::kInference, Lane::kSlow, BodyKind::kJson, kMaxJsonBytes, llama::rerank_documents, "how well documents answer a query", &llama::kRerankFields, &answers::kRerank},
  {"POST", "/v1/reranking", Dialect::kLlama, Scope::kInference, Lane::kSlow, BodyKind::kJson, kMaxJsonBytes, llama::rerank_documents, "how well documents answer a query", &llama::kRerankFields, &answers::kRerank},
  {"GET", "/props", Dialect::kLlama, Scope::kInference, Lane::kSlow, BodyKind::kNone, 0, llama::props, "a model and its defaults", nullptr, &answers::kProps, &llama::kModelParameters},
  {"GET", "/slots", Dialect::kLlama, Scope::kInference, Lane::kSlow, BodyKind::kNone, 0, llama::slots, "how many requests a model answers now", nullptr, &answers::kSlot, &llama::kSlotsParameters, nullptr, true},
  {"GET", "/models", Dialect::kLlama, Scope::kLists, Lane::kSlow, BodyKind::kNone, 0, llama::list_models, "the models and which of them are loaded", nullptr, &answers::kLlamaModels, &llama::kModelsParameters},
  {"POST", "/models/load", Dialect::kLlama, Scope::kManage, Lane::kSlow, BodyKind::kJson, kMaxSmallJsonBytes, llama::load_model, "loads a model", &llama::kLoadFields, &answers::kSuccess},
  {"POST", "/models/unload", Dialect::kLlama, Scope::kManage, Lane::kSlow, BodyKind::kJson, kMaxSmallJsonBytes, llama::unload_model, "unloads a model", &llama::kLoadFields, &answers::kSuccess},
  {"GET", "/lora-adapters", Dialect::kLlama, Scope::kInference, Lane::kSlow, BodyKind::kNone, 0, llama::list_adapters, "an empty list"},
  {"POST", "/lora-adapters", Dialect::kLlama, Scope::kManage, Lane::kSlow, BodyKind::kJson, kMaxSmallJsonBytes, llama::set_adapters, "takes an empty list; any other is 501: no adapters are switched here"},
  not_here("POST", "/props", Dialect::kLlama, "the defaults of requests stand in no server here: send them with each request"),
  not_here("POST", "/slots/*", Dialect::kLlama, "what was computed is kept and found again by itself, and belongs to no slot"),
  not_here("POST", "/models", Dialect::kLlama, "models are pulled by 'ingle pull' and POST /api/pull"),
  not_here("DELETE", "/models", Dialect::kLlama, "models are removed by 'ingle rm' and DELETE /api/delete"),
  not_here("GET", "/models/sse", Dialect::kLlama, "ask GET /models again: loading and pulling are answered when they are done"),
  not_here("POST", "/v1/chat/completions/control", Dialect::kLlama, "an answer that was begun is not changed: limit its thinking in the request"),
  not_here("GET", "/v1/stream", Dialect::kLlama, "a stream that broke off is not kept: ask again, and what was computed is found again"),
  not_here("DELETE", "/v1/stream", Dialect::kLlama, "a stream that broke off is not kept"),
  not_here("POST", "/v1/streams/lookup", Dialect::kLlama, "a stream that broke off is not kept"),
  not_here("GET", "/tools", Dialect::kLlama, "the server runs no tools"),
  not_here("POST", "/tools", Dialect::kLlama, "the server runs no tools"),
  not_here("GET", "/cors-proxy", Dialect::kLlama, "the server fetches nothing for a page"),
  {"POST", "/tokenize", Dialect::kLlama, Scope::kInference, Lane::kSlow, BodyKind::kJson, kMaxJsonBytes, llama::tokenize, "tokens of a text", &llama::kTokenizeFields, &answers::kTokens},
  {"POST", "/detokenize", Dialect::kLlama, Scope::kInference, Lane::kSlow, BodyKind::kJson, kMaxJsonBytes, llama::detokenize, "text of tokens", &llama::kDetokenizeFields, &answers::kContent},
  {"POST", "/apply-template", Dialect::kLlama, Scope::kInference, Lane::kSlow, BodyKind::kJson, kMaxJsonBytes, llama::apply_template, "the text that a conversation becomes", &openai::kChatFields, &answers::kPrompt},

  {"POST", "/api/v1/chat", Dialect::kLmStudio, Scope::kInference, Lane::kSlow, BodyKind::kJson, kMaxJsonBytes, lmstudio::chat, "an answer to a conversation that the server keeps", &lmstudio::kChatFields, &answers::kLmStudioChat},
  {"GET", "/api/v1/models", Dialect::kLmStudio, Scope::kLists, Lane::kSlow, BodyKind::kNone, 0, lmstudio::list_models, "the models, and which are loaded", nullptr, &answers::kLmStudioModels},
  {"POST", "/api/v1/models/load", Dialect::kLmStudio, Scope::kManage, Lane::kSlow, BodyKind::kJson, kMaxSmallJsonBytes, lmstudio::load, "loads a model", &lmstudio::kLoadFields, &answers::kLmStudioLoaded},
  {"POST", "/api/v1/models/unload", Dialect::kLmStudio, Scope::kManage, Lane::kSlow, BodyKind::kJson, kMaxSmallJsonBytes, lmstudio::unload, "unloads a model", &lmstudio::kUnloadFields, &answers::kLmStudioUnloaded},
  {"POST", "/api/v0/chat/completions", Dialect::kLmStudio, Scope::kInference, Lane::kSlow, BodyKind::kJson, kMaxJsonBytes, lmstudio::chat_v0, "OpenAI's, with figures beside the answer", &openai::kChatFields, &answers::kOpenAiChat},
  {"POST", "/api/v0/embeddings", Dialect::kLmStudio, Scope::kInference, Lane::kSlow, BodyKind::kJson, kMaxJsonBytes, lmstudio::embeddings_v0, "OpenAI's, with the model's figures", &openai::kEmbeddingsFields, &answers::kOpenAiEmbeddings},
  {"POST", "/api/v0/completions", Dialect::kLmStudio, Scope::kInference, Lane::kSlow, BodyKind::kJson, kMaxJsonBytes, lmstudio::completions_v0, "OpenAI's, with figures beside the answer", &openai::kCompletionsFields, &answers::kOpenAiCompletions},
  {"POST", "/api/v1/models/download", Dialect::kLmStudio, Scope::kManage, Lane::kSlow, BodyKind::kJson, kMaxSmallJsonBytes, lmstudio::download, "begins to pull a model, and does not wait for it", &lmstudio::kDownloadFields, &answers::kLmStudioDownload},
  {"GET", "/api/v1/models/download/status/*", Dialect::kLmStudio, Scope::kManage, Lane::kQuick, BodyKind::kNone, 0, lmstudio::download_status, "how far it is", nullptr, &answers::kLmStudioDownload},
  {"GET", "/api/v0/models", Dialect::kLmStudio, Scope::kLists, Lane::kSlow, BodyKind::kNone, 0, lmstudio::list_models_v0, "the models, and which are loaded", nullptr, &answers::kLmStudioModelsV0},
  {"GET", "/api/v0/models/*", Dialect::kLmStudio, Scope::kLists, Lane::kSlow, BodyKind::kNone, 0, lmstudio::show_model_v0, "a model", nullptr, &answers::kLmStudioModelOfV0},

  {"GET", "/api/version", Dialect::kOllama, Scope::kPublic, Lane::kQuick, BodyKind::kNone, 0, ollama::version, "the version of the interface, and ours", nullptr, &answers::kOllamaVersion},
  {"POST", "/api/chat", Dialect::kOllama, Scope::kInference, Lane::kSlow, BodyKind::kJson, kMaxJsonBytes, ollama::chat, "a conversation", &ollama::kChatFields, &answers::kOllamaChat},
  {"POST", "/api/generate", Dialect::kOllama, Scope::kInference, Lane::kSlow, BodyKind::kJson, kMaxJsonBytes, ollama::generate, "goes on with a prompt", &ollama::kGenerateFields, &answers::kOllamaGenerate},
  {"POST", "/api/embed", Dialect::kOllama, Scope::kInference, Lane::kSlow, BodyKind::kJson, kMaxJsonBytes, ollama::embed_inputs, "vectors of texts", &ollama::kEmbedFields, &answers::kOllamaEmbed},
  {"POST", "/api/embeddings", Dialect::kOllama, Scope::kInference, Lane::kSlow, BodyKind::kJson, kMaxJsonBytes, ollama::embed_prompt, "the vector of a text, for older clients", &ollama::kEmbeddingsFields, &answers::kOllamaEmbedding},
  {"GET", "/api/tags", Dialect::kOllama, Scope::kLists, Lane::kSlow, BodyKind::kNone, 0, ollama::tags, "models that are installed", nullptr, &answers::kOllamaModels},
  {"GET", "/api/ps", Dialect::kOllama, Scope::kLists, Lane::kSlow, BodyKind::kNone, 0, ollama::running, "models that are loaded", nullptr, &answers::kOllamaRunning},
  {"POST", "/api/show", Dialect::kOllama, Scope::kLists, Lane::kSlow, BodyKind::kJson, kMaxSmallJsonBytes, ollama::show, "a model and its metadata", &ollama::kShowFields, &answers::kOllamaShow},
  {"POST", "/api/pull", Dialect::kOllama, Scope::kManage, Lane::kStore, BodyKind::kJson, kMaxSmallJsonBytes, ollama::pull, "installs a model", &ollama::kPullFields, &answers::kOllamaStatus},
  {"DELETE", "/api/delete", Dialect::kOllama, Scope::kManage, Lane::kSlow, BodyKind::kJson, kMaxSmallJsonBytes, ollama::remove, "removes a model", &ollama::kModelFields},
  {"POST", "/api/copy", Dialect::kOllama, Scope::kManage, Lane::kSlow, BodyKind::kJson, kMaxSmallJsonBytes, ollama::copy, "another name for a model", &ollama::kCopyFields},
  {"POST", "/api/create", Dialect::kOllama, Scope::kManage, Lane::kStore, BodyKind::kJson, kMaxJsonBytes, ollama::create, "makes a model of another one or of an uploaded GGUF", &ollama::kCreateFields, &answers::kOllamaStatus},
  {"POST", "/api/push", Dialect::kOllama, Scope::kManage, Lane::kQuick, BodyKind::kJson, kMaxSmallJsonBytes, nullptr, "models are not pushed: this version knows no registry that takes them"},
  {"GET", "/api/status", Dialect::kOllama, Scope::kLists, Lane::kQuick, BodyKind::kNone, 0, ollama::cloud_status, "that there is no cloud of Ollama's here", nullptr, &answers::kCloudStatus},
  not_here("POST", "/api/me", Dialect::kOllama, "there is no account here: nothing is signed in to a cloud"),
  not_here("POST", "/api/signout", Dialect::kOllama, "there is no account here: nothing is signed in to a cloud"),
  not_here("DELETE", "/api/user/keys/*", Dialect::kOllama, "there is no account here: nothing is signed in to a cloud"),
  not_here("POST", "/api/experimental/web_search", Dialect::kOllama, "nothing is searched from here: a client that offers a search as a tool does it itself"),
  not_here("POST", "/api/experimental/web_fetch", Dialect::kOllama, "nothing is fetched from here: a client that offers it as a tool does it itself"),
  not_here("GET", "/api/experimental/model-recommendations", Dialect::kOllama, "'ingle list --available' shows what can be pulled"),
  {"HEAD", "/api/blobs/*", Dialect::kOllama, Scope::kManage, Lane::kSlow, BodyKind::kNone, 0, ollama::has_blob, "whether a blob is here"},
  {"POST", "/api/blobs/*", Dialect::kOllama, Scope::kManage, Lane::kSlow, BodyKind::kBytes, store::kMaxBlobBytes, ollama::put_blob, "a file for /api/create, under its digest", nullptr, nullptr, nullptr, ollama::receive_blob},
  {"GET", "/api/route/explain/*", Dialect::kOwn, Scope::kOwner, Lane::kQuick, BodyKind::kNone, 0, own::explain, "one decision of the router, with its steps"},

  {"GET", "/ingle/v1/status", Dialect::kOwn, Scope::kOwner, Lane::kQuick, BodyKind::kNone, 0, own::status, "the server and what it runs on"},
  {"GET", "/ingle/v1/models", Dialect::kOwn, Scope::kOwner, Lane::kSlow, BodyKind::kNone, 0, own::models, "models that are installed, loaded, and in the catalog"},
  {"GET", "/ingle/v1/chats", Dialect::kOwn, Scope::kOwner, Lane::kQuick, BodyKind::kNone, 0, own::list_chats, "saved conversations, the last changed first", nullptr, nullptr, &own::kSearchParameters},
  {"GET", "/ingle/v1/chats/*", Dialect::kOwn, Scope::kOwner, Lane::kQuick, BodyKind::kNone, 0, own::get_chat, "a saved conversation"},
  {"PUT", "/ingle/v1/chats/*", Dialect::kOwn, Scope::kOwner, Lane::kQuick, BodyKind::kJson, kMaxChatBytes, own::put_chat, "saves a conversation: any JSON object of at most 4 MiB"},
  {"DELETE", "/ingle/v1/chats/*", Dialect::kOwn, Scope::kOwner, Lane::kQuick, BodyKind::kNone, 0, own::delete_chat, "deletes a conversation"},
  {"GET", "/ingle/v1/decisions", Dialect::kOwn, Scope::kOwner, Lane::kQuick, BodyKind::kNone, 0, own::decisions, "what the router decided", nullptr, nullptr, &own::kDecisionParameters},
  {"GET", "/ingle/v1/egress", Dialect::kOwn, Scope::kOwner, Lane::kQuick, BodyKind::kNone, 0, own::egress, "what left this machine", nullptr, nullptr, &own::kEgressParameters},
  {"GET", "/ingle/v1/policy", Dialect::kOwn, Scope::kOwner, Lane::kQuick, BodyKind::kNone, 0, own::policy, "the policy of the router, and what is wrong with it"},
  {"GET", "/ingle/v1/offline", Dialect::kOwn, Scope::kOwner, Lane::kQuick, BodyKind::kNone, 0, own::get_offline, "whether the way to the cloud is closed"},
  {"PUT", "/ingle/v1/offline", Dialect::kOwn, Scope::kOwner, Lane::kQuick, BodyKind::kJson, kMaxSmallJsonBytes, own::put_offline, "closes and opens the way to the cloud", &own::kOfflineFields},
  {"POST", "/ingle/v1/links", Dialect::kOwn, Scope::kOwner, Lane::kQuick, BodyKind::kNone, 0, own::make_link, "a link for a browser, once, within a minute"},

  {"GET", "/*", Dialect::kOwn, Scope::kPublic, Lane::kQuick, BodyKind::kNone, 0, own::web_file, "files of the app"},
};
// clang-format on

// clang-format off
constexpr std::string_view kNoSound = "models here read and write text: sound is not heard and not spoken";
constexpr std::string_view kNoPictures = "models here read and write text: pictures and films are not made";
constexpr std::string_view kNoFiles = "no files are kept for later requests: send texts with the request, documents to /v1/extract and /v1/summarize";
constexpr std::string_view kNoBatches = "nothing is answered later: send the requests side by side, with X-Ingle-Priority: background where they may wait";
constexpr std::string_view kNoAgents = "the server runs no agents: a client that calls tools does so itself, with /v1/chat/completions, /v1/responses or /v1/messages";
constexpr std::string_view kNoTraining = "models are asked here and not trained";
constexpr Absent kAbsent[] = {
  {"/v1/audio", Dialect::kOpenAi, kNoSound},
  {"/v1/realtime", Dialect::kOpenAi, kNoSound},
  {"/v1/images", Dialect::kOpenAi, kNoPictures},
  {"/v1/videos", Dialect::kOpenAi, kNoPictures},
  {"/v1/files", Dialect::kOpenAi, kNoFiles},
  {"/v1/uploads", Dialect::kOpenAi, kNoFiles},
  {"/v1/vector_stores", Dialect::kOpenAi, kNoFiles},
  {"/v1/containers", Dialect::kOpenAi, kNoFiles},
  {"/v1/batches", Dialect::kOpenAi, kNoBatches},
  {"/v1/moderations", Dialect::kOpenAi, "no model here judges what may be said"},
  {"/v1/fine_tuning", Dialect::kOpenAi, kNoTraining},
  {"/v1/evals", Dialect::kOpenAi, kNoTraining},
  {"/v1/assistants", Dialect::kOpenAi, kNoAgents},
  {"/v1/threads", Dialect::kOpenAi, kNoAgents},
  {"/v1/conversations", Dialect::kOpenAi, "a conversation is kept as its last response: go on with previous_response_id"},
  {"/v1/messages/batches", Dialect::kAnthropic, kNoBatches},
  {"/v1/agents", Dialect::kAnthropic, kNoAgents},
  {"/v1/sessions", Dialect::kAnthropic, kNoAgents},
  {"/v1/skills", Dialect::kAnthropic, kNoAgents},
};
// clang-format on

/// What the star stands for; nothing where the pattern does not fit. A star stands for at least one byte, and within a
/// path for one segment.
std::optional<std::string_view> rest_of(std::string_view pattern, std::string_view path) {
  const size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == path ? std::optional(std::string_view()) : std::nullopt;
  const std::string_view before = pattern.substr(0, star);
  const std::string_view behind = pattern.substr(star + 1);
  if (path.size() <= before.size() + behind.size() || !path.starts_with(before) || !path.ends_with(behind))
    return std::nullopt;
  const std::string_view rest = path.substr(before.size(), path.size() - before.size() - behind.size());
  if (!behind.empty() && rest.contains('/')) return std::nullopt;
  return rest;
}

bool is_beneath(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

/// Of a path that no route has.
Dialect interface_of(std::string_view path) {
  if (is_beneath(path, "/v1/messages")) return Dialect::kAnthropic;
  if (path.starts_with("/v1/")) return Dialect::kOpenAi;
  if (path.starts_with("/api/v0/") || path.starts_with("/api/v1/")) return Dialect::kLmStudio;
  if (path.starts_with("/api/")) return Dialect::kOllama;
  return Dialect::kOwn;
}

}  // namespace

std::span<const Route> routes() {
  return kRoutes;
}

std::string path_with(std::string_view pattern, std::string_view star) {
  std::string path(pattern);
  if (const size_t at = path.find('*'); at != std::string::npos) path.replace(at, 1, star);
  return path;
}

RouteMatch find_route(std::string_view method, std::string_view path) {
  RouteMatch match;
  match.dialect = interface_of(path);
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  for (const Route& route : kRoutes) {
    const auto rest = rest_of(route.pattern, path);
    if (!rest) continue;
    // The files of the app are behind everything else: a path of an API is never one of them.
    if (route.pattern == "/*" &&
        (wanted != "GET" || !match.allowed.empty() || match.dialect != Dialect::kOwn || path.starts_with("/ingle/")))
      break;
    match.dialect = route.dialect;
    if (route.method == wanted || route.method == method) {
      match.route = &route;
      match.rest = *rest;
      match.pattern = route.pattern;
      return match;
    }
    match.pattern = route.pattern;
    match.allowed +=
        (match.allowed.empty() ? "" : ", ") + std::string(route.method == "GET" ? "GET, HEAD" : route.method);
  }
  return match;
}

std::span<const Absent> absent_paths() {
  return kAbsent;
}

Failure no_such_address(std::string_view path) {
  for (const Absent& absent : kAbsent)
    if (is_beneath(path, absent.path)) return Failure::not_served(absent.reason);
  // What all paths of an interface begin with makes none of them like another.
  const std::string_view shared = path.substr(0, path.find('/', 1) + 1);
  std::string_view near;  // how a path ends whose base is wrong: /v1/v1/models
  std::vector<std::string_view> rests;
  for (const Route& route : kRoutes) {
    if (route.handle == nullptr || route.pattern.contains('*') || route.pattern == "/") continue;
    if (path.ends_with(route.pattern) && route.pattern.size() > near.size()) near = route.pattern;
    if (route.pattern.starts_with(shared)) rests.push_back(route.pattern.substr(shared.size()));
  }
  const auto rest = base::closest(path.substr(shared.size()), rests);
  const std::string meant = rest ? std::string(shared) + std::string(*rest) : std::string(near);
  const std::string what = "nothing is served at this address";
  Error error = Error::not_found(what);
  if (!meant.empty()) error = std::move(error).hint("did you mean '" + meant + "'?");
  return {.status = 404, .reason = what, .error = std::move(error)};
}

std::string_view known_method(std::string_view method) {
  static constexpr std::string_view kMethods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
  const auto known = std::ranges::find(kMethods, method);
  return known == std::end(kMethods) ? std::string_view() : *known;
}

Dialect dialect_of(const net::ServerRequest& head, Dialect of_address) {
  return of_address == Dialect::kOpenAi && head.has_header("anthropic-version") ? Dialect::kAnthropic : of_address;
}

}  // namespace ingle::api
