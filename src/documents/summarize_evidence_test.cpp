#include "documents/summarize_evidence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

namespace ingle::documents {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class EvidenceTest : public ::testing::Test {
 protected:
  Transcript transcript_{
      .heading = {},
      .turns = {{"Anna Berg", "The heater in the hall broke again last night."},
                {"Ben", "I called the plumber. A new heater costs 900 euros, the old one is from 1998."},
                {"Anna Berg", "Could we rent one for twenty five days instead?"},
                {"Ben", "Müller in Cologne rents them out, but that is too slow."},
                {"Carl", "I would not repair the old heater, spare parts are hard to find."}}};
  Evidence evidence_{transcript_};
  std::vector<uint32_t> all_ = {0, 1, 2, 3, 4};

  Rejection rejection(std::string_view sentence) {
    const auto claim = evidence_.check(sentence, all_);
    EXPECT_FALSE(claim.has_value()) << claim->text;
    return claim ? Rejection::kEmpty : claim.error();
  }
};

TEST_F(EvidenceTest, cites_the_turns_that_say_it) {
  const auto claim = evidence_.check("The heater in the hall broke, and a new heater costs 900 euros.", all_);
  ASSERT_TRUE(claim.has_value()) << to_string(claim.error());
  EXPECT_THAT(claim->cites, ElementsAre(0, 1));
  EXPECT_GT(claim->support, 0.9);
}

TEST_F(EvidenceTest, rejects_a_number_that_nobody_said) {
  EXPECT_EQ(rejection("A new heater costs 950 euros."), Rejection::kNumber);
}

TEST_F(EvidenceTest, writes_a_number_as_the_cited_turn_writes_it) {
  const auto claim = evidence_.check("Anna Berg asks to rent one for 25 days instead.", all_);
  ASSERT_TRUE(claim.has_value()) << to_string(claim.error());
  EXPECT_THAT(claim->text, HasSubstr("twenty five days"));
  const auto digits = evidence_.check("A new heater costs nine hundred euros.", all_);
  ASSERT_TRUE(digits.has_value()) << to_string(digits.error());
  EXPECT_THAT(digits->text, HasSubstr("900 euros"));
}

TEST_F(EvidenceTest, widens_the_cites_to_the_turn_that_has_the_number) {
  const auto claim =
      evidence_.check("Carl would not repair the old heater of 1998, as spare parts are hard to find.", all_);
  ASSERT_TRUE(claim.has_value()) << to_string(claim.error());
  EXPECT_THAT(claim->cites, ElementsAre(1, 4));
}

TEST_F(EvidenceTest, rejects_names_that_nobody_said_and_accepts_those_that_were) {
  EXPECT_EQ(rejection("The plumber Schmidt rents out heaters in Cologne."), Rejection::kName);
  EXPECT_TRUE(evidence_.check("M\xc3\xbcller in Cologne rents them out.", all_).has_value());
}

TEST_F(EvidenceTest, puts_the_true_speaker_in_the_place_of_a_wrong_one) {
  const auto claim = evidence_.check("Ben would not repair the old heater because spare parts are hard to find.", all_);
  ASSERT_TRUE(claim.has_value()) << to_string(claim.error());
  EXPECT_THAT(claim->text, ::testing::StartsWith("Carl would not repair"));
}

TEST_F(EvidenceTest, rejects_what_was_said_by_several_and_is_given_to_another) {
  EXPECT_EQ(rejection("Carl explains that the hall broke last night and called the plumber."),
            Rejection::kWrongSpeaker);
}

TEST_F(EvidenceTest, rejects_what_has_no_support_speaks_in_the_first_person_or_says_nothing) {
  EXPECT_EQ(rejection("The roof of the garage leaks and needs new tiles."), Rejection::kUnsupported);
  EXPECT_EQ(rejection("We called the plumber about the new heater."), Rejection::kFirstPerson);
  EXPECT_EQ(rejection("They discussed it."), Rejection::kEmpty);
}

TEST_F(EvidenceTest, rejects_a_sentence_that_goes_in_circles) {
  EXPECT_EQ(
      rejection(
          "The old heater costs 900 euros and the old heater costs 900 euros and the old heater costs 900 euros."),
      Rejection::kEmpty);
}

TEST_F(EvidenceTest, rejects_as_a_statement_what_was_only_asked) {
  EXPECT_EQ(rejection("Anna Berg rents one for twenty five days instead."), Rejection::kQuestion);
}

TEST_F(EvidenceTest, looks_only_where_it_may) {
  const std::vector<uint32_t> last = {4};
  EXPECT_FALSE(evidence_.check("A new heater costs 900 euros.", last).has_value());
}

}  // namespace
}  // namespace ingle::documents
