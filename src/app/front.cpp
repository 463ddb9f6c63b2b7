#include "app/front.h"

#include <algorithm>
#include <ctime>
#include <system_error>

#include "app/attach.h"
#include "app/recorded_transport.h"
#include "app/roles_main.h"
#include "base/core_board.h"
#include "base/cpu_features.h"
#include "base/memory.h"
#include "chat/errors.h"
#include "convert/convert_job.h"
#include "gguf/split_name.h"
#include "net/http_client.h"
#include "roles/model_listing.h"
#include "roles/model_memory.h"
#include "roles/remote_completer.h"
#include "roles/sandbox.h"
#include "router/policy.h"
#include "runtime/keep_alive.h"
#include "store/discovery.h"

namespace ingle::app {
namespace {

namespace fs = std::filesystem;

constexpr uint32_t kDefaultMaxLoaded = 3;

std::vector<store::Place> places(const Settings& settings, const EnvLookup& env) {
  if (settings.discover) return store::places_from(env, settings.model_folders);
  return store::places_from([](std::string_view) { return std::nullopt; }, settings.model_folders);
}

uint32_t max_loaded_of(const Settings& settings) {
  return settings.max_loaded_models == 0 ? kDefaultMaxLoaded : settings.max_loaded_models;
}

Result<ModelFiles> files_at(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error))
    return std::unexpected(Error::usage("'" + path.string() + "' is a folder").hint("name a .gguf file in it"));
  if (!fs::is_regular_file(path, error))
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
    const auto size = fs::file_size(part, error);
    if (error)
      return std::unexpected(Error::not_found("'" + path.string() + "' is one of " +
                                              std::to_string(files.parts.size()) + " parts, and '" +
                                              part.filename().string() + "' is not beside it")
                                 .hint("put all parts into one folder"));
    files.bytes += size;
  }
  return files;
}

Result<std::vector<base::FileDescriptor>> open_parts(std::span<const fs::path> paths) {
  std::vector<base::FileDescriptor> parts;
  parts.reserve(paths.size());
  for (const fs::path& path : paths) {
    INGLE_TRY(auto part, base::FileDescriptor::open_read(path));
    parts.push_back(std::move(part));
  }
  return parts;
}

/// Who answers for "auto" when the policy names nobody: the model that was installed last and writes answers.
Result<std::string> newest_model(Front& front) {
  INGLE_TRY(auto installed, front.store().list(nullptr));
  std::ranges::sort(installed, std::greater<>(), &store::InstalledModel::modified);
  for (const store::InstalledModel& model : installed) {
    const auto facts = front.facts(Front::files_of(model));
    if (facts && facts->summary.pooling.empty()) return model.name.display();
  }
  return std::unexpected(Error::not_found("no model is installed that could answer for 'auto'")
                             .hint("'ingle list --available' shows what can be pulled"));
}

/// The models, and the router as one more of them.
class NamedModels final : public runtime::Models {
 public:
  NamedModels(runtime::Models& models, router::Routing& routing) : models_(models), routing_(routing) {}

  Result<std::shared_ptr<chat::Completer>> acquire(std::string_view model,
                                                   const runtime::AcquireOptions& options) override {
    if (model == router::kAutoModel) return routing_.auto_model();
    return models_.acquire(model, options);
  }
  std::string name_of(std::string_view model) const override { return models_.name_of(model); }
  void unload(std::string_view model) override { models_.unload(model); }
  void let_go(std::string_view model, std::string_view client) override { models_.let_go(model, client); }
  void forget_clients(const std::function<bool(std::string_view client)>& is_known) override {
    models_.forget_clients(is_known);
  }
  std::optional<runtime::KeepAlive> granted(const runtime::AcquireOptions& options) const override {
    return models_.granted(options);
  }
  std::vector<runtime::LoadedModel> loaded() const override { return models_.loaded(); }
  Result<chat::Stats> stats(std::string_view name) const override { return models_.stats(name); }

 private:
  runtime::Models& models_;
  router::Routing& routing_;
};

}  // namespace

Front::Front(Settings settings, const EnvLookup& env, Roles roles, net::ReceiptKey receipt_key)
    : settings_(std::move(settings)),
      env_(env),
      roles_(std::move(roles)),
      receipt_key_(receipt_key),
      offline_(settings_.home, settings_.offline),
      store_({.home = settings_.home, .models = settings_.models, .places = places(settings_, env)},
             network(settings_, env)),
      egress_(roles_.spawner ? std::make_unique<roles::EgressProcess>(
                                   roles_.spawner, [this] { return offline_.on(); }, receipt_key_)
                             : nullptr),
      jobs_(base::physical_cores()) {}

