#include "app/server_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "app/same_file.h"

namespace ingle::app {
namespace {

namespace fs = std::filesystem;

base::FileDescriptor open_log(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (!error) fs::permissions(path.parent_path(), fs::perms::owner_all, error);
  return base::FileDescriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
}

uint64_t size_of(int fd) {
  struct stat status{};
  return ::fstat(fd, &status) == 0 ? static_cast<uint64_t>(status.st_size) : 0;
}

}  // namespace

fs::path ServerLog::file(const fs::path& home, int rotated) {
  fs::path path = file(home);
  if (rotated > 0) path += fmt::format(".{}", rotated);
  return path;
}

Result<std::unique_ptr<ServerLog>> ServerLog::to_file(const fs::path& home, uint64_t max_bytes) {
  base::FileDescriptor fd = open_log(file(home));
  if (!fd.valid())
    return std::unexpected(Error::io("opening the log '" + file(home).string() + "'", errno)
                               .hint("the setting 'log' may be 'stderr' or 'none' instead"));
  return std::unique_ptr<ServerLog>(new ServerLog(home, std::move(fd), max_bytes));
}

std::unique_ptr<ServerLog> ServerLog::to_stderr() {
  return std::unique_ptr<ServerLog>(
      new ServerLog({}, base::FileDescriptor(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)), UINT64_MAX));
}

ServerLog::ServerLog(fs::path home, base::FileDescriptor fd, uint64_t max_bytes)
    : home_(std::move(home)), max_bytes_(max_bytes) {
  take_file(std::move(fd));
  writer_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

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
    append(std::move(text));
    lock.lock();
  }
}

void ServerLog::append(std::string text) {
  if (!home_.empty()) find_file(text.size());
  if (last_ != '\n') text.insert(0, 1, '\n');
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t n = ::write(fd_.get(), rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;  // a full disk must not end the server
    last_ = rest[static_cast<size_t>(n) - 1];
    rest.remove_prefix(static_cast<size_t>(n));
  }
}

/// That stands at the path, whoever moved or removed the one that was there, and has room.
void ServerLog::find_file(uint64_t n_bytes_more) {
  const uint64_t n_bytes = size_of(fd_.get());
  const bool is_full = n_bytes > 0 && n_bytes + n_bytes_more > max_bytes_;
  if (is_full && is_at(fd_.get(), file(home_))) move_aside();
  if (is_at(fd_.get(), file(home_))) return;
  if (base::FileDescriptor fresh = open_log(file(home_)); fresh.valid()) take_file(std::move(fresh));
}

void ServerLog::take_file(base::FileDescriptor fd) {
  fd_ = std::move(fd);
  last_ = '\n';
  if (const uint64_t n_bytes = size_of(fd_.get()); !home_.empty() && n_bytes > 0)
    static_cast<void>(::pread(fd_.get(), &last_, 1, static_cast<off_t>(n_bytes - 1)));
}

void ServerLog::move_aside() const {
  std::error_code ignored;
  for (int i = kKept; i > 0; --i)
    fs::rename(file(home_, i - 1), file(home_, i), ignored);
}

}  // namespace ingle::app
