// The verdict on one call, and the sums over many.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <random>
#include <unordered_map>

#include "eval/tools.h"
#include "net/url.h"

namespace ingle::eval {
namespace {

using Json = nlohmann::ordered_json;

/// BFCL compares strings without these signs, in lower case, with one kind of quote.
std::string normalised(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view(" ,./-_*^").find(c) == std::string_view::npos) out += c == '\'' ? '"' : c;
  }
  return net::lower_ascii(out);
}

bool equals(const Json& value, const Json& possible);

/// Every member is known and among its possible values; what is left out may be left out.
bool equals_object(const Json& value, const Json& possible) {
  for (const auto& [key, element] : value.items()) {
    const auto known = possible.find(key);
    if (known == possible.end()) return false;
    const bool found = known->is_array()
                           ? std::ranges::any_of(*known, [&](const Json& p) { return equals(element, p); })
                           : equals(element, *known);
    if (!found) return false;
  }
  return std::ranges::all_of(possible.items(), [&](const auto& member) {
    return value.contains(member.key()) ||
           (member.value().is_array() && std::ranges::find(member.value(), Json("")) != member.value().end());
  });
}

bool equals(const Json& value, const Json& possible) {
  if (value.is_string() && possible.is_string())
    return normalised(value.get<std::string>()) == normalised(possible.get<std::string>());
  if (value.is_number() && possible.is_number()) return value.get<double>() == possible.get<double>();
  if (value.is_array() && possible.is_array())
    return std::ranges::equal(value, possible, [](const Json& a, const Json& b) { return equals(a, b); });
  if (value.is_object() && possible.is_object()) return equals_object(value, possible);
  return value == possible;
}

/// A fraction where an integer belongs is wrong, even 3.0, unless the truth has one too.
bool has_type(const Json& value, const Json& schema, const Json& possible) {
  if (!value.is_number_float() || schema.value("type", "") != "integer") return true;
  return std::ranges::any_of(possible, [](const Json& p) { return p.is_number_float(); });
}

std::string judge_arguments(const Json& parameters, const Json& arguments, const Json& truth) {
  for (const Json& name : parameters.value("required", Json::array())) {
    if (!arguments.contains(name.get<std::string>())) return fmt::format("missing {}", name.get<std::string>());
  }
  const Json properties = parameters.value("properties", Json::object());
  for (const auto& [key, value] : arguments.items()) {
    if (!truth.contains(key) || !properties.contains(key)) return fmt::format("unknown {}", key);
    const Json& possible = truth[key];
    const auto fits = [&value = value](const Json& p) { return equals(value, p); };
    if (!has_type(value, properties[key], possible)) return fmt::format("type of {}", key);
    if (!std::ranges::any_of(possible, fits)) return fmt::format("value of {}", key);
  }
  for (const auto& [key, possible] : truth.items()) {
    if (!arguments.contains(key) && std::ranges::find(possible, Json("")) == possible.end())
      return fmt::format("needed {}", key);
  }
  return {};
}

std::string judge(const ToolCase& row, const MadeCall& call) {
  const Json truth = Json::parse(row.truth_json);
  const std::string wanted = truth.begin().key();
  std::string sent = wanted;
  std::ranges::replace(sent, '.', '_');
  if (call.name != sent) return "name";
  const Json arguments = Json::parse(call.arguments_json, nullptr, /*allow_exceptions=*/false);
  if (!arguments.is_object()) return "unparsable arguments";
  for (const Json& function : Json::parse(row.functions_json)) {
    if (function.at("name") == wanted)
      return judge_arguments(function.at("parameters"), arguments, truth.begin().value());
  }
  return "no such function in the row";
}

double quantile(const std::vector<double>& sorted, double share) {
  return sorted[std::min(sorted.size() - 1, static_cast<size_t>(share * static_cast<double>(sorted.size())))];
}

}  // namespace

std::string judge_reply(const ToolCase& row, const ToolReply& reply) {
  if (reply.calls.size() != 1) return fmt::format("{} calls", reply.calls.size());
  try {
    return judge(row, reply.calls.front());
  } catch (const std::exception& error) {
    return fmt::format("error: the row cannot be judged: {}", error.what());
  }
}

Share share_of(std::span<const ToolVerdict> rows, std::string_view group) {
  Share share;
  for (const ToolVerdict& row : rows) {
    if (!group.empty() && row.group != group) continue;
    ++share.total;
    share.right += row.wrong.empty() ? 1 : 0;
  }
  if (share.total == 0) return share;
  constexpr double kZ = 1.959964;  // 95 %
  const auto n = static_cast<double>(share.total);
  share.value = static_cast<double>(share.right) / n;
  const double scale = 1 + kZ * kZ / n;
  const double middle = (share.value + kZ * kZ / (2 * n)) / scale;
  const double half = kZ / scale * std::sqrt(share.value * (1 - share.value) / n + kZ * kZ / (4 * n * n));
  share.low = std::max(0.0, middle - half);
  share.high = std::min(1.0, middle + half);
  return share;
}

size_t count_unparsable(std::span<const ToolVerdict> rows) {
  return static_cast<size_t>(
      std::ranges::count_if(rows, [](const ToolVerdict& row) { return row.wrong.starts_with("unparsable"); }));
}

PairedDifference compare_tools(std::span<const ToolVerdict> first, std::span<const ToolVerdict> second) {
  std::unordered_map<std::string_view, bool> right;
  for (const ToolVerdict& row : second)
    right[row.id] = row.wrong.empty();
  std::vector<int> differences;
  PairedDifference out;
  for (const ToolVerdict& row : first) {
    const auto other = right.find(row.id);
    if (other == right.end()) continue;
    const int difference = static_cast<int>(row.wrong.empty()) - static_cast<int>(other->second);
    differences.push_back(difference);
    out.only_first += difference > 0 ? 1 : 0;
    out.only_second += difference < 0 ? 1 : 0;
  }
  out.rows = differences.size();
  if (differences.empty()) return out;
  const auto n = static_cast<double>(differences.size());
  out.value = (static_cast<double>(out.only_first) - static_cast<double>(out.only_second)) / n;
  constexpr size_t kResamples = 10'000;
  std::mt19937_64 random(1);
  std::vector<double> means;
  for (size_t round = 0; round < kResamples; ++round) {
    int sum = 0;
    for (size_t i = 0; i < differences.size(); ++i)
      sum += differences[random() % differences.size()];
    means.push_back(sum / n);
  }
  std::ranges::sort(means);
  out.low = quantile(means, 0.025);
  out.high = quantile(means, 0.975);
  return out;
}

Result<std::vector<ToolVerdict>> read_verdicts(std::string_view json) {
  std::vector<ToolVerdict> rows;
  try {
    for (const Json& row : Json::parse(json).at("rows"))
      rows.push_back({.id = row.at("id"), .group = row.at("group"), .wrong = row.at("wrong"), .answer = {}});
  } catch (const std::exception&) {
    return std::unexpected(Error::corrupt("no result of 'ingle eval tools --json'"));
  }
  return rows;
}

}  // namespace ingle::eval
