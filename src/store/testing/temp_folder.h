// A folder below the system's temporary one that is deleted with the object. For tests only; one thread.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace ingle::store::testing {

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

void write(const std::filesystem::path& path, std::string_view bytes);
std::string read(const std::filesystem::path& path);

}  // namespace ingle::store::testing
