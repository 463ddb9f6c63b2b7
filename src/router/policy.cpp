#include "router/policy.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <array>
#include <cmath>

#include "base/files.h"
#include "router/detectors/detector.h"
#include "router/providers/provider.h"

namespace ingle::router {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxPolicyBytes = 1 << 20;
constexpr uint64_t kMaxKeyBytes = 4096;

/// Reads one table field by field; what was not asked for by the end is unknown.
class Table {
 public:
  Table(const toml::table& table, std::string name, std::vector<std::string>& problems)
      : table_(table), name_(std::move(name)), problems_(problems) {}

  const toml::node* take(std::string_view key) {
    known_.push_back(key);
    return table_.get(key);
  }

  std::string text(std::string_view key) {
    const toml::node* node = take(key);
    if (node == nullptr) return {};
    if (const auto value = node->value_exact<std::string>()) return *value;
    problem(*node, key, "must be a text in quotes");
    return {};
  }

  std::optional<double> number(std::string_view key, double least, double most) {
    const toml::node* node = take(key);
    if (node == nullptr) return std::nullopt;
    const auto value = node->is_number() ? node->value<double>() : std::nullopt;
    if (value && std::isfinite(*value) && *value >= least && *value <= most) return value;
    problem(*node, key, fmt::format("must be a number from {} to {}", least, most));
    return std::nullopt;
  }

  std::optional<uint64_t> count(std::string_view key) {
    const toml::node* node = take(key);
    if (node == nullptr) return std::nullopt;
    const auto value = node->value_exact<int64_t>();
    if (value && *value >= 0) return static_cast<uint64_t>(*value);
    problem(*node, key, "must be a whole number");
    return std::nullopt;
  }

  const toml::table* table(std::string_view key) {
    const toml::node* node = take(key);
    if (node == nullptr) return nullptr;
    if (const toml::table* inner = node->as_table()) return inner;
    problem(*node, key, "must be a table");
    return nullptr;
  }

  void problem(const toml::node& node, std::string_view key, std::string_view what) {
    problems_.push_back(fmt::format("line {}: {}{} {}", node.source().begin.line, name_, key, what));
  }

  void refuse_unknown() {
    for (const auto& [key, node] : table_) {
      if (std::ranges::find(known_, key.str()) != known_.end()) continue;
      problems_.push_back(
          fmt::format("line {}: {}{} is no key of a policy", key.source().begin.line, name_, key.str()));
    }
  }

