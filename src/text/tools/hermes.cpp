// Calls of Hermes 2 Pro and 3, Qwen 2.5 and 3 and many that learned from them:
//
//     <tool_call>
//     {"name": "get_weather", "arguments": {"city": "Oslo"}}
//     </tool_call>
//
// Small ones, Qwen 2.5 Coder above all, forget the tags: they write the object alone, in a fence, or in <tools>.
// Source: the chat templates of NousResearch/Hermes-2-Pro-Llama-3-8B and Qwen/Qwen2.5-7B-Instruct.
#include "text/tools/definitions.h"
#include "text/tools/formats.h"

namespace ingle::text::tools {
namespace {

constexpr Wrapping kWrappings[] = {
    {.open = "<tool_call>", .lead = "\n", .tail = "\n", .close = "</tool_call>"},
    {.open = "", .lead = "", .tail = "", .close = "", .sure = false},
    {.open = "", .lead = "", .tail = "", .close = "", .sure = false, .list = true},
    {.open = "```json", .lead = "\n", .tail = "\n", .close = "```", .sure = false},
    {.open = "```json", .lead = "\n", .tail = "\n", .close = "```", .sure = false, .list = true},
    {.open = "```xml\n<tools>", .lead = "\n", .tail = "\n", .close = "</tools>\n```", .sure = false},
    {.open = "```", .lead = "\n", .tail = "\n", .close = "```", .sure = false},
    {.open = "<tools>", .lead = "\n", .tail = "\n", .close = "</tools>", .sure = false},
};

bool is_spoken_by(std::string_view source) {
  const auto has = [&](std::string_view text) { return source.find(text) != std::string_view::npos; };
  // GLM and Qwen 3 Coder use the tag for forms of their own.
  return has("<tool_call>") && has("arguments") && !has("<arg_key>") && !has("<function=");
}

std::string describe(std::span<const Tool> tools, bool parallel) {
  return "# Tools\n\nThese functions can be called:\n<tools>\n" + definition_lines(tools) + "</tools>\n\nTo call " +
         (parallel ? "one or more functions" : "a function") + ", answer with nothing but " +
         (parallel ? "a block like this for each call" : "a block like this") +
         ":\n<tool_call>\n{\"name\": \"FUNCTION\", \"arguments\": {\"PARAMETER\": VALUE}}\n</tool_call>";
}

std::string write_result(std::string_view, std::string_view content) {
  return "<tool_response>\n" + std::string(content) + "\n</tool_response>";
}

}  // namespace

const Format kHermes = {.name = "hermes",
                        .is_spoken_by = is_spoken_by,
                        .syntax = {.wrappings = kWrappings},
                        .describe = describe,
                        .write_result = write_result};

}  // namespace ingle::text::tools
