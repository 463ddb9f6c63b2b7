#include "app/app.h"

#include <system_error>

#include "gguf/split_name.h"

namespace ingle::app {
namespace {

store::Network network(const Settings& settings, const EnvLookup& env) {
  store::Network network = store::network_from(env);
  network.offline = settings.offline;
  if (!settings.https_proxy.empty()) network.https_proxy = settings.https_proxy;
  if (!settings.no_proxy.empty()) network.no_proxy = settings.no_proxy;
  network.ca_file = settings.ca_file;
  network.hugging_face_endpoint = settings.hugging_face_endpoint;
  return network;
}

Result<ModelFiles> files_at(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    return std::unexpected(Error::usage("'" + path.string() + "' is a folder").hint("name a .gguf file in it"));
  if (!std::filesystem::is_regular_file(path, error))
    return std::unexpected(Error::not_found("there is no file '" + path.string() + "'")
                               .hint("a model's name has no '/' at its start and no '.gguf' at its end; 'ingle list' "
                                     "shows those that are installed"));
  ModelFiles files{.name = path.filename().string(), .parts = {}, .bytes = 0, .installed = std::nullopt};
  if (const auto split = gguf::parse_split_name(path)) {
    for (uint64_t part = 0; part < split->count; ++part)
      files.parts.push_back(path.parent_path() / split->file_name(part));
  } else {
    files.parts.push_back(path);
  }
  for (const auto& part : files.parts) {
    const auto size = std::filesystem::file_size(part, error);
    if (error)
      return std::unexpected(Error::not_found("'" + path.string() + "' is one of " +
                                              std::to_string(files.parts.size()) + " parts, and '" +
                                              part.filename().string() + "' is not beside it")
                                 .hint("put all parts into one folder"));
    files.bytes += size;
  }
  return files;
}

}  // namespace

Result<App> App::create(const EnvLookup& env, EngineLoader load_engine) {
  INGLE_TRY(Settings settings, Settings::resolve(env));
  store::Paths paths{.home = settings.home, .models = settings.models};
  store::Store store(std::move(paths), network(settings, env));
  return App(std::move(settings), std::move(store), std::move(load_engine));
}

bool App::is_path(std::string_view model) {
  return model.ends_with(".gguf") || model.starts_with('/') || model.starts_with("./") || model.starts_with("../");
}

Result<ModelFiles> App::locate(std::string_view model) const {
  if (model.starts_with("~/"))
    return std::unexpected(Error::usage("'" + std::string(model) + "': the shell did not replace '~'")
                               .hint("write the path without quotes around the '~'"));
  if (is_path(model)) return files_at(std::filesystem::path(model));
  INGLE_TRY(store::InstalledModel installed, store_.find(model));
  return ModelFiles{.name = installed.name.display(),
                    .parts = {installed.path},
                    .bytes = installed.size,
                    .installed = std::move(installed)};
}

engine::Options App::engine_options() const {
  engine::Options options;
  options.isa = settings_.isa;
  options.threads = settings_.threads;
  options.kv_type = settings_.kv_type;
  options.context = settings_.context;
  options.max_sequences = settings_.parallel;
  return options;
}

Result<std::unique_ptr<chat::Completer>> App::load(const ModelFiles& files, const engine::Options& options) const {
  std::vector<base::FileDescriptor> parts;
  for (const auto& path : files.parts) {
    INGLE_TRY(auto part, base::FileDescriptor::open_read(path));
    parts.push_back(std::move(part));
  }
  return load_engine_(parts, files.name, options);
}

}  // namespace ingle::app
