#include "engine/kv_cache.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>

namespace ingle::engine {
namespace {

constexpr uint32_t kPageTokens = 4;
using Tokens = std::vector<int32_t>;

Tokens count_from(int32_t first, size_t n) {
  Tokens tokens(n);
  std::iota(tokens.begin(), tokens.end(), first);
  return tokens;
}

KvCache::SequenceId filled(KvCache& cache, const Tokens& tokens, KvCache::Scope scope = 0) {
  const auto id = cache.open(scope);
  std::vector<KvCache::Copy> copies;
  EXPECT_TRUE(cache.reserve(id, static_cast<uint32_t>(tokens.size()), copies));
  cache.commit(id, tokens);
  return id;
}

TEST(KvCache, hands_out_pages_until_none_is_left_and_takes_them_back) {
  KvCache cache(3, kPageTokens);
  std::vector<KvCache::Copy> copies;
  const auto a = cache.open(0);
  const auto b = cache.open(0);
  EXPECT_TRUE(cache.reserve(a, 8, copies));
  EXPECT_FALSE(cache.reserve(b, 5, copies));
  EXPECT_TRUE(cache.pages(b).empty());
  EXPECT_TRUE(cache.reserve(b, 4, copies));
  EXPECT_EQ(cache.available(), 0U);
  cache.close(a);
  EXPECT_EQ(cache.available(), 2U);
}

TEST(KvCache, finds_the_full_pages_of_a_prefix_again) {
  KvCache cache(8, kPageTokens);
  const Tokens text = count_from(10, 11);
  const auto a = filled(cache, text);
  const Tokens pages(cache.pages(a).begin(), cache.pages(a).end());
  cache.close(a);
  EXPECT_EQ(cache.available(), 8U);

  const auto b = cache.open(0);
  EXPECT_EQ(cache.match(b, text), 8U);
  EXPECT_EQ(cache.pages(b)[0], static_cast<uint32_t>(pages[0]));
  EXPECT_EQ(cache.pages(b)[1], static_cast<uint32_t>(pages[1]));
  EXPECT_EQ(cache.available(), 6U);
}

TEST(KvCache, does_not_find_a_page_after_another_beginning) {
  KvCache cache(8, kPageTokens);
  filled(cache, {1, 2, 3, 4, 5, 6, 7, 8});
  const auto b = cache.open(0);
  EXPECT_EQ(cache.match(b, Tokens{5, 6, 7, 8}), 0U);
  const auto c = cache.open(0);
  EXPECT_EQ(cache.match(c, Tokens{1, 2, 3, 9, 5, 6, 7, 8}), 0U);
}

TEST(KvCache, forgets_the_prefix_that_was_not_used_for_longest) {
  KvCache cache(4, kPageTokens);
  cache.close(filled(cache, {1, 1, 1, 1, 2, 2, 2, 2}));
  cache.close(filled(cache, {3, 3, 3, 3, 4, 4, 4, 4}));
  const auto again = cache.open(0);
  EXPECT_EQ(cache.match(again, Tokens{1, 1, 1, 1, 2, 2, 2, 2}), 8U);
  cache.close(again);
  filled(cache, {5, 5, 5, 5});
  const auto a = cache.open(0);
  EXPECT_EQ(cache.match(a, Tokens{1, 1, 1, 1, 2, 2, 2, 2}), 8U);
  const auto b = cache.open(0);
  EXPECT_EQ(cache.match(b, Tokens{3, 3, 3, 3, 4, 4, 4, 4}), 4U);
}

TEST(KvCache, copies_a_shared_last_page_before_writing_to_it) {
  KvCache cache(8, kPageTokens);
  const auto a = filled(cache, {1, 2, 3, 4, 5, 6});
  const auto b = cache.fork(a);
  EXPECT_EQ(cache.available(), 6U);
  EXPECT_EQ(cache.pages_needed(b, 7), 1U);
  std::vector<KvCache::Copy> copies;
  ASSERT_TRUE(cache.reserve(b, 7, copies));
  ASSERT_EQ(copies.size(), 1U);
  EXPECT_EQ(copies[0].from, cache.pages(a)[1]);
  EXPECT_EQ(copies[0].to, cache.pages(b)[1]);
  EXPECT_EQ(cache.pages(a)[0], cache.pages(b)[0]);
  // The original is alone on its page again.
  copies.clear();
  ASSERT_TRUE(cache.reserve(a, 7, copies));
  EXPECT_TRUE(copies.empty());
}

TEST(KvCache, keeps_one_page_when_two_sequences_computed_the_same) {
  KvCache cache(8, kPageTokens);
  const auto a = filled(cache, {1, 2, 3, 4, 5});
  const auto b = filled(cache, {1, 2, 3, 4, 6});
  EXPECT_EQ(cache.pages(a)[0], cache.pages(b)[0]);
  EXPECT_EQ(cache.available(), 5U);
}

TEST(KvCache, a_rollback_into_a_published_page_leaves_that_page_to_others) {
  KvCache cache(8, kPageTokens);
  const auto a = filled(cache, {1, 2, 3, 4, 5});
  cache.truncate(a, 2);
  std::vector<KvCache::Copy> copies;
  ASSERT_TRUE(cache.reserve(a, 3, copies));
  EXPECT_EQ(copies.size(), 1U);
  cache.commit(a, Tokens{1, 2, 9});
  const auto b = cache.open(0);
  EXPECT_EQ(cache.match(b, Tokens{1, 2, 3, 4}), 4U);
}

uint32_t found(KvCache& cache, const Tokens& tokens, KvCache::Scope scope = 0) {
  const auto id = cache.open(scope);
  cache.match(id, tokens);
  const uint32_t n = cache.match_rest(id, tokens);
  cache.close(id);
  return n;
}

TEST(KvCache, finds_the_part_of_a_page_that_is_the_same) {
  KvCache cache(8, kPageTokens);
  const auto a = filled(cache, {1, 2, 3, 4, 5, 6, 7, 8});
  EXPECT_EQ(found(cache, {1, 2, 3, 4, 5, 6, 9, 9, 9}), 6U);
  EXPECT_EQ(found(cache, {1, 2, 9}), 2U);
  EXPECT_EQ(found(cache, {9, 2, 3, 4}), 0U);
  // Whoever goes on from there writes to a copy.
  const auto b = cache.open(0);
  const Tokens other = {1, 2, 3, 4, 5, 9};
  cache.match(b, other);
  ASSERT_EQ(cache.match_rest(b, other), 5U);
  EXPECT_EQ(cache.pages_needed(b, 6), 1U);
  std::vector<KvCache::Copy> copies;
  ASSERT_TRUE(cache.reserve(b, 6, copies));
  ASSERT_EQ(copies.size(), 1U);
  EXPECT_EQ(copies[0].from, cache.pages(a)[1]);
  EXPECT_EQ(copies[0].to, cache.pages(b)[1]);
}

TEST(KvCache, finds_the_last_page_of_a_closed_sequence_again) {
  KvCache cache(8, kPageTokens);
  const Tokens text = {1, 2, 3, 4, 5, 6};
  const auto a = filled(cache, text);
  cache.publish_rest(a, text);
  cache.close(a);
  EXPECT_EQ(found(cache, {1, 2, 3, 4, 5, 6, 7}), 6U);
  EXPECT_EQ(found(cache, {1, 2, 3, 4, 5}), 5U);
  EXPECT_EQ(cache.available(), 8U);
}

TEST(KvCache, a_last_page_that_a_fork_goes_on_writing_is_not_published) {
  KvCache cache(8, kPageTokens);
  const Tokens text = {1, 2, 3, 4, 5, 6};
  const auto a = filled(cache, text);
  const auto b = cache.fork(a);
  cache.publish_rest(a, text);
  cache.close(a);
  EXPECT_EQ(found(cache, text), 4U);
  std::vector<KvCache::Copy> copies;
  ASSERT_TRUE(cache.reserve(b, 7, copies));
  EXPECT_TRUE(copies.empty());
}

TEST(KvCache, two_clients_never_share_a_page) {
  KvCache cache(16, kPageTokens);
  const auto anna = cache.scope_of("anna");
  const auto ben = cache.scope_of("ben");
  EXPECT_NE(anna, ben);
  EXPECT_EQ(cache.scope_of("anna"), anna);
  const Tokens text = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  const auto a = filled(cache, text, anna);
  EXPECT_EQ(found(cache, text, ben), 0U);
  EXPECT_EQ(found(cache, text, anna), 8U);
  const auto b = filled(cache, text, ben);
  for (const uint32_t page : cache.pages(a))
    EXPECT_EQ(std::ranges::count(cache.pages(b), page), 0);
}

TEST(KvCache, a_sequence_alone_neither_finds_nor_leaves_anything) {
  KvCache cache(16, kPageTokens);
  const Tokens text = {1, 2, 3, 4, 5};
  filled(cache, text);
  EXPECT_EQ(found(cache, text, KvCache::kAlone), 0U);
  const auto alone = filled(cache, {7, 7, 7, 7, 7}, KvCache::kAlone);
  cache.publish_rest(alone, Tokens{7, 7, 7, 7, 7});
  cache.close(alone);
  EXPECT_EQ(found(cache, {7, 7, 7, 7, 7}, KvCache::kAlone), 0U);
  EXPECT_EQ(cache.n_parked(), 0U);
}

// A machine with memory: what a page holds is simulated as the hash of all tokens up to each of its slots. Whatever order
// of operations, every sequence must find exactly its own text in its pages.
class Simulation {
 public:
  explicit Simulation(uint32_t n_pages) : cache_(n_pages, kPageTokens), memory_(size_t{n_pages} * kPageTokens) {}

