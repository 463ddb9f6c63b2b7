#include "app/server.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "api/api.h"
#include "api/downloads.h"
#include "api/telemetry.h"
#include "api/tokens.h"
#include "app/echo_models.h"
#include "app/server_log.h"
#include "app/services.h"
#include "base/memory.h"
#include "base/process_usage.h"
#include "net/http_server.h"
#include "net/url.h"

namespace ingle::app {
namespace {

namespace fs = std::filesystem;

// What runs for a token that was revoked ends within a second, and a model that somebody removed is let go of within two.
constexpr std::chrono::milliseconds kBetweenLooksAtTokens{300};
constexpr std::chrono::milliseconds kBetweenLooksAtModels{1500};
constexpr std::chrono::milliseconds kBetweenLooksAtRoles{300};
constexpr std::chrono::milliseconds kBetweenTrims{10'000};
constexpr uint64_t kMuchMemory = uint64_t{128} << 20;  // for a process that holds requests and no model
constexpr std::chrono::milliseconds kBetweenRenewals{9000};
constexpr std::chrono::hours kAgeOfLeftovers{1};
constexpr rlim_t kSpareDescriptors = 128;  // for models, documents and databases

/// As many connections as this process may have descriptors for.
net::ServerLimits limits_of_process() {
  net::ServerLimits limits;
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return limits;
  files.rlim_cur = std::min<rlim_t>(files.rlim_max, limits.max_connections + kSpareDescriptors);
  ::setrlimit(RLIMIT_NOFILE, &files);
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < limits.max_connections + kSpareDescriptors)
    limits.max_connections =
        files.rlim_cur > 2 * kSpareDescriptors ? files.rlim_cur - kSpareDescriptors : kSpareDescriptors;
  return limits;
}

Result<std::shared_ptr<ServerLog>> open_log(const Settings& settings) {
  if (settings.log == "none") return nullptr;
  if (settings.log == "stderr") return ServerLog::to_stderr();
  return ServerLog::to_file(settings.home);
}

std::function<void(std::string)> sink_of(const std::shared_ptr<ServerLog>& log) {
  if (log == nullptr) return {};
  return [log](std::string line) { log->write(std::move(line)); };
}

/// False: `stop` was requested meanwhile.
bool paused(const std::stop_token& stop, std::chrono::milliseconds pause) {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  return !stopped.wait_for(lock, stop, pause, [&] { return stop.stop_requested(); });
}

/// Calls `look` again and again, with a pause before each.
std::jthread watcher(std::chrono::milliseconds pause, std::function<void()> look) {
  return std::jthread([pause, look = std::move(look)](const std::stop_token& stop) {
    while (paused(stop, pause))
      look();
  });
}

void tell(api::Telemetry& telemetry, const runtime::ModelChange& change) {
  if (change.kind == runtime::ModelChange::Kind::kLoaded) {
    telemetry.model_loaded(change.name, change.seconds);
  } else {
    telemetry.model_unloaded(change.name, runtime::to_string(change.kind));
  }
}

}  // namespace

std::vector<std::string> words_of(std::string_view list) {
  std::vector<std::string> words;
  while (!list.empty()) {
    const size_t end = std::min(list.find(','), list.size());
    std::string word = net::lower_ascii(list.substr(0, end));
    std::erase(word, ' ');
    while (word.ends_with('/'))
      word.pop_back();
    // Every page at once is what the check is there to prevent.
    if (!word.empty() && word != "*") words.push_back(std::move(word));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return words;
}

std::string wait_text(size_t requests) {
  return fmt::format("{} answered still, for {} s at most",
                     requests == 1 ? "1 request is" : fmt::format("{} requests are", requests), Server::kDrain.count());
}

struct Server::Parts {
  fs::path home;
  api::Services services;
  std::unique_ptr<EchoModels> echo;
  std::unique_ptr<store::Chats> chats;
  std::unique_ptr<api::Downloads> downloads;
  std::optional<api::AppKeys> keys;
  std::optional<api::Tokens> tokens;
  std::unique_ptr<api::Api> api;
  std::unique_ptr<net::HttpServer> http;
  std::optional<ServerTls> tls;
  std::vector<std::string> names;  // of this machine, or of its certificate
  Front* front = nullptr;
  std::vector<std::jthread> watchers;  // use all of these; each has its own, as a disk may hang

  api::GuardOptions guard_of(const Settings& settings) const;
  void watch();
  void renew_certificate();
  std::unique_ptr<AttachServer> attached;
  std::optional<ServerFile> file;
};

api::GuardOptions Server::Parts::guard_of(const Settings& settings) const {
  api::GuardOptions guard{
      .hosts = words_of(settings.hosts), .origins = words_of(settings.origins), .tls = tls.has_value()};
  for (const std::string& name : names)
    guard.hosts.push_back(name.find(':') == std::string::npos ? name : "[" + name + "]");
  return guard;
}

/// New requests are checked as they come; this is for what runs already.
void Server::Parts::watch() {
  watchers.push_back(watcher(kBetweenLooksAtTokens, [this] { api->end_revoked(); }));
  watchers.push_back(watcher(kBetweenLooksAtModels, [this] { front->look_at_models(); }));
  watchers.push_back(watcher(kBetweenTrims, [] {
    if (base::process_usage().resident_bytes > kMuchMemory) base::return_freed_memory();
  }));
  if (tls) watchers.push_back(watcher(kBetweenRenewals, [this] { renew_certificate(); }));
}

/// A certificate that cannot be renewed stays until it can: connections are worth more than its date.
void Server::Parts::renew_certificate() {
  const auto changed = tls->refresh(services.now_unix());
  if (!changed || !*changed || !http->set_identity(tls->identity())) return;
  file->show_certificate(tls->facts().sha256);
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Server::~Server() {
  stop({});
}

Result<std::string> Server::reload() {
  static constexpr std::string_view kTakenOver[] = {"hosts", "origins", "keep_alive", "max_loaded_models"};
  auto fresh = parts_->front->reload();
  if (!fresh) {
    parts_->services.telemetry->event("reload_failed", {{"error", fresh.error().message()}});
    return std::unexpected(std::move(fresh).error());
  }
  parts_->api->set_guard(parts_->guard_of(*fresh));
  std::string later;
  for (const std::string_view name : Settings::changed(parts_->front->settings(), *fresh))
    if (std::ranges::find(kTakenOver, name) == std::end(kTakenOver))
      later += (later.empty() ? "" : ", ") + std::string(name);
  parts_->services.telemetry->event("reloaded", {{"for_the_next_start", later}});
  std::string text = "settings read anew";
  if (!later.empty()) text += "; for the next start: " + later;
  return text;
}

Status Server::wait(const std::stop_token& stop) const {
  while (paused(stop, kBetweenLooksAtRoles)) {
    Status able = parts_->front->can_start_roles();
    if (able) continue;
    parts_->services.telemetry->event("broken", {{"error", able.error().message()}});
    return able;
  }
  return {};
}

size_t Server::busy() const {
  return parts_->api->in_flight() + (parts_->attached ? parts_->attached->answering() : 0);
}

void Server::stop(std::chrono::steady_clock::duration drain) {
  if (!parts_) return;
  const auto deadline = std::chrono::steady_clock::now() + drain;
  parts_->watchers.clear();
  parts_->services.telemetry->event("draining");
  parts_->downloads->stop();
  parts_->file->show_ending(busy());
  bool is_over = parts_->http->drain(deadline);
  if (parts_->attached) is_over = parts_->attached->drain(deadline) && is_over;
  // Whoever waits now waits for a process that does not answer.
  if (!is_over) parts_->front->end_roles();
  parts_->http->stop();
  parts_->attached.reset();
  // What a model in this process does to the end must find what it touches.
  parts_->file.reset();
  const bool still_held = parts_->http->connections() > 0;
  if (still_held) {
    static_cast<void>(parts_.release());
  } else {
    parts_.reset();
  }
}

Result<std::unique_ptr<Server>> Server::start(Front& front, ServerFile file, net::Listener listener,
                                              const ServerOptions& options) {
  auto parts = std::make_unique<Parts>();
  parts->home = front.settings().home;
  INGLE_TRY(const std::shared_ptr<ServerLog> log, open_log(front.settings()));
  const auto telemetry = std::make_shared<api::Telemetry>(sink_of(log));
  front.watch_models([telemetry](const runtime::ModelChange& change) { tell(*telemetry, change); });
  parts->services = front_services(front);
  parts->services.version = options.version;
  parts->services.telemetry = telemetry;
  if (options.echo) {
    // An echo costs nothing: it has as many streams as anybody wants, unless somebody said how many.
    constexpr size_t kManyStreams = 1024;
    const Settings& settings = front.settings();
    const size_t max_streams = settings.origin("parallel") == Origin::kDefault ? kManyStreams : settings.parallel;
    parts->echo = std::make_unique<EchoModels>(max_streams, settings.max_queue);
    parts->services.models = parts->echo.get();
  }
  // Uploads that nobody made a model of. A server that cannot remove them is no worse for it.
  if (front.settings().prune) static_cast<void>(front.store().prune(kAgeOfLeftovers));
  INGLE_TRY(parts->chats, store::Chats::open(parts->home / "chats.db"));
  parts->services.chats = parts->chats.get();
  parts->downloads = std::make_unique<api::Downloads>(parts->services.pull, parts->services.now_unix);
  parts->services.downloads = parts->downloads.get();
  INGLE_TRY(api::AppKeys keys, api::AppKeys::open(parts->home));
  parts->keys.emplace(std::move(keys));
  const bool is_beyond = !listener.address.is_loopback();
  parts->front = &front;
  parts->tls = options.tls;
  parts->names = options.tls ? options.tls->facts().names : options.machine_names;
  parts->services.insecure = options.insecure;
  parts->services.tls = options.tls.has_value();
  parts->tokens.emplace(parts->home);
  parts->api = std::make_unique<api::Api>(
      parts->services, *parts->keys, parts->guard_of(front.settings()),
      api::AccessOptions{.tokens = &*parts->tokens, .always_token = is_beyond && !options.insecure});
  const std::string instance = api::random_hex(16);
  parts->keys->set_instance(instance);
  INGLE_TRY_VOID(file.tell({.address = listener.address.from_here(),
                            .instance = instance,
                            .tls_sha256 = options.tls ? options.tls->facts().sha256 : "",
                            .insecure = options.insecure}));
  parts->file.emplace(std::move(file));
  parts->services.telemetry->event("started", {{"version", options.version}, {"address", listener.address.text()}});
  INGLE_TRY(parts->http, net::HttpServer::start(std::move(listener.socket), *parts->api, limits_of_process(),
                                                parts->tls ? &parts->tls->identity() : nullptr));
  if (options.attach && !options.echo)
    parts->attached = std::make_unique<AttachServer>(front, *parts->services.models, options.attach);
  parts->watch();
  return std::unique_ptr<Server>(new Server(std::move(parts)));
}

}  // namespace ingle::app
