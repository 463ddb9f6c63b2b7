#include "gguf/testing/temp_folder.h"

#include <stdlib.h>

#include <fstream>
#include <string>
#include <system_error>

#include "base/check.h"

namespace ingle::gguf::testing {

TempFolder::TempFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "ingle-gguf-XXXXXX").string();
  INGLE_CHECK(::mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void TempFolder::write(std::string_view name, std::string_view bytes) const {
  std::ofstream(path_ / name, std::ios::binary) << bytes;
}

}  // namespace ingle::gguf::testing