store::Network Front::network(const Settings& settings, const EnvLookup& env) {
  store::Network network = store::network_from(env);
  network.transport = transports();
  if (roles_.spawner) network.pip_help = [this] { return run_job(kPipHelpJob, "", {}); };
  network.convert = [this](const std::string& name, std::span<const std::string> file_names,
                           std::span<const base::FileDescriptor> files) -> Status {
    INGLE_TRY_VOID(run_job(convert::kConvertJobKind, convert::convert_payload(name, file_names), files));
    return {};
  };
  network.offline = settings.offline;
  if (!settings.https_proxy.empty()) network.https_proxy = settings.https_proxy;
  if (!settings.no_proxy.empty()) network.no_proxy = settings.no_proxy;
  network.ca_file = settings.ca_file;
  network.hugging_face_endpoint = settings.hugging_face_endpoint;
  return network;
}

Front::~Front() = default;

Result<std::unique_ptr<Front>> Front::create(const EnvLookup& env, Roles roles) {
  INGLE_TRY(Settings settings, Settings::resolve(env));
  INGLE_TRY(const net::ReceiptKey key, net::ReceiptKey::create());
  return std::unique_ptr<Front>(new Front(std::move(settings), env, std::move(roles), key));
}

bool Front::is_path(std::string_view model) {
  return model.ends_with(".gguf") || model.starts_with('/') || model.starts_with("./") || model.starts_with("../");
}

Result<ModelFiles> Front::locate(std::string_view model) const {
  if (model.starts_with("~/"))
    return std::unexpected(Error::usage("'" + std::string(model) + "': the shell did not replace '~'")
                               .hint("write the path without quotes around the '~'"));
  if (is_path(model)) return files_at(fs::path(model));
  INGLE_TRY(store::InstalledModel installed, store_.find(model));
  return files_of(std::move(installed));
}

ModelFiles Front::files_of(store::InstalledModel model) {
  ModelFiles files{.name = model.name.display(), .parts = model.parts, .bytes = model.size, .installed = std::nullopt};
  if (files.parts.empty()) files.parts.push_back(model.path);
  files.installed = std::move(model);
  return files;
}

engine::Options Front::engine_options() const {
  engine::Options options;
  options.isa = settings_.isa;
  options.threads = settings_.threads;
  options.kv_type = settings_.kv_type;
  options.speculate = settings_.speculation;
  options.context = settings_.context;
  options.max_sequences = settings_.parallel;
  options.max_queue = settings_.max_queue;
  options.token_gap_ms = settings_.token_gap;
  return options;
}

fs::path Front::board_folder() const {
  fs::path runtime_folder = env_("XDG_RUNTIME_DIR").value_or("");
  if (!runtime_folder.is_absolute()) runtime_folder.clear();  // as the XDG specification wants it
  auto folder = base::CoreBoard::folder_of_user(runtime_folder);
  return folder ? *std::move(folder) : fs::path(settings_.home);
}

/// Without a place on the board an engine believes that it is alone, and works.
base::FileDescriptor Front::place_among_engines() const {
  auto place = base::CoreBoard::reserve(board_folder() / "cores");
  return place ? *std::move(place) : base::FileDescriptor();
}

std::shared_ptr<base::CoreBoard> Front::board_of_this_process() const {
  base::FileDescriptor place = place_among_engines();
  if (!place.valid()) return nullptr;
  auto board = base::CoreBoard::open(std::move(place));
  return board ? *std::move(board) : nullptr;
}

void Front::use_server(base::FileDescriptor connection) {
  const std::lock_guard lock(server_mutex_);
  server_ = std::move(connection);
}

base::FileDescriptor Front::take_server() {
  const std::lock_guard lock(server_mutex_);
  return settings_.no_server ? base::FileDescriptor() : std::move(server_);
}

Result<runtime::Engine> Front::start_engine(std::span<const fs::path> paths, const std::string& name,
                                            engine::Options options) {
  INGLE_TRY(const auto parts, open_parts(paths));
  if (!roles_.spawner) {
    options.cores = board_of_this_process();
    INGLE_TRY(auto completer, roles_.load_engine(parts, name, options));
    return runtime::Engine{.completer = std::move(completer)};
  }
  auto shared = attach(take_server(), parts, name, options);
  auto remote = shared ? *std::move(shared) : nullptr;
  if (remote == nullptr) {
    // A locked engine cannot find out.
    if (options.threads == 0) options.threads = base::physical_cores();
    INGLE_TRY(remote, roles::load_in_engine_role(*roles_.spawner, parts, name, options, place_among_engines()));
  }
  const roles::RemoteCompleter* model = remote.get();
  const uint64_t bytes = model->bytes();
  return runtime::Engine{.completer = std::move(remote), .alive = [model] { return model->alive(); }, .bytes = bytes};
}

