// llama-server's own endpoints: rows of the table in registry.cpp.
#pragma once

#include <memory>

#include "api/call.h"

namespace ingle::api::llama {

void completion(const std::shared_ptr<Call>& call);
void infill(const std::shared_ptr<Call>& call);
void props(const std::shared_ptr<Call>& call);
void slots(const std::shared_ptr<Call>& call);
void list_models(const std::shared_ptr<Call>& call);
void load_model(const std::shared_ptr<Call>& call);
void unload_model(const std::shared_ptr<Call>& call);
void list_adapters(const std::shared_ptr<Call>& call);
void set_adapters(const std::shared_ptr<Call>& call);
void embedding(const std::shared_ptr<Call>& call);
void rerank_documents(const std::shared_ptr<Call>& call);
void tokenize(const std::shared_ptr<Call>& call);
void detokenize(const std::shared_ptr<Call>& call);
void apply_template(const std::shared_ptr<Call>& call);

}  // namespace ingle::api::llama
