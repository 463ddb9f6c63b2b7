// llama-server's own endpoints: rows of the table in registry.cpp.
#pragma once

#include <memory>

#include "api/call.h"

namespace ingle::api::llama {

void completion(const std::shared_ptr<Call>& call);
void tokenize(const std::shared_ptr<Call>& call);
void detokenize(const std::shared_ptr<Call>& call);
void apply_template(const std::shared_ptr<Call>& call);

}  // namespace ingle::api::llama
