// Routes of OpenAI's dialect; rows of registry.cpp.
#pragma once

#include <memory>

#include "api/call.h"

namespace ingle::api::openai {

void chat_completions(const std::shared_ptr<Call>& call);
void count_chat(const std::shared_ptr<Call>& call);
void completions(const std::shared_ptr<Call>& call);
void embeddings(const std::shared_ptr<Call>& call);
void responses(const std::shared_ptr<Call>& call);
void count_responses(const std::shared_ptr<Call>& call);
void get_response(const std::shared_ptr<Call>& call);
void list_input_items(const std::shared_ptr<Call>& call);
void cancel_response(const std::shared_ptr<Call>& call);
void delete_response(const std::shared_ptr<Call>& call);
extern const FieldTable kModelListParameters;
void list_models(const std::shared_ptr<Call>& call);
void show_model(const std::shared_ptr<Call>& call);

}  // namespace ingle::api::openai
