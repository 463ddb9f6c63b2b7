#include "gguf/writer.h"

#include <gtest/gtest.h>

#include <array>

namespace ingle::gguf {
namespace {

std::span<const std::byte> as_bytes(const std::string& text) {
  return std::as_bytes(std::span(text));
}

TEST(Writer, writes_an_empty_file_that_the_reader_accepts) {
  const std::string bytes = Writer().finish();
  const auto file = File::parse(as_bytes(bytes), "empty");
  ASSERT_TRUE(file) << file.error().message();
  EXPECT_EQ((*file)->version(), 3U);
  EXPECT_TRUE((*file)->metadata().empty());
  EXPECT_TRUE((*file)->tensors().empty());
  EXPECT_EQ((*file)->total_bytes(), bytes.size());
}

TEST(Writer, gives_every_value_the_type_that_it_has_in_cpp) {
  Writer writer;
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
  writer.add("bool", true);
  writer.add("string", "text");
  const std::string bytes = writer.finish();
  const auto file = File::parse(as_bytes(bytes), "types");
  ASSERT_TRUE(file) << file.error().message();
  constexpr std::array kExpected = {ValueType::kUint8,   ValueType::kInt8,    ValueType::kUint16, ValueType::kInt16,
                                    ValueType::kUint32,  ValueType::kInt32,   ValueType::kUint64, ValueType::kInt64,
                                    ValueType::kFloat32, ValueType::kFloat64, ValueType::kBool,   ValueType::kString};
  ASSERT_EQ((*file)->metadata().size(), kExpected.size());
  for (size_t i = 0; i < kExpected.size(); ++i)
    EXPECT_EQ((*file)->metadata()[i].value.type(), kExpected[i]) << i;
}

TEST(Writer, keeps_tensors_apart_by_its_alignment) {
  for (const uint32_t alignment : {8U, 32U, 256U}) {
    Writer writer(alignment);
    const std::vector<float> values = {1, 2, 3};
    writer.add_tensor("a", quant::FormatId::kF32, {3}, values);
    writer.add_tensor("b", quant::FormatId::kF16, {3, 1}, values);
    const std::string bytes = writer.finish();
    const auto file = File::parse(as_bytes(bytes), "aligned");
    ASSERT_TRUE(file) << file.error().message();
    for (const Tensor& tensor : (*file)->tensors())
      EXPECT_EQ(tensor.file_offset % alignment, 0U);
    const Tensor* b = (*file)->find_tensor("b");
    ASSERT_NE(b, nullptr);
    EXPECT_EQ(b->shape, (std::vector<uint64_t>{3, 1}));
    std::vector<float> back(3);
    b->format->dequantize(b->bytes.data(), back.data(), 3);
    EXPECT_EQ(back, values);
  }
}

TEST(Writer, puts_declared_tensors_where_bytes_behind_its_header_will_lie) {
  Writer whole;
  Writer declared;
  const std::vector<float> values = {1, 2, 3};
  for (const char* name : {"a", "b"}) {
    whole.add_tensor(name, quant::FormatId::kF32, {3}, values);
    EXPECT_EQ(declared.declare_tensor(name, quant::FormatId::kF32, {3}), 12U);
  }
  const std::string bytes = whole.finish();
  EXPECT_EQ(declared.header(), whole.header());
  EXPECT_TRUE(bytes.starts_with(declared.header()));
  EXPECT_EQ(bytes.size(), declared.header().size() + 2 * 32);
}

TEST(Writer, can_be_extended_after_it_was_asked) {
  Writer writer;
  writer.add("one", uint32_t{1});
  const std::string first = writer.finish();
  writer.add("two", uint32_t{2});
  const std::string second = writer.finish();
  EXPECT_EQ((*File::parse(as_bytes(first), "first"))->metadata().size(), 1U);
  EXPECT_EQ((*File::parse(as_bytes(second), "second"))->metadata().size(), 2U);
}

}  // namespace
}  // namespace ingle::gguf