 private:
  const toml::table& table_;
  std::string name_;
  std::vector<std::string>& problems_;
  std::vector<std::string_view> known_;
};

Provider parse_provider(std::string_view name, const toml::table& source, std::vector<std::string>& problems) {
  Table table(source, fmt::format("provider.{}.", name), problems);
  Provider provider;
  provider.name = name;
  provider.kind = table.text("kind");
  if (provider.kind.empty()) provider.kind = "openai";
  if (find_provider_kind(provider.kind) == nullptr) {
    table.problem(*source.get("kind"), "kind", "is none that Inglenook can speak to (\"openai\")");
  }
  const std::string base = table.text("base_url");
  provider.model = table.text("model");
  provider.api_key_env = table.text("api_key_env");
  provider.api_key_file = table.text("api_key_file");
  provider.usd_per_million_in = table.number("usd_per_million_in", 0, 1e6);
  provider.usd_per_million_out = table.number("usd_per_million_out", 0, 1e6);
  table.refuse_unknown();

  const bool name_is_plain = !name.empty() && name.size() <= 40 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
  if (!name_is_plain) table.problem(source, "", "may be named with small letters, digits, '-', '_' and '.' only");
  if (provider.model.empty()) table.problem(source, "model", "is missing");
  auto url = net::Url::parse(base);
  if (!url || url->scheme == "file" || url->target.find('?') != std::string::npos || !url->user_info.empty()) {
    table.problem(source, "base_url", "must be an address such as \"https://api.example.com/v1\"");
  } else if (url->scheme == "http" && !url->is_loopback()) {
    table.problem(source, "base_url", "must begin with https:// unless it is on this machine");
  } else {
    provider.base_url = *std::move(url);
  }
  if (!provider.api_key_env.empty() && !provider.api_key_file.empty()) {
    table.problem(source, "api_key_file", "and api_key_env exclude each other");
  }
  if (provider.usd_per_million_in.has_value() != provider.usd_per_million_out.has_value()) {
    table.problem(source, "usd_per_million_in", "and usd_per_million_out belong together");
  }
  return provider;
}

void parse_allow(Table& table, Policy& policy) {
  const toml::node* node = table.take("allow");
  if (node == nullptr) return;
  const toml::array* list = node->as_array();
  if (list == nullptr) return table.problem(*node, "allow", "must be a list of kinds");
  for (const toml::node& item : *list) {
    const auto kind = item.value_exact<std::string>();
    if (kind && find_kind(*kind) != nullptr) {
      policy.allow.push_back(*kind);
    } else {
      table.problem(item, "allow", fmt::format("names '{}', which is no kind of finding", kind.value_or("?")));
    }
  }
}

void parse_root(const toml::table& source, Policy& policy, std::vector<std::string>& problems) {
  Table root(source, "", problems);
  std::vector<Provider> providers;
  if (const toml::table* all = root.table("provider")) {
    for (const auto& [name, node] : *all) {
      if (const toml::table* one = node.as_table()) {
        providers.push_back(parse_provider(name.str(), *one, problems));
      } else {
        problems.push_back(fmt::format("line {}: provider.{} must be a table", node.source().begin.line, name.str()));
      }
    }
  }
  std::string wanted;
  const toml::table* route = root.table("route");
  const toml::table empty;
  Table table(route != nullptr ? *route : empty, "route.", problems);
  wanted = table.text("provider");
  policy.local_model = table.text("local_model");
  policy.threshold = table.number("threshold", 0, 1);
  parse_allow(table, policy);
  policy.max_requests_per_day = table.count("max_requests_per_day");
  policy.max_usd_per_day = table.number("max_usd_per_day", 0, 1e9);
  table.refuse_unknown();
  root.refuse_unknown();

  if (wanted.empty() && providers.size() > 1) {
    problems.push_back("route.provider must say which of the providers is asked");
  }
  for (Provider& provider : providers) {
    if (wanted.empty() || provider.name == wanted) policy.provider = std::move(provider);
  }
  if (!wanted.empty() && !policy.provider) table.problem(*route, "provider", "names one that is not there");
  if (policy.max_usd_per_day && policy.provider && !policy.provider->usd_per_million_in) {
    table.problem(*route, "max_usd_per_day", "needs the prices of provider." + policy.provider->name);
  }
}

}  // namespace

std::optional<double> Provider::price_of(uint64_t tokens_in, uint64_t tokens_out) const {
  if (!usd_per_million_in || !usd_per_million_out) return std::nullopt;
  constexpr double kMillion = 1e6;
  return (static_cast<double>(tokens_in) * *usd_per_million_in +
          static_cast<double>(tokens_out) * *usd_per_million_out) /
         kMillion;
}

bool Policy::allows(std::string_view kind) const {
  return std::ranges::find(allow, kind) != allow.end();
}

PolicyFile parse_policy(std::string_view text) {
  PolicyFile file;
  file.present = true;
  file.text = text;
  Policy policy;
  try {
    const toml::table root = toml::parse(text);
    parse_root(root, policy, file.problems);
  } catch (const toml::parse_error& e) {
    file.problems.push_back(fmt::format("line {}: {}", e.source().begin.line, e.description()));
  } catch (const std::exception& e) {
    file.problems.push_back(e.what());
  }
  if (file.problems.empty()) file.policy = std::move(policy);
  return file;
}

PolicyFile read_policy(const fs::path& home) {
  const fs::path path = home / "policy.toml";
  std::error_code error;
  PolicyFile file;
  if (fs::symlink_status(path, error).type() != fs::file_type::not_found) {
    const auto text = base::read_file(path, kMaxPolicyBytes);
    if (text) {
      file = parse_policy(*text);
    } else {
      file.present = true;
      file.problems.push_back(text.error().message());
    }
  }
  file.path = path;
  return file;
}

Result<std::string> read_api_key(const Provider& provider, const Environment& environment) {
  std::string key;
  if (!provider.api_key_env.empty()) {
    key = environment ? environment(provider.api_key_env).value_or("") : "";
    if (key.empty()) {
      return std::unexpected(Error::usage(
          fmt::format("the variable {} that holds the key of '{}' is not set", provider.api_key_env, provider.name)));
    }
  } else if (!provider.api_key_file.empty()) {
    INGLE_TRY(key, base::read_file(provider.api_key_file, kMaxKeyBytes));
  }
  while (!key.empty() && static_cast<unsigned char>(key.back()) <= 0x20)
    key.pop_back();
  return key;
}

}  // namespace ingle::router
