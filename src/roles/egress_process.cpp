#include "roles/egress_process.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <chrono>
#include <utility>

namespace ingle::roles {
namespace {

constexpr std::chrono::seconds kBetweenLooks{1};

/// Which file it is, through links, and when it was written.
std::string identity_of(const std::filesystem::path& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return {};
  return fmt::format("{}:{}:{}.{}", info.st_dev, info.st_ino, info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
}

}  // namespace

EgressProcess::EgressProcess(std::shared_ptr<Spawner> spawner, std::function<bool()> offline,
                             const net::ReceiptKey& key, std::filesystem::path resolver)
    : spawner_(std::move(spawner)), offline_(std::move(offline)), key_(key), resolver_(std::move(resolver)) {}

EgressProcess::~EgressProcess() = default;

Result<std::shared_ptr<EgressConnection>> EgressProcess::connection() {
  const std::lock_guard lock(mutex_);
  obey_locked();
  const bool offline = offline_();
  std::string resolver = identity_of(resolver_);
  if (!running_.empty()) {
    const Running& last = running_.back();
    if (last.connection->alive() && last.offline == offline && last.resolver == resolver) return last.connection;
  }
  INGLE_TRY(Child started, spawner_->spawn(Role::kEgress, {.offline = offline}));
  const auto child = std::make_shared<Child>(std::move(started));
  auto connection = std::make_shared<EgressConnection>(child->channel(), child, key_);
  running_.push_back({.child = child, .connection = connection, .offline = offline, .resolver = std::move(resolver)});
  if (!watcher_.joinable()) watcher_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
  started_.notify_all();
  return connection;
}

void EgressProcess::obey() {
  const std::lock_guard lock(mutex_);
  obey_locked();
}

void EgressProcess::obey_locked() {
  if (!running_.empty() && offline_()) {
    for (const Running& running : running_) {
      if (!running.offline) running.child->kill();
    }
    std::erase_if(running_, [](const Running& running) { return !running.offline; });
  }
  // Those that nobody uses any more, except for the one that new requests go to.
  const auto is_over = [this](const Running& running) {
    return !running.connection->alive() || (&running != &running_.back() && running.connection.use_count() == 1);
  };
  std::vector<Running> going_on;
  for (Running& running : running_) {
    if (!is_over(running)) going_on.push_back(running);
  }
  running_ = std::move(going_on);
}

void EgressProcess::watch(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    started_.wait(lock, stop, [this] { return !running_.empty(); });
    // Long enough to cost nothing; the file of the switch may lie where nobody tells of changes (a network's disk).
    started_.wait_for(lock, stop, kBetweenLooks, [] { return false; });
    obey_locked();
  }
}

}  // namespace ingle::roles
