#include "api/compat.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <string>
#include <utility>
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

What endpoints take in the same words stands at the end, once. Fields that are not listed change nothing and are named in the header `X-Ingle-Ignored`; `/api/create` refuses them. A listed field of a wrong type is 400.
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

std::string link_to(std::string_view heading) {
  std::string anchor;
  for (const char c : heading) {
    if (c != '`') anchor += c == ' ' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return "[" + std::string(heading) + "](#" + anchor + ")";
}

/// Tables that stand by themselves, because fields of several names hold what they list; with their headings.
using Apart = std::vector<std::pair<const FieldTable*, std::string>>;

const std::string* heading_of(const Apart& apart, const FieldTable* inner) {
  const auto found = std::ranges::find(apart, inner, [](const auto& table) { return table.first; });
  return found == apart.end() ? nullptr : &found->second;
}

void add_rows(std::string& page, FieldTable fields, const std::string& before, const Apart& apart) {
  for (const Field& row : fields) {
    const std::string path = path_of(before, row);
    const std::string* heading = heading_of(apart, row.inner);
    page += "| `" + path + "` | " + support_of(row) + " | " + or_types(row.type) + " | " + cell(row.note);
    if (!row.neutral.empty()) page += " (`" + std::string(row.neutral) + "` passes)";
    if (heading != nullptr) page += (row.note.empty() ? "" : "; ") + link_to(*heading);
    page += " |\n";
    if (row.inner != nullptr && heading == nullptr) add_rows(page, *row.inner, path + ".", apart);
  }
}

std::string head_of(std::string_view title) {
  return "\n| " + std::string(title) + " | | type | |\n|---|---|---|---|\n";
}

std::string title_of(const Route& route) {
  return "`" + std::string(route.method) + " " + path_with(route.pattern, "...") + "`";
}

bool takes_fields(const Route& route) {
  return route.fields != nullptr || route.parameters != nullptr;
}

bool take_the_same(const Route& a, const Route& b) {
  return a.fields == b.fields && a.parameters == b.parameters;
}

/// Addresses that take the same thing are one endpoint.
struct Endpoint {
  const Route* first;
  std::string title;  // all of its addresses
};

std::vector<Endpoint> all_endpoints() {
  std::vector<Endpoint> endpoints;
  for (const Route& route : routes()) {
    if (!takes_fields(route)) continue;
    const auto known =
        std::ranges::find_if(endpoints, [&](const Endpoint& one) { return take_the_same(*one.first, route); });
    if (known == endpoints.end()) {
      endpoints.push_back({&route, title_of(route)});
    } else {
      known->title += ", " + title_of(route);
    }
  }
  return endpoints;
}

Apart tables_apart(const std::vector<Endpoint>& endpoints) {
  constexpr size_t kFewestRows = 8;
  std::map<const FieldTable*, std::set<std::string_view>> holders;
  Apart apart;
  const auto look_at = [&](FieldTable fields, const auto& look_inside) -> void {
    for (const Field& row : fields) {
      if (row.inner == nullptr) continue;
      auto& names = holders[row.inner];
      names.insert(row.name);
      if (names.size() == 2 && row.inner->size() >= kFewestRows && heading_of(apart, row.inner) == nullptr)
        apart.emplace_back(row.inner, "Fields of `" + std::string(*names.begin()) + "`");
      look_inside(*row.inner, look_inside);
    }
  };
  for (const Endpoint& endpoint : endpoints)
    if (endpoint.first->fields != nullptr) look_at(*endpoint.first->fields, look_at);
  return apart;
}

/// What several endpoints take in the same words stands once, behind all of them.
class SharedFields {
 public:
  explicit SharedFields(const std::vector<Endpoint>& endpoints) : apart_(tables_apart(endpoints)) {
    std::map<std::string, std::vector<size_t>> takers;  // of a field with everything in it
    std::vector<std::string> in_order;
    for (size_t i = 0; i < endpoints.size(); ++i) {
      for (const std::string& rows : fields_of(*endpoints[i].first)) {
        auto& of = takers[rows];
        if (of.empty()) in_order.push_back(rows);
        if (of.empty() || of.back() != i) of.push_back(i);
      }
    }
    std::map<std::vector<size_t>, std::vector<std::string>> by_takers;
    for (const std::string& rows : in_order)
      by_takers[takers[rows]].push_back(rows);
    for (auto& [of, fields] : by_takers) {
      if (of.size() < 2 || n_lines(fields) < kFewestLines) continue;
      Group group{.name = "Shared fields " + std::to_string(groups_.size() + 1), .of = {}, .fields = std::move(fields)};
      for (const size_t i : of)
        group.of.push_back(endpoints[i]);
      groups_.push_back(std::move(group));
    }
  }

  /// The rest of an endpoint's fields, and where the others stand.
  void add_endpoint(std::string& page, const Endpoint& endpoint) const {
    std::string rest;
    std::vector<const Group*> elsewhere;
    for (const std::string& rows : fields_of(*endpoint.first)) {
      const Group* group = group_of(rows);
      if (group == nullptr) {
        rest += rows;
      } else if (std::ranges::find(elsewhere, group) == elsewhere.end()) {
        elsewhere.push_back(group);
      }
    }
    if (!rest.empty()) page += head_of("field") + rest;
    if (elsewhere.empty()) return;
    page += rest.empty() ? "\n" : "\nAnd: ";
    for (const Group* group : elsewhere)
      page += (group == elsewhere.front() ? "" : ", ") + link_to(group->name);
    page += "\n";
  }

  void add_groups(std::string& page) const {
    for (const Group& group : groups_) {
      page += "\n### " + group.name + "\n\nOf ";
      for (const Endpoint& endpoint : group.of)
        page += (endpoint.first == group.of.front().first ? "" : ", ") + endpoint.title;
      page += ".\n" + head_of("field");
      for (const std::string& rows : group.fields)
        page += rows;
    }
    for (const auto& [table, heading] : apart_) {
      page += "\n### " + heading + "\n" + head_of("field");
      add_rows(page, *table, "", apart_);
    }
  }

 private:
  static constexpr ptrdiff_t kFewestLines = 4;  // that are worth a table of their own

  struct Group {
    std::string name;
    std::vector<Endpoint> of;
    std::vector<std::string> fields;
  };

  static ptrdiff_t n_lines(const std::vector<std::string>& fields) {
    ptrdiff_t n = 0;
    for (const std::string& rows : fields)
      n += std::ranges::count(rows, '\n');
    return n;
  }

  std::vector<std::string> fields_of(const Route& route) const {
    std::vector<std::string> fields;
    for (const Field& row : route.fields == nullptr ? FieldTable() : *route.fields)
      add_rows(fields.emplace_back(), FieldTable(&row, 1), "", apart_);
    return fields;
  }

  const Group* group_of(const std::string& rows) const {
    const auto found = std::ranges::find_if(
        groups_, [&](const Group& group) { return std::ranges::find(group.fields, rows) != group.fields.end(); });
    return found == groups_.end() ? nullptr : &*found;
  }

  const Apart apart_;
  std::vector<Group> groups_;
};

void add_dialect(std::string& page, Dialect dialect, const std::vector<Endpoint>& endpoints,
                 const SharedFields& shared) {
  page += "\n## " + std::string(name_of(dialect)) + "\n\n| | |\n|---|---|\n";
  for (const Route& route : routes()) {
    if (route.dialect != dialect) continue;
    page += "| " + title_of(route) + " | " + (route.handle == nullptr ? "501: " : "") + cell(route.about) + " |\n";
  }
  for (const Absent& absent : absent_paths()) {
    if (absent.dialect == dialect)
      page += "| `" + std::string(absent.path) + "` and what is beneath | 501: " + cell(absent.reason) + " |\n";
  }
  for (const Endpoint& endpoint : endpoints) {
    if (endpoint.first->dialect != dialect) continue;
    page += "\n### " + endpoint.title + "\n";
    shared.add_endpoint(page, endpoint);
    if (endpoint.first->parameters == nullptr) continue;
    page += head_of("parameter of the address");
    add_rows(page, *endpoint.first->parameters, "", {});
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
  const auto endpoints = all_endpoints();
  const SharedFields shared(endpoints);
  for (const Dialect dialect : kDialects)
    add_dialect(page, dialect, endpoints, shared);
  page += "\n## Fields that endpoints share\n";
  shared.add_groups(page);
  return page;
}

}  // namespace ingle::api
