#include "base/testing/temp_folder.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <system_error>

#include "base/check.h"

namespace ingle::base::testing {

namespace fs = std::filesystem;

TempFolder::TempFolder() {
  std::string name = (fs::temp_directory_path() / "ingle-test-XXXXXX").string();
  INGLE_CHECK(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void write(const fs::path& path, std::string_view bytes) {
  fs::create_directories(path.parent_path());
  // ext4 writes a file out at once when it is cut to nothing and refilled; a new one it does not.
  fs::remove(path);
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace ingle::base::testing
