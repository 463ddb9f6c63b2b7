#include "app/page_cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <string>
#include <system_error>

namespace ingle::app {
namespace {

namespace fs = std::filesystem;

fs::path folder_in(const fs::path& home) {
  return home / "cache" / "pages";
}

std::string file_name(std::string_view digest) {
  return std::string(digest) + ".pages";
}

bool is_digest(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// Another build may compute other bits.
std::string this_program() {
  struct stat status{};
  if (::stat("/proc/self/exe", &status) != 0) return {};
  return std::to_string(status.st_size) + " " + std::to_string(status.st_mtim.tv_sec) + "." +
         std::to_string(status.st_mtim.tv_nsec);
}

}  // namespace

PageCache::PageCache(const fs::path& home, uint32_t megabytes)
    : folder_(folder_in(home)), max_bytes_(uint64_t{megabytes} << 20) {
  std::error_code ignored;
  if (max_bytes_ == 0) {
    fs::remove_all(folder_, ignored);
    return;
  }
  fs::create_directories(folder_.parent_path(), ignored);
  ::mkdir(folder_.c_str(), 0700);
}

engine::PagesOnDisk PageCache::open(std::string_view digest) const {
  const std::string program = this_program();
  if (max_bytes_ == 0 || program.empty() || !is_digest(digest)) return {};
  const fs::path path = folder_ / file_name(digest);
  auto file =
      std::make_shared<base::FileDescriptor>(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  struct stat status{};
  if (!file->valid() || ::fstat(file->get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  // Kept as long as an engine has the descriptor, however it ends.
  if (::flock(file->get(), LOCK_EX | LOCK_NB) != 0) return {};
  if (::fchmod(file->get(), 0600) != 0) return {};
  if (static_cast<uint64_t>(status.st_size) > max_bytes_ && ::ftruncate(file->get(), 0) != 0) return {};
  return {.file = std::move(file), .max_bytes = max_bytes_, .identity = std::string(digest) + " " + program};
}

void PageCache::remove(const fs::path& home, std::string_view digest) {
  std::error_code ignored;
  if (is_digest(digest)) fs::remove(folder_in(home) / file_name(digest), ignored);
}

}  // namespace ingle::app
