#include "api/answer_fields.h"

namespace ingle::api::answers {
namespace {

// clang-format off
constexpr Field kUsageRows[] = {required("prompt_tokens", "integer"), required("total_tokens", "integer"), honoured("completion_tokens", "integer")};
constexpr FieldTable kUsage = kUsageRows;
constexpr Field kFunctionRows[] = {required("name", "string"), required("arguments", "string", "the text of a JSON object")};
constexpr FieldTable kFunction = kFunctionRows;
constexpr Field kCallRows[] = {required("id", "string"), required("type", "string"), required("function", "object", "", &kFunction)};
constexpr FieldTable kCall = kCallRows;
constexpr Field kOpenAiMessageRows[] = {
  required("role", "string"), required("content", "string|null"), required("refusal", "string|null", "always null"),
  honoured("reasoning_content", "string", "what the model thought"), honoured("reasoning", "string", "the same"), honoured("tool_calls", "object[]", "", &kCall),
};
constexpr FieldTable kOpenAiMessage = kOpenAiMessageRows;
constexpr Field kLikelyRows[] = {required("token", "string"), required("logprob", "number"), required("bytes", "integer[]|null")};
constexpr FieldTable kLikely = kLikelyRows;
constexpr Field kLogprobListRows[] = {required("top_logprobs", "object[]", "", &kLikely)};
constexpr auto kTokenLogprobTable = joined(kLikelyRows, kLogprobListRows);
constexpr FieldTable kTokenLogprob = kTokenLogprobTable;
constexpr Field kLogprobsRows[] = {required("content", "object[]", "", &kTokenLogprob), required("refusal", "null")};
constexpr FieldTable kLogprobs = kLogprobsRows;
constexpr Field kChoiceRows[] = {
  required("index", "integer"), required("message", "object", "", &kOpenAiMessage), required("finish_reason", "string"),
  honoured("logprobs", "object|null", "", &kLogprobs),
};
constexpr FieldTable kChoice = kChoiceRows;
constexpr Field kOpenAiChatRows[] = {
  required("id", "string"), required("object", "string"), required("created", "integer"), required("model", "string"),
  required("choices", "object[]", "", &kChoice), required("usage", "object", "", &kUsage),
};
constexpr Field kOldLogprobsRows[] = {
  required("tokens", "string[]"), required("token_logprobs", "any[]", "null for the first token of a prompt"), required("top_logprobs", "any[]"), required("text_offset", "integer[]"),
};
constexpr FieldTable kOldLogprobs = kOldLogprobsRows;
constexpr Field kTextChoiceRows[] = {
  required("index", "integer"), required("text", "string"), required("logprobs", "object|null", "", &kOldLogprobs), required("finish_reason", "string"),
};
constexpr FieldTable kTextChoice = kTextChoiceRows;
constexpr Field kOpenAiCompletionsRows[] = {
  required("id", "string"), required("object", "string"), required("created", "integer"), required("model", "string"),
  required("choices", "object[]", "", &kTextChoice), required("usage", "object", "", &kUsage),
};
constexpr Field kVectorRows[] = {required("index", "integer"), required("object", "string"), required("embedding", "number[]|string")};
constexpr FieldTable kVector = kVectorRows;
constexpr Field kOpenAiEmbeddingsRows[] = {
  required("object", "string"), required("model", "string"), required("data", "object[]", "", &kVector), required("usage", "object", "", &kUsage),
};
constexpr Field kOpenAiModelRows[] = {required("id", "string"), required("object", "string"), required("created", "integer"), required("owned_by", "string")};
constexpr Field kOpenAiModelsRows[] = {required("object", "string"), required("data", "object[]", "", &kOpenAiModel)};

constexpr Field kBlockRows[] = {required("type", "string"), honoured("text", "string"), honoured("id", "string"), honoured("name", "string"), honoured("input", "object")};
constexpr FieldTable kBlock = kBlockRows;
constexpr Field kMessagesUsageRows[] = {required("input_tokens", "integer"), required("output_tokens", "integer")};
constexpr FieldTable kMessagesUsage = kMessagesUsageRows;
constexpr Field kMessagesRows[] = {
  required("id", "string"), required("type", "string"), required("role", "string"), required("model", "string"),
  required("content", "object[]", "", &kBlock), required("stop_reason", "string"), required("stop_sequence", "string|null"),
  required("usage", "object", "", &kMessagesUsage),
};
constexpr Field kInputTokensRows[] = {required("object", "string"), required("input_tokens", "integer")};
constexpr Field kTokenCountRows[] = {required("input_tokens", "integer")};

constexpr Field kOllamaMessageRows[] = {required("role", "string"), required("content", "string"), honoured("thinking", "string"), honoured("tool_calls", "object[]")};
constexpr FieldTable kOllamaMessage = kOllamaMessageRows;
constexpr Field kOllamaEndRows[] = {
  required("model", "string"), required("created_at", "string"), required("done", "boolean"), honoured("done_reason", "string"),
  honoured("total_duration", "integer"), honoured("prompt_eval_count", "integer"), honoured("eval_count", "integer"),
};
constexpr Field kOllamaChatRows[] = {required("message", "object", "", &kOllamaMessage)};
constexpr Field kOllamaGenerateRows[] = {required("response", "string")};
constexpr auto kOllamaChatTable = joined(kOllamaEndRows, kOllamaChatRows);
constexpr auto kOllamaGenerateTable = joined(kOllamaEndRows, kOllamaGenerateRows);
constexpr Field kOllamaVersionRows[] = {required("version", "string")};
constexpr Field kOllamaModelRows[] = {
  required("name", "string"), required("model", "string"), required("size", "integer"), required("digest", "string"), required("details", "object"),
};
constexpr FieldTable kOllamaModel = kOllamaModelRows;
constexpr Field kOllamaModelsRows[] = {required("models", "object[]", "", &kOllamaModel)};

constexpr Field kOllamaEmbedRows[] = {
  required("model", "string"), required("embeddings", "any[]", "a list of numbers for each input"), honoured("total_duration", "integer"),
  honoured("load_duration", "integer"), honoured("prompt_eval_count", "integer"),
};
constexpr Field kOllamaEmbeddingRows[] = {required("embedding", "number[]")};
constexpr Field kOllamaRunningRows[] = {
  required("name", "string"), required("model", "string"), required("size", "integer"), required("digest", "string"), required("details", "object"),
  required("expires_at", "string"), required("size_vram", "integer"), required("context_length", "integer"),
};
constexpr FieldTable kOllamaRunningModel = kOllamaRunningRows;
constexpr Field kOllamaPsRows[] = {required("models", "object[]", "", &kOllamaRunningModel)};
constexpr Field kOllamaShowRows[] = {
  required("modelfile", "string"), required("template", "string"), required("details", "object"), required("model_info", "object"),
  required("capabilities", "string[]"), required("modified_at", "string"), honoured("license", "string"), honoured("parameters", "string"),
  honoured("system", "string"), honoured("messages", "object[]"), honoured("tensors", "object[]"),
};
constexpr Field kOllamaStatusRows[] = {
  required("status", "string"), honoured("digest", "string"), honoured("total", "integer"), honoured("completed", "integer"),
};
constexpr Field kResponseRows[] = {
  required("id", "string"), required("object", "string"), required("created_at", "integer"), required("status", "string"), required("model", "string"),
  required("output", "object[]"), required("usage", "object|null"), required("error", "object|null"), required("incomplete_details", "object|null"),
};
constexpr Field kItemRows[] = {required("id", "string"), required("type", "string")};
constexpr FieldTable kItem = kItemRows;
constexpr Field kItemsRows[] = {
  required("object", "string"), required("data", "object[]", "", &kItem), required("first_id", "string|null"), required("last_id", "string|null"),
  required("has_more", "boolean"),
};
constexpr Field kDeletedRows[] = {required("id", "string"), required("object", "string"), required("deleted", "boolean")};
constexpr Field kSlotRows[] = {required("id", "integer"), required("n_ctx", "integer"), required("is_processing", "boolean")};
constexpr Field kLlamaVectorRows[] = {required("index", "integer"), required("embedding", "any[]", "one list of numbers, or one for each token")};
constexpr Field kInstanceRows[] = {required("instance_id", "string")};
constexpr Field kCompletionRows[] = {
  honoured("content", "string"), honoured("tokens", "integer[]"), honoured("stop", "boolean"), honoured("stop_type", "string"),
  honoured("stopping_word", "string"), honoured("model", "string"), honoured("tokens_predicted", "integer"), honoured("tokens_evaluated", "integer"),
  honoured("timings", "object"), honoured("generation_settings", "object"), honoured("prompt", "string"),
  honoured("completion_probabilities", "object[]"),
};
constexpr Field kTokensRows[] = {required("tokens", "integer[]|object[]")};
constexpr Field kContentRows[] = {required("content", "string")};
constexpr Field kPromptRows[] = {required("prompt", "string")};
constexpr Field kPropsRows[] = {
  required("default_generation_settings", "object"), required("total_slots", "integer"), required("chat_template", "string"),
  required("chat_template_caps", "object"), required("media_marker", "string"), required("modalities", "object"), required("model_path", "string"),
  required("build_info", "string"), required("is_sleeping", "boolean"),
};
constexpr Field kStatusRows[] = {required("value", "string", "loaded or unloaded")};
constexpr FieldTable kStatus = kStatusRows;
constexpr Field kLlamaModelRows[] = {required("id", "string"), required("object", "string"), required("status", "object", "", &kStatus), required("meta", "object")};
constexpr FieldTable kLlamaModel = kLlamaModelRows;
constexpr Field kLlamaModelsRows[] = {required("object", "string"), required("data", "object[]", "", &kLlamaModel)};
constexpr Field kSuccessRows[] = {required("success", "boolean")};
constexpr Field kRankRows[] = {required("index", "integer"), honoured("relevance_score", "number"), honoured("document", "object")};
constexpr FieldTable kRank = kRankRows;
constexpr Field kRerankRows[] = {
  required("model", "string"), required("object", "string"), required("method", "string", "cross-encoder or cosine"),
  required("usage", "object", "", &kUsage), required("results", "object[]", "the best first", &kRank),
};

constexpr Field kOutputRows[] = {required("type", "string"), required("content", "string")};
constexpr FieldTable kOutput = kOutputRows;
constexpr Field kStatsRows[] = {
  required("input_tokens", "integer"), required("total_output_tokens", "integer"), required("reasoning_output_tokens", "integer"),
  required("tokens_per_second", "number"), required("time_to_first_token_seconds", "number"), honoured("model_load_time_seconds", "number"),
};
constexpr FieldTable kStats = kStatsRows;
constexpr Field kLmStudioChatRows[] = {
  required("model_instance_id", "string"), required("output", "object[]", "", &kOutput), required("stats", "object", "", &kStats), honoured("response_id", "string"),
};
constexpr Field kLmStudioModelRows[] = {
  required("type", "string"), required("key", "string"), required("display_name", "string"), required("quantization", "object"), required("size_bytes", "integer"),
  required("loaded_instances", "object[]"), required("max_context_length", "integer"), required("format", "string"),
};
constexpr FieldTable kLmStudioModel = kLmStudioModelRows;
constexpr Field kLmStudioModelsRows[] = {required("models", "object[]", "", &kLmStudioModel)};
constexpr Field kLmStudioLoadedRows[] = {
  required("type", "string"), required("instance_id", "string"), required("status", "string"), required("load_time_seconds", "number"), honoured("load_config", "object"),
};
constexpr Field kLmStudioModelV0Rows[] = {
  required("id", "string"), required("type", "string"), required("arch", "string"), required("quantization", "string"), required("state", "string"),
  required("max_context_length", "integer"),
};
constexpr FieldTable kLmStudioModelV0 = kLmStudioModelV0Rows;
constexpr Field kLmStudioModelsV0Rows[] = {required("object", "string"), required("data", "object[]", "", &kLmStudioModelV0)};
constexpr Field kLmStudioDownloadRows[] = {
  required("status", "string", "downloading, completed, failed or already_downloaded"), honoured("job_id", "string"), honoured("started_at", "string"),
  honoured("completed_at", "string"), honoured("estimated_completion", "string"), honoured("total_size_bytes", "integer"),
  honoured("downloaded_bytes", "integer"), honoured("bytes_per_second", "number"), honoured("error", "object"),
};
constexpr Field kPageRows[] = {required("width", "number", "points"), required("height", "number")};
constexpr FieldTable kPage = kPageRows;
constexpr Field kExtractionRows[] = {
  required("file", "string"), required("verdict", "string", "accept, review or escalate"), required("reasons", "string[]"), required("model", "string|null"),
  required("fields", "object", "by name: value, found, confidence, page, box, span, source"), required("text", "string", "what spans point into"),
  required("pages", "object[]", "what boxes point into", &kPage),
};
constexpr Field kTopicRows[] = {required("title", "string"), required("cites", "integer[]", "turns, from 0")};
constexpr FieldTable kTopic = kTopicRows;
constexpr Field kPointRows[] = {required("text", "string"), required("cites", "integer[]", "turns, from 0")};
constexpr FieldTable kPoint = kPointRows;
constexpr Field kDutyRows[] = {required("owner", "string|null"), required("due", "string|null")};
constexpr auto kActionTable = joined(kPointRows, kDutyRows);
constexpr FieldTable kAction = kActionTable;
constexpr Field kTurnRows[] = {required("speaker", "string"), required("text", "string")};
constexpr FieldTable kTurn = kTurnRows;
constexpr Field kSummaryRows[] = {
  honoured("file", "string"), required("topics", "object[]", "", &kTopic), required("summary", "object[]", "", &kPoint), required("decisions", "object[]", "", &kPoint),
  required("actions", "object[]", "", &kAction), required("questions", "object[]", "", &kPoint), required("turns", "object[]", "", &kTurn),
};
constexpr Field kHealthRows[] = {required("status", "string")};
constexpr Field kCloudRows[] = {required("disabled", "boolean"), required("source", "string")};
constexpr FieldTable kCloud = kCloudRows;
constexpr Field kCloudStatusRows[] = {required("cloud", "object", "", &kCloud)};

constexpr Field kOpenAiFaultRows[] = {required("message", "string"), required("type", "string"), required("param", "string|null"), required("code", "string|null")};
constexpr FieldTable kOpenAiFault = kOpenAiFaultRows;
constexpr Field kOpenAiErrorRows[] = {required("error", "object", "", &kOpenAiFault)};
constexpr Field kOllamaErrorRows[] = {required("error", "string"), honoured("code", "string")};
constexpr Field kAnthropicFaultRows[] = {required("type", "string"), required("message", "string"), honoured("code", "string")};
constexpr FieldTable kAnthropicFault = kAnthropicFaultRows;
constexpr Field kAnthropicErrorRows[] = {required("type", "string"), required("error", "object", "", &kAnthropicFault), honoured("request_id", "string")};
constexpr Field kLlamaFaultRows[] = {
  required("code", "integer"), required("message", "string"), required("type", "string"), honoured("n_prompt_tokens", "integer"), honoured("n_ctx", "integer"),
};
constexpr FieldTable kLlamaFault = kLlamaFaultRows;
constexpr Field kLlamaErrorRows[] = {required("error", "object", "", &kLlamaFault)};
constexpr Field kLmStudioFaultRows[] = {required("type", "string"), required("message", "string"), required("code", "string"), honoured("param", "string")};
constexpr FieldTable kLmStudioFault = kLmStudioFaultRows;
constexpr Field kLmStudioErrorRows[] = {required("error", "object", "", &kLmStudioFault)};
constexpr Field kOwnFaultRows[] = {
  required("message", "string"), required("hint", "string"), required("type", "string"), required("request_id", "string"), honoured("param", "string"),
  honoured("code", "string"),
};
constexpr FieldTable kOwnFault = kOwnFaultRows;
constexpr Field kOwnErrorRows[] = {required("error", "object", "", &kOwnFault)};
// clang-format on

}  // namespace

constexpr FieldTable kOpenAiChat = kOpenAiChatRows;
constexpr FieldTable kOpenAiCompletions = kOpenAiCompletionsRows;
constexpr FieldTable kOpenAiEmbeddings = kOpenAiEmbeddingsRows;
constexpr FieldTable kOpenAiModels = kOpenAiModelsRows;
constexpr FieldTable kOpenAiModel = kOpenAiModelRows;
constexpr FieldTable kMessages = kMessagesRows;
constexpr FieldTable kTokenCount = kTokenCountRows;
constexpr FieldTable kInputTokens = kInputTokensRows;
constexpr FieldTable kOllamaChat = kOllamaChatTable;
constexpr FieldTable kOllamaGenerate = kOllamaGenerateTable;
constexpr FieldTable kOllamaVersion = kOllamaVersionRows;
constexpr FieldTable kOllamaModels = kOllamaModelsRows;
constexpr FieldTable kOllamaEmbed = kOllamaEmbedRows;
constexpr FieldTable kOllamaEmbedding = kOllamaEmbeddingRows;
constexpr FieldTable kOllamaRunning = kOllamaPsRows;
constexpr FieldTable kOllamaShow = kOllamaShowRows;
constexpr FieldTable kOllamaStatus = kOllamaStatusRows;
constexpr FieldTable kResponse = kResponseRows;
constexpr FieldTable kLmStudioUnloaded = kInstanceRows;
constexpr FieldTable kCompletion = kCompletionRows;
constexpr FieldTable kTokens = kTokensRows;
constexpr FieldTable kContent = kContentRows;
constexpr FieldTable kPrompt = kPromptRows;
constexpr FieldTable kProps = kPropsRows;
constexpr FieldTable kLlamaModels = kLlamaModelsRows;
constexpr FieldTable kSuccess = kSuccessRows;
constexpr FieldTable kRerank = kRerankRows;
constexpr FieldTable kLmStudioChat = kLmStudioChatRows;
constexpr FieldTable kLmStudioModels = kLmStudioModelsRows;
constexpr FieldTable kLmStudioLoaded = kLmStudioLoadedRows;
constexpr FieldTable kLmStudioModelsV0 = kLmStudioModelsV0Rows;
constexpr FieldTable kLmStudioDownload = kLmStudioDownloadRows;
constexpr FieldTable kLmStudioModelOfV0 = kLmStudioModelV0Rows;
constexpr FieldTable kHealth = kHealthRows;
constexpr FieldTable kExtraction = kExtractionRows;
constexpr FieldTable kSummary = kSummaryRows;
constexpr FieldTable kCloudStatus = kCloudStatusRows;
constexpr FieldTable kInputItems = kItemsRows;
constexpr FieldTable kDeleted = kDeletedRows;
constexpr FieldTable kSlot = kSlotRows;
constexpr FieldTable kLlamaVector = kLlamaVectorRows;
constexpr FieldTable kOpenAiError = kOpenAiErrorRows;
constexpr FieldTable kOllamaError = kOllamaErrorRows;
constexpr FieldTable kAnthropicError = kAnthropicErrorRows;
constexpr FieldTable kLlamaError = kLlamaErrorRows;
constexpr FieldTable kLmStudioError = kLmStudioErrorRows;
constexpr FieldTable kOwnError = kOwnErrorRows;

}  // namespace ingle::api::answers
