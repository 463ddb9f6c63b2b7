#include "app/settings.h"

#include <toml++/toml.h>
#include <algorithm>
#include <charconv>

#include "app/memory_budget.h"
#include "base/files.h"
#include "base/suggest.h"
#include "runtime/keep_alive.h"

namespace ingle::app {
namespace {

constexpr uint64_t kMaxConfigBytes = 1 << 20;

Status check_keep_alive(std::string_view text) {
  INGLE_TRY_VOID(runtime::parse_keep_alive(text));
  return {};
}

Status check_memory(std::string_view text) {
  INGLE_TRY_VOID(parse_memory(text));
  return {};
}

// clang-format off
constexpr SettingRow kRows[] = {
  {"home", &Settings::home, "~/.ingle", {"INGLE_HOME"}, 0, "", "folder that holds all state of this installation"},
  {"models", &Settings::models, "", {"INGLE_MODELS", "OLLAMA_MODELS"}, 0, "", "models folder in Ollama's layout; empty: models/ in home"},
  {"threads", &Settings::threads, "0", {"INGLE_THREADS"}, 1024, "", "engine threads; 0: one a physical core"},
  {"context", &Settings::context, "0", {"INGLE_CONTEXT", "OLLAMA_CONTEXT_LENGTH"}, 1U << 24, "", "tokens that a conversation may hold; 0: the model's own, at most 4096"},
  {"parallel", &Settings::parallel, "8", {"INGLE_PARALLEL", "OLLAMA_NUM_PARALLEL"}, 256, "", "sequences that are generated at the same time"},
  {"max_queue", &Settings::max_queue, "512", {"INGLE_MAX_QUEUE", "OLLAMA_MAX_QUEUE"}, 65536, "", "requests to a model that may wait while others are answered; one more is refused at once"},
  {"token_gap", &Settings::token_gap, "150", {"INGLE_TOKEN_GAP"}, 60000, "", "milliseconds that answers may stand still, at most and about, while another request's prompt is read"},
  {"isa", &Settings::isa, "", {"INGLE_ISA"}, 0, "", "instruction set of the kernels; empty: the best of this processor"},
  {"kv_type", &Settings::kv_type, "", {"INGLE_KV_TYPE", "OLLAMA_KV_CACHE_TYPE"}, 0, "f32|f16|bf16|i8|q8_0", "number format of the KV cache; empty: the engine's choice"},
  {"speculation", &Settings::speculation, "true", {"INGLE_SPECULATION"}, 0, "", "guess from the conversation what comes next and check it along: answers are the same, copies of a text come sooner"},
  {"host", &Settings::host, "127.0.0.1:11434", {"INGLE_HOST", "OLLAMA_HOST"}, 0, "", "address and port of 'ingle serve'"},
  {"hosts", &Settings::hosts, "", {"INGLE_HOSTS"}, 0, "", "names besides localhost that a request to the server may call it by, separated by commas"},
  {"origins", &Settings::origins, "", {"INGLE_ORIGINS", "OLLAMA_ORIGINS"}, 0, "", "web pages besides the server's own that may use it: http://localhost:3000, separated by commas; '*' stands for a port, or after chrome-extension:// and the like for a name"},
  {"tls", &Settings::tls, "", {"INGLE_TLS"}, 0, "local", "local: the server speaks TLS with a certificate of an authority that is made for this installation"},
  {"tls_cert", &Settings::tls_cert, "", {"INGLE_TLS_CERT"}, 0, "", "PEM file with the server's certificate and those above it"},
  {"tls_key", &Settings::tls_key, "", {"INGLE_TLS_KEY"}, 0, "", "PEM file with the private key of tls_cert"},
  {"keep_alive", &Settings::keep_alive, "5m", {"INGLE_KEEP_ALIVE", "OLLAMA_KEEP_ALIVE"}, 0, "", "how long a server keeps a model loaded after its last use; 0: not at all, -1: for ever", check_keep_alive},
  {"max_loaded_models", &Settings::max_loaded_models, "3", {"INGLE_MAX_LOADED_MODELS", "OLLAMA_MAX_LOADED_MODELS"}, 64, "", "models that a server keeps loaded at the same time; 0: 3"},
  {"memory", &Settings::memory, "", {"INGLE_MEMORY_LIMIT"}, 0, "", "what all loaded models together may take: 8GB, 900MB or bytes; empty: what the machine has free", check_memory},
  {"no_server", &Settings::no_server, "false", {"INGLE_NO_SERVER"}, 0, "", "commands load models of their own, also while a server runs"},
  {"disk_cache_mb", &Settings::disk_cache_mb, "0", {"INGLE_DISK_CACHE_MB"}, 1U << 20, "", "megabytes a model on disk for what was computed of conversations, so that they go on after a restart without being read again; derived from prompts; 0: none, and what there is is removed"},
  {"log", &Settings::log, "file", {"INGLE_LOG"}, 0, "file|stderr|none", "where 'ingle serve' writes a line for each request, without its words: file: logs/server.jsonl in home"},
  {"discover", &Settings::discover, "true", {"INGLE_DISCOVER"}, 0, "", "also use models of Ollama, Hugging Face's cache and LM Studio where they lie"},
  {"model_folders", &Settings::model_folders, "", {"INGLE_MODEL_FOLDERS"}, 0, "", "folders with .gguf files to list and run in place, separated by ':'"},
  {"prune", &Settings::prune, "true", {"INGLE_PRUNE"}, 0, "", "when a server starts, it removes what was uploaded over an hour ago and no model was made of"},
  {"offline", &Settings::offline, "false", {"INGLE_OFFLINE"}, 0, "", "never open a network connection"},
  {"history", &Settings::history, "true", {"INGLE_HISTORY"}, 0, "", "keep what is typed in conversations for the arrow keys"},
  {"extract_model", &Settings::extract_model, "", {"INGLE_EXTRACT_MODEL"}, 0, "", "model that reads documents; empty: the best installed one of those that are known to be good at it"},
  {"https_proxy", &Settings::https_proxy, "", {"INGLE_HTTPS_PROXY", "HTTPS_PROXY", "https_proxy"}, 0, "", "proxy for pulls"},
  {"no_proxy", &Settings::no_proxy, "", {"INGLE_NO_PROXY", "NO_PROXY", "no_proxy"}, 0, "", "hosts that are reached without the proxy"},
  {"ca_file", &Settings::ca_file, "", {"INGLE_CA_FILE", "SSL_CERT_FILE"}, 0, "", "PEM bundle of certificate authorities instead of the system's"},
  {"hugging_face_endpoint", &Settings::hugging_face_endpoint, "", {"INGLE_HF_ENDPOINT", "HF_ENDPOINT"}, 0, "", "mirror of Hugging Face"},
};
// clang-format on

size_t row_index(std::string_view name) {
  const auto* row = std::ranges::find(kRows, name, &SettingRow::name);
  return static_cast<size_t>(row - std::begin(kRows));
}

Result<bool> parse_bool(std::string_view text, std::string_view where) {
  if (text == "1" || text == "true" || text == "yes" || text == "on") return true;
  if (text == "0" || text == "false" || text == "no" || text == "off" || text.empty()) return false;
  return std::unexpected(Error::usage(std::string(where) + ": '" + std::string(text) + "' is not true or false"));
}

Result<uint32_t> parse_number(std::string_view text, uint32_t maximum, std::string_view where) {
  uint32_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size() || number > maximum)
    return std::unexpected(Error::usage(std::string(where) + ": '" + std::string(text) +
                                        "' is not a whole number from 0 to " + std::to_string(maximum)));
  return number;
}

Status check_choice(const SettingRow& row, std::string_view value, std::string_view where) {
  if (row.choices.empty() || value.empty()) return {};
  for (std::string_view rest = row.choices; !rest.empty();) {
    const size_t end = std::min(rest.find('|'), rest.size());
    if (rest.substr(0, end) == value) return {};
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return std::unexpected(
      Error::usage(std::string(where) + ": '" + std::string(value) + "' is none of " + std::string(row.choices)));
}

/// Sets from text: environment, flags, defaults.
Status assign(Settings& settings, const SettingRow& row, std::string_view text, std::string_view where) {
  if (const auto* flag = std::get_if<bool Settings::*>(&row.member)) {
    INGLE_TRY(settings.**flag, parse_bool(text, where));
  } else if (const auto* number = std::get_if<uint32_t Settings::*>(&row.member)) {
    INGLE_TRY(settings.**number, parse_number(text, row.maximum, where));
  } else {
    if (text.find('\0') != std::string_view::npos)  // whoever opens or binds it would not see what follows
      return std::unexpected(Error::usage(std::string(where) + ": a zero byte stands in it"));
    INGLE_TRY_VOID(check_choice(row, text, where));
    if (const Status fits = row.check != nullptr ? row.check(text) : Status(); !fits)
      return std::unexpected(
          Error::usage(std::string(where) + ": " + fits.error().message()).hint(fits.error().hint()));
    settings.*std::get<std::string Settings::*>(row.member) = text;
  }
  return {};
}

/// Sets from a TOML node, which has a type of its own that must fit.
Status assign(Settings& settings, const SettingRow& row, const toml::node& node, std::string_view where) {
  const auto wrong_type = [&] {
    return std::unexpected(Error::usage(std::string(where) + ": it wants " + std::string(type_name(row))));
  };
  if (std::holds_alternative<bool Settings::*>(row.member)) {
    const auto value = node.value_exact<bool>();
    if (!value) return wrong_type();
    return assign(settings, row, *value ? "true" : "false", where);
  }
  if (std::holds_alternative<uint32_t Settings::*>(row.member)) {
    const auto value = node.value_exact<int64_t>();
    if (!value) return wrong_type();
    return assign(settings, row, std::to_string(*value), where);
  }
  const auto value = node.value_exact<std::string>();
  if (!value) return wrong_type();
  return assign(settings, row, *value, where);
}

Status apply_file(Settings& settings, std::string_view config_toml, std::string_view config_name) {
  toml::table table;
  try {
    table = toml::parse(config_toml, config_name);
  } catch (const toml::parse_error& error) {
    return std::unexpected(Error::usage(std::string(config_name) + ", line " +
                                        std::to_string(error.source().begin.line) + ": " +
                                        std::string(error.description()))
                               .hint("correct the line, or move the file away to use the defaults"));
  }
  for (const auto& [key, node] : table) {
    const std::string where = std::string(config_name) + ", line " + std::to_string(node.source().begin.line);
    const size_t index = row_index(key.str());
    if (index == std::size(kRows) || key.str() == "home") {
      std::vector<std::string_view> names;
      for (const SettingRow& row : kRows)
        names.push_back(row.name);
      const auto near = base::closest(key.str(), names);
      return std::unexpected(
          Error::usage(where + ": there is no setting '" + std::string(key.str()) + "' for this file")
              .hint(near && *near != "home" ? "did you mean '" + std::string(*near) + "'?"
                                            : "'ingle config' lists all settings"));
    }
    INGLE_TRY_VOID(assign(settings, kRows[index], node, where + ", " + std::string(key.str())));
    settings.sources[index] = {Origin::kFile, "config.toml"};
  }
  return {};
}

/// Without the blanks and quotes around it that unit files and compose files leave there.
std::string as_ollama_reads(std::string_view value) {
  constexpr std::string_view kAround = " \t\r\n\"'";
  const size_t begin = std::min(value.find_first_not_of(kAround), value.size());
  value.remove_prefix(begin);
  return std::string(value.substr(0, value.find_last_not_of(kAround) + 1));
}

/// What Ollama does not understand is true to it.
bool is_set(const EnvLookup& env, std::string_view name) {
  constexpr std::string_view kFalse[] = {"", "0", "f", "F", "false", "False", "FALSE", "no", "off"};
  return std::ranges::find(kFalse, as_ollama_reads(env(name).value_or(""))) == std::end(kFalse);
}

/// Variables of Ollama's that turn something off which has a setting here.
void apply_negations(Settings& settings, const EnvLookup& env) {
  const auto turn_off = [&](std::string_view setting, bool Settings::* member, std::string_view variable) {
    Settings::Source& source = settings.sources[row_index(setting)];
    if (source.origin != Origin::kDefault || !is_set(env, variable)) return;
    settings.*member = false;
    source = {Origin::kEnvironment, std::string(variable)};
  };
  turn_off("prune", &Settings::prune, "OLLAMA_NOPRUNE");
  turn_off("history", &Settings::history, "OLLAMA_NOHISTORY");
}

Status apply_environment(Settings& settings, const EnvLookup& env) {
  for (size_t i = 0; i < std::size(kRows); ++i) {
    for (const std::string_view name : kRows[i].environment) {
      if (name.empty()) continue;
      auto value = env(name);
      if (value && name.starts_with("OLLAMA_")) *value = as_ollama_reads(*value);
      if (!value || value->empty()) continue;
      const Status assigned = assign(settings, kRows[i], *value, name);
      if (!assigned && name.starts_with("OLLAMA_")) {
        // Ollama goes on where it does not understand one; and some values are right there and unknown here.
        settings.notes.push_back(assigned.error().message() + "; it is left aside");
        continue;
      }
      if (!assigned) return assigned;
      settings.sources[i] = {Origin::kEnvironment, std::string(name)};
      break;
    }
  }
  return {};
}

Result<Settings> with_defaults() {
  Settings settings;
  settings.sources.assign(std::size(kRows), {Origin::kDefault, "default"});
  for (const SettingRow& row : kRows)
    INGLE_TRY_VOID(assign(settings, row, row.fallback, row.name));
  return settings;
}

Status finish(Settings& settings, const EnvLookup& env) {
  // A '~' that no shell has seen: of the default, of config.toml, of a unit file.
  for (std::string* folder : {&settings.home, &settings.models}) {
    if (!folder->starts_with("~/")) continue;
    const auto home = env("HOME");
    if (!home || home->empty())
      return std::unexpected(Error::usage("HOME is not set, so there is no place for models and settings")
                                 .hint("set INGLE_HOME to a folder"));
    *folder = *home + folder->substr(1);
  }
  if (settings.models.empty()) settings.models = (std::filesystem::path(settings.home) / "models").string();
  for (std::string* folder : {&settings.home, &settings.models}) {
    std::error_code ignored;
    const auto absolute = std::filesystem::absolute(*folder, ignored);
    if (!absolute.empty()) *folder = absolute.lexically_normal().string();
  }
  return {};
}

}  // namespace

std::span<const SettingRow> setting_rows() {
  return kRows;
}

std::string_view type_name(const SettingRow& row) {
  static constexpr std::string_view kNames[] = {"true or false", "a whole number", "a text"};
  return kNames[row.member.index()];
}

std::string_view to_string(Origin origin) {
  static constexpr std::string_view kNames[] = {"default", "file", "environment", "flag"};
  return kNames[static_cast<size_t>(origin)];
}

Result<Settings> Settings::resolve(const EnvLookup& env) {
  // The file lies in home, so home itself can only come from the environment.
  INGLE_TRY(Settings place, resolve(env, "", ""));
  std::error_code error;
  const auto path = place.config_path();
  if (!std::filesystem::exists(path, error)) return place;
  INGLE_TRY(const std::string text, base::read_file(path, kMaxConfigBytes));
  return resolve(env, text, path.string());
}

Result<Settings> Settings::resolve(const EnvLookup& env, std::string_view config_toml, std::string_view config_name) {
  INGLE_TRY(Settings settings, with_defaults());
  INGLE_TRY_VOID(apply_file(settings, config_toml, config_name));
  INGLE_TRY_VOID(apply_environment(settings, env));
  apply_negations(settings, env);
  INGLE_TRY_VOID(finish(settings, env));
  return settings;
}

Status Settings::override_with_flag(std::string_view name, std::string_view value) {
  const size_t index = row_index(name);
  INGLE_TRY_VOID(assign(*this, kRows[index], value, "--" + std::string(name)));
  sources[index] = {Origin::kFlag, "--" + std::string(name)};
  return {};
}

Result<Settings> Settings::reread(const EnvLookup& env) const {
  INGLE_TRY(Settings fresh, resolve(env));
  for (const SettingRow& row : kRows)
    if (origin(row.name) == Origin::kFlag) INGLE_TRY_VOID(fresh.override_with_flag(row.name, value_text(row.name)));
  return fresh;
}

std::vector<std::string_view> Settings::changed(const Settings& before, const Settings& after) {
  std::vector<std::string_view> names;
  for (const SettingRow& row : kRows)
    if (before.value_text(row.name) != after.value_text(row.name)) names.push_back(row.name);
  return names;
}

Origin Settings::origin(std::string_view name) const {
  return sources[row_index(name)].origin;
}
const std::string& Settings::origin_detail(std::string_view name) const {
  return sources[row_index(name)].detail;
}

std::string Settings::value_text(std::string_view name) const {
  const auto& member = kRows[row_index(name)].member;
  if (const auto* flag = std::get_if<bool Settings::*>(&member)) return this->**flag ? "true" : "false";
  if (const auto* number = std::get_if<uint32_t Settings::*>(&member)) return std::to_string(this->**number);
  return this->*std::get<std::string Settings::*>(member);
}

std::filesystem::path Settings::config_path() const {
  return std::filesystem::path(home) / "config.toml";
}

}  // namespace ingle::app
