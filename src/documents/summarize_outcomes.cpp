#include "documents/summarize_outcomes.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <span>

#include "documents/summarize_evidence.h"
#include "documents/transcript_words.h"

namespace ingle::documents {
namespace {

constexpr size_t kFewestWords = 5;
constexpr size_t kMostWords = 60;
constexpr size_t kMostDecisionWords = 40;
constexpr double kLeastScore = 1.0;
constexpr double kVagueRequest = 0.35;  // "can you see" is mostly none

struct Cue {
  std::string_view phrase;  // words separated by blanks, lower case
  double score;
};

constexpr auto kCommitments = std::to_array<Cue>({{"i'll", 1},
                                                  {"i will", 1},
                                                  {"i'm going to", 0.8},
                                                  {"i'm gonna", 0.8},
                                                  {"i am going to", 0.8},
                                                  {"i can", 0.4},
                                                  {"i promise to", 1.2},
                                                  {"let me", 0.4},
                                                  {"ich werde", 1},
                                                  {"ich k\xc3\xbcmmere mich", 1.5}});
constexpr auto kRequests = std::to_array<Cue>({{"can you", 0.8},
                                               {"could you", 0.8},
                                               {"would you", 0.7},
                                               {"will you", 0.7},
                                               {"you should", 0.5},
                                               {"you need to", 0.6},
                                               {"you have to", 0.4},
                                               {"you will", 0.4},
                                               {"you'll", 0.4},
                                               {"please", 0.4},
                                               {"kannst du", 0.8},
                                               {"k\xc3\xb6nnen sie", 0.8}});
constexpr auto kPlans = std::to_array<Cue>({{"we need to", 0.4},
                                            {"we should", 0.4},
                                            {"we have to", 0.4},
                                            {"we'll", 0.4},
                                            {"we will", 0.4},
                                            {"let's", 0.3},
                                            {"somebody should", 0.8},
                                            {"someone should", 0.8},
                                            {"somebody has to", 0.8},
                                            {"someone has to", 0.8},
                                            {"somebody needs to", 0.8},
                                            {"someone needs to", 0.8},
                                            {"action item", 2},
                                            {"wir m\xc3\xbcssen", 0.5},
                                            {"wir sollten", 0.5}});
constexpr auto kDecisions = std::to_array<Cue>({{"we decided", 1.6},
                                                {"we have decided", 1.6},
                                                {"we've decided", 1.6},
                                                {"we agreed", 1.5},
                                                {"we have agreed", 1.5},
                                                {"we've agreed", 1.5},
                                                {"we all agree", 1.2},
                                                {"was decided", 1.2},
                                                {"was agreed", 1.2},
                                                {"agreed then", 1.5},
                                                {"so agreed", 1},
                                                {"it's agreed", 1.4},
                                                {"that's decided", 1.6},
                                                {"that's settled", 1.6},
                                                {"is decided", 1.2},
                                                {"the decision is", 1.6},
                                                {"our decision", 1},
                                                {"final decision", 1},
                                                {"let's go with", 1.6},
                                                {"let's go for", 1.6},
                                                {"let's use", 1.2},

                                                {"let's keep", 1.1},
                                                {"let's make", 1},
                                                {"let's just", 0.7},
                                                {"let's have", 0.9},
                                                {"let's do", 1},
                                                {"we'll go with", 1.6},
                                                {"we'll go for", 1.6},
                                                {"we go for", 1.2},
                                                {"we go with", 1.2},
                                                {"we're going with", 1.6},
                                                {"we're gonna go with", 1.6},
                                                {"we're going for", 1.2},
                                                {"we'll use", 1.1},
                                                {"we'll keep", 1.1},
                                                {"we'll have", 0.8},
                                                {"we'll take", 1},
                                                {"we'll make", 0.8},
                                                {"we're not going to", 1},
                                                {"we're not gonna", 1},
                                                {"we won't", 0.9},
                                                {"we're going to", 0.6},
                                                {"we're gonna", 0.6},
                                                {"we are going to", 0.6},
                                                {"motion is carried", 1.8},
                                                {"i move that", 1.2},
                                                {"i declare", 1},
                                                {"i'll declare", 1},
                                                {"propose that we resolve", 1.5},
                                                {"wir haben beschlossen", 1.8},
                                                {"beschlossen", 1.2},
                                                {"wir einigen uns", 1.6},
                                                {"wir machen das so", 1.5}});
// What makes a promise of words less of one: the meeting's own running, conditions, what is not settled.
constexpr auto kDoubts = std::to_array<Cue>({{"move on", -2},
                                             {"moving on", -2},
                                             {"go through", -1},
                                             {"go back to", -1},
                                             {"skip", -1},
                                             {"start with", -1.5},
                                             {"start off", -1},
                                             {"let's start", -2},
                                             {"let's see", -2},
                                             {"let's say", -2},
                                             {"let me see", -2},
                                             {"let me say", -2},
                                             {"i'll say", -2},
                                             {"i'll just say", -2},
                                             {"i will say", -2},
                                             {"i can say", -2},
                                             {"i can see", -2},
                                             {"i can understand", -2},
                                             {"i can tell", -1},
                                             {"i can assure", -2},
                                             {"turn to", -1.5},
                                             {"bring in", -1.5},
                                             {"come to", -0.7},
                                             {"come back to", -1},
                                             {"pick up on", -1.5},
                                             {"repeat", -1.5},
                                             {"plug", -1.5},
                                             {"wait", -1},
                                             {"right now", -0.7},
                                             {"this morning", -1},
                                             {"what we decided", -2},
                                             {"we decided we're", -1},
                                             {"hard decision", -2},
                                             {"in general", -0.7},
                                             {"they decided", -2},
                                             {"be brief", -2},
                                             {"repeating", -1.5},
                                             {"would you mind", -1},
                                             {"the slide", -1},
                                             {"standing order", -1.5},
                                             {"if we", -0.5},
                                             {"if you", -0.5},
                                             {"if i", -0.5},
                                             {"so that i", -1},
                                             {"so i can", -1},
                                             {"speak about", -1.5},
                                             {"talk about", -1},
                                             {"talk to you about", -1.5},
                                             {"show you", -1.5},
                                             {"need to decide", -1.5},
                                             {"have to decide", -1.5},
                                             {"haven't decided", -2},
                                             {"not decided", -2},
                                             {"don't know", -0.8},
                                             {"i wonder", -0.8},
                                             {"would be", -0.3},
                                             {"might", -0.4},
                                             {"questions from", -2},
                                             {"thank you", -0.7},
                                             {"can you explain", -2},
                                             {"can you tell", -2},
                                             {"could you tell", -2},
                                             {"could you explain", -2},
                                             {"can you see", -2},
                                             {"can you hear", -2}});
// Sorted. What can be done after a meeting.
constexpr auto kDeeds = std::to_array<std::string_view>(
    {"add",      "arrange",   "ask",         "book",    "bring",   "build",   "buy",       "call",    "change",
     "check",    "circulate", "clean",       "collect", "confirm", "contact", "copy",      "create",  "delete",
     "deliver",  "design",    "distribute",  "do",      "draft",   "email",   "explore",   "figure",  "find",
     "finish",   "fix",       "follow",      "forward", "get",     "give",    "implement", "include", "inform",
     "install",  "integrate", "investigate", "invite",  "look",    "mail",    "make",      "meet",    "order",
     "organise", "organize",  "pay",         "phone",   "post",    "prepare", "print",     "produce", "provide",
     "publish",  "put",       "read",        "record",  "remove",  "report",  "reserve",   "review",  "revise",
     "run",      "schedule",  "search",      "sell",    "send",    "set",     "share",     "sign",    "speak",
     "submit",   "summarise", "summarize",   "supply",  "take",    "talk",    "test",      "train",   "translate",
     "try",      "update",    "upload",      "use",     "work",    "write"});
static_assert(std::ranges::is_sorted(kDeeds));
// Sorted. What is asked of somebody for later rather than for now.
constexpr auto kErrands = std::to_array<std::string_view>(
    {"arrange",  "ask",      "book",       "bring",  "buy",     "call",    "check",   "circulate",
     "confirm",  "contact",  "distribute", "email",  "finish",  "forward", "invite",  "mail",
     "order",    "organise", "organize",   "pay",    "prepare", "print",   "provide", "review",
     "schedule", "send",     "share",      "submit", "update",  "upload",  "write"});
static_assert(std::ranges::is_sorted(kErrands));
constexpr auto kUnresolved = std::to_array<std::string_view>(
    {"not sure", "don't know", "do not know", "no idea", "good question", "find out", "have to check", "have to see",
     "we'll see", "open question", "i'll check", "have to look", "can't answer", "get back to you", "wei\xc3\x9f nicht",
     "keine ahnung"});

constexpr auto kProposals = std::to_array<std::string_view>(
    {"we", "let's", "i propose", "i suggest", "my proposal", "shall we", "wir", "ich schlage vor"});
constexpr auto kConsents = std::to_array<std::string_view>({"agreed", "einverstanden", "abgemacht", "beschlossen"});

/// " word word " in lower case, so that phrases are found at word borders.
std::string padded(std::string_view text) {
  std::string out = " ";
  for (const Word& word : words_of(text)) {
    out += plain_apostrophes(lower(word.text));
    out += ' ';
  }
  return out;
}

size_t find_phrase(const std::string& padded_text, std::string_view phrase) {
  return padded_text.find(" " + std::string(phrase) + " ");
}

struct Hit {
  double score = 0;
  size_t at = std::string::npos;  // in the padded text
  std::string_view phrase;
};

Hit best_cue(const std::string& text, std::span<const Cue> cues) {
  Hit best;
  for (const Cue& cue : cues) {
    const size_t at = find_phrase(text, cue.phrase);
    if (at != std::string::npos && cue.score > best.score) best = {cue.score, at, cue.phrase};
  }
  return best;
}

double doubts(const std::string& text) {
  double sum = 0;
  for (const Cue& cue : kDoubts)
    if (find_phrase(text, cue.phrase) != std::string::npos) sum += cue.score;
  return sum;
}

/// A deed among the few words after a cue: "i'll try and send".
bool deed_follows(const std::string& text, const Hit& hit, std::span<const std::string_view> deeds) {
  const size_t from = hit.at + hit.phrase.size() + 2;
  const std::string_view rest = std::string_view(text).substr(std::min(from, text.size()));
  size_t n = 0;
  for (const Word& word : words_of(rest)) {
    if (std::ranges::binary_search(deeds, word.text)) return true;
    if (++n == 4) break;
  }
  return false;
}

/// A speaker whose name stands in the sentence as it is written: nothing if several or none.
std::optional<std::string> addressee(const Evidence& evidence, const Transcript& transcript, uint32_t turn,
                                     std::string_view sentence) {
  std::optional<std::string> found;
  for (const std::string& speaker : evidence.speakers()) {
    if (speaker.empty() || speaker == transcript.turns[turn].speaker) continue;
    const bool named = std::ranges::any_of(words_of(speaker), [&](const Word& part) {
      return part.text.size() > 2 && lower(part.text) != part.text &&
             std::ranges::any_of(words_of(sentence), [&](const Word& word) { return word.text == part.text; });
    });
    if (!named) continue;
    if (found) return std::nullopt;
    found = speaker;
  }
  return found;
}

std::string capitalised(std::string_view text) {
  std::string out(text);
  if (!out.empty() && out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 32);
  return out;
}

std::string quoted_by(const std::string& speaker, std::string_view sentence) {
  const std::string text = capitalised(sentence);
  return speaker.empty() ? text : speaker + ": \xe2\x80\x9c" + text + "\xe2\x80\x9d";
}

/// "So I'll send it" -> "Anna will send it".
std::string in_third_person(const std::string& speaker, std::string_view sentence, std::string_view phrase) {
  const std::vector<Word> words = words_of(sentence);
  const size_t n_phrase = words_of(phrase).size();
  for (size_t i = 0; i + n_phrase < words.size(); ++i) {
    bool same = true;
    for (size_t k = 0; k < n_phrase && same; ++k)
      same = find_phrase(padded(words[i + k].text), words_of(phrase)[k].text) != std::string::npos;
    if (!same) continue;
    std::string_view rest = sentence.substr(words[i + n_phrase].at);
    while (!rest.empty() && std::string_view(" ,;:-").find(rest.back()) != std::string_view::npos)
      rest.remove_suffix(1);
    const bool about_themselves = [&] {
      static constexpr auto kOwn = std::to_array<std::string_view>(
          {"i", "i'd", "i'll", "i'm", "i've", "me", "my", "our", "us", "we", "we'd", "we'll", "we're", "we've"});
      return std::ranges::any_of(
          words_of(rest), [&](const Word& word) { return std::ranges::find(kOwn, lower(word.text)) != kOwn.end(); });
    }();
    if (about_themselves || words.size() - i - n_phrase < 3) break;
    std::string out = speaker + " will " + std::string(rest);
    if (out.back() != '.' && out.back() != '?' && out.back() != '!') out += '.';
    return out;
  }
  return quoted_by(speaker, sentence);
}

std::optional<Outcome> action_in(const Transcript& transcript, const Evidence& evidence, uint32_t turn,
                                 std::string_view sentence, const std::string& text) {
  const Hit commitment = best_cue(text, kCommitments);
  const Hit request = best_cue(text, kRequests);
  const Hit plan = best_cue(text, kPlans);
  Outcome action{.kind = OutcomeKind::kAction, .turn = turn, .sentence = std::string(sentence)};
  const std::string& speaker = transcript.turns[turn].speaker;
  const bool question = sentence.ends_with('?');
  const auto score = [&](const Hit& hit) {
    return hit.score > 0 && deed_follows(text, hit, kDeeds) ? hit.score + 0.5 : 0;
  };
  action.due = due_of(sentence);
  if (const double commit = score(commitment); commit > 0 && !question) {
    action.score = commit;
    if (!speaker.empty()) action.owner = speaker;
    action.plain =
        speaker.empty() ? quoted_by(speaker, sentence) : in_third_person(speaker, sentence, commitment.phrase);
  } else if (const double ask = score(request); ask > 0) {
    action.score = deed_follows(text, request, kErrands) ? ask : ask - kVagueRequest;
    action.owner = addressee(evidence, transcript, turn, sentence);
    action.plain = quoted_by(speaker, sentence);
  } else if (const double group = score(plan); group > 0 && !question) {
    action.score = group;
    action.owner = addressee(evidence, transcript, turn, sentence);
    action.plain = quoted_by(speaker, sentence);
  } else {
    return std::nullopt;
  }
  size_t content = 0;  // "I'll do that" says nothing by itself
  for (const std::string& term : terms_of(sentence))
    content += !is_reporting_term(term) && !std::ranges::binary_search(kDeeds, term);
  if (content < 2) return std::nullopt;
  if (action.due) action.score += 0.6;
  if (action.owner) action.score += 0.2;
  action.score += doubts(text);
  return action;
}

/// A proposal to which somebody else says "agreed" in one of the next turns, before anybody says more.
bool is_agreed_to(const Transcript& transcript, uint32_t turn, const std::string& text) {
  constexpr size_t kReplies = 3;
  constexpr size_t kMostReplyWords = 8;
  const bool proposed = std::ranges::any_of(
      kProposals, [&](std::string_view phrase) { return find_phrase(text, phrase) != std::string::npos; });
  for (size_t i = turn + 1; proposed && i < transcript.turns.size() && i <= turn + kReplies; ++i) {
    const Turn& reply = transcript.turns[i];
    const std::string said = padded(reply.text);
    const bool consents =
        std::ranges::any_of(kConsents, [&](std::string_view word) { return find_phrase(said, word) == 0; });
    if (consents && reply.speaker != transcript.turns[turn].speaker) return true;
    if (words_of(reply.text).size() > kMostReplyWords) return false;
  }
  return false;
}

std::optional<Outcome> decision_in(const Transcript& transcript, uint32_t turn, std::string_view sentence,
                                   const std::string& text) {
  constexpr double kAgreed = 1.5;
  Hit hit = best_cue(text, kDecisions);
  if (sentence.ends_with('?')) hit.score = 0;
  if (hit.score < kAgreed && is_agreed_to(transcript, turn, text)) hit.score = kAgreed;
  if (hit.score <= 0) return std::nullopt;
  Outcome decision{.kind = OutcomeKind::kDecision, .turn = turn, .sentence = std::string(sentence)};
  const bool retells = sentence.find('"') != std::string_view::npos || words_of(sentence).size() > kMostDecisionWords;
  decision.score = hit.score + doubts(text) - (retells ? 1 : 0);
  decision.plain = quoted_by(transcript.turns[turn].speaker, sentence);
  return decision;
}

/// Nobody answers, or the one who does says that nobody knows.
bool stays_open(const Transcript& transcript, uint32_t turn) {
  constexpr size_t kReplies = 2;
  size_t replies = 0;
  for (size_t i = turn + 1; i < transcript.turns.size() && replies < kReplies; ++i) {
    const Turn& reply = transcript.turns[i];
    if (replies > 0 && reply.text.find('?') != std::string::npos) break;  // on to the next question
    const std::string text = padded(reply.text);
    for (const std::string_view phrase : kUnresolved)
      if (find_phrase(text, phrase) != std::string::npos) return true;
    const bool other = reply.speaker != transcript.turns[turn].speaker || reply.speaker.empty();
    replies += other && words_of(reply.text).size() >= 2;
  }
  return replies == 0;
}

std::optional<Outcome> question_in(const Transcript& transcript, const Evidence& evidence, uint32_t turn,
                                   std::string_view sentence, const std::string& text) {
  static constexpr std::array<std::string_view, 6> kStated = {"the question is",  "question is whether", "i wonder if",
                                                              "i wonder whether", "we don't know",       "still open"};
  const bool stated = std::ranges::any_of(
      kStated, [&](std::string_view phrase) { return find_phrase(text, phrase) != std::string::npos; });
  if (!stated && !sentence.ends_with('?')) return std::nullopt;
  double content = 0;
  std::set<std::string> seen;
  for (std::string& term : terms_of(sentence))
    if (!is_reporting_term(term) && seen.insert(term).second) content += evidence.weight(term);
  constexpr size_t kMostQuestionWords = 35;
  if (seen.size() < 3 || words_of(sentence).size() > kMostQuestionWords) return std::nullopt;
  constexpr double kProcedural = -1;  // "could you repeat that?"
  if (doubts(text) <= kProcedural) return std::nullopt;
  if (!stated && !stays_open(transcript, turn)) return std::nullopt;
  Outcome question{.kind = OutcomeKind::kQuestion, .turn = turn, .sentence = std::string(sentence)};
  question.score = kLeastScore + content / (4.0 + static_cast<double>(seen.size())) + (stated ? 0.5 : 0);
  question.plain = capitalised(sentence);
  return question;
}

void keep_best(std::vector<Outcome>& outcomes, OutcomeKind kind, size_t limit) {
  std::vector<double> scores;
  for (const Outcome& outcome : outcomes)
    if (outcome.kind == kind) scores.push_back(outcome.score);
  std::ranges::sort(scores, std::greater<>());
  const double least = scores.size() > limit ? scores[limit - 1] : 0;
  size_t kept = 0;
  std::erase_if(outcomes, [&](const Outcome& outcome) {
    return outcome.kind == kind && (outcome.score < least || kept++ >= limit);
  });
}

}  // namespace

std::optional<std::string> due_of(std::string_view sentence) {
  static constexpr auto kDays = std::to_array<std::string_view>(
      {"monday",   "tuesday",  "wednesday",  "thursday", "friday",   "saturday", "sunday",    "montag",
       "dienstag", "mittwoch", "donnerstag", "freitag",  "samstag",  "sonntag",  "january",   "february",
       "march",    "april",    "may",        "june",     "july",     "august",   "september", "october",
       "november", "december", "tomorrow",   "tonight",  "noon",     "week",     "month",     "year",
       "quarter",  "day",      "weekend",    "lunch",    "morgen",   "woche",    "monat",     "januar",
       "februar",  "juni",     "juli",       "oktober",  "dezember", "meeting"});
  static constexpr auto kLeads =
      std::to_array<std::string_view>({"by", "before", "until", "till", "next", "this", "on", "bis",
                                       "n\xc3\xa4"
                                       "chste",
                                       "n\xc3\xa4"
                                       "chsten",
                                       "n\xc3\xa4"
                                       "chster",
                                       "vor"});
  static constexpr auto kBetween = std::to_array<std::string_view>(
      {"the", "end", "of", "next", "this", "our", "ende", "zum", "der", "des", "start", "beginning", "early", "late",
       "n\xc3\xa4"
       "chste",
       "n\xc3\xa4"
       "chsten"});
  const auto among = [](const auto& list, std::string_view word) {
    return std::ranges::find(list, word) != list.end();
  };
  const std::vector<Word> words = words_of(sentence);
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string first = lower(words[i].text);
    if (first == "tomorrow" || first == "tonight") return std::string(words[i].text);
    const bool iso =
        words[i].text.size() == 10 && words[i].text[4] == '-' && words[i].text[7] == '-' && first[0] <= '9';
    if (iso) return std::string(words[i].text);
    if (!among(kLeads, first)) continue;
    size_t end = i + 1;
    while (end < words.size() && end < i + 6 &&
           (among(kBetween, lower(words[end].text)) || (words[end].text[0] >= '0' && words[end].text[0] <= '9')))
      ++end;
    if (end >= words.size() || !among(kDays, lower(words[end].text))) continue;
    const std::string last = lower(words[end].text);
    // "this meeting", "this year" and "on day" say nothing about when something is due.
    const bool vague = last == "meeting" || last == "year" || last == "day" || last == "may";
    if (vague && (first == "this" || first == "on") && end == i + 1) continue;
    const bool numbered = end + 1 < words.size() && words[end + 1].text[0] >= '0' && words[end + 1].text[0] <= '9' &&
                          last.size() > 3 && words[end + 1].at == words[end].at + words[end].text.size() + 1;
    const Word& stop = words[numbered ? end + 1 : end];
    return std::string(sentence.substr(words[i].at, stop.at + stop.text.size() - words[i].at));
  }
  return std::nullopt;
}

