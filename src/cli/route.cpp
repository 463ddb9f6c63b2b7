#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "cli/help.h"
#include "cli/table.h"
#include "cli/verb.h"

namespace ingle::cli {
namespace {

constexpr uint32_t kDefaultRows = 20;

std::string local_time(int64_t unix_time) {
  const auto time = static_cast<std::time_t>(unix_time);
  std::tm parts{};
  ::localtime_r(&time, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts)};
}

std::string score_text(const std::optional<double>& score) {
  return score ? fmt::format("{:.2f}", *score) : "-";
}

/// The numbers of the day are those that the budget counts.
std::string policy_text(const router::Policy& policy, const Result<router::Spent>& spent) {
  const router::Provider& provider = *policy.provider;
  std::string text =
      fmt::format("provider:     {} at {}, model {}\n", provider.name, provider.base_url.text(), provider.model);
  text += fmt::format("local model:  {}\n",
                      policy.local_model.empty() ? "the one that was installed last" : policy.local_model);
  text +=
      fmt::format("asked when:   the confidence is below {}\n",
                  policy.threshold ? fmt::format("{:g}", *policy.threshold) : "what was measured for the local model");
  text += fmt::format("may leave:    {}\n", policy.allow.empty() ? "nothing that the privacy gate finds"
                                                                 : fmt::format("of what the privacy gate finds: {}",
                                                                               fmt::join(policy.allow, ", ")));
  std::string today = spent ? fmt::format("{}", spent->requests) : "?";
  today += policy.max_requests_per_day ? fmt::format(" of {} requests", *policy.max_requests_per_day)
                                       : " requests, no limit";
  if (policy.max_usd_per_day)
    today += fmt::format("; {} of {:.2f} USD", spent ? fmt::format("{:.4f}", spent->cost_usd) : "?",
                         *policy.max_usd_per_day);
  return text + fmt::format("today (UTC):  {}\n", today);
}

/// Why nothing can leave.
std::string_view why_not(const router::PolicyStatus& status, const router::OfflineSwitch& offline) {
  if (offline.on()) return offline.by_setting() ? "the setting 'offline' is on" : "'ingle offline' is on";
  if (!status.present) return "there is no policy";
  if (!status.problems.empty()) return "the policy has a problem and counts as none";
  return "the policy names no provider";
}

/// A download sends nobody's text; one of which nothing came back was no more than an attempt.
std::string_view outcome_text(const router::Egress& egress) {
  return egress.outcome == "failed" && egress.bytes_out == 0 && egress.bytes_in == 0 ? "attempt, no answer"
                                                                                     : std::string_view(egress.outcome);
}

class Route : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.positional(action_, "log|explain|policy|left", "decisions, one of them, the policy, or what left");
    arguments.positional(id_, "ID", "explain: the request", false);
    arguments.value(limit_, "-n,--limit", "N", "log, left: rows at most", 1, 10'000);
    arguments.flag(json_, "--json", "print one JSON object");
  }

  Result<int> run(Context& context) override {
    constexpr std::string_view kActions[] = {"log", "explain", "policy", "left"};
    if (std::ranges::find(kActions, action_) == std::end(kActions))
      return std::unexpected(unknown_action("route", action_, kActions));
    const router::Routing& routing = context.app->routing();
    if (action_ == "explain" && id_.empty())
      return std::unexpected(Error::usage("ID is missing").hint("'ingle route log' lists them"));
    if (action_ != "explain" && !id_.empty()) return std::unexpected(Error::usage("only explain takes an ID"));
    if (action_ == "log") return log(context, routing);
    if (action_ == "explain") return explain(context, routing);
    if (action_ == "policy") return policy(context, routing);
    return left(context, routing);
  }

 private:
  uint32_t limit() const { return static_cast<uint32_t>(limit_.value_or(kDefaultRows)); }

