#include "text/grammar/constraint.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "text/grammar/grammar_cache.h"
#include "text/grammar/testing/random_schema.h"
#include "text/grammar/validator.h"
#include "text/tokenizer/testing/vocabs.h"

namespace ingle::text::grammar {
namespace {

using Json = nlohmann::ordered_json;

/// All bytes, and thousands of pieces as real vocabularies have them: words, JSON, halves of code points.
std::shared_ptr<const TokenTrie> tokens() {
  static const auto made = [] {
    std::mt19937 random(7);
    const std::string parts[] = {"{\"", "\":",  "\",",  " \"", "\"}", "null",     "true",     "fal",     "se", "12",
                                 "0.",  "-",    "e",    "a",   "ab",  "name",     " ",        "xy",      "\\", "\\u",
                                 "00",  "\xC3", "\xA9", "é",   "😀",  "\xF0\x9F", "\x98\x80", "[]",      "[{", "},",
                                 "]",   ",",    ":",    "\n",  "k",   "\"",       "  ",       "täglich", "AB-"};
    std::set<std::string> unlike;
    for (int i = 0; i < 3000; ++i) {
      std::string piece;
      for (uint32_t n = 1 + random() % 4; n > 0; --n)
        piece += parts[random() % std::size(parts)];
      unlike.insert(piece);
    }
    unlike.insert("abcdefghijklmnopqrstuvwxyz");  // more characters than ready-made sets go to
    std::vector<std::pair<std::string, float>> pieces;
    for (const std::string& piece : unlike)
      pieces.emplace_back(piece, -1.0F);
    return TokenTrie::build(*Tokenizer::create(text::testing::piece_vocab(pieces)).value());
  }();
  return made;
}

constexpr std::pair<const char*, const char*> kSource = {
    "doc", "Rechnung Nr. RE-2024/17\n\tfür \"Ä\\B\" GmbH\nSumme: 1.234,50 €\nSumme: 1.234,50 €"};

Constraint constraint_of(const std::string& schema) {
  const CopySource source{kSource.first, kSource.second};
  auto made = Constraint::from_schema(schema, {&source, 1}, tokens());
  EXPECT_TRUE(made.has_value()) << schema << ": " << made.error().message();
  return std::move(made).value();
}

std::vector<TokenId> ids_of(std::span<const uint64_t> set) {
  std::vector<TokenId> ids;
  for (size_t i = 0; i < set.size() * 64; ++i) {
    if (contains(set, static_cast<TokenId>(i))) ids.push_back(static_cast<TokenId>(i));
  }
  return ids;
}

/// The text of a random walk that has `budget` tokens.
std::string walk(Constraint& constraint, uint32_t budget, std::mt19937_64& random) {
  std::string text;
  while (budget > 0 && !constraint.is_complete()) {
    const auto ids = ids_of(constraint.allowed_within(budget - 1));
    if (ids.empty()) RC_LOG() << text << ", shortest " << constraint.shortest() << ", budget " << budget << "\n";
    RC_ASSERT(!ids.empty());
    const TokenId id = ids[random() % ids.size()];
    RC_ASSERT(contains(constraint.allowed(), id));
    if (tokens()->is_end(id)) break;
    text += tokens()->piece(id);
    constraint.accept(id);
    --budget;
  }
  RC_ASSERT(constraint.accepts());
  return text;
}

TEST(Constraint, a_random_walk_through_the_masks_ends_in_time_in_a_valid_document) {
  EXPECT_TRUE(rc::check([](uint64_t seed) {
    std::mt19937_64 random(seed);
    const Json schema = testing::random_schema(seed);
    RC_LOG() << schema.dump() << "\n";
    Constraint constraint = constraint_of(schema.dump());
    RC_ASSERT(constraint.shortest() < kFar);
    const auto budget = static_cast<uint32_t>(constraint.shortest() + random() % 60);
    const std::string text = walk(constraint, budget, random);
    const auto violation = validate(schema.dump(), text);
    RC_LOG() << text << "\n";
    RC_ASSERT(violation.has_value());
    if (*violation) RC_LOG() << (*violation)->message() << "\n";
    RC_ASSERT(!violation->has_value());
  }));
}

TEST(Constraint, a_short_answer_is_valid_and_no_longer_than_promised) {
  EXPECT_TRUE(rc::check([](uint64_t seed) {
    const std::string schema = testing::random_schema(seed).dump();
    RC_LOG() << schema << "\n";
    const Constraint constraint = constraint_of(schema);
    const auto answer = constraint.find_short_answer(constraint.shortest());
    RC_ASSERT(answer.has_value());
    std::string text;
    for (const TokenId id : answer->tokens)
      text += tokens()->piece(id);
    RC_LOG() << text << "\n";
    RC_ASSERT(answer->tokens.size() <= constraint.shortest());
    const auto violation = validate(schema, text);
    RC_ASSERT(violation.has_value() && !violation->has_value());
    RC_ASSERT(answer->tokens.empty() ||
              !constraint.find_short_answer(static_cast<uint32_t>(answer->tokens.size()) - 1));
  }));
}

TEST(Constraint, what_must_be_said_costs_the_tokens_that_spell_it) {
  // "abcdefghijklmnopqrstuvwxyz" is one token, its quotes are one each.
  Constraint long_word = constraint_of(R"({"enum":["abcdefghijklmnopqrstuvwxyz","abcdefghijklmnopqrstuvwxyz12e-"]})");
  EXPECT_LE(long_word.shortest(), 3U);
  std::set<char> first;
  for (const TokenId id : ids_of(long_word.allowed_within(6)))
    first.insert(tokens()->piece(id).back());
  EXPECT_TRUE(first.contains('"'));
  const auto of_bytes = Constraint::from_schema(R"({"const":"abc"})", {}, TokenTrie::of_bytes());
  ASSERT_TRUE(of_bytes.has_value());
  EXPECT_EQ(of_bytes->shortest(), 5U);
}

/// What masks along a random walk say wrongly; empty where they are right.
std::string differences(Constraint constraint, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string said;
  for (uint32_t left = 25; left > 0 && !constraint.is_complete(); --left) {
    const uint32_t most = constraint.shortest() + static_cast<uint32_t>(random() % 6);
    const auto set = constraint.allowed();
    const TokenSet all(set.begin(), set.end());
    const auto within = constraint.allowed_within(most);
    const TokenSet some(within.begin(), within.end());
    for (size_t i = 0; i < tokens()->n_tokens(); ++i) {
      const auto id = static_cast<TokenId>(i);
      if (contains(all, id) == constraint.fits(id, kFar) && contains(some, id) == constraint.fits(id, most)) continue;
      return said + " | " + std::string(tokens()->piece(id));
    }
    const auto ids = ids_of(all);
    const TokenId id = ids[random() % ids.size()];
    if (tokens()->is_end(id)) break;
    said += tokens()->piece(id);
    constraint.accept(id);
  }
  return "";
}

TEST(Constraint, a_mask_says_of_every_token_what_its_bytes_do) {
  EXPECT_TRUE(rc::check(
      [](uint64_t seed) { RC_ASSERT(differences(constraint_of(testing::random_schema(seed).dump()), seed) == ""); }));
}

TEST(Constraint, masks_of_patterns_say_of_every_token_what_its_bytes_do) {
  for (const char* pattern : {R"(^[a-z ]{3,40}$)", R"(^[^e]{2,30}$)", "n", R"(^(name|xy|täglich)+$)", R"(^[^"\\]*$)",
                              R"([\n😀-😎]+ab)", R"(^.{4,}$)", R"(^a(?!.*1)[^k]*$)"}) {
    const Json schema = {{"type", "array"}, {"items", {{"type", "string"}, {"pattern", pattern}}}};
    for (uint64_t seed = 0; seed < 8; ++seed)
      EXPECT_EQ(differences(constraint_of(schema.dump()), seed), "") << pattern;
  }
  for (const char* schema :
       {R"({"type":"object","properties":{"name":{},"naming":{},"x":{}},"additionalProperties":{"type":"null"}})",
        R"({"type":"object","propertyNames":{"pattern":"^[a-e]+$"}})",
        R"({"type":"array","items":{"format":"email"}})"}) {
    for (uint64_t seed = 0; seed < 8; ++seed)
      EXPECT_EQ(differences(constraint_of(schema), seed), "") << schema;
  }
}

