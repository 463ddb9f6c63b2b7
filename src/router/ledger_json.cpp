#include "router/ledger_json.h"

#include <nlohmann/json.hpp>

namespace ingle::router {
namespace {

using Json = nlohmann::ordered_json;

Json optional(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json to_json(const Decision& d) {
  Json findings = Json::array();
  for (const FindingCount& finding : d.findings)
    findings.push_back({{"kind", finding.kind}, {"count", finding.count}});
  return {{"id", d.id},
          {"unix", d.unix_time},
          {"model", d.model},
          {"route", d.route},
          {"decided_by", d.decided_by},
          {"reason", d.reason},
          {"local_model", d.local_model},
          {"provider", d.provider.empty() ? Json(nullptr) : Json(d.provider)},
          {"confidence", optional(d.confidence)},
          {"threshold", optional(d.threshold)},
          {"findings", std::move(findings)},
          {"bytes_out", d.bytes_out},
          {"bytes_in", d.bytes_in},
          {"prompt_tokens", d.prompt_tokens},
          {"completion_tokens", d.completion_tokens},
          {"cost_usd", optional(d.cost_usd)},
          {"saved_usd", optional(d.saved_usd)},
          {"ms", d.ms},
          {"outcome", d.outcome}};
}

std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string decisions_to_json(const std::vector<Decision>& decisions) {
  Json list = Json::array();
  for (const Decision& decision : decisions)
    list.push_back(to_json(decision));
  return text_of({{"decisions", std::move(list)}});
}

std::string decision_to_json(const Decision& decision) {
  Json json = to_json(decision);
  Json steps = Json::array();
  for (const Step& step : decision.steps)
    steps.push_back({{"step", step.step}, {"outcome", step.outcome}, {"detail", step.detail}});
  json["steps"] = std::move(steps);
  return text_of(json);
}

std::string egress_to_json(const std::vector<Egress>& left, const EgressTotals& totals) {
  Json list = Json::array();
  for (const Egress& e : left) {
    list.push_back({{"unix", e.unix_time},
                    {"kind", e.kind},
                    {"host", e.host},
                    {"bytes_out", e.bytes_out},
                    {"bytes_in", e.bytes_in},
                    {"outcome", e.outcome},
                    {"request_id", e.request_id.empty() ? Json(nullptr) : Json(e.request_id)}});
  }
  return text_of({{"left", std::move(list)},
                  {"totals",
                   {{"bytes_out", totals.bytes_out},
                    {"text_bytes_out", totals.text_bytes_out},
                    {"requests", totals.requests},
                    {"blocked", totals.blocked}}}});
}

}  // namespace ingle::router
