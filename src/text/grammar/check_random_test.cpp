// Two ways of telling whether a document fits a schema, held against each other on random schemas and documents: the masks
// that generation uses, and the validator, which shares nothing with them.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "text/grammar/check.h"
#include "text/grammar/testing/random_schema.h"
#include "text/tokenizer/testing/vocabs.h"

namespace ingle::text::grammar {
namespace {

using Json = nlohmann::ordered_json;

/// Byte-level BPE with merges that go across keys, quotes and punctuation, as those of real vocabularies do.
const Tokenizer& tokenizer() {
  static const auto made = [] {
    std::vector<std::string> merges = {"n a",  "m e",   "na me",  "\" :", "\" ,", "Ġ \"", "t r",   "tr u", "tru e",
                                       "n u",  "l l",   "nu ll",  "\" }", "] }",  "} }",  "{ \"",  "[ \"", "1 2",
                                       "12 3", "0 0",   ": Ġ",    ", Ġ",  "a b",  "x Ġ",  "\\ \"", "- 1",  "f a",
                                       "l s",  "fa ls", "fals e", "Ã ¤",  "Ã ©",  "i n",  "e r",   "s h",  "a r"};
    return Tokenizer::create(text::testing::byte_vocab("gpt-2", std::move(merges))).value();
  }();
  return *made;
}

std::shared_ptr<const TokenTrie> tokens() {
  static const auto made = TokenTrie::build(tokenizer());
  return made;
}

std::vector<TokenId> ids_of(std::span<const uint64_t> set) {
  std::vector<TokenId> ids;
  for (size_t i = 0; i < set.size() * 64; ++i) {
    if (contains(set, static_cast<TokenId>(i))) ids.push_back(static_cast<TokenId>(i));
  }
  return ids;
}

/// A document that random tokens of the masks spell.
std::string random_document(Constraint constraint, std::mt19937_64& random) {
  std::string text;
  auto left = static_cast<uint32_t>(constraint.shortest() + random() % 60);
  for (; left > 0 && !constraint.is_complete(); --left) {
    const auto ids = ids_of(constraint.allowed_within(left - 1));
    const TokenId id = ids[random() % ids.size()];
    if (tokens()->is_end(id)) break;
    text += tokens()->piece(id);
    constraint.accept(id);
  }
  return text;
}

std::vector<Json*> places_in(Json& value) {
  std::vector<Json*> out = {&value};
  for (size_t i = 0; i < out.size(); ++i) {
    if (!out[i]->is_structured()) continue;
    for (Json& part : *out[i])
      out.push_back(&part);
  }
  return out;
}

/// One small change, such as a model that is not held would make.
void change(Json& document, std::mt19937_64& random) {
  const auto places = places_in(document);
  Json& at = *places[random() % places.size()];
  const Json others[] = {nullptr,       true,           0,       -1,  3.25, 130, "", "a", "ab", "2024-02-29",
                         Json::array(), Json::object(), "AB-12", 1e12};
  const auto other = [&] { return others[random() % std::size(others)]; };
  switch (random() % 4) {
    case 0:
      at = other();
      return;
    case 1:
      if (at.is_object()) {
        const char* keys[] = {"a", "ab", "name", "next", "kind", "x y"};
        at[keys[random() % std::size(keys)]] = other();
      } else if (at.is_array()) {
        at.push_back(at.empty() ? other() : at.front());
      } else if (at.is_number_integer()) {
        at = at.get<int64_t>() / 2 + 1;
      }
      return;
    case 2:
      if (at.is_object() && !at.empty())
        at.erase(std::next(at.begin(), static_cast<int64_t>(random() % at.size())).key());
      if (at.is_array() && !at.empty()) at.erase(at.begin());
      return;
    default:
      if (at.is_string()) at = at.get<std::string>() + "a";
      if (at.is_number_float() && std::abs(at.get<double>()) < 1e15) at = at.get<double>() * 2;  // bounded: 18 digits
  }
}

TEST(CheckRandom, every_document_of_the_masks_is_valid_and_every_change_is_judged_alike) {
  size_t n_enforced = 0;
  size_t n_rejected = 0;
  EXPECT_TRUE(rc::check([&](uint64_t seed) {
    std::mt19937_64 random(seed);
    const std::string schema = testing::random_schema(seed).dump();
    RC_LOG() << schema << "\n";
    auto checker = Checker::create(schema);
    if (!checker) RC_LOG() << checker.error().message() << "\n";
    RC_ASSERT(checker.has_value());
    const Validator validator = Validator::create(schema).value();
    const bool is_enforced = checker->unenforced().empty();
    n_enforced += is_enforced;
    std::string text = "null";
    if (auto constraint = Constraint::from_schema(schema, {}, tokens())) {
      text = random_document(*constraint, random);
      RC_LOG() << text << "\n";
      RC_ASSERT(!validator.validate(text).value().has_value());
      RC_ASSERT(checker->check(text)->accepted);
    }
    Json document = Json::parse(text);
    for (int i = 0; i < 10; ++i) {
      change(document, random);
      const auto outcome = checker->check(document.dump());
      const auto judged = validator.validate(document.dump());
      RC_LOG() << document.dump() << "\n";
      RC_ASSERT(outcome.has_value() && judged.has_value());
      RC_ASSERT(outcome->accepted == !judged->has_value());
      n_rejected += is_enforced && !outcome->accepted;
    }
  }));
  EXPECT_GT(n_enforced, 50);
  EXPECT_GT(n_rejected, 100);
}

TEST(CheckRandom, keywords_of_all_kinds_beside_each_other_are_judged_alike) {
  size_t n_enforced = 0;
  size_t n_accepted = 0;
  size_t n_rejected = 0;
  EXPECT_TRUE(rc::check([&](uint64_t seed) {
    std::mt19937_64 random(seed);
    const std::string schema = testing::wild_schema(seed).dump();
    RC_LOG() << schema << "\n";
    const Validator validator = Validator::create(schema).value();
    auto checker = Checker::create(schema);
    if (!checker) return;
    n_enforced += checker->unenforced().empty();
    std::vector<std::string> documents;
    if (auto constraint = Constraint::from_schema(schema, {}, tokens())) {
      documents.push_back(random_document(*constraint, random));
      RC_LOG() << documents.back() << "\n";
      RC_ASSERT(!validator.validate(documents.back()).value().has_value());
      Json changed = Json::parse(documents.back());
      for (int i = 0; i < 4; ++i) {
        change(changed, random);
        documents.push_back(changed.dump());
      }
    }
    for (int i = 0; i < 10; ++i)
      documents.push_back(testing::wild_value(random()).dump());
    for (const std::string& document : documents) {
      RC_LOG() << document << "\n";
      const auto outcome = checker->check(document);
      RC_ASSERT(outcome.has_value());
      RC_ASSERT(outcome->accepted == !validator.validate(document).value().has_value());
      n_accepted += outcome->accepted;
      n_rejected += !outcome->accepted;
    }
  }));
  EXPECT_GT(n_enforced, 30);
  EXPECT_GT(n_accepted, 100);
  EXPECT_GT(n_rejected, 100);
}

/// What `grammar check` says of a document, and what generation's masks say of its tokens, one after the other.
TEST(CheckRandom, the_walk_of_an_instance_agrees_with_the_masks_of_a_vocabulary_token_by_token) {
  EXPECT_TRUE(rc::check([](uint64_t seed) {
    std::mt19937_64 random(seed);
    const std::string schema = testing::random_schema(seed).dump();
    const auto made = Constraint::from_schema(schema, {}, tokens());
    if (!made) return;
    auto checker = Checker::create(schema, {.strict = true}).value();
    Json document = Json::parse(random_document(*made, random));
    for (int i = 0; i < 6; ++i) {
      const auto outcome = checker.check(document.dump()).value();
      RC_LOG() << schema << "\n" << document.dump() << "\n";
      if (outcome.accepted) {
        Constraint constraint = *made;
        for (const TokenId token : tokenizer().encode(outcome.text, {}, false)) {
          RC_ASSERT(contains(constraint.allowed(), token));
          constraint.accept(token);
        }
        RC_ASSERT(constraint.accepts());
        RC_ASSERT(contains(constraint.allowed(), tokens()->ends().at(0)));
      }
      change(document, random);
    }
  }));
}

}  // namespace
}  // namespace ingle::text::grammar
