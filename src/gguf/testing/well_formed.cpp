#include "gguf/testing/well_formed.h"

#include "gguf/testing/raw_file.h"
#include "gguf/writer.h"
#include "quant/format.h"

namespace ingle::gguf::testing {
namespace {

std::string every_value_type() {
  Writer writer(64);
  writer.add("general.architecture", "llama");
  writer.add("u8", uint8_t{1});
  writer.add("i8", int8_t{-1});
  writer.add("u16", uint16_t{2});
  writer.add("i16", int16_t{-2});
  writer.add("u32", uint32_t{3});
  writer.add("i32", int32_t{-3});
  writer.add("u64", uint64_t{4});
  writer.add("i64", int64_t{-4});
  writer.add("f32", 0.5F);
  writer.add("f64", 0.25);
  writer.add("flag", true);
  return writer.finish();
}

std::string every_array_type() {
  Writer writer;
  writer.add("u8", std::vector<uint8_t>{1, 2, 3});
  writer.add("i16", std::vector<int16_t>{-1, 2});
  writer.add("f32", std::vector<float>{0.5F, -0.5F});
  writer.add("u64", std::vector<uint64_t>{1});
  writer.add("flags", std::vector<bool>{true, false});
  writer.add("tokens", std::vector<std::string>{"a", "",
                                                "\xe2\x96\x81"
                                                "b"});
  writer.add("none", std::vector<float>{});
  return writer.finish();
}

std::string every_format() {
  Writer writer;
  for (const quant::Format& format : quant::formats()) {
    const std::vector<float> values(format.block_size, 1.0F);
    writer.add_tensor(format.name, format.id, {format.block_size}, values);
  }
  return writer.finish();
}

std::string nested_array(uint32_t version) {
  RawFile file = RawFile(version).header(0, 1).array("k", 9, 2);
  file.u32(4).wide(2).u32(1).u32(2);
  return file.u32(9).wide(1).u32(8).wide(1).text("deep").bytes();
}

std::string two_tensors(uint32_t version) {
  RawFile file = RawFile(version).header(2, 1).key("general.name", 8).text("tiny");
  return file.tensor("b", {4, 2}, 0, 32).tensor("a", {4}, 1, 0).pad().zeros(64).bytes();
}

std::string split_keys() {
  Writer writer;
  writer.add("split.no", uint16_t{0});
  writer.add("split.count", uint16_t{1});
  writer.add("split.tensors.count", int32_t{0});
  return writer.finish();
}

}  // namespace

std::vector<std::pair<std::string, std::string>> well_formed_files() {
  std::vector<std::pair<std::string, std::string>> files = {{"every_value_type", every_value_type()},
                                                            {"every_array_type", every_array_type()},
                                                            {"every_format", every_format()},
                                                            {"split_keys", split_keys()}};
  for (const uint32_t version : {1U, 2U, 3U}) {
    const std::string v = "_v" + std::to_string(version);
    files.emplace_back("nested_array" + v, nested_array(version));
    files.emplace_back("two_tensors" + v, two_tensors(version));
  }
  return files;
}

}  // namespace ingle::gguf::testing
