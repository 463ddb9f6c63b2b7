// Settings: one row each (name, type, default, variables, help); `ingle config` prints value and origin of all. The variable
// of a setting is INGLE_ and its name in capitals; some have others besides.
//
// A flag wins over the environment (INGLE_* first, then the names that Ollama's users know), the environment over
// config.toml, the file over the default. Resolved once at start by the thread of main(), a plain value afterwards.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace ingle::app {

using EnvLookup = std::function<std::optional<std::string>(std::string_view)>;

enum class Origin : uint8_t { kDefault, kFile, kEnvironment, kFlag };
std::string_view to_string(Origin origin);

struct Settings {
  std::string home;
  std::string models;
  uint32_t threads = 0;
  uint32_t context = 0;
  uint32_t parallel = 0;
  uint32_t max_queue = 0;
  uint32_t token_gap = 0;
  std::string isa;
  std::string kv_type;
  bool speculation = true;
  std::string host;
  std::string hosts;
  std::string origins;
  std::string tls;
  std::string tls_cert;
  std::string tls_key;
  std::string keep_alive;
  uint32_t max_loaded_models = 0;
  std::string memory;
  bool no_server = false;
  uint32_t disk_cache_mb = 0;
  std::string log;
  bool discover = true;
  std::string model_folders;
  bool prune = true;
  bool offline = false;
  bool history = false;
  std::string extract_model;
  std::string https_proxy;
  std::string no_proxy;
  std::string ca_file;
  std::string hugging_face_endpoint;

  /// Reads the environment and then `home`/config.toml if it exists. An unknown key, a wrong type and a number out of
  /// range are usage errors that name the place.
  static Result<Settings> resolve(const EnvLookup& env);
  /// The same with the text of config.toml given.
  static Result<Settings> resolve(const EnvLookup& env, std::string_view config_toml, std::string_view config_name);

  /// A flag of the command line: wins over everything.
  Status override_with_flag(std::string_view name, std::string_view value);

  /// Environment and file read anew, under the flags that these settings were given.
  Result<Settings> reread(const EnvLookup& env) const;
  /// Names of the settings whose values differ.
  static std::vector<std::string_view> changed(const Settings& before, const Settings& after);

  Origin origin(std::string_view name) const;
  /// "INGLE_THREADS", "config.toml" ...: what gave the value, for people.
  const std::string& origin_detail(std::string_view name) const;
  std::string value_text(std::string_view name) const;
  std::filesystem::path config_path() const;

  struct Source {
    Origin origin = Origin::kDefault;
    std::string detail;
  };
  std::vector<Source> sources;          // in the order of rows()
  std::vector<std::string> notes = {};  // what was left aside, and why; for people
};

struct SettingRow {
  using Member = std::variant<bool Settings::*, uint32_t Settings::*, std::string Settings::*>;
  std::string_view name;
  Member member;
  std::string_view fallback;             // as it would be typed
  std::array<std::string_view, 2> also;  // variables besides its own, in order of precedence
  uint32_t maximum;                      // of a number
  std::string_view choices;              // of a text, separated by |; "" = free
  std::string_view when_empty;           // what 0, or an empty text, means; "" = nothing of its own
  std::string_view help;
  Status (*check)(std::string_view text) = nullptr;  // of a text that must be more than one of the choices
  std::string_view example = {};                     // of a text whose fallback is none
};

std::span<const SettingRow> setting_rows();
std::string_view type_name(const SettingRow& row);
/// Its own first, then the others, in order of precedence.
std::vector<std::string> variables_of(const SettingRow& row);
/// `help`, and what 0 or an empty text means.
std::string whole_help(const SettingRow& row);
/// A line for each INGLE_* among these names of variables that nothing reads, with what may have been meant.
std::vector<std::string> notes_on_variables(std::span<const std::string> names);

}  // namespace ingle::app
