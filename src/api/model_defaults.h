// What a model's manifest says about asking it, put into a request of any dialect. Any thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "api/services.h"
#include "chat/types.h"
#include "runtime/models.h"

namespace ingle::api {

/// Template, system message and first messages, each where the request says nothing about it.
void apply_defaults(const ModelDefaults& defaults, chat::CompleteRequest& request);
/// Of a prompt alone, for what counts or shows it.
void apply_defaults(const ModelDefaults& defaults, chat::ChatPrompt& prompt);

/// The options of a model's manifest, an object as text; empty: none.
using OptionsOf = std::function<std::string(std::string_view model)>;
OptionsOf options_of(const Services& services);
/// Puts them into a request before its own fields are read.
void put_options(const OptionsOf& of, std::string_view model, chat::CompleteRequest& request,
                 runtime::AcquireOptions& acquire, bool& has_seed);

/// Nothing for the router, and for what is no model's name.
ModelDefaults defaults_of(const Services& services, std::string_view model);

}  // namespace ingle::api
