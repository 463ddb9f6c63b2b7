#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "text/grammar/json_text.h"
#include "text/grammar/null_keywords.h"
#include "text/tools/format.h"

namespace ingle::text::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMaxDepth = 64;  // of the array, schemas included

bool is_name(std::string_view name) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:/";
  return !name.empty() && name.size() <= kMaxNameBytes && name.find_first_not_of(kLetters) == std::string_view::npos;
}

Result<std::string> text_member(const Json& object, const char* key, const std::string& where) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return std::string();
  if (!found->is_string()) return std::unexpected(Error::usage(fmt::format("{}.{} is not a text", where, key)));
  return found->get<std::string>();
}

Result<Tool> read_tool(Json& entry, size_t index) {
  const std::string where = fmt::format("tools[{}]", index);
  if (!entry.is_object()) return std::unexpected(Error::usage(where + " is not an object"));
  if (const auto type = entry.find("type"); type != entry.end() && *type != "function") {
    return std::unexpected(Error::usage(where + ".type is not \"function\"").hint("only functions can be called"));
  }
  const auto wrapped = entry.find("function");
  Json& function = wrapped != entry.end() ? *wrapped : entry;
  if (!function.is_object()) return std::unexpected(Error::usage(where + ".function is not an object"));
  Tool tool;
  INGLE_TRY(tool.name, text_member(function, "name", where));
  if (!is_name(tool.name)) {
    return std::unexpected(Error::usage(fmt::format("{} has no usable name", where))
                               .hint(fmt::format("1 to {} letters, digits, and any of _ - . : /", kMaxNameBytes)));
  }
  INGLE_TRY(tool.description, text_member(function, "description", where));
  const auto parameters = function.find("parameters");
  if (parameters == function.end() || parameters->is_null()) {
    tool.parameters_json = R"({"type": "object", "properties": {}, "additionalProperties": false})";
  } else if (parameters->is_object()) {
    grammar::drop_null_keywords(*parameters);  // neither grammars nor templates meet them
    tool.parameters_json = parameters->dump(-1, ' ', false, Json::error_handler_t::replace);
  } else {
    return std::unexpected(Error::usage(fmt::format("{}: the parameters of '{}' are no schema", where, tool.name)));
  }
  if (const auto strict = function.find("strict"); strict != function.end() && !strict->is_null()) {
    if (!strict->is_boolean()) return std::unexpected(Error::usage(where + ".strict is neither true nor false"));
    tool.strict = strict->get<bool>();
  }
  return tool;
}

}  // namespace

Result<std::vector<Tool>> read_tools(std::string_view tools_json) {
  std::vector<Tool> tools;
  if (tools_json.empty()) return tools;
  if (tools_json.size() > kMaxToolsBytes) {
    return std::unexpected(Error::refused(
        fmt::format("the tools have {} bytes, at most {} are taken", tools_json.size(), kMaxToolsBytes)));
  }
  INGLE_TRY(Json array, grammar::parse_json(tools_json, kMaxDepth, "tools"));
  if (array.is_null()) return tools;
  if (!array.is_array()) return std::unexpected(Error::usage("tools is not an array"));
  if (array.size() > kMaxTools) {
    return std::unexpected(
        Error::refused(fmt::format("there are {} tools, at most {} are taken", array.size(), kMaxTools)));
  }
  std::unordered_set<std::string> names;
  for (Json& entry : array) {
    INGLE_TRY(Tool tool, read_tool(entry, tools.size()));
    if (!names.insert(tool.name).second)
      return std::unexpected(Error::usage(fmt::format("there are two tools with the name '{}'", tool.name)));
    tools.push_back(std::move(tool));
  }
  return tools;
}

}  // namespace ingle::text::tools