TEST(Constraint, masks_of_free_text_and_of_grammars_say_of_every_token_what_its_bytes_do) {
  GrammarCache cache(tokens());
  const auto free = cache.find_or_compile("test", "free", {}, [] {
    ProgramBuilder builder(tokens()->single_bytes());
    const OpId call = builder.literal("name", ProgramBuilder::kReturnOp);
    return std::move(builder).finish(
        builder.free_text({{"{\"", call}, {"ab k", call}, {"é", call}}, ProgramBuilder::kReturnOp), "test");
  });
  const auto lines = cache.from_grammar(R"(root ::= item+
    item ::= "- " [A-Za-z] [A-Za-z0-9_ ]* ": " (string | [0-9]+) "\n"
    string ::= "\"" ([^"\\\x7F\x00-\x1F] | "\\" ["\\bfnrt])* "\"")");
  ASSERT_TRUE(lines.has_value()) << lines.error().message();
  for (uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_EQ(differences(free.value(), seed), "");
    EXPECT_EQ(differences(lines.value(), seed), "");
  }
}

TEST(Constraint, characters_of_a_string_that_would_end_too_late_are_left_out_though_another_way_is_short) {
  Constraint constraint = constraint_of(
      R"({"type":"object","properties":{"ex":{"type":"null"}},"additionalProperties":{"const":"a long value"}})");
  for (const char byte : std::string("{\"e"))
    constraint.accept(static_cast<TokenId>(3 + static_cast<uint8_t>(byte)));
  const uint32_t most = constraint.shortest();
  const auto within = constraint.allowed_within(most);
  const TokenSet some(within.begin(), within.end());
  for (size_t i = 0; i < tokens()->n_tokens(); ++i)
    EXPECT_EQ(contains(some, static_cast<TokenId>(i)), constraint.fits(static_cast<TokenId>(i), most)) << i;
}

