// Whether a path still leads to the file that is open: somebody may have moved, removed or replaced it meanwhile.
#pragma once

#include <sys/stat.h>

#include <filesystem>

namespace ingle::app {

inline bool is_at(int fd, const std::filesystem::path& path) {
  struct stat open{};
  struct stat named{};
  return ::fstat(fd, &open) == 0 && ::stat(path.c_str(), &named) == 0 && open.st_dev == named.st_dev &&
         open.st_ino == named.st_ino;
}

}  // namespace ingle::app