Result<MemoryRoom> Front::room_beside(std::span<const runtime::HeldMemory> held) const {
  INGLE_TRY(const uint64_t limit, parse_memory(settings_.memory));
  return memory_room(base::machine_memory(), limit, held);
}

Result<runtime::Engine> Front::start_engine_beside(std::span<const runtime::HeldMemory> held,
                                                   std::span<const fs::path> paths, const std::string& name,
                                                   engine::Options options) {
  INGLE_TRY(const MemoryRoom room, room_beside(held));
  options.max_memory_bytes = room.now;
  options.memory_ceiling = room.ever;
  auto engine = start_engine(paths, name, std::move(options));
  if (!engine) return std::unexpected(explained(std::move(engine).error(), name, room, held));
  return engine;
}

Result<std::unique_ptr<chat::Completer>> Front::load(const ModelFiles& files, const engine::Options& options) {
  engine::Options alone = options;
  alone.may_shorten = true;
  INGLE_TRY(runtime::Engine engine, start_engine_beside({}, files.parts, files.name, std::move(alone)));
  return std::move(engine.completer);
}

Result<std::unique_ptr<chat::Completer>> Front::load_here(const ModelFiles& files, engine::Options options) const {
  INGLE_TRY(const auto parts, open_parts(files.parts));
  options.cores = board_of_this_process();
  return roles_.load_engine(parts, files.name, options);
}

Result<store::RemoveReport> Front::remove(std::string_view model) const {
  const auto found = store_.find(model);
  INGLE_TRY(store::RemoveReport report, store_.remove(model));
  if (found) PageCache::remove(settings_.home, found->digest.hex());
  return report;
}

void Front::look_at_models() {
  models();
  models_->forget_changed();
}

void Front::make_models() {
  page_cache_ = std::make_unique<PageCache>(settings_.home, settings_.disk_cache_mb);
  const auto resolver = [this](std::string_view model) -> Result<runtime::ModelFiles> {
    INGLE_TRY(const ModelFiles files, locate(model));
    // A bare file is known by its path: two folders may hold files of the same name.
    return runtime::ModelFiles{
        .name = files.installed ? files.name : files.parts.front().string(),
        .digest = files.installed ? files.installed->digest.hex() : "",
        .parts = files.parts,
    };
  };
  const auto loader = [this](const runtime::ModelFiles& files, uint32_t context) -> Result<runtime::Engine> {
    engine::Options options = engine_options();
    options.clamp_context = true;
    options.least_context = context;
    options.pages_on_disk = page_cache_->open(files.digest);
    const auto held = models_->held();
    // Before a context is shortened, models that nobody uses make room.
    options.may_shorten = std::ranges::all_of(held, &runtime::HeldMemory::in_use);
    return start_engine_beside(held, files.parts, files.name, std::move(options));
  };
  runtime::ManagerOptions options;
  options.can_ever_load = [this](const runtime::ModelFiles& files, uint32_t context) -> Status {
    const auto told = forecast({.name = files.name, .parts = files.parts, .installed = std::nullopt}, context);
    if (told && told->refusal && chat::is_out_of_reach(*told->refusal)) return std::unexpected(*told->refusal);
    return {};
  };
  options.keep_alive = runtime::parse_keep_alive(settings_.keep_alive).value_or(options.keep_alive);
  options.max_loaded = max_loaded_of(settings_);
  options.on_change = on_model_change_;
  models_ = std::make_unique<runtime::ModelManager>(resolver, loader, std::move(options));
  router::RoutingOptions routing{
      .home = settings_.home,
      .offline = offline_,
      .models = models_.get(),
      .default_model = [this] { return newest_model(*this); },
      .transport = [this] { return transport(); },
      .key = receipt_key_,
      .environment = env_,
      .now_unix = [] { return static_cast<int64_t>(std::time(nullptr)); },
  };
  routing_ = router::Routing::create(std::move(routing));
  named_models_ = std::make_unique<NamedModels>(*models_, *routing_);
}

Result<Settings> Front::reload() {
  INGLE_TRY(Settings fresh, settings_.reread(env_));
  INGLE_TRY(const runtime::KeepAlive keep_alive, runtime::parse_keep_alive(fresh.keep_alive));
  models();
  models_->set_limits(keep_alive, max_loaded_of(fresh));
  return fresh;
}

runtime::Models& Front::models() {
  std::call_once(models_once_, [this] { make_models(); });
  return *named_models_;
}

router::Routing& Front::routing() {
  models();
  return *routing_;
}

