// Random patterns and random texts: the automata against PCRE2, and set operations against membership.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <gtest/gtest.h>
#include <pcre2.h>

#include <memory>
#include <optional>
#include <random>

#include "text/grammar/byte_language.h"
#include "text/grammar/json_text.h"
#include "text/grammar/language.h"

namespace ingle::text::grammar {
namespace {

class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  uint32_t below(uint32_t n) { return static_cast<uint32_t>(engine_() % n); }
  template <size_t n>
  std::string_view one_of(const std::string_view (&list)[n]) {
    return list[below(n)];
  }

 private:
  std::mt19937 engine_;
};

/// A pattern in the part of the syntax in which ECMA-262 and PCRE2 agree.
std::string random_pattern(Random& random, int depth) {
  constexpr std::string_view kAtoms[] = {"a",      "b",     "c",   "-", "é",      "\\d",    "\\w",
                                         "\\W",    "\\s",   "\\D", ".", "[ab]",   "[^a]",   "[a-cé]",
                                         "[\\d-]", "\\x61", "a",   "b", "[^\\w]", "\\p{L}", "\\P{Lu}"};
  constexpr std::string_view kPlaces[] = {"^", "$", "\\b", "\\B", "^", "$"};
  constexpr std::string_view kCounts[] = {"*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}", "*?", "+?", "??", "{0}"};
  constexpr std::string_view kGroups[] = {"(", "(?:", "(", "(?:", "(?=", "(?!"};
  std::string out;
  const uint32_t n_items = random.below(4);
  for (uint32_t i = 0; i <= n_items; ++i) {
    const uint32_t kind = random.below(12);
    if (kind == 0) {
      out += random.one_of(kPlaces);
      continue;
    }
    bool may_repeat = true;
    if (kind < 4 && depth > 0) {
      const std::string_view open = random.one_of(kGroups);
      may_repeat = open.size() < 3 || open[2] == ':';
      out += std::string(open) + random_pattern(random, depth - 1) + ")";
    } else if (kind == 4 && depth > 0) {
      out += random.below(2) == 0 ? "(?<=" : "(?<!";
      out += std::string(random.one_of(kAtoms)) + ")";
      may_repeat = false;
    } else {
      out += random.one_of(kAtoms);
    }
    if (may_repeat && random.below(3) == 0) out += random.one_of(kCounts);
  }
  if (random.below(4) == 0) out += "|" + random_pattern(random, depth - 1);
  return out;
}

std::string random_text(Random& random) {
  constexpr std::string_view kCharacters[] = {"a", "b", "c", "a", "b", "-", " ", "1", "é", "Z", "_", "\n", "\"", "😀"};
  std::string out;
  for (uint32_t n = random.below(7); n > 0; --n)
    out += random.one_of(kCharacters);
  return out;
}

struct FreeCode {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct FreeMatch {
  void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
};

class Peer {
 public:
  explicit Peer(const std::string& pattern) {
    int error = 0;
    size_t offset = 0;
    code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                              PCRE2_UTF | PCRE2_DOLLAR_ENDONLY, &error, &offset, nullptr));
    match_.reset(pcre2_match_data_create(1, nullptr));
  }
  bool is_valid() const { return code_ != nullptr; }
  /// Nothing when it gives up.
  std::optional<bool> contains(const std::string& text) const {
    const int found =
        pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0, 0, match_.get(), nullptr);
    if (found < 0 && found != PCRE2_ERROR_NOMATCH) return std::nullopt;
    return found >= 0;
  }

 private:
  std::unique_ptr<pcre2_code, FreeCode> code_;
  std::unique_ptr<pcre2_match_data, FreeMatch> match_;
};

TEST(LanguageProperty, matches_what_another_engine_matches) {
  Random random(1);
  int n_compared = 0;
  for (int i = 0; i < 4000; ++i) {
    const std::string pattern = random_pattern(random, 3);
    const Peer peer(pattern);
    const auto language = Language::from_pattern(pattern);
    ASSERT_TRUE(peer.is_valid()) << pattern;
    if (!language) {
      ASSERT_EQ(language.error().code(), ErrorCode::kRefused) << pattern << ": " << language.error().message();
      continue;
    }
    for (int k = 0; k < 20; ++k) {
      const std::string text = random_text(random);
      const auto expected = peer.contains(text);
      if (!expected) continue;
      ++n_compared;
      ASSERT_EQ(language->contains(text), *expected) << "pattern " << pattern << " text '" << text << "'";
    }
  }
  EXPECT_GT(n_compared, 60'000);
}

TEST(LanguageProperty, set_operations_agree_with_membership) {
  Random random(2);
  for (int i = 0; i < 400; ++i) {
    const auto a = Language::from_pattern(random_pattern(random, 2));
    const auto b = Language::from_pattern(random_pattern(random, 2));
    if (!a || !b) continue;
    const auto both = a->intersect(*b);
    const auto either = a->unite(*b);
    const auto only = a->without(*b);
    const auto other = a->complement();
    ASSERT_TRUE(both && either && only && other);
    for (int k = 0; k < 20; ++k) {
      const std::string text = random_text(random);
      const bool in_a = a->contains(text);
      const bool in_b = b->contains(text);
      EXPECT_EQ(both->contains(text), in_a && in_b);
      EXPECT_EQ(either->contains(text), in_a || in_b);
      EXPECT_EQ(only->contains(text), in_a && !in_b);
      EXPECT_EQ(other->contains(text), !in_a);
    }
    EXPECT_EQ(*other->complement(), *a);
    EXPECT_EQ(*only->unite(*both), *a);
    EXPECT_TRUE(*both->is_subset_of(*a));
    EXPECT_EQ(*a->is_disjoint_from(*b), both->is_empty());
  }
}

TEST(LanguageProperty, bytes_of_a_json_string_are_read_as_the_text_is) {
  Random random(3);
  for (int i = 0; i < 500; ++i) {
    const auto language = Language::from_pattern(random_pattern(random, 2));
    if (!language) continue;
    const ByteLanguage json(*language, Spelling::kJsonString);
    const ByteLanguage plain(*language, Spelling::kPlain);
    for (int k = 0; k < 10; ++k) {
      const std::string text = random_text(random);
      const std::string quoted = string_text(text);
      const std::string escaped = quoted.substr(1, quoted.size() - 2);
      for (const auto& [bytes, spelled] : {std::pair(&json, &escaped), std::pair(&plain, &text)}) {
        ByteLanguage::Place place = bytes->start();
        bool lives = !language->is_empty();
        uint32_t nearest = lives ? bytes->distance(place) : kFar;
        for (size_t at = 0; at < spelled->size() && lives; ++at) {
          lives = bytes->step(place, static_cast<uint8_t>((*spelled)[at]));
          if (!lives) break;
          EXPECT_LT(bytes->distance(place), kFar);
          EXPECT_GE(bytes->distance(place) + 1, nearest);
          nearest = bytes->distance(place);
        }
        EXPECT_EQ(lives && bytes->accepts(place), language->contains(text));
        if (lives) {
          EXPECT_EQ(bytes->accepts(place), bytes->distance(place) == 0);
        }
      }
    }
  }
}

}  // namespace
}  // namespace ingle::text::grammar
