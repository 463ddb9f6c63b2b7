#include "documents/summarize_evidence.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "documents/transcript_words.h"

namespace ingle::documents {
namespace {

constexpr double kLeastSupport = 0.55;
constexpr double kLeastGain = 0.12;         // of a sentence's weight, for a turn to be cited
constexpr double kLeastSpeakerShare = 0.6;  // of what the window says of it, that a sentence's subject said
constexpr double kTrueSpeakerShare = 0.85;  // of it, that another one said whose name is put in its place
constexpr size_t kMaxEvidenceTurns = 3;
constexpr size_t kMaxCites = 6;
constexpr uint32_t kNobody = UINT32_MAX;

// Sorted, as term_of() makes them.
const std::vector<std::string>& reporting_terms() {
  static const std::vector<std::string> kTerms = [] {
    std::vector<std::string> terms;
    for (const std::string_view word :
         {"discuss",    "discussion",   "suggest",     "suggestion", "mention",     "asked",     "propose",
          "proposal",   "explain",      "explanation", "express",    "emphasize",   "emphasise", "highlight",
          "address",    "agree",        "agreement",   "meeting",    "participant", "group",     "speaker",
          "team",       "member",       "include",     "including",  "transcript",  "consider",  "focus",
          "topic",      "conversation", "concern",     "note",       "state",       "statement", "provide",
          "describe",   "clarify",      "respond",     "reply",      "answer",      "inform",    "report",
          "present",    "argue",        "acknowledge", "confirm",    "indicate",    "raise",     "believe",
          "feel",       "various",      "several",     "different",  "importance",  "important", "need",
          "potential",  "related",      "regarding",   "use",        "using",       "issue",     "aspect",
          "also",       "both",         "decide",      "decision",   "ask",         "asking",    "people",
          "work",       "working",      "would",       "plan",       "planning",    "sagen",     "sagte",
          "besprechen", "fragt",        "bittet",      "wonder",     "question",    "inquire",   "enquire",
          "request",    "point",        "opinion",     "idea",       "task",        "will",      "thank",
          "thanks",     "proceed",      "talk",        "talking",    "tell",        "current",   "currently",
          "specific",   "specifically", "overall",     "ensure",     "part",        "make"}) {
      if (std::string term = term_of(word); !term.empty()) terms.push_back(std::move(term));
    }
    std::ranges::sort(terms);
    return terms;
  }();
  return kTerms;
}

bool starts_upper(std::string_view word) {
  const std::string folded = lower(word);
  return !word.empty() && folded[0] != word[0];
}
bool has_upper(std::string_view word) {
  return lower(word) != word;
}

/// Without "'s".
std::string name_key(std::string_view word) {
  std::string key = lower(word);
  for (const std::string_view ending : {"'s", "\xe2\x80\x99s"})
    if (key.ends_with(ending)) key.resize(key.size() - ending.size());
  return key;
}

template <size_t N>
bool has_any_word(const std::vector<Word>& words, const std::array<std::string_view, N>& wanted) {
  return std::ranges::any_of(
      words, [&](const Word& word) { return std::ranges::find(wanted, lower(word.text)) != wanted.end(); });
}

/// A verb of the third person, or another name to come.
bool says_something(std::string_view word) {
  return word == "and" || word.ends_with("s") || word.ends_with("ed");
}

bool is_first_person(const std::vector<Word>& words) {
  static constexpr std::array<std::string_view, 24> kWords = {
      "i",  "i'm", "i'll", "i've", "i'd", "my",   "me",    "we",     "we're",  "we'll",  "we've", "our",
      "us", "you", "your", "ich",  "wir", "mein", "unser", "you're", "you've", "you'll", "we'd",  "mine"};
  return has_any_word(words, kWords);
}

bool reports_a_question(const std::vector<Word>& words) {
  static constexpr std::array<std::string_view, 28> kWords = {
      "ask",         "asks",       "asked",  "asking",  "question",  "questions", "questioned",
      "questioning", "whether",    "wonder", "wonders", "wondered",  "inquires",  "inquired",
      "enquired",    "if",         "how",    "what",    "why",       "discuss",   "discussed",
      "discusses",   "discussion", "raised", "concern", "concerned", "concerns",  "suggests"};
  return has_any_word(words, kWords);
}

/// "saving time and money by saving time and money by ...": a model that found no end.
bool goes_in_circles(const std::vector<Word>& words) {
  constexpr size_t kLong = 14;
  constexpr double kLeastDistinct = 0.55;
  std::unordered_set<std::string> distinct;
  for (const Word& word : words)
    distinct.insert(lower(word.text));
  return words.size() >= kLong &&
         static_cast<double>(distinct.size()) < kLeastDistinct * static_cast<double>(words.size());
}

void add_cite(std::vector<uint32_t>& cites, uint32_t turn) {
  if (std::ranges::find(cites, turn) == cites.end()) cites.push_back(turn);
}

bool contains_word(std::string_view text, std::string_view key) {
  const std::string folded = lower(text);
  for (const Word& word : words_of(folded)) {
    if (name_key(word.text) == key || word.text == key) return true;
    if (word.text.find('-') == std::string_view::npos && word.text.find('_') == std::string_view::npos) continue;
    if (word.text.find(key) != std::string_view::npos) return true;
  }
  return false;
}

const Number* find_literal(const std::vector<Number>& numbers, std::string_view text) {
  const std::string wanted = lower(text);
  const auto it = std::ranges::find_if(numbers, [&](const Number& n) { return lower(n.text) == wanted; });
  return it == numbers.end() ? nullptr : &*it;
}
const Number* find_value(const std::vector<Number>& numbers, std::string_view value) {
  const auto it = std::ranges::find(numbers, value, &Number::value);
  return it == numbers.end() ? nullptr : &*it;
}

}  // namespace

struct Evidence::Reading {
  std::string_view sentence;
  std::vector<Word> words;
  std::vector<std::string> terms;  // distinct, without reporting words and names of speakers
  double total = 0;
  std::vector<Mention> mentions;
  std::vector<std::string> names;  // lower case; capitalised words that name no speaker
};

bool is_reporting_term(std::string_view term) {
  return std::ranges::binary_search(reporting_terms(), term);
}

std::string_view to_string(Rejection rejection) {
  static constexpr std::array<std::string_view, 7> kNames = {"empty", "first person",  "unsupported", "number",
                                                             "name",  "wrong speaker", "question"};
  return kNames[static_cast<size_t>(rejection)];
}

Evidence::Evidence(const Transcript& transcript) : transcript_(transcript) {
  std::unordered_map<std::string, uint32_t> speaker_index;
  for (const Turn& turn : transcript.turns) {
    auto& terms = terms_.emplace_back();
    tidy_.push_back(tidy_speech(turn.text));
    for (const std::string_view text : {std::string_view(turn.text), std::string_view(tidy_.back())})
      for (std::string& term : terms_of(text))
        terms.insert(std::move(term));
    for (const std::string& term : terms)
      ++turns_with_[term];
    for (const Word& word : words_of(turn.text))
      if (!has_upper(word.text)) {
        plain_words_.emplace(word.text);
        plain_words_.insert(term_of(word.text));
      }
    const auto [it, fresh] = speaker_index.try_emplace(turn.speaker, static_cast<uint32_t>(speakers_.size()));
    if (fresh) {
      speakers_.push_back(turn.speaker);
      for (const Word& word : words_of(turn.speaker)) {
        auto& with = speakers_with_word_[lower(word.text)];
        if (with.empty() || with.back() != it->second) with.push_back(it->second);
      }
    }
    turn_speaker_.push_back(it->second);
  }
}

bool Evidence::names_somebody(std::span<const Word> words, std::span<const uint32_t> speakers) const {
  const auto distinctive = [&](const Word& word) {
    return word.text.size() >= 3 && !plain_words_.contains(name_key(word.text));
  };
  return std::ranges::any_of(words, distinctive) || is_whole_name(words, speakers);
}

bool Evidence::is_whole_name(std::span<const Word> words, std::span<const uint32_t> speakers) const {
  return std::ranges::any_of(speakers, [&](uint32_t speaker) {
    return words.size() == words_of(speakers_[speaker]).size() && speakers_[speaker].size() > 1;
  });
}

double Evidence::weight(const std::string& term) const {
  // A word that nobody said counts against a sentence, though not as a rare one would: reports use words of their own.
  constexpr double kUnsaid = 0.7;
  const auto it = turns_with_.find(term);
  const double with = it == turns_with_.end() ? 1 : it->second;
  const double rarity = std::log(1.5 + static_cast<double>(terms_.size()) / (with + 1));
  return it == turns_with_.end() ? kUnsaid * rarity : rarity;
}

Evidence::Reading Evidence::read(std::string_view sentence) const {
  Reading reading;
  reading.sentence = sentence;
  reading.words = words_of(sentence);
  std::vector<bool> names_speaker(reading.words.size(), false);
  for (size_t i = 0; i < reading.words.size(); ++i) {
    const auto it = speakers_with_word_.find(name_key(reading.words[i].text));
    if (it == speakers_with_word_.end()) continue;
    const bool upper = starts_upper(reading.words[i].text);
    // Words side by side name one speaker: "Grad A" is whoever has both, not every "Grad".
    std::vector<uint32_t> meant = it->second;
    size_t end = i + 1;
    for (; end < reading.words.size() && has_upper(reading.words[end].text) == upper; ++end) {
      const auto next = speakers_with_word_.find(name_key(reading.words[end].text));
      if (next == speakers_with_word_.end()) break;
      std::vector<uint32_t> both;
      std::ranges::set_intersection(meant, next->second, std::back_inserter(both));
      if (both.empty()) break;
      meant = std::move(both);
    }
    const auto group = std::span(reading.words).subspan(i, end - i);
    if (upper ? !names_somebody(group, meant) : !is_whole_name(group, meant)) continue;
    std::fill(names_speaker.begin() + static_cast<std::ptrdiff_t>(i),
              names_speaker.begin() + static_cast<std::ptrdiff_t>(end), true);
    const bool opens = i == 0 || (i == 1 && lower(reading.words[0].text) == "the");
    // "The project manager argues" is the speaker, "the user interface of the device" is not.
    const bool acts = end < reading.words.size() && opens && says_something(reading.words[end].text);
    if (upper || acts) reading.mentions.push_back({std::move(meant), end, opens});
    i = end - 1;
  }
  std::unordered_set<std::string> seen;
  for (size_t i = 0; i < reading.words.size(); ++i) {
    if (names_speaker[i]) continue;
    const std::string_view word = reading.words[i].text;
    const std::string key = name_key(word);
    for (std::string& term : terms_of(word)) {
      if (is_reporting_term(term) || !seen.insert(term).second) continue;
      reading.total += weight(term);
      reading.terms.push_back(std::move(term));
    }
    // At the head of a sentence any word has a capital: one that is also said in lower case, or only reports, is no name.
    const bool ordinary =
        reading.words[i].begins_sentence &&
        (plain_words_.contains(key) || plain_words_.contains(term_of(word)) || is_reporting_term(term_of(word)));
    const bool digits = word[0] >= '0' && word[0] <= '9';
    if (has_upper(word) && !ordinary && !digits && !term_of(word).empty()) reading.names.push_back(key);
  }
  return reading;
}

double Evidence::covered(const Reading& reading, std::span<const uint32_t> turns) const {
  double sum = 0;
  for (const std::string& term : reading.terms)
    if (std::ranges::any_of(turns, [&](uint32_t turn) { return turn_has(turn, term); })) sum += weight(term);
  return sum;
}

std::vector<uint32_t> Evidence::cover(const Reading& reading, std::span<const uint32_t> turns,
                                      std::span<const uint32_t> must_cite) const {
  std::vector<uint32_t> cites(must_cite.begin(), must_cite.end());
  std::vector<std::string> open;
  for (const std::string& term : reading.terms)
    if (std::ranges::none_of(cites, [&](uint32_t turn) { return turn_has(turn, term); })) open.push_back(term);
  for (size_t round = 0; round < kMaxEvidenceTurns && !open.empty(); ++round) {
    uint32_t best = kNobody;
    double best_gain = 0;
    for (const uint32_t turn : turns) {
      double gain = 0;
      for (const std::string& term : open)
        if (turn_has(turn, term)) gain += weight(term);
      const bool by_named = std::ranges::any_of(reading.mentions, [&](const Mention& mention) {
        return std::ranges::binary_search(mention.speakers, turn_speaker_[turn]);
      });
      if (by_named) gain *= 1.25;
      if (gain > best_gain) {
        best_gain = gain;
        best = turn;
      }
    }
    if (best == kNobody || best_gain < kLeastGain * reading.total) break;
    add_cite(cites, best);
    std::erase_if(open, [&](const std::string& term) { return turn_has(best, term); });
  }
  return cites;
}

uint32_t Evidence::best_turn(const Reading& reading, std::span<const uint32_t> among) const {
  uint32_t best = kNobody;
  double most = -1;
  for (const uint32_t turn : among) {
    if (const double here = covered(reading, std::span(&turn, 1)); here > most) {
      most = here;
      best = turn;
    }
  }
  return best;
}

bool Evidence::add_speakers(const Reading& reading, std::span<const uint32_t> turns,
                            std::vector<uint32_t>& cites) const {
  for (const Mention& mention : reading.mentions) {
    const auto by_mentioned = [&](uint32_t turn) {
      return std::ranges::binary_search(mention.speakers, turn_speaker_[turn]);
    };
    const auto speaks_of = [&](uint32_t turn) {
      return std::ranges::any_of(mention.speakers, [&](uint32_t speaker) {
        return std::ranges::any_of(words_of(speakers_[speaker]), [&](const Word& word) {
          const std::string key = lower(word.text);
          return key.size() > 2 && !plain_words_.contains(key) && contains_word(tidy_[turn], key);
        });
      });
    };
    if (std::ranges::any_of(cites, by_mentioned) || std::ranges::any_of(cites, speaks_of)) continue;
    std::vector<uint32_t> candidates;
    std::ranges::copy_if(turns, std::back_inserter(candidates), by_mentioned);
    if (candidates.empty()) std::ranges::copy_if(turns, std::back_inserter(candidates), speaks_of);
    if (candidates.empty()) return false;
    add_cite(cites, best_turn(reading, candidates));
  }
  return true;
}

bool Evidence::speakers_said_it(const Reading& reading, std::span<const uint32_t> turns) const {
  if (reading.mentions.empty() || !reading.mentions[0].begins) return true;
  std::vector<uint32_t> theirs;
  std::ranges::copy_if(turns, std::back_inserter(theirs), [&](uint32_t turn) {
    return std::ranges::any_of(reading.mentions, [&](const Mention& mention) {
      return std::ranges::binary_search(mention.speakers, turn_speaker_[turn]);
    });
  });
  return covered(reading, theirs) >= kLeastSpeakerShare * covered(reading, turns);
}

std::optional<std::string> Evidence::with_true_speaker(const Reading& reading, std::span<const uint32_t> turns) const {
  if (reading.mentions.size() != 1) return std::nullopt;
  const double all = covered(reading, turns);
  for (uint32_t speaker = 0; speaker < speakers_.size(); ++speaker) {
    std::vector<uint32_t> theirs;
    std::ranges::copy_if(turns, std::back_inserter(theirs),
                         [&](uint32_t turn) { return turn_speaker_[turn] == speaker; });
    if (speakers_[speaker].empty() || covered(reading, theirs) < kTrueSpeakerShare * all) continue;
    const Word& last = reading.words[reading.mentions[0].end - 1];
    std::string_view rest = reading.sentence.substr(last.at + last.text.size());
    if (last.text.ends_with("'s")) return std::nullopt;
    std::string corrected = speakers_[speaker] + std::string(rest);
    const Reading again = read(corrected);
    if (again.mentions.size() == 1 && speakers_said_it(again, turns)) return corrected;
  }
  return std::nullopt;
}

bool Evidence::add_names(const Reading& reading, std::span<const uint32_t> turns, std::vector<uint32_t>& cites) const {
  for (const std::string& name : reading.names) {
    const auto has_name = [&](uint32_t turn) {
      return contains_word(tidy_[turn], name) || contains_word(transcript_.turns[turn].speaker, name);
    };
    if (std::ranges::any_of(cites, has_name)) continue;
    std::vector<uint32_t> candidates;
    std::ranges::copy_if(turns, std::back_inserter(candidates), has_name);
    if (candidates.empty()) return false;
    add_cite(cites, best_turn(reading, candidates));
  }
  return true;
}

bool Evidence::add_numbers(Claim& claim, std::span<const uint32_t> turns) const {
  // From the last to the first, so that a replacement does not move those that are still to come.
  std::vector<Number> numbers = numbers_of(claim.text);
  std::ranges::reverse(numbers);
  std::string text = claim.text;
  for (const Number& number : numbers) {
    std::optional<std::string> source;  // how a turn writes it
    const auto look_in = [&](uint32_t turn, bool literal) {
      const std::vector<Number> said = numbers_of(transcript_.turns[turn].text);
      const Number* found = literal ? find_literal(said, number.text) : find_value(said, number.value);
      if (found == nullptr) return false;
      source = literal ? std::string(number.text) : std::string(found->text);
      return true;
    };
    const auto in_cites = [&](bool literal) {
      return std::ranges::any_of(claim.cites, [&](uint32_t turn) { return look_in(turn, literal); });
    };
    const auto in_window = [&](bool literal) {
      return std::ranges::any_of(turns, [&](uint32_t turn) {
        if (!look_in(turn, literal)) return false;
        add_cite(claim.cites, turn);
        return true;
      });
    };
    if (!in_cites(true) && !in_cites(false) && !in_window(true) && !in_window(false)) return false;
    text.replace(number.at, number.text.size(), *source);
  }
  claim.text = std::move(text);
  return true;
}

bool Evidence::only_asked(const Reading& reading, std::span<const uint32_t> cites) const {
  if (reports_a_question(reading.words)) return false;
  const uint32_t turn = best_turn(reading, cites);
  if (turn == kNobody) return false;
  std::string_view best;
  double most = 0;
  for (const std::string_view sentence : sentences_of(tidy_[turn])) {
    double here = 0;
    for (const std::string& term : terms_of(sentence))
      if (std::ranges::find(reading.terms, term) != reading.terms.end()) here += weight(term);
    if (here > most) {
      most = here;
      best = sentence;
    }
  }
  return best.ends_with('?') && most >= 0.5 * reading.total;
}

std::expected<Claim, Rejection> Evidence::check(std::string_view sentence, std::span<const uint32_t> turns,
                                                std::span<const uint32_t> must_cite) const {
  const Reading reading = read(sentence);
  if (reading.terms.size() < 2 || goes_in_circles(reading.words)) return std::unexpected(Rejection::kEmpty);
  // Small models slip into the language that they read most.
  const auto foreign = [&](const std::string& term) {
    return static_cast<unsigned char>(term[0]) >= 0xE3 && !turns_with_.contains(term);
  };
  if (std::ranges::any_of(reading.terms, foreign)) return std::unexpected(Rejection::kUnsupported);
  if (is_first_person(reading.words)) return std::unexpected(Rejection::kFirstPerson);
  Claim claim{.text = std::string(sentence), .cites = cover(reading, turns, must_cite), .support = 0};
  if (claim.cites.empty()) return std::unexpected(Rejection::kUnsupported);
  if (!add_names(reading, turns, claim.cites)) return std::unexpected(Rejection::kName);
  if (!add_speakers(reading, turns, claim.cites)) return std::unexpected(Rejection::kName);
  if (!speakers_said_it(reading, turns)) {
    if (const auto corrected = with_true_speaker(reading, turns)) return check(*corrected, turns, must_cite);
    return std::unexpected(Rejection::kWrongSpeaker);
  }
  if (!add_numbers(claim, turns)) return std::unexpected(Rejection::kNumber);
  claim.support = covered(reading, claim.cites) / reading.total;
  if (claim.support < kLeastSupport || claim.cites.size() > kMaxCites) return std::unexpected(Rejection::kUnsupported);
  if (only_asked(reading, claim.cites)) return std::unexpected(Rejection::kQuestion);
  std::ranges::sort(claim.cites);
  return claim;
}

}  // namespace ingle::documents
