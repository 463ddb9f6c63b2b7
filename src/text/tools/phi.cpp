// Calls of Phi-4-mini: a list between two control tokens, <|tool_call|>[{"name": ..., "arguments": {...}}]<|/tool_call|>. Its
// template wants the definitions as text in the system message's `tools`.
// Source: the model card and chat template of microsoft/Phi-4-mini-instruct.
#include <nlohmann/json.hpp>

#include "text/tools/definitions.h"
#include "text/tools/formats.h"

namespace ingle::text::tools {
namespace {

constexpr Wrapping kWrappings[] = {
    {.open = "<|tool_call|>", .lead = "", .tail = "", .close = "<|/tool_call|>", .list = true},
    {.open = "functools", .lead = "", .tail = "", .close = "", .list = true},
    {.open = "", .lead = "", .tail = "", .close = "", .sure = false},
    {.open = "", .lead = "", .tail = "", .close = "", .sure = false, .list = true},
    {.open = "```json", .lead = "\n", .tail = "\n", .close = "```", .sure = false},
    {.open = "```json", .lead = "\n", .tail = "\n", .close = "```", .sure = false, .list = true},
};

bool is_spoken_by(std::string_view source) {
  return source.find("<|tool|>") != std::string_view::npos;
}

std::string list_in_system(std::span<const Tool> tools) {
  nlohmann::ordered_json array = nlohmann::ordered_json::array();
  for (const Tool& tool : tools)
    array.push_back(definition_of(tool));
  return one_line(array);
}

std::string describe(std::span<const Tool> tools, bool) {
  return "You are a helpful assistant with these tools:\n" + definition_lines(tools) +
         "To call tools, answer with nothing but "
         "<|tool_call|>[{\"name\": TOOL, \"arguments\": {PARAMETER: VALUE}}]<|/tool_call|>";
}

std::string write_result(std::string_view, std::string_view content) {
  return "<|tool_response|>" + std::string(content) + "<|/tool_response|>";
}

}  // namespace

const Format kPhi = {.name = "phi",
                     .is_spoken_by = is_spoken_by,
                     .syntax = {.wrappings = kWrappings},
                     .describe = describe,
                     .write_result = write_result,
                     .list_in_system = list_in_system};

}  // namespace ingle::text::tools
