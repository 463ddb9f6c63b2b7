#include "api/tool_input.h"

#include <algorithm>

#include "api/limits.h"

namespace ingle::api {
namespace {

using Mode = chat::ToolChoice::Mode;

constexpr Field kFunctionRows[] = {
    required("name", "string", "1 to 128 letters, digits and any of _-.:/"),
    honoured("description", "string"),
    honoured("parameters", "object", "a JSON schema, which every call matches"),
    honoured("strict", "boolean", "true: what of the schema cannot be enforced is refused"),
};
constexpr FieldTable kFunctionFields = kFunctionRows;
constexpr Field kToolItemRows[] = {
    honoured("type", "string", "function"),
    required("function", "object", "", &kFunctionFields),
};
constexpr Field kNameRows[] = {required("name", "string", "of one of the tools")};
constexpr FieldTable kNameFields = kNameRows;
constexpr Field kNamedRows[] = {
    honoured("type", "string", "function"),
    required("function", "object", "", &kNameFields),
};
constexpr FieldTable kNamedFields = kNamedRows;
constexpr Field kAllowedRows[] = {
    required("mode", "string", "auto or required"),
    required("tools", "object[]", "the others are not shown to the model", &kNamedFields),
};
constexpr FieldTable kAllowedFields = kAllowedRows;
constexpr Field kChoiceRows[] = {
    honoured("type", "string", "function or allowed_tools"),
    honoured("function", "object", "", &kNameFields),
    honoured("allowed_tools", "object", "", &kAllowedFields),
};
constexpr Field kCalledRows[] = {
    harmless("index", "the order of the calls says it"),
    required("name", "string"),
    honoured("arguments", "string|object", "an object or the text of one"),
};
constexpr FieldTable kCalledFields = kCalledRows;
constexpr Field kCallRows[] = {
    harmless("index", "the order of the calls says it"),
    honoured("type", "string", "function"),
    honoured("id", "string"),
    required("function", "object", "", &kCalledFields),
};

/// Wider than OpenAI's rule: functions of MCP servers have dots, slashes and colons in their names.
bool is_tool_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxToolNameBytes && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.' || c == ':' || c == '/';
  });
}

std::string item_path(std::string_view list, size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

void read_definitions(ObjectReader& in, ReadNotes& notes, ToolList& tools) {
  const Json* list = in.array("tools");
  if (list == nullptr) return;
  if (list->size() > kMaxTools) return in.fault("tools", "must be at most " + std::to_string(kMaxTools));
  for (size_t i = 0; i < list->size() && !notes.fault; ++i) {
    ObjectReader item((*list)[i], item_path("tools", i), notes, kToolFields);
    const std::string type = item.text("type").value_or("function");
    if (type != "function")
      return item.fault(Failure::not_implemented(item.path_of("type"), "only functions can be called here"));
    const Json* function = item.object("function");
    if (function == nullptr) return item.missing("function");
    ObjectReader reader(*function, item.path_of("function"), notes, kFunctionFields);
    tools.add(item.path_of("function"), {.name = reader.text("name").value_or(""),
                                         .description = reader.text("description"),
                                         .parameters = reader.object("parameters"),
                                         .strict = reader.boolean("strict")});
  }
}

/// {"type": "function", "function": {"name": NAME}}; empty after a fault.
std::string read_function_name(ObjectReader& reader, ReadNotes& notes, const ToolList& tools) {
  if (reader.text("type").value_or("function") != "function")
    reader.fault(Failure::not_implemented(reader.path_of("type"), "only functions can be called here"));
  const Json* function = reader.object("function");
  if (function == nullptr) {
    reader.missing("function");
    return {};
  }
  ObjectReader inner(*function, reader.path_of("function"), notes, kNameFields);
  std::string name = inner.text("name").value_or("");
  if (!tools.contains(name)) inner.fault("name", "is none of the tools of this request");
  return name;
}

std::optional<Mode> mode_of(std::string_view word) {
  if (word == "auto") return Mode::kAuto;
  if (word == "none") return Mode::kNone;
  if (word == "required") return Mode::kRequired;
  return std::nullopt;
}

/// {"mode": "auto" or "required", "tools": [...]}: the others are not offered at all.
void read_allowed(const Json& value, ReadNotes& notes, ToolList& tools, chat::ToolChoice& choice) {
  ObjectReader reader(value, "tool_choice.allowed_tools", notes, kAllowedFields);
  const auto mode = mode_of(reader.text("mode").value_or(""));
  if (!mode || *mode == Mode::kNone) return reader.fault("mode", "must be auto or required");
  const Json* list = reader.array("tools");
  if (list == nullptr || list->empty()) return reader.fault("tools", "must name at least one of the tools");
  std::vector<std::string> names;
  for (size_t i = 0; i < list->size() && !notes.fault; ++i) {
    ObjectReader item((*list)[i], item_path(reader.path_of("tools"), i), notes, kNamedFields);
    names.push_back(read_function_name(item, notes, tools));
  }
  choice.mode = *mode;
  tools.keep(names);
}

void read_mode(ObjectReader& in, ReadNotes& notes, ToolList& tools, chat::ToolChoice& choice) {
  constexpr std::string_view kForms = "must be auto, none, required or an object that names a function";
  const Json* value = in.any("tool_choice");
  if (value == nullptr) return;
  if (value->is_string()) {
    const auto mode = mode_of(value->get_ref<const std::string&>());
    if (!mode) return in.fault("tool_choice", kForms);
    choice.mode = *mode;
    if (choice.mode == Mode::kRequired && tools.empty()) in.fault("tool_choice", "needs 'tools' to choose from");
    return;
  }
  if (!value->is_object()) return in.fault("tool_choice", kForms);
  ObjectReader reader(*value, "tool_choice", notes, kToolChoiceFields);
  if (const Json* type = reader.any("type"); type != nullptr && *type == "allowed_tools") {
    const Json* allowed = reader.object("allowed_tools");
    if (allowed == nullptr) return reader.missing("allowed_tools");
    return read_allowed(*allowed, notes, tools, choice);
  }
  choice.mode = Mode::kNamed;
  choice.name = read_function_name(reader, notes, tools);
}

/// A small model that has to call finds no end of calls: it makes one, unless the client says that it takes several.
void read_choice(ObjectReader& in, ReadNotes& notes, ToolList& tools, chat::ToolChoice& choice) {
  read_mode(in, notes, tools, choice);
  choice.parallel = in.boolean("parallel_tool_calls").value_or(choice.mode != Mode::kRequired);
}

}  // namespace