std::vector<Outcome> find_outcomes(const Transcript& transcript, const Evidence& evidence,
                                   const std::vector<Window>& windows) {
  constexpr size_t kMostActions = 8;
  constexpr size_t kMostDecisions = 6;
  constexpr size_t kMostQuestions = 5;
  std::vector<Outcome> outcomes;
  for (const Window& window : windows) {
    for (const Passage& passage : window.passages) {
      for (const std::string_view sentence : sentences_of(passage.text)) {
        const size_t n_words = words_of(sentence).size();
        if (n_words < kFewestWords || n_words > kMostWords) continue;
        const std::string text = padded(sentence);
        auto action = action_in(transcript, evidence, passage.turn, sentence, text);
        auto decision = decision_in(transcript, passage.turn, sentence, text);
        auto question = question_in(transcript, evidence, passage.turn, sentence, text);
        if (decision) question.reset();
        if (action && decision) (action->score > decision->score ? decision : action).reset();
        for (auto& found : {&action, &decision, &question})
          if (*found && (*found)->score >= kLeastScore) outcomes.push_back(*std::move(*found));
      }
    }
  }
  keep_best(outcomes, OutcomeKind::kAction, kMostActions);
  keep_best(outcomes, OutcomeKind::kDecision, kMostDecisions);
  keep_best(outcomes, OutcomeKind::kQuestion, kMostQuestions);
  return outcomes;
}

}  // namespace ingle::documents
