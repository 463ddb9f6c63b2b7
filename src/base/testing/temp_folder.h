// A folder of one test's own below the system's temporary one, removed with everything in it. For tests only; one thread.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace ingle::base::testing {

class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// Makes the folders that are missing on the way.
void write(const std::filesystem::path& path, std::string_view bytes);
std::string read(const std::filesystem::path& path);

}  // namespace ingle::base::testing
