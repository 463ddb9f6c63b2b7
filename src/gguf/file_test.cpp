#include "gguf/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <limits>

#include "base/testing/temp_folder.h"
#include "gguf/writer.h"

namespace ingle::gguf {
namespace {

using base::testing::TempFolder;
using ::testing::HasSubstr;

/// A parsed file together with the bytes that it views.
struct Parsed {
  std::string bytes;
  std::unique_ptr<File> file;

  explicit Parsed(const Writer& writer) : Parsed(writer.finish()) {}
  explicit Parsed(std::string of) : bytes(std::move(of)) {
    auto result = File::parse(std::as_bytes(std::span(bytes)), "test.gguf");
    if (!result) {
      ADD_FAILURE() << result.error().message();
      return;
    }
    file = std::move(*result);
  }
  const Value& at(std::string_view key) const {
    const Value* value = file->find(key);
    if (value == nullptr) throw std::runtime_error("no such key");
    return *value;
  }
};

TEST(File, finds_what_is_there_and_only_that) {
  Writer writer;
  writer.add("b", uint32_t{2});
  writer.add("a", uint32_t{1});
  writer.add("c", uint32_t{3});
  const Parsed parsed(writer);
  EXPECT_EQ(parsed.at("a").as_uint(), 1U);
  EXPECT_EQ(parsed.at("b").as_uint(), 2U);
  EXPECT_EQ(parsed.at("c").as_uint(), 3U);
  EXPECT_EQ(parsed.file->find(""), nullptr);
  EXPECT_EQ(parsed.file->find("aa"), nullptr);
  EXPECT_EQ(parsed.file->find("d"), nullptr);
  EXPECT_EQ(parsed.file->find_tensor("a"), nullptr);
}

TEST(File, converts_numbers_only_where_nothing_is_lost) {
  Writer writer;
  writer.add("negative", int32_t{-1});
  writer.add("huge", std::numeric_limits<uint64_t>::max());
  writer.add("half", 0.5F);
  writer.add("yes", true);
  writer.add("text", "7");
  const Parsed parsed(writer);
  EXPECT_EQ(parsed.at("negative").as_uint(), std::nullopt);
  EXPECT_EQ(parsed.at("negative").as_int(), -1);
  EXPECT_EQ(parsed.at("negative").as_float(), -1.0);
  EXPECT_EQ(parsed.at("huge").as_int(), std::nullopt);
  EXPECT_EQ(parsed.at("huge").as_uint(), std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(parsed.at("half").as_uint(), std::nullopt);
  EXPECT_EQ(parsed.at("half").as_float(), 0.5);
  EXPECT_EQ(parsed.at("half").as_bool(), std::nullopt);
  EXPECT_EQ(parsed.at("yes").as_uint(), 1U);
  EXPECT_EQ(parsed.at("yes").as_bool(), true);
  EXPECT_EQ(parsed.at("yes").as_float(), std::nullopt);
  EXPECT_EQ(parsed.at("text").as_uint(), std::nullopt);
  EXPECT_EQ(parsed.at("text").as_string(), "7");
  EXPECT_EQ(parsed.at("half").as_string(), std::nullopt);
}

TEST(File, reads_arrays_by_index_and_nothing_past_their_end) {
  Writer writer;
  writer.add("scores", std::vector<float>{0.5F, -1.0F});
  writer.add("ids", std::vector<int32_t>{3, -4});
  writer.add("flags", std::vector<bool>{false, true});
  writer.add("tokens", std::vector<std::string>{"a", "", "\xff\xfe"});
  writer.add("none", std::vector<std::string>{});
  const Parsed parsed(writer);
  EXPECT_TRUE(parsed.at("scores").is_array());
  EXPECT_EQ(parsed.at("scores").element_type(), ValueType::kFloat32);
  EXPECT_EQ(parsed.at("scores").as_float(1), -1.0);
  EXPECT_EQ(parsed.at("scores").as_float(2), std::nullopt);
  EXPECT_EQ(parsed.at("ids").as_int(1), -4);
  EXPECT_EQ(parsed.at("ids").as_uint(1), std::nullopt);
  EXPECT_EQ(parsed.at("flags").as_bool(0), false);
  EXPECT_EQ(parsed.at("flags").as_bool(1), true);
  EXPECT_EQ(parsed.at("tokens").size(), 3U);
  EXPECT_EQ(parsed.at("tokens").as_string(1), "");
  EXPECT_EQ(parsed.at("tokens").as_string(2), "\xff\xfe");
  EXPECT_EQ(parsed.at("tokens").as_string(3), std::nullopt);
  EXPECT_EQ(parsed.at("none").size(), 0U);
  EXPECT_EQ(parsed.at("none").as_string(0), std::nullopt);
}

TEST(File, typed_access_names_key_offset_and_both_types) {
  Writer writer;
  writer.add("llama.block_count", int32_t{-2});
  writer.add("many", std::vector<uint32_t>{1, 2});
  const Parsed parsed(writer);
  const auto negative = parsed.file->get_uint("llama.block_count");
  ASSERT_FALSE(negative);
  EXPECT_EQ(negative.error().code(), ErrorCode::kCorrupt);
  // 24 bytes of header, then the key with its length and the type.
  EXPECT_THAT(negative.error().message(),
              HasSubstr("'test.gguf': 'llama.block_count' at byte 53: an unsigned integer is "
                        "expected, found int32 -2"));
  EXPECT_THAT(parsed.file->get_uint("many").error().message(), HasSubstr("found array of 2 uint32"));
  EXPECT_THAT(parsed.file->get_string("many").error().message(), HasSubstr("a string is expected"));
}

TEST(File, a_missing_key_is_an_error_only_where_there_is_no_fallback) {
  Writer writer;
  writer.add("n", uint32_t{5});
  writer.add("f", 1.5F);
  writer.add("b", true);
  writer.add("s", "text");
  const Parsed parsed(writer);
  const File& file = *parsed.file;
  EXPECT_EQ(file.get_uint("m").error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(file.get_uint("m").error().message(), HasSubstr("'m' is missing"));
  EXPECT_EQ(file.uint_or("m", 9), 9U);
  EXPECT_EQ(file.uint_or("n", 9), 5U);
  EXPECT_EQ(file.float_or("m", 2.5), 2.5);
  EXPECT_EQ(file.float_or("f", 2.5), 1.5);
  EXPECT_EQ(file.float_or("n", 2.5), 5.0);
  EXPECT_EQ(file.bool_or("m", false), false);
  EXPECT_EQ(file.bool_or("b", false), true);
  EXPECT_EQ(file.string_or("m", "other"), "other");
  EXPECT_EQ(file.string_or("s", "other"), "text");
  EXPECT_FALSE(file.uint_or("s", 9));
  EXPECT_FALSE(file.bool_or("n", false));
}

// Versions 1 and 2 written out by hand: version 1 counts in 32 bits.
template <typename Count>
std::string old_file(uint32_t version) {
  std::string bytes = "GGUF";
  const auto put = [&](auto value) { bytes.append(reinterpret_cast<const char*>(&value), sizeof value); };
  const auto put_text = [&](std::string_view text) {
    put(static_cast<Count>(text.size()));
    bytes += text;
  };
  put(version);
  put(Count{1});
  put(Count{2});
  put_text("name");
  put(uint32_t{8});
  put_text("old");
  put_text("list");
  put(uint32_t{9});
  put(uint32_t{8});
  put(Count{2});
  put_text("x");
  put_text("yz");
  put_text("w");
  put(uint32_t{2});
  put(Count{2});
  put(Count{3});
  put(uint32_t{0});
  put(uint64_t{0});
  bytes.resize((bytes.size() + 31) / 32 * 32);
  for (int i = 0; i < 6; ++i)
    put(static_cast<float>(i));
  return bytes;
}

class OldVersions : public ::testing::TestWithParam<uint32_t> {};
INSTANTIATE_TEST_SUITE_P(EachOf, OldVersions, ::testing::Values(1U, 2U, 3U));

TEST_P(OldVersions, are_read) {
  const Parsed parsed(GetParam() == 1 ? old_file<uint32_t>(1) : old_file<uint64_t>(GetParam()));
  ASSERT_NE(parsed.file, nullptr);
  EXPECT_EQ(parsed.file->version(), GetParam());
  EXPECT_EQ(parsed.file->get_string("name"), "old");
  EXPECT_EQ(parsed.at("list").as_string(1), "yz");
  const Tensor* tensor = parsed.file->find_tensor("w");
  ASSERT_NE(tensor, nullptr);
  EXPECT_EQ(tensor->shape, (std::vector<uint64_t>{2, 3}));
  EXPECT_EQ(tensor->n_elements(), 6U);
  float last = 0;
  tensor->format->dequantize(tensor->bytes.data() + 20, &last, 1);
  EXPECT_EQ(last, 5.0F);
}

TEST(File, a_nested_array_is_passed_over_and_gives_no_elements) {
  std::string bytes = "GGUF";
  const auto put = [&](auto value) { bytes.append(reinterpret_cast<const char*>(&value), sizeof value); };
  put(uint32_t{3});
  put(uint64_t{0});
  put(uint64_t{2});
  put(uint64_t{1});
  bytes += 'n';
  for (const uint32_t type : {9U, 9U})
    put(type);
  put(uint64_t{2});
  put(uint32_t{4});
  put(uint64_t{1});
  put(uint32_t{77});
  put(uint32_t{8});
  put(uint64_t{1});
  put(uint64_t{2});
  bytes += "hi";
  put(uint64_t{1});
  bytes += 'z';
  put(uint32_t{0});
  put(uint8_t{5});
  const Parsed parsed(bytes);
  ASSERT_NE(parsed.file, nullptr);
  EXPECT_EQ(parsed.at("n").size(), 2U);
  EXPECT_EQ(parsed.at("n").element_type(), ValueType::kArray);
  EXPECT_EQ(parsed.at("n").as_uint(0), std::nullopt);
  EXPECT_EQ(parsed.at("n").as_string(0), std::nullopt);
  EXPECT_EQ(parsed.at("z").as_uint(), 5U);
}

std::string split_part(uint16_t no, uint16_t count, int32_t n_tensors, std::string_view tensor) {
  Writer writer;
  writer.add("split.no", no);
  writer.add("split.count", count);
  writer.add("split.tensors.count", n_tensors);
  writer.add_tensor(tensor, quant::FormatId::kF32, {2}, std::vector<float>{1.0F, static_cast<float>(no)});
  return writer.finish();
}

TEST(File, opens_a_split_model_from_its_first_part) {
  const TempFolder folder;
  base::testing::write(folder / "m-00001-of-00002.gguf", split_part(0, 2, 2, "a"));
  base::testing::write(folder / "m-00002-of-00002.gguf", split_part(1, 2, 2, "b"));
  const auto file = File::open(folder.path() / "m-00001-of-00002.gguf");
  ASSERT_TRUE(file) << file.error().message();
  ASSERT_EQ((*file)->tensors().size(), 2U);
  const Tensor* b = (*file)->find_tensor("b");
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(b->part, 1U);
  float values[2];
  b->format->dequantize(b->bytes.data(), values, 2);
  EXPECT_EQ(values[1], 1.0F);
  EXPECT_EQ((*file)->total_bytes(), split_part(0, 2, 2, "a").size() + split_part(1, 2, 2, "b").size());
  float copied[2];
  (*file)->expect(b->bytes);
  ASSERT_TRUE((*file)->read(b->bytes, std::as_writable_bytes(std::span(copied)).data()));
  EXPECT_EQ(copied[1], 1.0F);
}

TEST(File, says_which_part_of_a_split_model_is_missing) {
  const TempFolder folder;
  base::testing::write(folder / "m-00001-of-00003.gguf", split_part(0, 3, 3, "a"));
  base::testing::write(folder / "m-00002-of-00003.gguf", split_part(1, 3, 3, "b"));
  const auto file = File::open(folder.path() / "m-00001-of-00003.gguf");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(file.error().message(), HasSubstr("m-00003-of-00003.gguf"));
}

TEST(File, a_later_part_names_the_first_one_as_the_file_to_open) {
  const TempFolder folder;
  base::testing::write(folder / "m-00002-of-00002.gguf", split_part(1, 2, 2, "b"));
  const auto file = File::open(folder.path() / "m-00002-of-00002.gguf");
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().message(), HasSubstr("split.no"));
  EXPECT_THAT(file.error().hint(), HasSubstr("m-00001-of-00002.gguf"));
}

TEST(File, a_renamed_split_model_says_how_its_parts_must_be_named) {
  const TempFolder folder;
  base::testing::write(folder / "renamed.gguf", split_part(0, 2, 2, "a"));
  const auto file = File::open(folder.path() / "renamed.gguf");
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().message(), HasSubstr("split.count"));
  EXPECT_THAT(file.error().hint(), HasSubstr("00001-of-00002"));
}

/// Opens the given bytes as the parts of one model, through descriptors.
Result<std::unique_ptr<File>> open_parts(const std::vector<std::string>& parts) {
  const TempFolder folder;
  std::vector<base::FileDescriptor> descriptors;
  for (size_t i = 0; i < parts.size(); ++i) {
    const std::string name = std::to_string(i);
    base::testing::write(folder / name, parts[i]);
    INGLE_TRY(auto fd, base::FileDescriptor::open_read(folder.path() / name));
    descriptors.push_back(std::move(fd));
  }
  return File::open(descriptors, "model");
}

TEST(File, opens_parts_from_descriptors_in_their_order) {
  const auto file = open_parts({split_part(0, 2, 2, "a"), split_part(1, 2, 2, "b")});
  ASSERT_TRUE(file) << file.error().message();
  EXPECT_EQ((*file)->tensors().size(), 2U);
}

TEST(File, refuses_parts_that_do_not_make_one_model) {
  struct Case {
    std::vector<std::string> parts;
    std::string_view names;
  };
  const std::vector<Case> cases = {
      {{}, "no file"},
      {{split_part(0, 2, 2, "a")}, "split.count"},
      {{split_part(1, 2, 2, "b"), split_part(0, 2, 2, "a")}, "split.no"},
      {{split_part(0, 2, 2, "a"), split_part(0, 2, 2, "b")}, "split.no"},
      {{split_part(0, 2, 2, "a"), split_part(1, 3, 2, "b")}, "split.count"},
      {{split_part(0, 2, 2, "a"), split_part(1, 2, 2, "a")}, "tensor 'a'"},
      {{split_part(0, 2, 3, "a"), split_part(1, 2, 3, "b")}, "split.tensors.count"},
      {{split_part(0, 2, -1, "a"), split_part(1, 2, 2, "b")}, "split.tensors.count"},
      {{Writer().finish(), split_part(1, 2, 2, "b")}, "split.count"},
      {{split_part(0, 2, 2, "a"), Writer().finish()}, "split.no"},
      {{split_part(0, 2000, 2, "a")}, "split.count"},
  };
  for (const Case& c : cases) {
    const auto file = open_parts(c.parts);
    ASSERT_FALSE(file) << c.names;
    EXPECT_THAT(file.error().message(), HasSubstr(std::string(c.names)));
  }
}

TEST(File, a_merged_model_that_still_counts_zero_parts_is_whole) {
  const Parsed parsed(split_part(0, 0, 5, "a"));
  EXPECT_NE(parsed.file, nullptr);
}

}  // namespace
}  // namespace ingle::gguf
