// A folder of one test's own, removed with everything in it.
#pragma once

#include <filesystem>
#include <string_view>

namespace ingle::gguf::testing {

class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  void write(std::string_view name, std::string_view bytes) const;

 private:
  std::filesystem::path path_;
};

}  // namespace ingle::gguf::testing