TEST(Constraint, every_copied_string_is_found_in_its_source) {
  const std::string schema = R"({"type":"array","items":{"type":["string","null"],"x-ingle-copy":"doc"},"minItems":2})";
  EXPECT_TRUE(rc::check([&](uint64_t seed) {
    std::mt19937_64 random(seed);
    Constraint constraint = constraint_of(schema);
    const std::string text = walk(constraint, constraint.shortest() + static_cast<uint32_t>(random() % 60), random);
    for (const Json& value : Json::parse(text)) {
      if (value.is_null()) continue;
      RC_ASSERT(!value.get<std::string>().empty());
      RC_ASSERT(!find_copies(kSource.second, value.get<std::string>()).empty());
    }
  }));
}

TEST(Constraint, a_copy_of_it_goes_on_alone_from_the_same_place) {
  Constraint first = constraint_of(R"({"type":"array","items":{"type":"integer"}})");
  const auto say = [](Constraint& c, std::string_view text) {
    for (const char byte : text)
      c.accept(static_cast<TokenId>(3 + static_cast<uint8_t>(byte)));  // piece_vocab: bytes come after three others
  };
  say(first, "[1");
  Constraint second = first;
  EXPECT_EQ(first, second);
  say(first, "]");
  EXPECT_TRUE(first.is_complete());
  EXPECT_FALSE(second.accepts());
  say(second, ", 2]");
  EXPECT_TRUE(second.is_complete());
}

TEST(Constraint, an_end_token_is_allowed_exactly_where_the_document_is_whole) {
  Constraint number = constraint_of(R"({"type":"integer"})");
  const TokenId end = tokens()->ends().at(0);
  EXPECT_FALSE(contains(number.allowed(), end));
  number.accept(static_cast<TokenId>(3 + '4'));
  EXPECT_TRUE(contains(number.allowed(), end));
  EXPECT_TRUE(number.fits(end, 0));
  EXPECT_FALSE(number.is_complete());
}

