// Which model a request of llama-server's clients means: that server has one, so they name none. Internal to this folder.
#pragma once

#include <memory>
#include <string>

#include "api/inference.h"

namespace ingle::api::llama {

/// What is named; else the model that is loaded, or the only one that is installed.
Answer<std::string> model_of(Call& call, const std::string& named);
/// ask_model(), of that one.
void ask(const std::shared_ptr<Call>& call, const std::string& named, const runtime::AcquireOptions& options,
         UseModel use, size_t bytes = 0);

}  // namespace ingle::api::llama
