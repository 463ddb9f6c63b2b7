#include "api/compat.h"

#include <algorithm>
#include <vector>

#include "api/registry.h"

namespace ingle::api {
namespace {

constexpr std::string_view kOpening = R"(# What is served, field by field

This page is made of the tables that the server itself reads requests with (`src/api/fields.h`), and a test fails when it is stale:
`INGLE_WRITE=1 ingle_api_test --gtest_filter='Compat.*'` writes it anew. [docs/api.md](docs/api.md) says what the interfaces mean.

| a field is | |
|---|---|
| required | honoured, and the request is 400 without it |
| honoured | does what the client means by it |
| harmless | accepted, and nothing here depends on it: the reason stands beside it |
| a number | refused with that status: the reason stands beside it. `null`, `false`, `""`, `[]` and `{}` ask for nothing and pass |

Fields that are not listed change nothing and are named in the header `X-Ingle-Ignored`. A listed field of a wrong type is 400.
)";

/// "messages[].content[]"
std::string path_of(const std::string& before, const Field& row) {
  const bool is_list = row.inner != nullptr && row.type.find("[]") != std::string_view::npos;
  return before + std::string(row.name) + (is_list ? "[]" : "");
}

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text)
    out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

std::string support_of(const Field& row) {
  switch (row.support) {
    case Support::kRequired:
      return "required";
    case Support::kHonoured:
      return "honoured";
    case Support::kHarmless:
      return "harmless";
    case Support::kRejected:
      break;
  }
  return std::to_string(row.status);
}

std::string or_types(std::string_view type) {
  std::string out;
  for (const char c : type)
    out += c == '|' ? std::string(", ") : std::string(1, c);
  return out;
}

void add_rows(std::string& page, FieldTable fields, const std::string& before) {
  for (const Field& row : fields) {
    const std::string path = path_of(before, row);
    page += "| `" + path + "` | " + support_of(row) + " | " + or_types(row.type) + " | " + cell(row.note);
    if (!row.neutral.empty()) page += " (`" + std::string(row.neutral) + "` passes)";
    page += " |\n";
    if (row.inner != nullptr) add_rows(page, *row.inner, path + ".");
  }
}

void add_table(std::string& page, std::string_view title, const FieldTable* fields) {
  if (fields == nullptr) return;
  page += "\n| " + std::string(title) + " | | type | |\n|---|---|---|---|\n";
  add_rows(page, *fields, "");
}

std::vector<const Route*> routes_of(Dialect dialect) {
  std::vector<const Route*> found;
  for (const Route& route : routes())
    if (route.dialect == dialect) found.push_back(&route);
  return found;
}

std::string title_of(const Route& route) {
  return "`" + std::string(route.method) + " " + path_with(route.pattern, "...") + "`";
}

void add_dialect(std::string& page, Dialect dialect) {
  const auto all = routes_of(dialect);
  page += "\n## " + std::string(name_of(dialect)) + "\n\n| | |\n|---|---|\n";
  for (const Route* route : all)
    page += "| " + title_of(*route) + " | " + (route->handle == nullptr ? "501: " : "") + cell(route->about) + " |\n";
  std::vector<const Route*> done;
  for (const Route* route : all) {
    const bool has_fields = route->fields != nullptr || route->parameters != nullptr;
    if (!has_fields || std::ranges::find(done, route) != done.end()) continue;
    page += "\n### ";
    // Addresses that take the same thing.
    for (const Route* other : all) {
      if (other->fields != route->fields || other->parameters != route->parameters) continue;
      page += (other == route ? "" : ", ") + title_of(*other);
      done.push_back(other);
    }
    page += "\n";
    add_table(page, "field", route->fields);
    add_table(page, "parameter of the address", route->parameters);
  }
}

}  // namespace

std::string_view name_of(Dialect dialect) {
  switch (dialect) {
    case Dialect::kOpenAi:
      return "OpenAI";
    case Dialect::kOllama:
      return "Ollama";
    case Dialect::kAnthropic:
      return "Anthropic";
    case Dialect::kLlama:
      return "llama-server";
    case Dialect::kLmStudio:
      return "LM Studio";
    case Dialect::kOwn:
      break;
  }
  return "Inglenook";
}

std::string compat_page() {
  std::string page(kOpening);
  for (const Dialect dialect : kDialects)
    add_dialect(page, dialect);
  return page;
}

}  // namespace ingle::api
