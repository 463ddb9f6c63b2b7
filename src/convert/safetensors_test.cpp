#include "convert/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "convert/testing/safetensors_files.h"

namespace ingle::convert {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::span<const std::byte> bytes(const std::string& text) {
  return std::as_bytes(std::span(text));
}

TEST(Safetensors, gives_every_tensor_in_the_order_of_its_bytes) {
  const std::string file = testing::write_safetensors({{"b", "F32", {2, 1}, "12345678"},
                                                       {"none", "I64", {0, 3}, ""},
                                                       {"a", "U8", {3}, "xyz"},
                                                       {"one", "F16", {}, "qq"}});
  const auto parsed = Safetensors::parse(bytes(file));
  ASSERT_TRUE(parsed) << parsed.error().message();
  ASSERT_EQ(parsed->tensors().size(), 4U);
  EXPECT_EQ(parsed->tensors()[0].name, "b");
  EXPECT_THAT(parsed->tensors()[0].shape, ElementsAre(2, 1));
  const SafetensorsTensor* a = parsed->find("a");
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(a->bytes.data()), a->bytes.size()), "xyz");
  EXPECT_EQ(parsed->find("one")->bytes.size(), 2U);
  EXPECT_EQ(parsed->find("c"), nullptr);
}

TEST(Safetensors, takes_a_header_with_spaces_behind_it_and_no_tensors) {
  EXPECT_TRUE(Safetensors::parse(bytes(testing::raw_file("{}      ", ""))));
}

TEST(Safetensors, refuses_each_malformed_file_and_says_why) {
  const auto cases = testing::malformed_safetensors();
  EXPECT_GE(cases.size(), 24U);
  for (const auto& file : cases) {
    // Exactly as large as the file, so that a sanitizer sees a read past its end.
    const auto copy = std::make_unique<std::byte[]>(file.bytes.size());
    std::ranges::copy(bytes(file.bytes), copy.get());
    const auto parsed = Safetensors::parse({copy.get(), file.bytes.size()});
    ASSERT_FALSE(parsed) << file.name;
    EXPECT_EQ(parsed.error().code(), ErrorCode::kCorrupt) << file.name;
    EXPECT_THAT(parsed.error().message(), HasSubstr(file.says)) << file.name;
    EXPECT_LT(parsed.error().message().size(), 300U) << file.name;
  }
}

TEST(Safetensors, refuses_every_prefix_of_a_file) {
  const std::string file = testing::write_safetensors({{"a", "F32", {2}, "12345678"}, {"b", "F32", {1}, "abcd"}});
  for (size_t size = 0; size < file.size(); ++size)
    EXPECT_FALSE(Safetensors::parse(bytes(file).first(size))) << size;
}

}  // namespace
}  // namespace ingle::convert
