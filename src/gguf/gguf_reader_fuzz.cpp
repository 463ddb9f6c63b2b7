// libFuzzer target of the GGUF reader: any bytes give a File whose views stay inside the bytes, or one Error.
//
// gguf_reader_fuzz --write-seeds=FOLDER   fills FOLDER with the small files of the tests, right and wrong ones, and ends.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <span>
#include <string_view>

#include "base/check.h"
#include "base/testing/fuzz_seeds.h"
#include "gguf/file.h"
#include "gguf/testing/malformed.h"
#include "gguf/testing/well_formed.h"

namespace {

using ingle::gguf::Entry;
using ingle::gguf::File;
using ingle::gguf::Tensor;
using ingle::gguf::Value;

constexpr size_t kMaxSeedBytes = 4096;

bool inside(std::span<const std::byte> whole, const void* data, size_t size) {
  const auto* begin = static_cast<const std::byte*>(data);
  return size == 0 || (begin >= whole.data() && begin + size <= whole.data() + whole.size());
}

void read_all(std::span<const std::byte> bytes, const Value& value) {
  // Reading one past the end must give nothing, so it is part of the loop.
  for (size_t i = 0; i <= value.size(); ++i) {
    const auto text = value.as_string(i);
    if (text) INGLE_CHECK(inside(bytes, text->data(), text->size()));
    const bool any = value.as_uint(i) || value.as_int(i) || value.as_float(i) || value.as_bool(i) || text;
    INGLE_CHECK(i < value.size() || !any);
  }
}

void write_seeds(const std::filesystem::path& folder) {
  const auto write = [&](const std::string& name, const std::string& bytes) {
    if (bytes.size() <= kMaxSeedBytes) std::ofstream(folder / name, std::ios::binary) << bytes;
  };
  for (const auto& [name, bytes] : ingle::gguf::testing::well_formed_files())
    write(name, bytes);
  for (const auto& file : ingle::gguf::testing::malformed_files())
    write(file.name, file.bytes);
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  ingle::base::testing::write_seeds_if_asked(*argc, *argv, write_seeds);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto result = File::parse(bytes, "fuzz");
  if (!result) {
    INGLE_CHECK(result.error().message().find("at byte ") != std::string::npos);
    return 0;
  }
  const File& file = **result;
  for (const Entry& entry : file.metadata()) {
    INGLE_CHECK(file.find(entry.key) == &entry.value);
    read_all(bytes, entry.value);
  }
  for (const Tensor& tensor : file.tensors()) {
    INGLE_CHECK(file.find_tensor(tensor.name) == &tensor);
    INGLE_CHECK(inside(bytes, tensor.bytes.data(), tensor.bytes.size()));
    INGLE_CHECK(tensor.bytes.size() == tensor.format->row_bytes(tensor.n_elements()));
  }
  return 0;
}
