#include "app/settings.h"

#include <toml++/toml.h>
#include <algorithm>
#include <charconv>
#include <iterator>

#include "app/memory_budget.h"
#include "base/files.h"
#include "base/suggest.h"
#include "runtime/keep_alive.h"

namespace ingle::app {
namespace {

constexpr uint64_t kMaxConfigBytes = 1 << 20;
constexpr std::string_view kOurs = "INGLE_";
// Read by a role alone, for whoever looks for a mistake in it.
constexpr std::string_view kNoSettings[] = {"INGLE_ROLE_STDERR"};

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
  {"home", &Settings::home, "~/.ingle", {}, 0, "", "", "folder that holds all state of this installation"},
  {"models", &Settings::models, "", {"OLLAMA_MODELS"}, 0, "", "models/ in home", "models folder in Ollama's layout"},
  {"threads", &Settings::threads, "0", {}, 1024, "", "one a physical core", "engine threads"},
  {"context", &Settings::context, "0", {"OLLAMA_CONTEXT_LENGTH"}, 1U << 24, "", "the model's, 4096 at most", "tokens that a conversation may hold"},
  {"parallel", &Settings::parallel, "8", {"OLLAMA_NUM_PARALLEL"}, 256, "", "", "sequences that are generated at the same time"},
  {"max_queue", &Settings::max_queue, "512", {"OLLAMA_MAX_QUEUE"}, 65536, "", "", "requests to a model that may wait while others are answered; one more is refused at once"},
  {"token_gap", &Settings::token_gap, "150", {}, 60000, "", "", "milliseconds that answers may stand still, at most and about, while another request's prompt is read"},
  {"isa", &Settings::isa, "", {}, 0, "", "the processor's best", "instruction set of the kernels"},
  {"kv_type", &Settings::kv_type, "", {"OLLAMA_KV_CACHE_TYPE"}, 0, "f32|f16|bf16|i8|q8_0", "the engine's choice", "number format of the KV cache"},
  {"speculation", &Settings::speculation, "true", {}, 0, "", "", "guess from the conversation what comes next and check it along: answers are the same, copies of a text come sooner"},
  {"host", &Settings::host, "127.0.0.1:11434", {"OLLAMA_HOST"}, 0, "", "", "address and port of 'ingle serve'"},
  {"hosts", &Settings::hosts, "", {}, 0, "", "none but localhost", "names besides localhost that a request to the server may call it by, separated by commas"},
  {"origins", &Settings::origins, "", {"OLLAMA_ORIGINS"}, 0, "", "the server's own alone", "web pages besides the server's own that may use it: http://localhost:3000, separated by commas; '*' stands for a port, or after chrome-extension:// and the like for a name"},
  {"tls", &Settings::tls, "", {}, 0, "local", "off", "local: the server speaks TLS with a certificate of an authority that is made for this installation"},
  {"tls_cert", &Settings::tls_cert, "", {}, 0, "", "none", "PEM file with the server's certificate and those above it"},
  {"tls_key", &Settings::tls_key, "", {}, 0, "", "none", "PEM file with the private key of tls_cert"},
  {"keep_alive", &Settings::keep_alive, "5m", {"OLLAMA_KEEP_ALIVE"}, 0, "", "", "how long a server keeps a model loaded after its last use; 0: not at all, -1: for ever", check_keep_alive},
  {"max_loaded_models", &Settings::max_loaded_models, "3", {"OLLAMA_MAX_LOADED_MODELS"}, 64, "", "3", "models that a server keeps loaded at the same time"},
  {"memory", &Settings::memory, "", {"INGLE_MEMORY_LIMIT"}, 0, "", "what the machine has free", "what all loaded models together may take: 8GB, 900MB or bytes", check_memory, "8GB"},
  {"no_server", &Settings::no_server, "false", {}, 0, "", "", "commands load models of their own, also while a server runs"},
  {"disk_cache_mb", &Settings::disk_cache_mb, "0", {}, 1U << 20, "", "none; what there is goes", "megabytes a model on disk for what was computed of conversations, so that they go on after a restart without being read again; derived from prompts"},
  {"log", &Settings::log, "file", {}, 0, "file|stderr|none", "", "where 'ingle serve' writes a line for each request, without its words: file: logs/server.jsonl in home"},
  {"discover", &Settings::discover, "true", {}, 0, "", "", "also use models of Ollama, Hugging Face's cache and LM Studio where they lie"},
  {"model_folders", &Settings::model_folders, "", {}, 0, "", "none", "folders with .gguf files to list and run in place, separated by ':'"},
  {"prune", &Settings::prune, "true", {}, 0, "", "", "when a server starts, it removes what was uploaded over an hour ago and no model was made of"},
  {"offline", &Settings::offline, "false", {}, 0, "", "", "never open a network connection"},
  {"history", &Settings::history, "true", {}, 0, "", "", "keep what is typed in conversations for the arrow keys"},
  {"extract_model", &Settings::extract_model, "", {}, 0, "", "the best that is installed", "model that reads documents"},
  {"https_proxy", &Settings::https_proxy, "", {"HTTPS_PROXY", "https_proxy"}, 0, "", "none", "proxy for pulls"},
  {"no_proxy", &Settings::no_proxy, "", {"NO_PROXY", "no_proxy"}, 0, "", "none", "hosts that are reached without the proxy"},
  {"ca_file", &Settings::ca_file, "", {"SSL_CERT_FILE"}, 0, "", "the system's", "PEM bundle of certificate authorities instead of the system's"},
  {"hugging_face_endpoint", &Settings::hugging_face_endpoint, "", {"INGLE_HF_ENDPOINT", "HF_ENDPOINT"}, 0, "", "huggingface.co", "mirror of Hugging Face"},
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
  std::string known;
  for (std::string_view rest = row.choices; !rest.empty();) {
    const size_t end = std::min(rest.find('|'), rest.size());
    const std::string_view choice = rest.substr(0, end);
    if (choice == value) return {};
    rest.remove_prefix(std::min(end + 1, rest.size()));
    known += (known.empty() ? "" : rest.empty() ? " or " : ", ") + std::string(choice);
  }
  return std::unexpected(
      Error::usage(std::string(where) + ": '" + std::string(value) + "' is unknown: it may be " + known));
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

std::string assignment(std::string_view name, std::string_view text) {
  return std::string(name) + " = \"" + std::string(text) + "\"";
}

/// Sets from a TOML node, which has a type of its own that must fit.
Status assign(Settings& settings, const SettingRow& row, const toml::node& node, std::string_view where) {
  const auto wrong_type = [&] {
    Error error = Error::usage(std::string(where) + ": it wants " + std::string(type_name(row)));
    if (const std::string_view example = row.example.empty() ? row.fallback : row.example;
        std::holds_alternative<std::string Settings::*>(row.member) && !example.empty())
      error = std::move(error).hint("write it in quotes: " + assignment(row.name, example));
    return std::unexpected(std::move(error));
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
    return std::unexpected(
        Error::usage(std::string(config_name) + ", line " + std::to_string(error.source().begin.line) + ": " +
                     std::string(error.description()))
            .hint("a text stands in quotes: " + assignment("memory", "8GB") + "; without the file the defaults hold"));
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
    for (const std::string& name : variables_of(kRows[i])) {
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
      settings.sources[i] = {Origin::kEnvironment, name};
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

std::vector<std::string> variables_of(const SettingRow& row) {
  std::vector<std::string> names = {std::string(kOurs)};
  for (const char c : row.name)
    names.front() += c == '_' ? c : static_cast<char>(c - 'a' + 'A');
  for (const std::string_view name : row.also)
    if (!name.empty()) names.emplace_back(name);
  return names;
}

std::string whole_help(const SettingRow& row) {
  std::string text(row.help);
  if (row.when_empty.empty()) return text;
  return text + (std::holds_alternative<uint32_t Settings::*>(row.member) ? "; 0: " : "; empty: ") +
         std::string(row.when_empty);
}

std::vector<std::string> notes_on_variables(std::span<const std::string> names) {
  std::vector<std::string> ours(std::begin(kNoSettings), std::end(kNoSettings));
  for (const SettingRow& row : kRows)
    std::ranges::copy_if(variables_of(row), std::back_inserter(ours),
                         [](const std::string& name) { return name.starts_with(kOurs); });
  std::vector<std::string_view> rests;  // what all begin with says nothing of how alike two are
  for (const std::string_view name : ours)
    rests.push_back(name.substr(kOurs.size()));
  std::vector<std::string> notes;
  for (const std::string& name : names) {
    if (!name.starts_with(kOurs) || std::ranges::find(ours, name) != ours.end()) continue;
    const auto near = base::closest(std::string_view(name).substr(kOurs.size()), rests);
    notes.push_back(name + " is no setting" +
                    (near ? ": did you mean " + std::string(kOurs) + std::string(*near) + "?"
                          : "; 'ingle config' lists them with their variables"));
  }
  return notes;
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
  Settings settings = std::move(place);
  if (std::filesystem::exists(path, error)) {
    INGLE_TRY(const std::string text, base::read_file(path, kMaxConfigBytes));
    INGLE_TRY(settings, resolve(env, text, path.string()));
  }
  if (settings.origin("models") != Origin::kDefault && !std::filesystem::exists(settings.models, error))
    settings.notes.push_back(settings.origin_detail("models") + ": no folder '" + settings.models +
                             "' yet; it is made");
  return settings;
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