  Result<int> log(Context& context, const router::Routing& routing) const {
    if (json_) {
      INGLE_TRY(const std::string text, routing.decisions_json(limit()));
      context.console.out(text + "\n");
      return 0;
    }
    INGLE_TRY(const auto decisions, routing.decisions(limit()));
    if (decisions.empty()) context.console.talk("nothing was asked of 'auto' yet\n");
    std::vector<TableRow> rows = {{"TIME", "ROUTE", "BY", "CONFIDENCE", "OUT", "REQUEST"}};
    for (const router::Decision& d : decisions) {
      rows.push_back({local_time(d.unix_time), d.route, d.decided_by, score_text(d.confidence),
                      d.bytes_out == 0 ? "-" : format_bytes(d.bytes_out), d.id});
    }
    if (!decisions.empty()) context.console.out(table_text(rows));
    return 0;
  }

  Result<int> explain(Context& context, const router::Routing& routing) const {
    if (json_) {
      INGLE_TRY(const std::string text, routing.explain_json(id_));
      context.console.out(text + "\n");
      return 0;
    }
    INGLE_TRY(const router::Decision d, routing.explain(id_));
    std::string text = fmt::format("{}\n{} · {} · {} · {:.0f} ms\n{}\n", d.id, local_time(d.unix_time), d.route,
                                   d.outcome, d.ms, d.reason);
    text += fmt::format("local model {}, provider {}, {} bytes out, {} bytes in\n", d.local_model,
                        d.provider.empty() ? "none" : d.provider, d.bytes_out, d.bytes_in);
    if (d.cost_usd) text += fmt::format("cost {:.6f} USD\n", *d.cost_usd);
    if (d.saved_usd) text += fmt::format("kept here: {:.6f} USD not spent\n", *d.saved_usd);
    for (const router::FindingCount& finding : d.findings)
      text += fmt::format("found: {} x {}\n", finding.count, finding.kind);
    for (const router::Step& step : d.steps)
      text += fmt::format("  {:<13}{:<12}{}\n", step.step, step.outcome, step.detail);
    context.console.out(terminal_safe(text));
    return 0;
  }

  Result<int> policy(Context& context, const router::Routing& routing) const {
    if (json_) {
      context.console.out(routing.policy_json() + "\n");
      return 0;
    }
    const router::PolicyStatus status = routing.policy();
    std::string text = status.path + (status.present ? "\n" : " is not there, so there is no cloud\n");
    if (status.policy && status.policy->provider) text += policy_text(*status.policy, routing.spent_today());
    text += status.cloud_possible ? "requests for 'auto' may leave, as the policy says\n"
                                  : fmt::format("nothing can leave: {}\n", why_not(status, routing.offline()));
    context.console.out(terminal_safe(text));
    for (const std::string& problem : status.problems)
      context.console.talk("problem: " + terminal_safe(problem) + "\n");
    return status.present && !status.problems.empty() ? 1 : 0;
  }

  Result<int> left(Context& context, const router::Routing& routing) const {
    if (json_) {
      INGLE_TRY(const std::string text, routing.egress_json(limit()));
      context.console.out(text + "\n");
      return 0;
    }
    INGLE_TRY(const auto list, routing.egress(limit()));
    if (list.empty()) context.console.talk("nothing left this machine\n");
    std::vector<TableRow> rows = {{"TIME", "WHAT", "HOST", "OUT", "IN", "OUTCOME", "REQUEST"}};
    for (const router::Egress& e : list) {
      rows.push_back({local_time(e.unix_time), e.kind, e.host, format_bytes(e.bytes_out), format_bytes(e.bytes_in),
                      std::string(outcome_text(e)), e.request_id.empty() ? "-" : e.request_id});
    }
    if (!list.empty()) context.console.out(table_text(rows));
    return 0;
  }

  std::string action_;
  std::string id_;
  std::optional<int64_t> limit_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_route() {
  return std::make_unique<Route>();
}

}  // namespace ingle::cli
