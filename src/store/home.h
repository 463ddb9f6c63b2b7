// Where Inglenook keeps things and how it may reach the network: plain values, computed once from the environment.
//
// The app layer reads settings and hands these values down; nothing below it looks at environment variables. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "net/transport.h"

namespace ingle::store {

/// Whose models they are.
enum class Origin : uint8_t { kInglenook, kOllama, kHuggingFace, kLmStudio, kFolder };
/// "inglenook", "ollama", "hugging-face", "lm-studio", "folder"
std::string_view to_string(Origin origin);

/// A folder with models that another program, or the user, looks after.
struct Place {
  Origin origin = Origin::kFolder;
  std::filesystem::path root;
};

struct Paths {
  std::filesystem::path home;      // INGLE_HOME, default ~/.ingle: all state of this installation
  std::filesystem::path models;    // OLLAMA_MODELS, default INGLE_HOME/models: manifests/ and blobs/
  std::vector<Place> places = {};  // where other programs' models lie; used in place, never written to
};

/// Makes a GGUF named `name` of a model's files. `files` are open for reading and called `file_names`; the last one more is
/// empty, open for writing too, and gets the GGUF.
using Conversion = std::function<Status(const std::string& name, std::span<const std::string> file_names,
                                        std::span<const base::FileDescriptor> files)>;

/// How pulls reach the outside. Empty strings mean "not set".
struct Network {
  std::string https_proxy = {};
  std::string http_proxy = {};
  std::string no_proxy = {};
  std::string ca_file = {};                // a PEM bundle instead of the system's store
  std::string hugging_face_endpoint = {};  // empty: the public hub
  std::string hugging_face_token = {};
  bool offline = false;  // true: only sources on this machine's disks are tried
  /// Where pip keeps its settings, later files win; then the PIP_* variables as lines ":env:.name=value".
  std::vector<std::filesystem::path> pip_config_files = {};
  std::string pip_environment = {};
  /// What `pip install --help` prints, which states pip's default index. Empty: the first of the commands that runs, each
  /// an argument vector, is run by this process.
  std::function<Result<std::string>()> pip_help = {};
  std::vector<std::vector<std::string>> pip_commands = {};
  /// What came is read by strangers' rules, so a process that can do nothing else converts it. Empty: nothing is converted.
  Conversion convert = {};
  unsigned retry_delay_ms = 1'000;  // between two tries after a connection broke off; grows with each
  unsigned connect_timeout_ms = 8'000;
  unsigned idle_timeout_ms = 30'000;
  /// Where requests go; empty: sockets of this very process.
  net::TransportFactory transport = {};
};

/// With the proxy, certificates and time limits of the settings.
Result<std::unique_ptr<net::HttpTransport>> make_transport(const Network& network);

using EnvLookup = std::function<std::optional<std::string>(std::string_view)>;

/// INGLE_HOME, OLLAMA_MODELS and HOME. Relative paths are taken from the current folder.
Result<Paths> paths_from(const EnvLookup& env);

/// HTTPS_PROXY, HTTP_PROXY, NO_PROXY (and their lower-case forms), SSL_CERT_FILE, HF_ENDPOINT, HF_TOKEN, INGLE_OFFLINE.
Network network_from(const EnvLookup& env);

/// The lookup that reads this process's environment.
EnvLookup process_environment();
/// The names of all variables in it.
std::vector<std::string> process_variables();

}  // namespace ingle::store
