// The fields of answers, for the OpenAPI document: required is what every answer of the kind has. The end-to-end tests hold a
// running server to them. Constant; any thread.
#pragma once

#include "api/fields.h"

namespace ingle::api::answers {

extern const FieldTable kOpenAiChat;
extern const FieldTable kOpenAiCompletions;
extern const FieldTable kOpenAiEmbeddings;
extern const FieldTable kOpenAiModels;
extern const FieldTable kOpenAiModel;
extern const FieldTable kMessages;
extern const FieldTable kTokenCount;
extern const FieldTable kInputTokens;
extern const FieldTable kOllamaChat;
extern const FieldTable kOllamaGenerate;
extern const FieldTable kOllamaVersion;
extern const FieldTable kOllamaModels;
extern const FieldTable kOllamaEmbed;
extern const FieldTable kOllamaEmbedding;
extern const FieldTable kOllamaRunning;
extern const FieldTable kOllamaShow;
extern const FieldTable kOllamaStatus;
extern const FieldTable kResponse;
extern const FieldTable kLmStudioUnloaded;
extern const FieldTable kCompletion;
extern const FieldTable kTokens;
extern const FieldTable kContent;
extern const FieldTable kPrompt;
extern const FieldTable kProps;
extern const FieldTable kLlamaModels;
extern const FieldTable kSuccess;
extern const FieldTable kRerank;
extern const FieldTable kLmStudioChat;
extern const FieldTable kLmStudioModels;
extern const FieldTable kLmStudioLoaded;
extern const FieldTable kLmStudioModelsV0;
extern const FieldTable kLmStudioDownload;
extern const FieldTable kLmStudioModelOfV0;
extern const FieldTable kHealth;
extern const FieldTable kExtraction;
extern const FieldTable kSummary;
extern const FieldTable kCloudStatus;
extern const FieldTable kInputItems;
extern const FieldTable kDeleted;
extern const FieldTable kSlot;
extern const FieldTable kLlamaVector;
// Errors, by dialect.
extern const FieldTable kOpenAiError;
extern const FieldTable kOllamaError;
extern const FieldTable kAnthropicError;
extern const FieldTable kLlamaError;
extern const FieldTable kLmStudioError;
extern const FieldTable kOwnError;

}  // namespace ingle::api::answers
