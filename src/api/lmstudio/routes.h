// LM Studio's REST interface; rows of the table in registry.cpp. v0 is OpenAI's with figures beside each answer.
#pragma once

#include <memory>

#include "api/call.h"

namespace ingle::api::lmstudio {

void chat(const std::shared_ptr<Call>& call);
void list_models(const std::shared_ptr<Call>& call);
void load(const std::shared_ptr<Call>& call);
void unload(const std::shared_ptr<Call>& call);
void download(const std::shared_ptr<Call>& call);
void download_status(const std::shared_ptr<Call>& call);

void chat_v0(const std::shared_ptr<Call>& call);
void completions_v0(const std::shared_ptr<Call>& call);
void embeddings_v0(const std::shared_ptr<Call>& call);
void list_models_v0(const std::shared_ptr<Call>& call);
void show_model_v0(const std::shared_ptr<Call>& call);

}  // namespace ingle::api::lmstudio
