#include "engine/page_file.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "engine/page_store.h"

namespace ingle::engine {
namespace {

constexpr uint64_t kPageBytes = 100;
constexpr uint64_t kSlotBytes = kPageBytes + 64;
constexpr uint64_t kBytes = 8192 + 4 * kSlotBytes;  // four slots
using Page = std::vector<std::byte>;

Page page_of(uint8_t value) {
  return Page(kPageBytes, std::byte{value});
}

/// A file without a name, opened again and again.
class PageFileTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<PageFile>> open(std::string identity = "model", uint64_t page_bytes = kPageBytes,
                                         uint64_t max_bytes = kBytes) const {
    return PageFile::open(base::FileDescriptor(::dup(file_.get())), std::move(identity), page_bytes, max_bytes);
  }
  std::string content() const {
    std::string bytes(static_cast<size_t>(::lseek(file_.get(), 0, SEEK_END)), '\0');
    EXPECT_EQ(::pread(file_.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
    return bytes;
  }
  void set_content(const std::string& bytes) const {
    ASSERT_EQ(::ftruncate(file_.get(), 0), 0);
    ASSERT_EQ(::pwrite(file_.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  }
  static std::vector<PageKey> keys(std::string_view client = "") {
    std::vector<int32_t> tokens(40);
    std::iota(tokens.begin(), tokens.end(), 0);
    std::vector<PageKey> keys;
    extend_page_keys(root_key("model", client), tokens, 4, keys);
    return keys;
  }
  /// What of the first four keys can be read, and is what was written.
  static int n_readable(PageFile& file) {
    int n = 0;
    Page page(kPageBytes);
    for (uint8_t i = 0; i < 4; ++i) {
      if (!file.read(keys()[i], page)) continue;
      EXPECT_EQ(page, page_of(i));
      ++n;
    }
    return n;
  }
  void write_four() const {
    const auto file = open();
    ASSERT_TRUE(file);
    for (uint8_t i = 0; i < 4; ++i)
      ASSERT_TRUE((*file)->write(keys()[i], page_of(i)));
  }

  const base::FileDescriptor file_{::memfd_create("pages", MFD_CLOEXEC)};
};

TEST_F(PageFileTest, finds_its_pages_again_when_it_is_opened_again) {
  write_four();
  const auto again = open();
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->n_pages(), 4U);
  EXPECT_EQ(n_readable(**again), 4);
}

TEST_F(PageFileTest, a_key_is_the_text_up_to_its_page_and_who_asked) {
  EXPECT_EQ(keys().size(), 10U);
  EXPECT_EQ(keys("a"), keys("a"));
  const auto of_a = keys("a");
  for (const PageKey& key : keys("b"))
    EXPECT_EQ(std::ranges::count(of_a, key), 0);
  // The same tokens after others are another page; what is known is not computed again.
  std::vector<PageKey> twice;
  extend_page_keys(root_key("model", ""), std::vector<int32_t>{1, 1, 1, 1}, 2, twice);
  EXPECT_NE(twice[0], twice[1]);
  const PageKey first = twice[0];
  extend_page_keys(root_key("model", ""), std::vector<int32_t>{9, 9, 9, 9, 9, 9, 9}, 2, twice);
  EXPECT_EQ(twice.size(), 3U);
  EXPECT_EQ(twice[0], first);
  // No client can be spelled so that it becomes part of a model's name.
  EXPECT_NE(root_key("ab", "c"), root_key("a", "bc"));
}

TEST_F(PageFileTest, another_model_page_size_or_limit_begins_anew) {
  const auto n_left = [this](const std::string& identity, uint64_t page_bytes, uint64_t max_bytes) {
    write_four();
    const auto file = open(identity, page_bytes, max_bytes);
    EXPECT_TRUE(file);
    return (*file)->n_pages();
  };
  EXPECT_EQ(n_left("model", kPageBytes, kBytes), 4U);
  EXPECT_EQ(n_left("another", kPageBytes, kBytes), 0U);
  EXPECT_EQ(n_left("model", kPageBytes - 8, kBytes), 0U);
  EXPECT_EQ(n_left("model", kPageBytes, kBytes * 2), 0U);
  // And what stood there before does not come back.
  const auto file = open("another");
  EXPECT_EQ((*open())->n_pages(), 0U);
}

TEST_F(PageFileTest, the_page_that_was_not_used_for_longest_makes_room) {
  write_four();
  {
    const auto file = open();
    Page page(kPageBytes);
    ASSERT_TRUE((*file)->read(keys()[0], page));
    ASSERT_TRUE((*file)->write_uses());
  }
  const auto file = open();
  ASSERT_TRUE((*file)->write(keys()[4], page_of(4)));
  EXPECT_EQ((*file)->n_pages(), 4U);
  EXPECT_TRUE((*file)->holds(keys()[0]));
  EXPECT_FALSE((*file)->holds(keys()[1]));
  EXPECT_LE(content().size(), kBytes);
}

TEST_F(PageFileTest, a_damaged_byte_costs_a_page_or_the_file_and_never_gives_a_wrong_one) {
  write_four();
  const std::string good = content();
  // All of the header's and the records' bytes, and some of each page.
  for (size_t at = 0; at < good.size(); at += at < 4500 ? 1 : 37) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x41);
    set_content(bad);
    const auto file = open();
    ASSERT_TRUE(file) << at;
    const int n = n_readable(**file);
    const bool in_header = at < 112;
    EXPECT_LE(n, in_header ? 0 : 4) << at;
    EXPECT_GE(n, in_header ? 0 : 3) << at;
    // It can be used on.
    ASSERT_TRUE((*file)->write(keys()[5], page_of(5)));
    EXPECT_TRUE((*file)->holds(keys()[5]));
  }
}

TEST_F(PageFileTest, a_file_that_was_cut_short_anywhere_is_used_as_far_as_it_goes) {
  write_four();
  const std::string good = content();
  for (size_t size = 0; size < good.size(); size += 61) {
    set_content(good.substr(0, size));
    const auto file = open();
    ASSERT_TRUE(file) << size;
    EXPECT_LE(n_readable(**file), 4);
    EXPECT_TRUE((*file)->write(keys()[5], page_of(5)));
  }
}

TEST_F(PageFileTest, records_that_contradict_each_other_are_not_believed_twice) {
  write_four();
  std::string bytes = content();
  // The same record in another slot: its place is part of its sum.
  bytes.replace(4096 + 64, 64, bytes.substr(4096, 64));
  set_content(bytes);
  const auto file = open();
  EXPECT_EQ((*file)->n_pages(), 3U);
}

TEST_F(PageFileTest, refuses_what_is_no_file_and_what_has_no_room) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const base::FileDescriptor other(ends[1]);
  EXPECT_FALSE(PageFile::open(base::FileDescriptor(ends[0]), "model", kPageBytes, kBytes));
  EXPECT_FALSE(open("model", kPageBytes, 0));
  EXPECT_FALSE(open("model", kPageBytes, 8192 + kSlotBytes - 1));
  EXPECT_FALSE(open("model", 0, kBytes));
  EXPECT_FALSE(open("model", UINT64_MAX, kBytes));
  EXPECT_TRUE(open("model", kPageBytes, UINT64_MAX));
}

TEST_F(PageFileTest, the_store_writes_what_it_took_and_tells_when_it_can_take_more) {
  std::mutex mutex;
  std::condition_variable changed;
  bool has_room = false;
  {
    PageStore store(*open("model", kPageBytes, kBytes * 10), [&] {
      const std::lock_guard lock(mutex);
      has_room = true;
      changed.notify_all();
    });
    for (uint8_t i = 0; i < 10; ++i) {
      while (!store.store(keys()[i], page_of(i))) {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return std::exchange(has_room, false); });
      }
      EXPECT_TRUE(store.holds(keys()[i]));
    }
    store.flush(std::chrono::hours(1));
  }
  EXPECT_EQ((*open("model", kPageBytes, kBytes * 10))->n_pages(), 10U);
}

}  // namespace
}  // namespace ingle::engine
