#include "base/files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/sha256.h"

namespace ingle::base {
namespace {

namespace fs = std::filesystem;

class Files : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "ingle-files-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_;
};

TEST_F(Files, an_atomic_write_replaces_the_whole_file_and_leaves_nothing_behind) {
  const fs::path path = folder_ / "a";
  ASSERT_TRUE(write_file_atomic(path, "first"));
  ASSERT_TRUE(write_file_atomic(path, "2nd", 0600));
  EXPECT_EQ(read_file(path, 100).value(), "2nd");
  EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
}

TEST_F(Files, a_write_that_cannot_finish_says_where) {
  const Status status = write_file_atomic(folder_ / "missing" / "a", "x");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code(), ErrorCode::kIo);
  EXPECT_NE(status.error().message().find("missing"), std::string::npos);
}

TEST_F(Files, reading_stops_at_the_limit) {
  ASSERT_TRUE(write_file_atomic(folder_ / "a", std::string(1000, 'x')));
  EXPECT_EQ(read_file(folder_ / "a", 999).error().code(), ErrorCode::kRefused);
  EXPECT_EQ(read_file(folder_ / "none", 10).error().code(), ErrorCode::kNotFound);
}

TEST_F(Files, a_mapping_shows_the_bytes_and_refuses_folders) {
  ASSERT_TRUE(write_file_atomic(folder_ / "a", "hello"));
  ASSERT_TRUE(write_file_atomic(folder_ / "empty", ""));
  const auto fd = FileDescriptor::open_read(folder_ / "a");
  const auto map = MappedFile::map(*fd, "a");
  ASSERT_TRUE(map);
  EXPECT_EQ(map->bytes().size(), 5U);
  EXPECT_EQ(static_cast<char>(map->bytes()[4]), 'o');
  EXPECT_TRUE(MappedFile::map(*FileDescriptor::open_read(folder_ / "empty"), "empty")->bytes().empty());
  EXPECT_EQ(MappedFile::map(*FileDescriptor::open_read(folder_), "f").error().code(), ErrorCode::kRefused);
}

TEST_F(Files, a_part_is_read_beside_the_mapping_and_one_that_is_gone_is_an_error) {
  ASSERT_TRUE(write_file_atomic(folder_ / "a", "hello"));
  auto fd = FileDescriptor::open_read(folder_ / "a");
  const auto map = MappedFile::map(*fd, "a");
  ASSERT_TRUE(map);
  *fd = FileDescriptor();  // the mapping has one of its own
  std::string part(3, '?');
  map->expect(0, 5);
  ASSERT_TRUE(map->read(1, std::as_writable_bytes(std::span(part))));
  EXPECT_EQ(part, "ell");
  std::filesystem::resize_file(folder_ / "a", 2);
  EXPECT_EQ(map->read(1, std::as_writable_bytes(std::span(part))).error().code(), ErrorCode::kCorrupt);
}

TEST_F(Files, an_unnamed_file_holds_its_bytes_and_leaves_the_folder_empty) {
  const auto count = [&] { return std::distance(std::filesystem::directory_iterator(folder_), {}); };
  const auto before = count();
  const auto file = unnamed_file(folder_, "abc");
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(count(), before);
  const auto mapped = MappedFile::map(*file, "f");
  ASSERT_TRUE(mapped.has_value());
  EXPECT_EQ(mapped->bytes().size(), 3U);
  EXPECT_FALSE(unnamed_file(folder_ / "missing", "abc").has_value());
}

TEST(Sha256, matches_the_standard_vector) {
  // FIPS 180-4, "abc".
  EXPECT_EQ(sha256_hex(std::as_bytes(std::span("abc", 3))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace ingle::base
