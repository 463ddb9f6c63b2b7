// The OpenAPI document (https://spec.openapis.org/oas/v3.1.0) of everything that is served.
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

bool has_stream(const Route& route) {
  return route.fields != nullptr && std::ranges::find(*route.fields, "stream", &Field::name) != route.fields->end();
}

Json answers_of(const Route& route) {
  Json answers = Json::object();
  if (route.handle == nullptr) {
    answers["501"] = {{"description", route.about}};
    return answers;
  }
  Json& good = answers["200"] = {{"description", "the answer"}};
  if (route.answer != nullptr) good["content"]["application/json"]["schema"] = object_schema(*route.answer, true);
  if (has_stream(route)) {
    const std::string type = route.dialect == Dialect::kOllama ? "application/x-ndjson" : "text/event-stream";
    good["content"][type]["schema"] = {{"type", "string"}};
  }
  answers["default"] = {{"description", "an error in the dialect's form"}};
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

Json operation(const Route& route) {
  Json json = {{"tags", {name_of(route.dialect)}}, {"summary", route.about}};
  if (Json parameters = parameters_of(route); !parameters.empty()) json["parameters"] = std::move(parameters);
  if (route.fields != nullptr) {
    const std::string type = route.body == BodyKind::kMultipart ? "multipart/form-data" : "application/json";
    json["requestBody"]["content"][type]["schema"] = object_schema(*route.fields, false);
  }
  if (route.body == BodyKind::kBytes) json["requestBody"]["content"]["application/octet-stream"] = Json::object();
  json["responses"] = answers_of(route);
  if (route.scope == Scope::kOwner) json["security"] = Json::array({{{"key", Json::array()}}});
  return json;
}

std::string lower_case(std::string_view method) {
  std::string out;
  for (const char c : method)
    out += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return out;
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
                  {"paths", std::move(paths)},
                  {"components",
                   {{"securitySchemes",
                     {{"key", {{"type", "http"}, {"scheme", "bearer"}, {"description", "the key of the owner"}}}}}}}});
}

}  // namespace ingle::api
