#include "app/server_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace ingle::app {
namespace {

namespace fs = std::filesystem;

base::FileDescriptor open_log(const fs::path& path) {
  return base::FileDescriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
}

}  // namespace

fs::path ServerLog::file(const fs::path& home, int rotated) {
  fs::path path = file(home);
  if (rotated > 0) path += fmt::format(".{}", rotated);
  return path;
}

Result<std::unique_ptr<ServerLog>> ServerLog::to_file(const fs::path& home, uint64_t max_bytes) {
  const fs::path path = file(home);
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (!error) fs::permissions(path.parent_path(), fs::perms::owner_all, error);
  base::FileDescriptor fd = open_log(path);
  struct stat status{};
  if (!fd.valid() || ::fstat(fd.get(), &status) != 0)
    return std::unexpected(Error::io("opening the log '" + path.string() + "'", errno)
                               .hint("the setting 'log' may be 'stderr' or 'none' instead"));
  return std::unique_ptr<ServerLog>(
      new ServerLog(home, std::move(fd), static_cast<uint64_t>(status.st_size), max_bytes));
}

std::unique_ptr<ServerLog> ServerLog::to_stderr() {
  return std::unique_ptr<ServerLog>(
      new ServerLog({}, base::FileDescriptor(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)), 0, UINT64_MAX));
}

ServerLog::ServerLog(fs::path home, base::FileDescriptor fd, uint64_t n_bytes, uint64_t max_bytes)
    : home_(std::move(home)),
      max_bytes_(max_bytes),
      fd_(std::move(fd)),
      n_bytes_(n_bytes),
      writer_([this](const std::stop_token& stop) { run(stop); }) {}

ServerLog::~ServerLog() {
  writer_.request_stop();
  writer_.join();
}

void ServerLog::write(std::string line) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= kMaxWaiting) {
      ++n_dropped_;
      return;
    }
    waiting_.push_back(std::move(line));
  }
  changed_.notify_one();
}

void ServerLog::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, stop, [this] { return !waiting_.empty(); });
    if (waiting_.empty()) return;
    const auto lines = std::exchange(waiting_, {});
    const uint64_t n_dropped = std::exchange(n_dropped_, 0);
    lock.unlock();
    std::string text;
    for (const std::string& line : lines)
      text += line + "\n";
    if (n_dropped > 0) text += fmt::format("{{\"event\":\"log_dropped\",\"lines\":{}}}\n", n_dropped);
    append(text);
    lock.lock();
  }
}

void ServerLog::append(std::string_view text) {
  if (n_bytes_ > 0 && n_bytes_ + text.size() > max_bytes_) rotate();
  n_bytes_ += text.size();
  while (!text.empty()) {
    const ssize_t n = ::write(fd_.get(), text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;  // a full disk must not end the server
    text.remove_prefix(static_cast<size_t>(n));
  }
}

void ServerLog::rotate() {
  std::error_code ignored;
  for (int i = kKept; i > 0; --i)
    fs::rename(file(home_, i - 1), file(home_, i), ignored);
  if (base::FileDescriptor fresh = open_log(file(home_)); fresh.valid()) fd_ = std::move(fresh);
  n_bytes_ = 0;
}

}  // namespace ingle::app
