#include "documents/transcript_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ingle::documents {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<std::string> values(std::string_view text) {
  std::vector<std::string> out;
  for (const Number& number : numbers_of(text))
    out.push_back(number.value);
  return out;
}

TEST(TidySpeech, leaves_out_noises_fillers_and_stutters_and_nothing_else) {
  EXPECT_EQ(tidy_speech("So {disfmarker} um , I I 'll uh send the the T_V_ plan . [laughter] OK ?"),
            "So, I'll send the TV plan. OK?");
  EXPECT_EQ(tidy_speech("it goes from 5 5 to [12] and <b"), "it goes from 5 5 to [12] and <b");
}

TEST(Words, joins_what_belongs_together) {
  std::vector<std::string> texts;
  for (const Word& word : words_of("Don't pay 1,000.50 \xe2\x80\x94 well-known, F_8."))
    texts.emplace_back(word.text);
  EXPECT_THAT(texts, ElementsAre("Don't", "pay", "1,000.50", "well-known", "F_8"));
}

TEST(Terms, are_the_same_for_forms_of_a_word_and_empty_for_words_that_say_nothing) {
  EXPECT_EQ(term_of("universities"), term_of("University"));
  EXPECT_EQ(term_of("monitored"), term_of("monitoring"));
  EXPECT_EQ(term_of("the"), "");
  EXPECT_EQ(term_of("It\xe2\x80\x99s"), "");
  EXPECT_THAT(terms_of("\xe4\xbc\x9a\xe8\xae\xae\xe7\xba\xaa"), Contains("\xe4\xbc\x9a\xe8\xae\xae"));
}

TEST(Sentences, end_at_marks_but_not_after_abbreviations_or_inside_numbers) {
  EXPECT_THAT(sentences_of("Dr. Hill paid 3.5 euros. Why? \"No.\" e.g. this"),
              ElementsAre("Dr. Hill paid 3.5 euros.", "Why?", "\"No.\"", "e.g. this"));
}

TEST(Numbers, have_the_same_value_in_digits_and_words) {
  EXPECT_THAT(values("1,000 and 1000 and one thousand"), ElementsAre("1000", "1000", "1000"));
  EXPECT_THAT(values("twenty-five, two hundred and three, zw\xc3\xb6lf"), ElementsAre("25", "203", "12"));
  EXPECT_THAT(values("2018-19, 3.5 %, 10:30"), ElementsAre("2018-19", "3.5", "10:30"));
  EXPECT_THAT(values("two three"), ElementsAre("2", "3"));
  EXPECT_THAT(values("one of them, the first"), IsEmpty());
}

}  // namespace
}  // namespace ingle::documents
