#include "text/tools/definitions.h"

#include <nlohmann/json.hpp>

#include "text/grammar/json_text.h"

namespace ingle::text::tools {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

std::string text_at(const Json& object, std::string_view key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Json definition_of(const Tool& tool) {
  Json definition = {{"name", tool.name}};
  if (!tool.description.empty()) definition["description"] = tool.description;
  definition["parameters"] = Json::parse(tool.parameters_json, nullptr, /*allow_exceptions=*/false);
  return definition;
}

std::string openai_tools(std::span<const Tool> tools) {
  Json array = Json::array();
  for (const Tool& tool : tools)
    array.push_back({{"type", "function"}, {"function", definition_of(tool)}});
  return array.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string definition_lines(std::span<const Tool> tools) {
  std::string lines;
  for (const Tool& tool : tools)
    lines += one_line(definition_of(tool)) + '\n';
  return lines;
}

// Recursive: the depth was limited when the value was read.
std::string one_line(const Json& value) {
  if (!value.is_structured()) return value.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string text(1, value.is_array() ? '[' : '{');
  bool first = true;
  for (const auto& [key, element] : value.items()) {
    if (!first) text += ", ";
    first = false;
    if (value.is_object()) text += grammar::string_text(key) + ": ";
    text += one_line(element);
  }
  text += value.is_array() ? ']' : '}';
  return text;
}

std::string write_calls(const Syntax& syntax, const Json& calls) {
  const Wrapping& form = syntax.wrappings.front();
  const auto open = std::string(form.open) + std::string(form.lead);
  const auto close = std::string(form.tail) + std::string(form.close);
  std::string text;
  for (const Json& call : calls) {
    if (text.empty()) {
      text = open + (form.list ? "[" : "");
    } else {
      text += form.list ? ", " : std::string(syntax.between) + open;
    }
    text += std::string(syntax.head) + text_at(call, "name") + std::string(syntax.middle);
    text += one_line(call.contains("arguments") ? call["arguments"] : Json::object()) + std::string(syntax.foot);
    if (!form.list) text += close;
  }
  if (form.list && !text.empty()) text += "]" + close;
  return text;
}

}  // namespace ingle::text::tools
