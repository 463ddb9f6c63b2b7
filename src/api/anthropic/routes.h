// Routes of Anthropic's dialect; rows of registry.cpp.
#pragma once

#include <memory>

#include "api/call.h"

namespace ingle::api::anthropic {

void messages(const std::shared_ptr<Call>& call);
void count_tokens(const std::shared_ptr<Call>& call);

}  // namespace ingle::api::anthropic
