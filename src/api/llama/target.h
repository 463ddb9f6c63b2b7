// Which model a request of llama-server's clients means: that server has one, so they name none. Internal to this folder.
#pragma once

#include <memory>
#include <string>

#include "api/call.h"

namespace ingle::api::llama {

/// What is named; else the model that is loaded, or the only one that is installed.
Answer<std::string> model_of(Call& call, const std::string& named);
/// The same, loaded; `model` becomes its name.
Answer<std::shared_ptr<chat::Completer>> acquire(Call& call, std::string& model,
                                                 const runtime::AcquireOptions& options = {});

/// What is answered by waiting for the model: `work` in a seat (seats.h), or the call answered with why not.
void ask(const std::shared_ptr<Call>& call, const std::string& model, std::function<void(chat::Completer& model)> work);

}  // namespace ingle::api::llama
