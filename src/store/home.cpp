#include "store/home.h"

#include <unistd.h>

#include <cstdlib>

#include "net/http_client.h"

namespace ingle::store {
namespace {

namespace fs = std::filesystem;

std::string first_of(const EnvLookup& env, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (auto value = env(name); value && !value->empty()) return *value;
  }
  return {};
}

Result<fs::path> absolute(const std::string& path) {
  std::error_code error;
  fs::path result = fs::absolute(path, error);
  if (error) return std::unexpected(Error::io("cannot resolve '" + path + "': " + error.message()));
  return result.lexically_normal();
}

/// pip's configuration files in its order: of the machine, of the user, of the virtual environment, the one of PIP_CONFIG_FILE
/// (pip.pypa.io, topics/configuration; /dev/null there means that no file is read).
std::vector<fs::path> pip_config_files(const EnvLookup& env) {
  const std::string given = first_of(env, {"PIP_CONFIG_FILE"});
  if (given == "/dev/null") return {};
  std::vector<fs::path> files = {"/etc/xdg/pip/pip.conf", "/etc/pip.conf"};
  const std::string home = first_of(env, {"HOME"});
  if (!home.empty()) files.push_back(fs::path(home) / ".pip" / "pip.conf");
  if (const std::string config = first_of(env, {"XDG_CONFIG_HOME"}); !config.empty()) {
    files.push_back(fs::path(config) / "pip" / "pip.conf");
  } else if (!home.empty()) {
    files.push_back(fs::path(home) / ".config" / "pip" / "pip.conf");
  }
  if (const std::string venv = first_of(env, {"VIRTUAL_ENV"}); !venv.empty())
    files.push_back(fs::path(venv) / "pip.conf");
  if (!given.empty()) files.emplace_back(given);
  return files;
}

}  // namespace

std::string_view to_string(Origin origin) {
  constexpr std::string_view kNames[] = {"inglenook", "ollama", "hugging-face", "lm-studio", "folder"};
  return kNames[static_cast<size_t>(origin)];
}

Result<Paths> paths_from(const EnvLookup& env) {
  Paths paths;
  if (const std::string home = first_of(env, {"INGLE_HOME"}); !home.empty()) {
    INGLE_TRY(paths.home, absolute(home));
  } else {
    const std::string user_home = first_of(env, {"HOME"});
    if (user_home.empty()) {
      return std::unexpected(Error::usage("neither INGLE_HOME nor HOME is set, so there is no place for models")
                                 .hint("set INGLE_HOME to a folder that you can write to"));
    }
    INGLE_TRY(paths.home, absolute(user_home + "/.ingle"));
  }
  paths.models = paths.home / "models";
  if (const std::string models = first_of(env, {"OLLAMA_MODELS"}); !models.empty()) {
    INGLE_TRY(paths.models, absolute(models));
  }
  return paths;
}

Result<std::unique_ptr<net::HttpTransport>> make_transport(const Network& network) {
  net::HttpSettings settings;
  settings.https_proxy = network.https_proxy;
  settings.http_proxy = network.http_proxy;
  settings.no_proxy = network.no_proxy;
  settings.ca_file = network.ca_file;
  settings.connect_timeout_ms = network.connect_timeout_ms;
  settings.idle_timeout_ms = network.idle_timeout_ms;
  return network.transport ? network.transport(settings) : net::direct_transport()(settings);
}

Network network_from(const EnvLookup& env) {
  Network network;
  network.https_proxy = first_of(env, {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"});
  // Upper-case HTTP_PROXY is left out on purpose: a CGI program would take it from a request header (httpoxy, 2016).
  network.http_proxy = first_of(env, {"http_proxy", "all_proxy", "ALL_PROXY"});
  if (network.http_proxy.empty() && !env("REQUEST_METHOD")) network.http_proxy = first_of(env, {"HTTP_PROXY"});
  network.no_proxy = first_of(env, {"no_proxy", "NO_PROXY"});
  network.ca_file = first_of(env, {"SSL_CERT_FILE"});
  network.hugging_face_endpoint = first_of(env, {"HF_ENDPOINT"});
  network.hugging_face_token = first_of(env, {"HF_TOKEN"});
  const std::string offline = first_of(env, {"INGLE_OFFLINE", "HF_HUB_OFFLINE"});
  network.offline = !offline.empty() && offline != "0" && offline != "false";
  network.pip_config_files = pip_config_files(env);
  network.pip_commands = {{"python3", "-m", "pip"}, {"pip3"}, {"pip"}};
  for (const std::string_view option : {"index-url", "extra-index-url", "find-links", "cert", "proxy", "no-index"}) {
    std::string variable = "PIP_";
    for (const char c : option)
      variable += c == '-' ? '_' : static_cast<char>(c - 'a' + 'A');
    if (const std::string value = first_of(env, {variable}); !value.empty()) {
      network.pip_environment += ":env:." + std::string(option) + "=" + value + "\n";
    }
  }
  return network;
}

EnvLookup process_environment() {
  return [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

std::vector<std::string> process_variables() {
  std::vector<std::string> names;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    names.emplace_back(text.substr(0, text.find('=')));
  }
  return names;
}

}  // namespace ingle::store
