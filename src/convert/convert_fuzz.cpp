// libFuzzer target of conversion: any bytes give tensors that tile the file, or one Error; and any four files give a GGUF that
// its reader accepts, or one Error.
//
// The first byte chooses: 0: the rest is a safetensors file; 1 to 4: it replaces one of the files of a tiny model.
// convert_fuzz --write-seeds=FOLDER   fills FOLDER with the files of the tests and ends.
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/testing/fuzz_seeds.h"
#include "convert/bert.h"
#include "convert/safetensors.h"
#include "convert/testing/safetensors_files.h"
#include "gguf/file.h"

namespace {

using namespace ingle::convert;

void check_safetensors(std::span<const std::byte> bytes) {
  const auto parsed = Safetensors::parse(bytes);
  if (!parsed) {
    INGLE_CHECK(parsed.error().message().starts_with("safetensors: "));
    return;
  }
  size_t total = 0;
  for (const SafetensorsTensor& tensor : parsed->tensors()) {
    INGLE_CHECK(tensor.begin + tensor.bytes.size() <= bytes.size());
    INGLE_CHECK(tensor.bytes.data() == bytes.data() + tensor.begin);
    INGLE_CHECK(parsed->find(tensor.name) == &tensor);
    total += tensor.bytes.size();
  }
  INGLE_CHECK(total < bytes.size());
}

void check_conversion(uint8_t which, std::string_view bytes) {
  static const testing::TinyBert kTiny = testing::tiny_bert();
  BertFiles files{.name = "fuzz",
                  .weights = std::as_bytes(std::span(kTiny.weights)),
                  .config = kTiny.config,
                  .tokenizer = kTiny.tokenizer,
                  .pooling = kTiny.pooling};
  if (which == 1) files.weights = std::as_bytes(std::span(bytes));
  if (which == 2) files.config = bytes;
  if (which == 3) files.tokenizer = bytes;
  if (which == 4) files.pooling = bytes;
  std::string out;
  const auto status = convert_bert(files, [&](std::string_view more) -> ingle::Status {
    out += more;
    return {};
  });
  if (!status) return;
  INGLE_CHECK(ingle::gguf::File::parse(std::as_bytes(std::span(out)), "fuzz").has_value());
}

void write_seeds(const std::filesystem::path& folder) {
  const auto write = [&](const std::string& name, char which, const std::string& bytes) {
    if (bytes.size() < 8192) std::ofstream(folder / name, std::ios::binary) << which << bytes;
  };
  for (const auto& file : testing::malformed_safetensors())
    write(file.name, 0, file.bytes);
  write("right", 0, testing::write_safetensors({{"a", "F32", {2}, "12345678"}, {"b", "U8", {0}, ""}}));
  const testing::TinyBert tiny = testing::tiny_bert();
  write("config", 2, tiny.config);
  write("tokenizer", 3, tiny.tokenizer);
  write("pooling", 4, tiny.pooling);
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  ingle::base::testing::write_seeds_if_asked(*argc, *argv, write_seeds);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 5 == 0) {
    check_safetensors(std::as_bytes(std::span(rest)));
  } else {
    check_conversion(data[0] % 5, rest);
  }
  return 0;
}
