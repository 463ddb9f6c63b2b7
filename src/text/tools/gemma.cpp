// Calls of Gemma 2 and 3, whose templates know no tools: Google's guide has the definitions in the first turn and the call as
// a JSON object with "parameters", which the models often put in a fence.
// Source: "Function calling with Gemma" (ai.google.dev).
#include "text/tools/definitions.h"
#include "text/tools/formats.h"

namespace ingle::text::tools {
namespace {

constexpr Wrapping kWrappings[] = {
    {.open = "", .lead = "", .tail = "", .close = "", .sure = false},
    {.open = "```json", .lead = "\n", .tail = "\n", .close = "```", .sure = false},
    {.open = "```tool_code", .lead = "\n", .tail = "\n", .close = "```", .sure = false},
    {.open = "```tool_call", .lead = "\n", .tail = "\n", .close = "```", .sure = false},
    {.open = "```", .lead = "\n", .tail = "\n", .close = "```", .sure = false},
    {.open = "", .lead = "", .tail = "", .close = "", .sure = false, .list = true},
    {.open = "```json", .lead = "\n", .tail = "\n", .close = "```", .sure = false, .list = true},
};

bool is_spoken_by(std::string_view source) {
  return source.find("<start_of_turn>") != std::string_view::npos &&
         source.find("<start_function_call>") == std::string_view::npos;
}

std::string describe(std::span<const Tool> tools, bool parallel) {
  return "You have access to functions, one described on each line:\n" + definition_lines(tools) +
         "\nTo call a function, answer with nothing but this:\n"
         "{\"name\": \"FUNCTION\", \"parameters\": {\"PARAMETER\": VALUE}}\n" +
         (parallel ? "For several calls write one such line each. " : "") +
         "When no function is needed, answer in plain words.";
}

std::string write_result(std::string_view name, std::string_view content) {
  return "```tool_output\n" + std::string(name) + ": " + std::string(content) + "\n```";
}

}  // namespace

const Format kGemma = {.name = "gemma",
                       .is_spoken_by = is_spoken_by,
                       .syntax = {.middle = R"(", "parameters": )", .wrappings = kWrappings},
                       .template_may_list = false,
                       .describe = describe,
                       .write_result = write_result};

}  // namespace ingle::text::tools
