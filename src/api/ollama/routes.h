// Routes of Ollama's dialect; rows of registry.cpp.
#pragma once

#include <memory>

#include "api/call.h"

namespace ingle::api::ollama {

void greet(const std::shared_ptr<Call>& call);
void version(const std::shared_ptr<Call>& call);
void chat(const std::shared_ptr<Call>& call);
void generate(const std::shared_ptr<Call>& call);
void tags(const std::shared_ptr<Call>& call);
void running(const std::shared_ptr<Call>& call);
void show(const std::shared_ptr<Call>& call);
void pull(const std::shared_ptr<Call>& call);
void remove(const std::shared_ptr<Call>& call);

}  // namespace ingle::api::ollama