constexpr FieldTable kToolFields = kToolItemRows;
constexpr FieldTable kToolChoiceFields = kChoiceRows;
constexpr FieldTable kToolCallFields = kCallRows;

void ToolList::add(std::string_view place, const Function& function) {
  const std::string name_path = std::string(place) + ".name";
  const auto refuse = [&](std::string_view what) {
    if (!notes_.fault) notes_.fault = Failure::bad_field(name_path, what);
  };
  if (!is_tool_name(function.name))
    return refuse("must be 1 to " + std::to_string(kMaxToolNameBytes) + " letters, digits and any of _-.:/");
  if (contains(function.name)) return refuse("is the name of another tool too");
  if (function.parameters != nullptr)
    note_unknown_keywords(*function.parameters, std::string(place) + "." + std::string(function.schema_field),
                          function.strict.value_or(false), notes_);
  Json json = {{"name", function.name}};
  if (function.description) json["description"] = *function.description;
  json["parameters"] =
      function.parameters != nullptr ? *function.parameters : Json{{"type", "object"}, {"properties", Json::object()}};
  if (function.strict) json["strict"] = *function.strict;
  list_.push_back({{"type", "function"}, {"function", std::move(json)}});
}

bool ToolList::contains(std::string_view name) const {
  return std::ranges::any_of(list_, [&](const Json& tool) { return tool["function"]["name"] == name; });
}

void ToolList::keep(const std::vector<std::string>& names) {
  Json kept = Json::array();
  for (Json& tool : list_) {
    const auto& name = tool["function"]["name"].get_ref<const std::string&>();
    if (std::ranges::find(names, name) != names.end()) kept.push_back(std::move(tool));
  }
  list_ = std::move(kept);
}

chat::Private ToolList::text() const {
  return chat::Private(empty() ? std::string() : to_text(list_));
}

void read_tools(ObjectReader& in, ReadNotes& notes, chat::ChatPrompt& prompt) {
  ToolList tools(notes);
  read_definitions(in, notes, tools);
  read_choice(in, notes, tools, prompt.tool_choice);
  prompt.tools_json = tools.text();
}

std::vector<chat::ToolCall> read_tool_calls(ObjectReader& message, ReadNotes& notes) {
  std::vector<chat::ToolCall> calls;
  const Json* list = message.array("tool_calls");
  if (list == nullptr) return calls;
  for (size_t i = 0; i < list->size() && !notes.fault; ++i) {
    ObjectReader item((*list)[i], item_path(message.path_of("tool_calls"), i), notes, kToolCallFields);
    if (item.text("type").value_or("function") != "function")
      item.fault(Failure::not_implemented(item.path_of("type"), "only functions can be called here"));
    chat::ToolCall call{.id = item.text("id").value_or(""), .name = {}, .arguments_json = {}};
    const Json* function = item.object("function");
    if (function == nullptr) {
      item.missing("function");
      break;
    }
    ObjectReader reader(*function, item.path_of("function"), notes, kCalledFields);
    call.name = reader.text("name").value_or("");
    if (call.name.empty()) reader.missing("name");
    const Json* arguments = reader.any("arguments");
    if (arguments == nullptr || *arguments == "") {
      call.arguments_json = chat::Private("{}");
    } else if (arguments->is_string()) {
      if (!is_json_object(arguments->get_ref<const std::string&>()))
        reader.fault("arguments", "must be the text of a JSON object");
      call.arguments_json = chat::Private(arguments->get<std::string>());
    } else if (arguments->is_object()) {
      call.arguments_json = chat::Private(to_text(*arguments));
    } else {
      reader.fault("arguments", "must be a JSON object or the text of one");
    }
    calls.push_back(std::move(call));
  }
  return calls;
}

void match_results(std::vector<chat::Message>& messages) {
  std::vector<const chat::ToolCall*> open;
  for (chat::Message& message : messages) {
    if (!message.tool_calls.empty()) {
      open.clear();
      for (const chat::ToolCall& call : message.tool_calls)
        open.push_back(&call);
    }
    if (message.role != "tool") continue;
    const auto answered = std::ranges::find_if(open, [&](const chat::ToolCall* call) {
      if (!message.tool_call_id.empty()) return call->id == message.tool_call_id;
      return message.name.empty() || call->name == message.name;
    });
    if (answered == open.end()) continue;
    message.tool_call_id = (*answered)->id;
    message.name = (*answered)->name;
    open.erase(answered);
  }
}

}  // namespace ingle::api
