// Evidence: holds a sentence against the turns it is said to come from, and finds the turns that say it.
//
// Built from a transcript, which must outlive it; immutable then, any thread may ask.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "documents/transcript.h"
#include "documents/transcript_words.h"

namespace ingle::documents {

enum class Rejection : uint8_t {
  kEmpty,         // says nothing that could be checked
  kFirstPerson,   // speaks as if it had been there
  kUnsupported,   // too few of its words stand in the turns
  kNumber,        // a number that no turn has
  kName,          // a name that no turn has
  kWrongSpeaker,  // says that somebody said what others said
  kQuestion,      // states what was only asked
};

struct Claim {
  std::string text;  // the sentence, its numbers written as the cited turns write them
  std::vector<uint32_t> cites;
  double support = 0;
};

class Evidence {
 public:
  explicit Evidence(const Transcript& transcript);

  /// `turns`: where the evidence may lie; `must_cite`: turns that are cited in any case.
  std::expected<Claim, Rejection> check(std::string_view sentence, std::span<const uint32_t> turns,
                                        std::span<const uint32_t> must_cite = {}) const;

  /// How much a word says: rare ones more.
  double weight(const std::string& term) const;
  bool turn_has(uint32_t turn, const std::string& term) const { return terms_[turn].contains(term); }
  /// Speakers, as indexes into speakers(), that these words can name.
  std::span<const std::string> speakers() const { return speakers_; }
  uint32_t speaker_of(uint32_t turn) const { return turn_speaker_[turn]; }

 private:
  struct Mention {
    std::vector<uint32_t> speakers;  // that it may mean
    size_t end = 0;                  // the word behind it
    bool begins = false;             // the sentence begins with it
  };
  struct Reading;  // a sentence, taken apart

  Reading read(std::string_view sentence) const;
  bool is_whole_name(std::span<const Word> words, std::span<const uint32_t> speakers) const;
  bool names_somebody(std::span<const Word> words, std::span<const uint32_t> speakers) const;
  std::vector<uint32_t> cover(const Reading& reading, std::span<const uint32_t> turns,
                              std::span<const uint32_t> must_cite) const;
  double covered(const Reading& reading, std::span<const uint32_t> turns) const;
  bool add_speakers(const Reading& reading, std::span<const uint32_t> turns, std::vector<uint32_t>& cites) const;
  bool speakers_said_it(const Reading& reading, std::span<const uint32_t> turns) const;
  /// The sentence with the name of whoever did say it; nothing when that was not one alone.
  std::optional<std::string> with_true_speaker(const Reading& reading, std::span<const uint32_t> turns) const;
  bool add_names(const Reading& reading, std::span<const uint32_t> turns, std::vector<uint32_t>& cites) const;
  bool add_numbers(Claim& claim, std::span<const uint32_t> turns) const;
  bool only_asked(const Reading& reading, std::span<const uint32_t> cites) const;
  uint32_t best_turn(const Reading& reading, std::span<const uint32_t> among) const;

  const Transcript& transcript_;
  std::vector<std::string> tidy_;                                              // of each turn
  std::vector<std::unordered_set<std::string>> terms_;                         // of each turn
  std::unordered_map<std::string, uint32_t> turns_with_;                       // how many turns have a term
  std::vector<std::string> speakers_;                                          // distinct names
  std::vector<uint32_t> turn_speaker_;                                         // speaker of each turn
  std::unordered_map<std::string, std::vector<uint32_t>> speakers_with_word_;  // by a word of their names, lower case
  std::unordered_set<std::string> plain_words_;  // said in lower case somewhere, and their terms
};

/// Words that only report ("discussed", "the participants"): they are no evidence for or against.
bool is_reporting_term(std::string_view term);
std::string_view to_string(Rejection rejection);

}  // namespace ingle::documents
