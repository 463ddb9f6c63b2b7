// What the server is able to do, for people and for programs, made of the table of routes and the tables of fields.
// Constant; any thread.
#pragma once

#include <string>
#include <string_view>

#include "api/call.h"

namespace ingle::api {

/// The text of COMPAT.md.
std::string compat_page();

/// An OpenAPI 3.1 document: every route, the fields of its body and of its answer.
std::string openapi_document(std::string_view version);

/// "OpenAI", "llama-server": as people call it.
std::string_view name_of(Dialect dialect);
inline constexpr Dialect kDialects[] = {Dialect::kOpenAi, Dialect::kOllama,   Dialect::kAnthropic,
                                        Dialect::kLlama,  Dialect::kLmStudio, Dialect::kOwn};

}  // namespace ingle::api