  size_t n_sequences() const { return texts_.size(); }
  KvCache::SequenceId nth(size_t n) const { return std::next(texts_.begin(), static_cast<std::ptrdiff_t>(n))->first; }

  /// Texts of different scopes differ in what they leave in memory: who shares across finds the wrong text.
  void start(const Tokens& prompt, KvCache::Scope scope) {
    const auto id = cache_.open(scope);
    scopes_[id] = scope;
    cache_.match(id, prompt);
    const uint32_t found = cache_.match_rest(id, prompt);
    texts_[id] = Tokens(prompt.begin(), prompt.begin() + found);
    check_all();
    extend(id, Tokens(prompt.begin() + found, prompt.end()));
  }

  void extend(KvCache::SequenceId id, const Tokens& more) {
    if (more.empty()) return;
    Tokens& text = texts_[id];
    const auto total = static_cast<uint32_t>(text.size() + more.size());
    const uint32_t needed = cache_.pages_needed(id, total);
    const uint32_t before = cache_.available();
    std::vector<KvCache::Copy> copies;
    const bool fits = cache_.reserve(id, total, copies);
    RC_ASSERT(fits == (needed <= before));
    if (!fits) return;
    for (const auto [from, to] : copies) {
      for (uint32_t i = 0; i < kPageTokens; ++i)
        memory_[to * kPageTokens + i] = memory_[from * kPageTokens + i];
    }
    for (const int32_t token : more) {
      text.push_back(token);
      slot(id, text.size() - 1) = prefix_hash(text, text.size()) + scopes_[id];
    }
    check_all();  // before the commit: a write must not have touched what others hold
    cache_.commit(id, text);
  }

