#include "store/pip_settings.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/files.h"
#include "net/url.h"
#include "store/child_process.h"

namespace ingle::store {
namespace {

constexpr std::chrono::seconds kPipLimit{30};
constexpr uint64_t kMaxConfigBytes = 1 << 20;

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

std::string_view trimmed(std::string_view text) {
  const size_t from = text.find_first_not_of(" \t\r");
  return from == std::string_view::npos ? "" : text.substr(from, text.find_last_not_of(" \t\r") - from + 1);
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

std::string pip_config_lines(std::string_view file) {
  std::string lines;
  std::string section;
  std::string entry;  // "section.key=value", which indented lines continue
  const auto flush = [&] {
    if (!entry.empty()) lines += entry + "\n";
    entry.clear();
  };
  while (!file.empty()) {
    const size_t end = std::min(file.find('\n'), file.size());
    std::string_view line = file.substr(0, end);
    file.remove_prefix(std::min(end + 1, file.size()));
    const std::string_view text = trimmed(line);
    if (text.empty() || text.front() == '#' || text.front() == ';') continue;
    if (line.front() == ' ' || line.front() == '\t') {
      if (!entry.empty()) entry += " " + std::string(text);
      continue;
    }
    flush();
    if (text.front() == '[' && text.back() == ']') {
      section = text.substr(1, text.size() - 2);
      continue;
    }
    const size_t separator = text.find_first_of("=:");
    if (separator == std::string_view::npos) continue;
    std::string key = net::lower_ascii(trimmed(text.substr(0, separator)));
    std::ranges::replace(key, '_', '-');
    entry = section + "." + key + "=" + std::string(trimmed(text.substr(separator + 1)));
  }
  flush();
  return lines;
}

Result<std::string> ask_pip_for_help(const std::vector<std::vector<std::string>>& commands,
                                     const std::stop_token& stop) {
  for (std::vector<std::string> command : commands) {
    command.insert(command.end(), {"install", "--help"});
    auto result = run_command(command, kPipLimit, stop);
    if (result && result->exit_code == 0) return std::move(result->output);
    if (!result && result.error().code() == ErrorCode::kCancelled) return std::unexpected(std::move(result).error());
  }
  return std::unexpected(Error::not_found("pip does not run on this machine"));
}

Result<PipSettings> read_pip_settings(const Network& network, const std::stop_token& stop) {
  std::string lines;
  for (const std::filesystem::path& path : network.pip_config_files) {
    if (const auto file = base::read_file(path, kMaxConfigBytes)) lines += pip_config_lines(*file);
  }
  PipSettings settings = parse_pip_config(lines + network.pip_environment);
  if (!settings.index_url.empty() || settings.no_index) return settings;
  auto help = network.pip_help ? network.pip_help() : ask_pip_for_help(network.pip_commands, stop);
  if (!help && help.error().code() == ErrorCode::kCancelled) return std::unexpected(std::move(help).error());
  if (help) settings.index_url = default_index_in_help(*help);
  if (settings.index_url.empty() && settings.find_links.empty()) {
    return std::unexpected(Error::unavailable("no package index is known: pip is not installed, or states none")
                               .hint("install it ('apt install python3-pip') or set PIP_INDEX_URL"));
  }
  return settings;
}

}  // namespace ingle::store