Status Front::lock(FileAccess access) const {
  if (!roles_.spawner) return {};
  roles::SandboxOptions options;
  if (access == FileAccess::kAll) {
    options.writable = {"/"};
  } else {
    std::error_code ignored;
    for (const std::string& folder : {settings_.home, settings_.models}) {
      fs::create_directories(folder, ignored);  // a rule needs a folder to hang on
      options.writable.emplace_back(folder);
    }
    options.writable.push_back(board_folder());
    for (const store::Place& place : store_.paths().places)
      options.readable.push_back(place.root);
    // Files that settings and policy name, wherever they lie. A policy that names another one later needs a new start.
    if (!settings_.ca_file.empty()) options.readable.emplace_back(settings_.ca_file);
    // The folders, because a renewed certificate is another file under the same name, often behind a link.
    for (const std::string& file : {settings_.tls_cert, settings_.tls_key}) {
      if (file.empty()) continue;
      options.readable.push_back(fs::absolute(file, ignored).parent_path());
      options.readable.push_back(fs::canonical(file, ignored).parent_path());
    }
    if (const auto file = router::read_policy(settings_.home);
        file.policy && file.policy->provider && !file.policy->provider->api_key_file.empty())
      options.readable.push_back(file.policy->provider->api_key_file);
  }
  INGLE_TRY_VOID(roles::lock(roles::Role::kFront, options));
  return {};
}

void Front::end_roles() {
  if (roles_.spawner) roles_.spawner->end();
}

Result<roles::ModelFacts> Front::facts(const ModelFiles& files) {
  std::error_code error;
  const fs::path& first = files.parts.front();
  const std::string key = first.string() + " " + std::to_string(files.bytes) + " " +
                          std::to_string(fs::last_write_time(first, error).time_since_epoch().count());
  return facts_.get(key, [&]() -> Result<roles::ModelFacts> {
    INGLE_TRY(const auto parts, open_parts(files.parts));
    INGLE_TRY(const std::string answer, run_job(roles::kModelFactsJob, files.name, parts));
    return roles::decode_model_facts(answer);
  });
}

Result<engine::MemoryForecast> Front::forecast(const ModelFiles& files, uint32_t least_context) {
  engine::Options options = engine_options();
  if (options.threads == 0) options.threads = base::physical_cores();
  options.clamp_context = true;
  options.least_context = least_context;
  options.may_shorten = true;
  INGLE_TRY(const MemoryRoom room, room_beside({}));
  options.max_memory_bytes = room.now;
  options.memory_ceiling = room.ever;
  INGLE_TRY(const auto parts, open_parts(files.parts));
  INGLE_TRY(const std::string answer,
            run_job(roles::kModelMemoryJob, roles::encode_memory_job(files.name, options), parts));
  INGLE_TRY(engine::MemoryForecast told, roles::decode_memory_forecast(answer));
  if (told.refusal) told.refusal = explained(*std::move(told.refusal), files.name, room, {});
  return told;
}

Result<std::string> Front::listing(const ModelFiles& files) {
  INGLE_TRY(const auto parts, open_parts(files.parts));
  return run_job(roles::kModelListingJob, files.name, parts);
}

Result<std::string> Front::run_job(std::string_view kind, std::string_view payload,
                                   std::span<const base::FileDescriptor> files, const roles::JobLimits& limits) {
  const Slots::Slot slot = jobs_.take();
  if (!roles_.spawner) return roles::run_job_here(job_kinds(), kind, payload, files);
  return roles::run_job(*roles_.spawner, kind, payload, files, limits);
}

Status Front::may_connect() const {
  if (!offline_.on()) return {};
  if (egress_) egress_->obey();
  return std::unexpected(Error::refused("offline mode is on: nothing leaves this machine")
                             .hint(offline_.by_setting() ? "'ingle config offline' shows where it is set"
                                                         : "'ingle offline off' allows connections again"));
}

Status Front::set_offline(bool on) {
  INGLE_TRY_VOID(offline_.set(on));
  if (egress_) egress_->obey();
  return {};
}

net::TransportFactory Front::transports() {
  return [this](const net::HttpSettings& settings) -> Result<std::unique_ptr<net::HttpTransport>> {
    INGLE_TRY_VOID(may_connect());
    std::unique_ptr<net::HttpTransport> transport;
    if (roles_.spawner) {
      INGLE_TRY(transport, roles::RemoteTransport::create(
                               settings, [this] { return egress_->connection(); }, [this] { return may_connect(); }));
    } else {
      INGLE_TRY(transport, net::direct_transport(receipt_key_)(settings));
    }
    return recorded(std::move(transport), [this](Download& download) { routing().record_download(download); });
  };
}

Result<std::unique_ptr<net::HttpTransport>> Front::transport() {
  return store::make_transport(store_.network());
}

}  // namespace ingle::app
