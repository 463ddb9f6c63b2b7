// Words of spoken text: what a transcript's turns and a summary's sentences are compared by.
//
// Letters are ASCII letters and all bytes beyond ASCII; lower-casing knows ASCII and Latin-1. Scripts without spaces are cut
// into pairs of characters. Pure functions, any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ingle::documents {

/// A turn as a reader would want it: without noises in brackets, "uh", stutters and the blanks before punctuation that
/// transcribers leave. Says nothing that was not said.
std::string tidy_speech(std::string_view text);

struct Word {
  std::string_view text;
  size_t at = 0;  // offset in the text it was cut from
  bool begins_sentence = false;
};
/// Letters, digits, and what joins them inside ("don't", "3.5", "well-known").
std::vector<Word> words_of(std::string_view text);

std::string lower(std::string_view text);
/// The typographic apostrophe as the plain one.
std::string plain_apostrophes(std::string_view text);

/// What counts as the same word in a comparison: lower case, without its ending; "" for a word that says nothing ("the").
std::string term_of(std::string_view word);
std::vector<std::string> terms_of(std::string_view text);

/// Cut after . ? ! and the like, at a blank, and not after an abbreviation.
std::vector<std::string_view> sentences_of(std::string_view text);

/// A number as it is written: digits with what joins them ("2018-19", "1,000.50"), or number words ("twenty five").
struct Number {
  std::string_view text;
  size_t at = 0;
  std::string value;  // the same for "1,000", "1000" and "one thousand"
  bool digits = false;
};
/// "one" alone and ordinals in words ("first") are no numbers: they rarely mean one.
std::vector<Number> numbers_of(std::string_view text);

}  // namespace ingle::documents
