// What a model's manifest says about asking it, put into a request of any dialect. Any thread.
#pragma once

#include <string_view>

#include "api/services.h"
#include "chat/types.h"

namespace ingle::api {

/// Template, system message, first messages and stop texts, each where the request says nothing about it.
void apply_defaults(const ModelDefaults& defaults, chat::CompleteRequest& request);
/// Of a prompt alone, for what counts or shows it.
void apply_defaults(const ModelDefaults& defaults, chat::ChatPrompt& prompt);

/// Nothing for the router, and for what is no model's name.
ModelDefaults defaults_of(const Services& services, std::string_view model);

}  // namespace ingle::api
