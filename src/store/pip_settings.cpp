#include "store/pip_settings.h"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "net/url.h"
#include "store/child_process.h"

namespace ingle::store {
namespace {

constexpr std::chrono::seconds kPipLimit{30};
// It may download every wheel before it answers.
constexpr std::chrono::seconds kReportLimit{3600};

/// pip prints Python's repr of a text: 'a', "it's", 'two\nlines'.
std::string unquote(std::string_view text) {
  if (text.size() < 2 || (text.front() != '\'' && text.front() != '"') || text.back() != text.front()) {
    return std::string(text);
  }
  std::string result;
  text = text.substr(1, text.size() - 2);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      ++i;
      result += text[i] == 'n' ? '\n' : text[i] == 't' ? '\t' : text[i];
    } else {
      result += text[i];
    }
  }
  return result;
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> list;
  size_t from = 0;
  while ((from = text.find_first_not_of(" \t\r\n", from)) != std::string_view::npos) {
    const size_t to = std::min(text.find_first_of(" \t\r\n", from), text.size());
    list.emplace_back(text.substr(from, to - from));
    from = to;
  }
  return list;
}

/// Runs the first pip that starts; kNotFound when none does.
Result<std::string> ask_pip(const Network& network, const std::vector<std::string>& arguments,
                            std::chrono::seconds limit, const std::stop_token& stop) {
  for (std::vector<std::string> command : network.pip_commands) {
    command.insert(command.end(), arguments.begin(), arguments.end());
    auto result = run_command(command, limit, stop);
    if (result && result->exit_code == 0) return std::move(result->output);
    if (!result && result.error().code() == ErrorCode::kCancelled) return std::unexpected(std::move(result).error());
  }
  return std::unexpected(Error::not_found("pip does not run on this machine"));
}

}  // namespace

PipSettings parse_pip_config(std::string_view lines) {
  // pip's own order: general sections, then those of the command, then the environment.
  static constexpr std::array<std::string_view, 4> kSections = {"global", "install", "download", ":env:"};
  std::map<std::string, std::pair<size_t, std::string>> values;
  size_t from = 0;
  while (from < lines.size()) {
    const size_t to = std::min(lines.find('\n', from), lines.size());
    std::string_view line = lines.substr(from, to - from);
    from = to + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    const size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    const size_t dot = line.substr(0, equals).rfind('.');
    if (dot == std::string_view::npos) continue;
    const auto section = std::ranges::find(kSections, line.substr(0, dot));
    if (section == kSections.end()) continue;
    const auto rank = static_cast<size_t>(section - kSections.begin());
    auto& slot = values[std::string(line.substr(dot + 1, equals - dot - 1))];
    if (rank >= slot.first) slot = {rank, unquote(line.substr(equals + 1))};
  }
  PipSettings settings;
  settings.index_url = values["index-url"].second;
  settings.extra_index_urls = words(values["extra-index-url"].second);
  settings.find_links = words(values["find-links"].second);
  settings.ca_file = values["cert"].second;
  settings.proxy = values["proxy"].second;
  const std::string no_index = net::lower_ascii(values["no-index"].second);
  settings.no_index = no_index == "1" || no_index == "true" || no_index == "yes" || no_index == "on";
  return settings;
}

std::string default_index_in_help(std::string_view help) {
  // The text is wrapped to the terminal's width, so words are compared and not lines.
  const std::vector<std::string> list = words(help);
  auto it = std::ranges::find(list, "--index-url");
  for (; it != list.end() && !it->starts_with("--extra"); ++it) {
    if (*it != "(default" && *it != "(default:") continue;
    if (++it == list.end()) break;
    const size_t end = it->find(')');
    if (end != std::string::npos) return it->substr(0, end);
  }
  return {};
}

Result<PipSettings> read_pip_settings(const Network& network, const std::stop_token& stop) {
  auto config = ask_pip(network, {"config", "list"}, kPipLimit, stop);
  if (!config && config.error().code() == ErrorCode::kCancelled) return std::unexpected(std::move(config).error());
  const bool has_pip = config.has_value();
  PipSettings settings = parse_pip_config(has_pip ? *config : network.pip_environment);
  if (!has_pip && settings.index_url.empty() && settings.find_links.empty()) {
    return std::unexpected(Error::unavailable("pip is not installed, so no package index is known")
                               .hint("install it ('apt install python3-pip') or set PIP_INDEX_URL"));
  }
  if (has_pip && settings.index_url.empty() && !settings.no_index) {
    INGLE_TRY(const std::string help, ask_pip(network, {"install", "--help"}, kPipLimit, stop));
    settings.index_url = default_index_in_help(help);
  }
  return settings;
}

std::vector<WheelLink> parse_pip_report(std::string_view text) {
  std::vector<WheelLink> links;
  const auto json = nlohmann::json::parse(text, nullptr, false);
  // One page of the index's JSON form holds the same facts: name, address, digest.
  nlohmann::json page = {{"files", nlohmann::json::array()}};
  if (!json.is_object() || !json.contains("install") || !json["install"].is_array()) return links;
  for (const auto& item : json["install"]) {
    if (!item.is_object() || !item.contains("download_info") || !item["download_info"].is_object()) continue;
    const auto& info = item["download_info"];
    nlohmann::json file = nlohmann::json::object();
    if (info.contains("url")) file["url"] = info["url"];
    if (info.contains("archive_info") && info["archive_info"].is_object() && info["archive_info"].contains("hashes")) {
      file["hashes"] = info["archive_info"]["hashes"];
    }
    page["files"].push_back(std::move(file));
  }
  // The addresses are absolute, and files of this machine are allowed: pip found them there.
  return parse_index_page(page.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), "json",
                          *net::Url::parse("file:///"));
}

Result<std::vector<WheelLink>> ask_pip_for_wheels(const Network& network, const std::vector<std::string>& requirements,
                                                  const std::stop_token& stop) {
  std::vector<std::string> arguments = {"install", "--dry-run", "--no-deps", "--ignore-installed",
                                        "--quiet", "--report",  "-"};
  arguments.insert(arguments.end(), requirements.begin(), requirements.end());
  INGLE_TRY(const std::string report, ask_pip(network, arguments, kReportLimit, stop));
  return parse_pip_report(report);
}

}  // namespace ingle::store
