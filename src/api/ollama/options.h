// The table of Ollama's `options`: a row each; and keep_alive. Pure; internal to api, included by its .cpp files only.
#pragma once

#include <string>
#include <string_view>

#include "api/json_input.h"
#include "api/ollama/parse.h"

namespace ingle::api::ollama {

extern const FieldTable kOptionFields;

inline constexpr std::string_view kKeepAliveNote =
    "seconds, or a duration such as \"5m\"; 0: not at all, negative: for ever. A token without manage gets no more than "
    "the setting's, and X-Ingle-Keep-Alive then says how many seconds";
/// Seconds, or a duration of Go.
void read_keep_alive(ObjectReader& in, std::optional<runtime::KeepAlive>& keep_alive);
/// Ollama's own defaults, where they differ from ours.
chat::Sampling default_sampling();
/// `path`: "options", or what else the object is called.
void read_options(const Json& options, const std::string& path, ReadNotes& notes, CompletionCall& call);

}  // namespace ingle::api::ollama
