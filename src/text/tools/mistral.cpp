// Calls of Mistral's models, after the control token [TOOL_CALLS]. Up to 2024 a list, with ids of nine letters and digits:
//
//     [TOOL_CALLS] [{"name": "get_weather", "arguments": {"city": "Oslo"}, "id": "a1b2c3d4e"}]
//
// later each call by itself, the name bare and the arguments after another control token:
//
//     [TOOL_CALLS]get_weather[ARGS]{"city": "Oslo"}
//
// Source: the chat templates of Mistral-7B-Instruct-v0.3, Mistral-Nemo-Instruct-2407 and Mistral-Small-3.2-24B.
#include "text/tools/definitions.h"
#include "text/tools/formats.h"

namespace ingle::text::tools {
namespace {

constexpr Wrapping kLists[] = {
    {.open = "[TOOL_CALLS]", .lead = " ", .tail = "", .close = "", .list = true},
    {.open = "", .lead = "", .tail = "", .close = "", .sure = false, .list = true},
    {.open = "", .lead = "", .tail = "", .close = "", .sure = false},
};
constexpr Wrapping kNamed[] = {{.open = "[TOOL_CALLS]", .lead = "", .tail = "", .close = ""}};

bool has(std::string_view source, std::string_view text) {
  return source.find(text) != std::string_view::npos;
}

bool speaks_lists(std::string_view source) {
  return has(source, "[TOOL_CALLS]") && !has(source, "[ARGS]");
}

bool speaks_named(std::string_view source) {
  return has(source, "[TOOL_CALLS]") && has(source, "[ARGS]");
}

std::string describe_lists(std::span<const Tool> tools, bool) {
  return "These tools can be called:\n" + definition_lines(tools) +
         "To call tools, answer with nothing but [TOOL_CALLS] [{\"name\": TOOL, \"arguments\": {PARAMETER: VALUE}}]";
}

std::string describe_named(std::span<const Tool> tools, bool) {
  return "These tools can be called:\n" + definition_lines(tools) +
         "To call one, answer with nothing but [TOOL_CALLS]TOOL[ARGS]{\"PARAMETER\": VALUE}";
}

std::string write_result(std::string_view, std::string_view content) {
  return "Result: " + std::string(content);
}

}  // namespace

const Format kMistralList = {.name = "mistral",
                             .is_spoken_by = speaks_lists,
                             .syntax = {.with_id = true, .wrappings = kLists},
                             .describe = describe_lists,
                             .write_result = write_result,
                             .call_id_length = 9};

const Format kMistralNamed = {
    .name = "mistral-args",
    .is_spoken_by = speaks_named,
    .syntax = {.head = "", .middle = "[ARGS]", .foot = "", .between = "", .wrappings = kNamed},
    .describe = describe_named,
    .write_result = write_result,
    .call_id_length = 9};

}  // namespace ingle::text::tools