/// The bytes after which something can still become a document.
std::vector<uint8_t> live_bytes(const Constraint& constraint) {
  std::vector<uint8_t> live;
  for (unsigned byte = 0; byte < 256; ++byte) {
    if (constraint.fits(static_cast<TokenId>(3 + byte), kFar)) live.push_back(static_cast<uint8_t>(byte));
  }
  return live;
}

void say(Constraint& constraint, std::string_view text) {
  for (const char byte : text)
    constraint.accept(static_cast<TokenId>(3 + static_cast<uint8_t>(byte)));
}

TEST(Constraint, forced_text_is_what_no_other_byte_could_replace) {
  EXPECT_TRUE(rc::check([](uint64_t seed) {
    std::mt19937_64 random(seed);
    Constraint constraint = constraint_of(testing::random_schema(seed).dump());
    for (uint32_t left = 40; left > 0 && !constraint.is_complete(); --left) {
      const size_t most = random() % 40;
      const std::string text = constraint.forced(most);
      RC_ASSERT(text.size() <= most);
      for (const char byte : text) {
        RC_ASSERT(!constraint.accepts());
        RC_ASSERT(live_bytes(constraint) == std::vector{static_cast<uint8_t>(byte)});
        say(constraint, std::string(1, byte));
      }
      const auto live = live_bytes(constraint);
      if (live.empty()) break;
      say(constraint, std::string(1, static_cast<char>(live[random() % live.size()])));
    }
  }));
}

TEST(Constraint, keys_constants_and_what_is_left_of_a_copied_word_are_forced) {
  Constraint constraint = constraint_of(R"({"type":"object","properties":{"größe":{"const":"a b"},
      "nr":{"type":"string","x-ingle-copy":"doc"}},"required":["größe","nr"],"additionalProperties":false})");
  EXPECT_EQ(constraint.forced(4), "{\"gr");
  EXPECT_EQ(constraint.forced(5), "{\"gr");  // the fifth byte is half of a character
  EXPECT_EQ(constraint.forced(6), "{\"grö");
  EXPECT_EQ(constraint.forced(0), "");
  std::string text;
  for (std::string more = constraint.forced(100); !more.empty(); more = constraint.forced(100)) {
    text += more;
    say(constraint, more);
    if (live_bytes(constraint).size() == 2) {  // a space or none
      text += ' ';
      say(constraint, " ");
    }
  }
  EXPECT_EQ(text, "{\"größe\": \"a b\", \"nr\": \"");
  say(constraint, "RE");
  EXPECT_EQ(constraint.forced(100), "-2024/17");
  say(constraint, "-2024/17\"}");
  EXPECT_EQ(constraint.forced(100), "");
}

TEST(Constraint, its_memory_is_bounded_and_forgetting_changes_no_mask) {
  const std::string schema = R"({"type":"array","items":{"type":"string","pattern":"^([a-z]+ ?){2,30}$"}})";
  const CopySource source{kSource.first, kSource.second};
  auto compiled = compile_schema(schema, {&source, 1}, ByteSet().set()).value();
  Masker roomy(compiled.program, tokens());
  Masker tight(compiled.program, tokens(), 1);
  Masker forgetful(compiled.program, tokens(), 1, 4096);
  Automaton small(compiled.program, 4096);
  std::mt19937_64 random(3);
  State state = small.start();
  for (int i = 0; i < 40; ++i) {
    const auto wide = roomy.allowed(state);
    const TokenSet expected(wide.begin(), wide.end());
    const auto narrow = tight.allowed(state);
    EXPECT_EQ(TokenSet(narrow.begin(), narrow.end()), expected);
    const auto again = forgetful.allowed(state);
    EXPECT_EQ(TokenSet(again.begin(), again.end()), expected);
    const auto ids = ids_of(expected);
    const TokenId id = ids[random() % ids.size()];
    // The automaton that keeps forgetting arrives where the others do.
    auto at = small.intern(state);
    for (const char byte : tokens()->piece(id)) {
      at = small.step(at, static_cast<uint8_t>(byte));
      if (small.is_over_limit()) small.forget({&at, 1});
    }
    EXPECT_EQ(small.value(at), roomy.after(state, id));
    state = roomy.after(state, id);
    if (state.accepts) break;
  }
}

}  // namespace
}  // namespace ingle::text::grammar
