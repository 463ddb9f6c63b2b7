// For every model whose template knows no tools, or a form that is not in the table: definitions in a system text of ours,
// calls in the tags that most small models have seen in training, one a line.
#include "text/tools/definitions.h"
#include "text/tools/formats.h"

namespace ingle::text::tools {
namespace {

constexpr Wrapping kWrappings[] = {
    {.open = "<tool_call>", .lead = "", .tail = "", .close = "</tool_call>"},
    {.open = "", .lead = "", .tail = "", .close = "", .sure = false},
    {.open = "", .lead = "", .tail = "", .close = "", .sure = false, .list = true},
    {.open = "```json", .lead = "\n", .tail = "\n", .close = "```", .sure = false},
    {.open = "```json", .lead = "\n", .tail = "\n", .close = "```", .sure = false, .list = true},
};

bool is_spoken_by(std::string_view) {
  return true;
}

std::string describe(std::span<const Tool> tools, bool parallel) {
  return "You can call tools. Each line describes one:\n" + definition_lines(tools) +
         "\nWhen a tool helps, answer with nothing but the call, in this form:\n"
         "<tool_call>{\"name\": \"TOOL\", \"arguments\": {\"PARAMETER\": VALUE}}</tool_call>\n" +
         (parallel ? "Several calls stand on a line each. " : "Make one call at a time. ") +
         "The results follow in <tool_response>. When no tool is needed, answer in plain words.";
}

std::string write_result(std::string_view, std::string_view content) {
  return "<tool_response>" + std::string(content) + "</tool_response>";
}

}  // namespace

const Format kGeneric = {.name = "generic",
                         .is_spoken_by = is_spoken_by,
                         .syntax = {.wrappings = kWrappings},
                         .template_may_list = false,
                         .describe = describe,
                         .write_result = write_result};

}  // namespace ingle::text::tools
