// Tool definitions and calls as JSON text: what the formats share when they write prompts.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>

#include "text/tools/format.h"

namespace ingle::text::tools {

/// A text member of an object; "" where there is none.
std::string text_at(const nlohmann::ordered_json& object, std::string_view key);

/// {"name", "description", "parameters"}
nlohmann::ordered_json definition_of(const Tool& tool);
/// OpenAI's array.
std::string openai_tools(std::span<const Tool> tools);
/// One definition a line.
std::string definition_lines(std::span<const Tool> tools);

/// A value on one line, one space after ',' and ':', as grammars write documents.
std::string one_line(const nlohmann::ordered_json& value);

/// A call in the first wrapping of `syntax`, several in one if it is a list.
std::string write_calls(const Syntax& syntax, const nlohmann::ordered_json& calls);

}  // namespace ingle::text::tools
