// Calls of Llama 3.1, 3.2 and 3.3: {"name": "get_weather", "parameters": {"city": "Oslo"}}, the whole answer, at times after
// the control token <|python_tag|>. Their template takes one call a message.
// Source: Meta's prompt format of Llama 3.1, "JSON based tool calling", and the chat templates of those models.
#include "text/tools/definitions.h"
#include "text/tools/formats.h"

namespace ingle::text::tools {
namespace {

constexpr Wrapping kWrappings[] = {
    {.open = "", .lead = "", .tail = "", .close = "", .sure = false},
    {.open = "<|python_tag|>", .lead = "", .tail = "", .close = ""},
    {.open = "```json", .lead = "\n", .tail = "\n", .close = "```", .sure = false},
};

bool is_spoken_by(std::string_view source) {
  return source.find("<|start_header_id|>") != std::string_view::npos &&
         source.find("ipython") != std::string_view::npos;
}

std::string describe(std::span<const Tool> tools, bool) {
  return "You can call functions. To call one, answer with nothing but a JSON object of the form "
         "{\"name\": FUNCTION, \"parameters\": {PARAMETER: VALUE}}. The functions:\n\n" +
         definition_lines(tools);
}

std::string write_result(std::string_view name, std::string_view content) {
  return "Result of " + std::string(name) + ": " + std::string(content);
}

}  // namespace

const Format kLlama3 = {.name = "llama3",
                        .is_spoken_by = is_spoken_by,
                        .syntax = {.middle = R"(", "parameters": )", .between = "; ", .wrappings = kWrappings},
                        .describe = describe,
                        .write_result = write_result};

}  // namespace ingle::text::tools
