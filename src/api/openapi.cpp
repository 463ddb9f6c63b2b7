// The OpenAPI document (https://spec.openapis.org/oas/v3.1.0) of everything that is served.
#include <algorithm>

#include "api/answer_fields.h"
#include "api/compat.h"
#include "api/json_input.h"
#include "api/registry.h"

namespace ingle::api {
namespace {

Json object_schema(FieldTable fields, bool is_answer);

/// One of the alternatives of Field::type.
Json type_schema(std::string_view type, const Field& row, bool is_answer) {
  if (type.ends_with("[]")) {
    type.remove_suffix(2);
    return {{"type", "array"}, {"items", type_schema(type, row, is_answer)}};
  }
  if (type == "any" || type.empty()) return Json::object();
  if (type == "object" && row.inner != nullptr) return object_schema(*row.inner, is_answer);
  return {{"type", type}};
}

Json field_schema(const Field& row, bool is_answer) {
  Json any_of = Json::array();
  std::string_view rest = row.type;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('|'), rest.size());
    any_of.push_back(type_schema(rest.substr(0, end), row, is_answer));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  // A field of a request that is null is a field that is missing.
  if (!is_answer && row.support == Support::kHonoured) any_of.push_back({{"type", "null"}});
  Json schema = Json::object();
  if (any_of.size() == 1) {
    schema = std::move(any_of.front());
  } else if (!any_of.empty()) {
    schema["anyOf"] = std::move(any_of);
  }
  if (!row.note.empty()) schema["description"] = row.note;
  if (row.support == Support::kRejected) schema["x-ingle-refused"] = row.status;
  return schema;
}

Json object_schema(FieldTable fields, bool is_answer) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const Field& row : fields) {
    properties[std::string(row.name)] = field_schema(row, is_answer);
    if (row.support == Support::kRequired) required.push_back(row.name);
  }
  Json schema = {{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = std::move(required);
  return schema;
}

/// Documents are streamed to who accepts events.
bool has_stream(const Route& route) {
  if (route.body == BodyKind::kMultipart) return true;
  return route.fields != nullptr && std::ranges::find(*route.fields, "stream", &Field::name) != route.fields->end();
}

struct ErrorForm {
  Dialect dialect;
  std::string_view name;
  const FieldTable* fields;
};
constexpr ErrorForm kErrorForms[] = {
    {Dialect::kOpenAi, "OpenAiError", &answers::kOpenAiError},
    {Dialect::kOllama, "OllamaError", &answers::kOllamaError},
    {Dialect::kAnthropic, "AnthropicError", &answers::kAnthropicError},
    {Dialect::kLlama, "LlamaServerError", &answers::kLlamaError},
    {Dialect::kLmStudio, "LmStudioError", &answers::kLmStudioError},
    {Dialect::kOwn, "IngleError", &answers::kOwnError},
};

Json error_answers() {
  Json all = Json::object();
  for (const ErrorForm& form : kErrorForms) {
    Json& answer = all[std::string(form.name)] = {
        {"description", "an error, as " + std::string(name_of(form.dialect)) + "'s clients know it"}};
    answer["content"]["application/json"]["schema"] = object_schema(*form.fields, true);
  }
  return all;
}

Json error_of(Dialect dialect) {
  const auto* form = std::ranges::find(kErrorForms, dialect, &ErrorForm::dialect);
  return {{"$ref", "#/components/responses/" + std::string(form->name)}};
}

Json answer_schema(const Route& route) {
  Json schema = object_schema(*route.answer, true);
  if (!route.lists) return schema;
  return {{"type", "array"}, {"items", std::move(schema)}};
}

Json answers_of(const Route& route) {
  Json answers = Json::object();
  if (route.handle == nullptr) {
    answers["501"] = error_of(route.dialect);
    return answers;
  }
  Json& good = answers["200"] = {{"description", "the answer"}};
  if (route.answer != nullptr) good["content"]["application/json"]["schema"] = answer_schema(route);
  if (has_stream(route)) {
    const std::string type = route.dialect == Dialect::kOllama ? "application/x-ndjson" : "text/event-stream";
    good["content"][type]["schema"] = {{"type", "string"}};
  }
  answers["default"] = error_of(route.dialect);
  return answers;
}

Json parameters_of(const Route& route) {
  Json list = Json::array();
  if (route.pattern.contains('*'))
    list.push_back({{"name", "name"}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}}}});
  for (const Field& row : route.parameters == nullptr ? FieldTable() : *route.parameters)
    list.push_back({{"name", row.name},
                    {"in", "query"},
                    {"required", row.support == Support::kRequired},
                    {"schema", type_schema(row.type, row, false)},
                    {"description", row.note}});
  return list;
}

std::string lower_case(std::string_view method) {
  std::string out;
  for (const char c : method)
    out += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return out;
}

/// "GET /v1/models/*" -> "get_v1_models_name"
std::string operation_id(const Route& route) {
  std::string id = lower_case(route.method) + path_with(route.pattern, "name");
  for (char& c : id)
    if (c == '/' || c == '-' || c == '.') c = '_';
  return id;
}

Json operation(const Route& route) {
  Json json = {{"operationId", operation_id(route)}, {"tags", {name_of(route.dialect)}}, {"summary", route.about}};
  if (Json parameters = parameters_of(route); !parameters.empty()) json["parameters"] = std::move(parameters);
  if (route.fields != nullptr) {
    const std::string type = route.body == BodyKind::kMultipart ? "multipart/form-data" : "application/json";
    json["requestBody"]["content"][type]["schema"] = object_schema(*route.fields, false);
  }
  if (route.body == BodyKind::kBytes)
    json["requestBody"]["content"]["application/octet-stream"]["schema"] = {{"type", "string"}, {"format", "binary"}};
  json["responses"] = answers_of(route);
  if (route.scope == Scope::kPublic) return json;
  // Open to everybody on the machine until the first token exists, but for what is the owner's.
  Json& security = json["security"] = Json::array();
  if (route.scope != Scope::kOwner) security.push_back(Json::object());
  security.push_back({{"bearer", Json::array()}});
  security.push_back({{"x-api-key", Json::array()}});
  return json;
}

}  // namespace

std::string openapi_document(std::string_view version) {
  Json paths = Json::object();
  for (const Route& route : routes())
    paths[path_with(route.pattern, "{name}")][lower_case(route.method)] = operation(route);
  return to_text({{"openapi", "3.1.0"},
                  {"info",
                   {{"title", "Inglenook"},
                    {"version", version},
                    {"description", "Every address of the server, in the dialects of several clients"}}},
                  {"servers",
                   {{{"url", "{scheme}://{address}"},
                     {"variables",
                      {{"scheme", {{"default", "http"}, {"enum", {"http", "https"}}}},
                       {"address", {{"default", "127.0.0.1:11434"}}}}}}}},
                  {"paths", std::move(paths)},
                  {"components",
                   {{"responses", error_answers()},
                    {"securitySchemes",
                     {{"bearer",
                       {{"type", "http"},
                        {"scheme", "bearer"},
                        {"description", "a token of 'ingle token create', or the key of the owner"}}},
                      {"x-api-key",
                       {{"type", "apiKey"},
                        {"in", "header"},
                        {"name", "x-api-key"},
                        {"description", "the same, where Anthropic's clients send it"}}}}}}}});
}

}  // namespace ingle::api
