#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <set>

#include "gguf/file.h"
#include "gguf/testing/malformed.h"
#include "gguf/testing/well_formed.h"

namespace {

// Every allocation of this program is counted, so that a test can say how much a file made the reader ask for. The size
// stands in front of the block.
constexpr size_t kPrefix = 16;
std::atomic<size_t> live_bytes = 0;
std::atomic<size_t> peak_bytes = 0;

void* counted_new(size_t size) {
  auto* block = static_cast<char*>(std::malloc(size + kPrefix));
  if (block == nullptr) throw std::bad_alloc();
  *reinterpret_cast<size_t*>(block) = size;
  const size_t now = live_bytes += size;
  if (now > peak_bytes) peak_bytes = now;
  return block + kPrefix;
}

void counted_delete(void* pointer) {
  if (pointer == nullptr) return;
  char* block = static_cast<char*>(pointer) - kPrefix;
  live_bytes -= *reinterpret_cast<size_t*>(block);
  std::free(block);
}

}  // namespace

void* operator new(size_t size) {
  return counted_new(size);
}
void operator delete(void* pointer) noexcept {
  counted_delete(pointer);
}
void operator delete(void* pointer, size_t) noexcept {
  counted_delete(pointer);
}

namespace ingle::gguf {
namespace {

using ::testing::HasSubstr;
using testing::Malformed;

std::span<const std::byte> as_bytes(const std::string& text) {
  return std::as_bytes(std::span(text));
}

const std::vector<Malformed>& malformed_files() {
  static const std::vector<Malformed> files = testing::malformed_files();
  return files;
}

TEST(MalformedFiles, each_give_one_error_that_names_the_field_and_its_offset) {
  for (const Malformed& file : malformed_files()) {
    SCOPED_TRACE(file.name);
    const auto result = File::parse(as_bytes(file.bytes), "bad.gguf");
    ASSERT_FALSE(result);
    const std::string& message = result.error().message();
    EXPECT_THAT(message, HasSubstr("'bad.gguf'"));
    EXPECT_THAT(message, HasSubstr(file.field));
    EXPECT_THAT(message, HasSubstr("at byte "));
    EXPECT_LT(message.size(), 600U);
    const bool one_visible_line = std::ranges::none_of(message, [](char c) { return c >= 0 && c < ' '; });
    EXPECT_TRUE(one_visible_line) << message;
  }
}

TEST(MalformedFiles, make_the_reader_allocate_in_proportion_to_their_own_size_only) {
  for (const Malformed& file : malformed_files()) {
    const size_t before = live_bytes;
    peak_bytes = before;
    {
      const auto result = File::parse(as_bytes(file.bytes), "bad.gguf");
    }
    // The reader's smallest structures and an error's text, then views and names at a few times the bytes they stand for.
    EXPECT_LE(peak_bytes - before, (24U << 10) + 4 * file.bytes.size()) << file.name;
    EXPECT_EQ(live_bytes, before) << file.name;
  }
}

TEST(MalformedFiles, are_at_least_two_hundred_and_all_different) {
  std::set<std::string> names;
  std::set<std::string> contents;
  for (const Malformed& file : malformed_files()) {
    EXPECT_TRUE(names.insert(file.name).second) << file.name;
    EXPECT_TRUE(contents.insert(file.bytes).second) << file.name;
  }
  EXPECT_GE(malformed_files().size(), 200U);
}

TEST(WellFormedFiles, are_read) {
  for (const auto& [name, bytes] : testing::well_formed_files()) {
    const auto result = File::parse(as_bytes(bytes), name);
    EXPECT_TRUE(result) << name << ": " << (result ? "" : result.error().message());
  }
}

// No prefix of a file may crash the reader, and none that lacks a byte of a tensor may be taken for the whole.
TEST(WellFormedFiles, are_refused_at_every_length_that_cuts_a_tensor) {
  for (const auto& [name, bytes] : testing::well_formed_files()) {
    const auto whole = File::parse(as_bytes(bytes), name);
    ASSERT_TRUE(whole);
    uint64_t needed = 24;
    for (const Tensor& tensor : (*whole)->tensors())
      needed = std::max(needed, tensor.file_offset + tensor.bytes.size());
    const bool has_tensors = !(*whole)->tensors().empty();
    for (size_t size = 0; size < bytes.size(); ++size) {
      const std::string prefix = bytes.substr(0, size);
      const auto result = File::parse(as_bytes(prefix), name);
      ASSERT_TRUE(!has_tensors || result.has_value() == (size >= needed)) << name << " cut to " << size;
    }
  }
}

}  // namespace
}  // namespace ingle::gguf
