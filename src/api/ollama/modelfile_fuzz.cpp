// Modelfiles, and the request that is made of each that can be read.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "api/ollama/modelfile.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file = ingle::api::ollama::parse_modelfile({reinterpret_cast<const char*>(data), size}, "Modelfile");
  if (file) (void)ingle::api::ollama::create_call(*file, "name", {});
  return 0;
}
