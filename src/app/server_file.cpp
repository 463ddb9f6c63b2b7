#include "app/server_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <system_error>

#include "app/same_file.h"

namespace ingle::app {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr size_t kMaxBytes = 4096;
constexpr int kAttempts = 100;  // each lost to a server that ended in between

struct flock whole_file() {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

Error taken(const fs::path& home) {
  const auto other = find_running_server(home);
  if (other && other->ending)
    return Error::unavailable(fmt::format("the server of this home (process {}) is ending", other->pid))
        .hint("'ingle stop' waits for it, 'ingle stop --now' ends it at once");
  return Error::unavailable("a server of this home runs already" + (other ? ": " + other->url() : ""))
      .hint("use it, or end it with 'ingle stop'; another INGLE_HOME has its own server");
}

}  // namespace

std::string ServerPlace::url() const {
  return (tls_sha256.empty() ? "http://" : "https://") + address.text();
}

fs::path server_file(const fs::path& home) {
  return home / "run" / "server.json";
}

Status ServerFile::write() const {
  Json json = {{"pid", ::getpid()},
               {"address", place_.address.text()},
               {"instance", place_.instance},
               {"tls_sha256", place_.tls_sha256},
               {"insecure", place_.insecure}};
  if (place_.ending) json["ending"] = *place_.ending;
  const std::string text = json.dump() + "\n";
  if (::fchmod(fd_.get(), 0600) != 0 || ::ftruncate(fd_.get(), 0) != 0 ||
      ::pwrite(fd_.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
    return std::unexpected(Error::io("writing '" + path_.string() + "'", errno));
  return {};
}

Status ServerFile::tell(ServerPlace place) {
  place_ = std::move(place);
  return write();
}

void ServerFile::show_certificate(const std::string& sha256) {
  place_.tls_sha256 = sha256;
  static_cast<void>(write());  // what is in doubt is asked again by the next command
}

void ServerFile::show_ending(size_t requests) {
  place_.ending = requests;
  static_cast<void>(write());
}

Result<ServerFile> ServerFile::hold(const fs::path& home) {
  const fs::path path = server_file(home);
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    base::FileDescriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd.valid()) return std::unexpected(Error::io("opening '" + path.string() + "'", errno));
    struct flock lock = whole_file();
    if (::fcntl(fd.get(), F_SETLK, &lock) != 0) {
      if (errno == EAGAIN || errno == EACCES) return std::unexpected(taken(home));
      return std::unexpected(Error::io("locking '" + path.string() + "'", errno));
    }
    if (!is_at(fd.get(), path)) continue;
    // What a server left that was killed must not be taken for this one's.
    if (::ftruncate(fd.get(), 0) != 0) return std::unexpected(Error::io("emptying '" + path.string() + "'", errno));
    return ServerFile(path, std::move(fd));
  }
  return std::unexpected(Error::unavailable("'" + path.string() + "' is taken and given back again and again"));
}

ServerFile::~ServerFile() {
  std::error_code ignored;
  if (fd_.valid()) fs::remove(path_, ignored);
}

std::optional<RunningServer> find_running_server(const fs::path& home) {
  const base::FileDescriptor fd(::open(server_file(home).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.valid()) return std::nullopt;
  struct flock lock = whole_file();
  // A lock of a process that cannot be named from here (another container's) is of nobody who could be signalled.
  if (::fcntl(fd.get(), F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK || lock.l_pid <= 1) return std::nullopt;
  std::string text(kMaxBytes, '\0');
  const ssize_t n = ::pread(fd.get(), text.data(), text.size(), 0);
  text.resize(n > 0 ? static_cast<size_t>(n) : 0);
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("instance") || !json["instance"].is_string() || !json.contains("address") ||
      !json["address"].is_string())
    return std::nullopt;
  const auto address = net::ListenAddress::parse(json["address"].get<std::string>(), 0);
  if (!address) return std::nullopt;
  RunningServer server;
  server.pid = lock.l_pid;
  server.address = *address;
  server.instance = json["instance"].get<std::string>();
  if (json.contains("tls_sha256") && json["tls_sha256"].is_string())
    server.tls_sha256 = json["tls_sha256"].get<std::string>();
  server.insecure = json.contains("insecure") && json["insecure"] == true;
  if (json.contains("ending") && json["ending"].is_number_unsigned()) server.ending = json["ending"].get<size_t>();
  return server;
}

}  // namespace ingle::app
