#include "router/gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "router/detectors/detector.h"
#include "router/providers/provider.h"
#include "router/views.h"

namespace ingle::router {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMaxBodyBytes = 8 << 20;

/// Every string of the body as its reader will see it, names of fields included.
void collect(const Json& json, std::vector<std::string>& strings) {
  if (json.is_string()) strings.push_back(json.get<std::string>());
  if (json.is_object()) {
    for (const auto& [key, value] : json.items()) {
      strings.push_back(key);
      collect(value, strings);
    }
  }
  if (json.is_array()) {
    for (const Json& item : json)
      collect(item, strings);
  }
}

class Counts {
 public:
  /// What is found in each string counts as often as it is found.
  void add_all(std::string_view text) {
    for (const Finding& finding : find_private(text))
      ++at(finding.kind).count;
  }
  /// Another view of the same text: counts only what no view before it showed.
  void add_new(std::string_view text) {
    const std::vector<FindingCount> known = counts_;
    for (const Finding& finding : find_private(text)) {
      if (std::ranges::find(known, finding.kind, &FindingCount::kind) == known.end()) ++at(finding.kind).count;
    }
  }
  std::vector<FindingCount> take() { return std::move(counts_); }

 private:
  FindingCount& at(std::string_view kind) {
    auto found = std::ranges::find(counts_, kind, &FindingCount::kind);
    if (found == counts_.end()) found = counts_.insert(counts_.end(), {std::string(kind), 0});
    return *found;
  }
  std::vector<FindingCount> counts_;
};

std::string titles_of(const std::vector<FindingCount>& findings) {
  std::string text;
  for (const FindingCount& finding : findings) {
    if (!text.empty()) text += &finding == &findings.back() ? " and " : ", ";
    const Detector* kind = find_kind(finding.kind);
    text += kind != nullptr ? kind->title : finding.kind;
  }
  return text;
}

}  // namespace

Result<std::vector<FindingCount>> inspect_body(std::string_view body) {
  if (body.size() > kMaxBodyBytes)
    return std::unexpected(Error::refused("the request is too long to be looked through"));
  std::vector<std::string> strings;
  try {
    collect(Json::parse(body), strings);
  } catch (const std::exception&) {
    return std::unexpected(Error::refused("the request cannot be looked through"));
  }
  Counts counts;
  std::string joined;
  for (const std::string& text : strings) {
    counts.add_all(text);
    joined += text;
    joined += ' ';
  }
  counts.add_new(joined);
  for (const std::string& text : strings) {
    for (const std::string& view : hidden_views(text))
      counts.add_new(view);
  }
  counts.add_new(body);
  return counts.take();
}

std::expected<ReleasedRequest, Withheld> Gate::release(const Policy& policy, std::string_view api_key,
                                                       const chat::CompleteRequest& request) const {
  if (offline_.on())
    return std::unexpected(Withheld{"offline", "Offline mode is on: nothing leaves this machine.", {}});
  const ProviderKind* kind = policy.provider ? find_provider_kind(policy.provider->kind) : nullptr;
  if (kind == nullptr) return std::unexpected(Withheld{"policy", "No provider is configured.", {}});
  auto http = kind->encode(*policy.provider, api_key, request);
  if (!http) return std::unexpected(Withheld{"policy", "It stays here: " + http.error().message() + ".", {}});
  auto findings = inspect_body(http->body);
  if (!findings) return std::unexpected(Withheld{"gate", "It stays here: " + findings.error().message() + ".", {}});
  std::vector<FindingCount> forbidden;
  for (const FindingCount& finding : *findings) {
    if (!policy.allows(finding.kind)) forbidden.push_back(finding);
  }
  if (!forbidden.empty()) {
    std::string reason = fmt::format("It stays here: the text holds {}.", titles_of(forbidden));
    return std::unexpected(Withheld{"gate", std::move(reason), *std::move(findings)});
  }
  auto receipt = key_.sign(*http);
  if (!receipt)
    return std::unexpected(Withheld{"gate", "It stays here: no receipt could be made.", *std::move(findings)});
  auto permit = net::EgressPermit::for_released(http->url.host, *std::move(receipt));
  return ReleasedRequest(*std::move(http), std::move(permit), *std::move(findings));
}

}  // namespace ingle::router
