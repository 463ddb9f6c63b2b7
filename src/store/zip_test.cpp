#include "store/zip.h"

#include <gtest/gtest.h>

#include "base/testing/temp_folder.h"
#include "store/testing/zip_writer.h"

namespace ingle::store {
namespace {

using testing::Member;

std::string pattern(size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<char>(i * i / 7 + i);
  return bytes;
}

class ZipTest : public ::testing::Test {
 protected:
  Result<ZipArchive> open(const std::string& bytes) {
    base::testing::write(folder_ / "a.zip", bytes);
    return ZipArchive::open(folder_ / "a.zip");
  }
  /// The member's bytes, or the error of opening or unpacking.
  Result<std::string> unpack(const std::string& bytes, const std::string& name) {
    INGLE_TRY(const ZipArchive archive, open(bytes));
    const ZipMember* member = archive.find(name);
    if (member == nullptr) return std::unexpected(Error::not_found(name));
    std::string out;
    INGLE_TRY_VOID(archive.extract(*member,
                                   [&](std::span<const std::byte> chunk) -> Status {
                                     out.append(reinterpret_cast<const char*>(chunk.data()), chunk.size());
                                     return {};
                                   },
                                   {}));
    return out;
  }
  void expect_corrupt(const std::string& bytes, const std::string& name = "a") {
    const auto result = unpack(bytes, name);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code(), ErrorCode::kCorrupt) << result.error().message();
    EXPECT_NE(result.error().message().find("a.zip"), std::string::npos);
  }

  base::testing::TempFolder folder_;
};

TEST_F(ZipTest, unpacks_deflated_and_stored_members) {
  const std::string data = pattern(1'000'000);
  const std::string bytes = testing::zip({{.name = "x/big", .data = data},
                                          {.name = "stored", .data = "plain", .method = 0},
                                          {.name = "empty", .data = ""}});
  EXPECT_TRUE(unpack(bytes, "x/big").value_or("") == data);
  EXPECT_EQ(unpack(bytes, "stored").value_or(""), "plain");
  EXPECT_EQ(unpack(bytes, "empty").value_or("?"), "");
  EXPECT_EQ(unpack(bytes, "other").error().code(), ErrorCode::kNotFound);
}

TEST_F(ZipTest, reads_zip64_fields_and_comments) {
  const std::vector<Member> members = {{.name = "a", .data = "one", .zip64 = true},
                                       {.name = "b", .data = "two", .zip64 = true}};
  EXPECT_EQ(unpack(testing::zip(members, "", true), "b").value_or(""), "two");
  EXPECT_EQ(unpack(testing::zip(members, "a comment with PK\5\6 inside"), "a").value_or(""), "one");
}

TEST_F(ZipTest, names_with_dots_are_only_names) {
  const std::string bytes = testing::zip({{.name = "../../escape", .data = "x"}, {.name = "/etc/passwd", .data = "y"}});
  EXPECT_EQ(unpack(bytes, "../../escape").value_or(""), "x");
  EXPECT_FALSE(std::filesystem::exists(folder_.path().parent_path() / "escape"));
}

TEST_F(ZipTest, refuses_a_bomb_at_its_promised_size) {
  const std::string zeros(5'000'000, '\0');
  expect_corrupt(testing::zip({{.name = "a", .data = zeros, .size = 100}}));
  expect_corrupt(testing::zip({{.name = "a", .data = zeros, .size = 5'000'001}}));
}

TEST_F(ZipTest, refuses_members_that_overlap) {
  expect_corrupt(
      testing::zip({{.name = "a", .data = pattern(100)}, {.name = "b", .data = pattern(100), .header_offset = 0}}));
  expect_corrupt(
      testing::zip({{.name = "a", .data = pattern(100)}, {.name = "b", .data = pattern(100), .header_offset = 50}}));
}

TEST_F(ZipTest, refuses_sizes_and_offsets_outside_the_file) {
  const std::string data = pattern(100);
  expect_corrupt(testing::zip({{.name = "a", .data = data, .compressed_size = 1'000'000}}));
  expect_corrupt(testing::zip({{.name = "a", .data = data, .zip64 = true, .compressed_size = ~uint64_t{0}}}));
  expect_corrupt(testing::zip({{.name = "a", .data = data, .header_offset = 5'000}}));
  expect_corrupt(testing::zip({{.name = "a", .data = data, .zip64 = true, .header_offset = ~uint64_t{0} - 10}}));
  expect_corrupt(testing::zip({{.name = "a", .data = data, .header_offset = 3}}));
}

TEST_F(ZipTest, refuses_damaged_data) {
  const std::string data = pattern(1000);
  expect_corrupt(testing::zip({{.name = "a", .data = data, .crc32 = 1}}));
  expect_corrupt(testing::zip({{.name = "a", .data = data, .compressed = "\xff\xff\xff\xff"}}));
  const std::string packed = testing::deflate(data);
  expect_corrupt(testing::zip({{.name = "a", .data = data, .compressed = packed.substr(0, packed.size() / 2)}}));
  expect_corrupt(testing::zip({{.name = "a", .data = data, .compressed = packed + "more"}}));
  expect_corrupt(testing::zip({{.name = "a", .data = data, .method = 0, .size = 999}}));
}

TEST_F(ZipTest, refuses_two_members_of_one_name) {
  expect_corrupt(testing::zip({{.name = "a", .data = "1"}, {.name = "a", .data = "2"}}));
}

TEST_F(ZipTest, says_what_it_cannot_unpack) {
  EXPECT_EQ(unpack(testing::zip({{.name = "a", .data = "x", .flags = 1}}), "a").error().code(),
            ErrorCode::kUnsupported);
  EXPECT_EQ(unpack(testing::zip({{.name = "a", .data = "x", .method = 14}}), "a").error().code(),
            ErrorCode::kUnsupported);
}

TEST_F(ZipTest, survives_every_truncation_and_every_changed_byte) {
  const std::string good =
      testing::zip({{.name = "a", .data = pattern(300), .zip64 = true}, {.name = "b", .data = "two"}}, "", true);
  for (size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(unpack(good.substr(0, size), "a")) << size;
  for (size_t i = 0; i < good.size(); ++i) {
    for (const char change : {'\x01', '\x80', '\xff'}) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ change);
      const auto result = unpack(bad, "a");
      // Times, versions and the other member do not matter; wrong bytes never come out.
      EXPECT_TRUE(result.value_or(pattern(300)) == pattern(300)) << i;
    }
  }
}

TEST_F(ZipTest, stops_when_told_to) {
  const auto archive = open(testing::zip({{.name = "a", .data = "x"}}));
  ASSERT_TRUE(archive);
  std::stop_source stop;
  stop.request_stop();
  const auto status =
      archive->extract(*archive->find("a"), [](std::span<const std::byte>) { return Status(); }, stop.get_token());
  EXPECT_EQ(status.error().code(), ErrorCode::kCancelled);
}

}  // namespace
}  // namespace ingle::store