  void roll_back(KvCache::SequenceId id, size_t n) {
    texts_[id].resize(std::min(n, texts_[id].size()));
    cache_.truncate(id, static_cast<uint32_t>(texts_[id].size()));
  }

  void fork(KvCache::SequenceId id) {
    const auto copy = cache_.fork(id);
    texts_[copy] = texts_[id];
    scopes_[copy] = scopes_[id];
  }

  void close(KvCache::SequenceId id, bool publish = false) {
    if (publish) cache_.publish_rest(id, texts_[id]);
    cache_.close(id);
    texts_.erase(id);
  }

  void check_all() {
    std::map<uint32_t, int> users;
    for (const auto& [id, text] : texts_) {
      RC_ASSERT(cache_.pages(id).size() >= (text.size() + kPageTokens - 1) / kPageTokens);
      for (const uint32_t page : cache_.pages(id))
        ++users[page];
      for (size_t i = 0; i < text.size(); ++i)
        RC_ASSERT(slot(id, i) == prefix_hash(text, i + 1) + scopes_[id]);
    }
    RC_ASSERT(cache_.available() + users.size() == cache_.n_pages());
  }

 private:
  static uint64_t prefix_hash(const Tokens& text, size_t n) {
    uint64_t hash = 7;
    for (size_t i = 0; i < n; ++i)
      hash = hash * 1000003 + static_cast<uint64_t>(text[i]) + 1;
    return hash;
  }
  uint64_t& slot(KvCache::SequenceId id, size_t pos) {
    return memory_[size_t{cache_.pages(id)[pos / kPageTokens]} * kPageTokens + pos % kPageTokens];
  }

  KvCache cache_;
  std::vector<uint64_t> memory_;
  std::map<KvCache::SequenceId, Tokens> texts_;
  std::map<KvCache::SequenceId, KvCache::Scope> scopes_;
};

RC_GTEST_PROP(KvCache, every_sequence_always_finds_its_own_text, ()) {
  Simulation simulation(*rc::gen::inRange(1U, 12U));
  // Two letters: equal prefixes are the rule.
  const auto some_text = [](size_t max) {
    return *rc::gen::resize(static_cast<int>(max), rc::gen::container<Tokens>(rc::gen::inRange(0, 2)));
  };
  const int n_steps = *rc::gen::inRange(1, 60);
  for (int step = 0; step < n_steps; ++step) {
    const int action = *rc::gen::inRange(0, 6);
    if (simulation.n_sequences() == 0 || action == 0) {
      simulation.start(some_text(20), *rc::gen::inRange(0U, 2U));
    } else {
      const auto id = simulation.nth(*rc::gen::inRange<size_t>(0, simulation.n_sequences()));
      if (action <= 2) simulation.extend(id, some_text(6));
      if (action == 3) simulation.roll_back(id, *rc::gen::inRange<size_t>(0, 20));
      if (action == 4) simulation.fork(id);
      if (action == 5) simulation.close(id, *rc::gen::arbitrary<bool>());
    }
    simulation.check_all();
  }
  while (simulation.n_sequences() > 0)
    simulation.close(simulation.nth(0));
  simulation.check_all();
}

}  // namespace
}  // namespace ingle::engine
