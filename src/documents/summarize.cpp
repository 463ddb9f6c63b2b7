#include "documents/summarize.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <set>
#include <unordered_map>

#include "documents/summarize_evidence.h"
#include "documents/summarize_outcomes.h"
#include "documents/summarize_windows.h"
#include "documents/summarize_writer.h"
#include "documents/transcript_words.h"

namespace ingle::documents {
namespace {

constexpr size_t kMaxQueryBytes = 1000;
constexpr size_t kBriefPoints = 7;
constexpr size_t kMinutesPoints = 60;
constexpr size_t kQueryWindows = 8;
constexpr size_t kMaxTopics = 12;
constexpr size_t kMaxTopicCites = 12;
constexpr uint32_t kAttempts = 2;
constexpr double kQuotationShare = 0.35;  // what a quotation is worth beside a sentence
constexpr double kSame = 0.6;             // share of common words from which two points say the same

using Terms = std::set<std::string>;

Terms content_terms(std::string_view text) {
  Terms terms;
  for (std::string& term : terms_of(text))
    if (!is_reporting_term(term)) terms.insert(std::move(term));
  return terms;
}

double likeness(const Terms& a, const Terms& b) {
  size_t common = 0;
  for (const std::string& term : a)
    common += b.contains(term);
  const size_t smaller = std::min(a.size(), b.size());
  return smaller == 0 ? 0 : static_cast<double>(common) / static_cast<double>(smaller);
}

void merge_cites(std::vector<uint32_t>& cites, const std::vector<uint32_t>& more) {
  std::vector<uint32_t> all;
  std::ranges::set_union(cites, more, std::back_inserter(all));
  cites = std::move(all);
}

/// What the meeting is about: words that are said often, though not everywhere.
class Salience {
 public:
  Salience(const Transcript& transcript, const std::vector<Window>& windows) {
    std::unordered_map<std::string, uint32_t> in_windows;
    for (const Window& window : windows) {
      Terms here;
      for (const uint32_t turn : window.turns) {
        for (const std::string& term : terms_of(transcript.turns[turn].text)) {
          counts_[term] += 1;
          here.insert(term);
        }
      }
      for (const std::string& term : here)
        ++in_windows[term];
    }
    const auto n = static_cast<double>(windows.size());
    for (auto& [term, count] : counts_)
      count = std::log(1 + count) * std::log(1.3 + n / in_windows[term]);
  }
  double of(std::string_view text) const {
    double sum = 0;
    const Terms terms = content_terms(text);
    for (const std::string& term : terms)
      if (const auto it = counts_.find(term); it != counts_.end()) sum += it->second;
    return sum / std::pow(4.0 + static_cast<double>(terms.size()), 0.6);
  }

 private:
  std::unordered_map<std::string, double> counts_;
};

struct Point {
  SummaryPoint point;
  size_t window = 0;
  double salience = 0;
};

class Summarizer {
 public:
  Summarizer(const Transcript& transcript, const SummarizeOptions& options, Writer& writer)
      : transcript_(transcript),
        options_(options),
        writer_(writer),
        windows_(cut_windows(transcript, writer.window_limit())),
        evidence_(transcript),
        salience_(transcript, windows_) {}

  Result<Summary> run(const SummaryProgress& progress) {
    if (!options_.query.empty()) read_query();
    if (!query_.empty()) choose_windows();
    std::vector<Outcome> outcomes = find_outcomes(transcript_, evidence_, windows_);
    std::erase_if(outcomes,
                  [&](const Outcome& outcome) { return !is_asked_for(outcome.sentence, std::span(&outcome.turn, 1)); });
    const bool notes = options_.style != SummaryStyle::kActions;
    const auto worded =
        std::ranges::count_if(outcomes, [](const Outcome& o) { return o.kind != OutcomeKind::kQuestion; });
    const auto total = static_cast<uint32_t>((notes ? windows_.size() : 0) + static_cast<size_t>(worded));
    uint32_t done = 0;
    const auto step = [&] {
      if (progress) progress(done, total);
      ++done;
    };
    for (size_t i = 0; notes && i < windows_.size(); ++i) {
      step();
      INGLE_TRY_VOID(write_note(i));
    }
    for (const Outcome& outcome : outcomes) {
      if (outcome.kind != OutcomeKind::kQuestion) step();
      INGLE_TRY_VOID(write_outcome(outcome));
    }
    step();
    choose_points();
    summary_.windows = static_cast<uint32_t>(windows_.size());
    return std::move(summary_);
  }

 private:
  /// The words that are looked for. Words of reports ("plan", "team") count where the others are never said, but then most
  /// of the query must be said at one place.
  void read_query() {
    query_ = content_terms(options_.query);
    const auto is_said = [&](const std::string& term) {
      for (uint32_t turn = 0; turn < transcript_.turns.size(); ++turn)
        if (evidence_.turn_has(turn, term)) return true;
      return false;
    };
    if (query_.empty() || std::ranges::any_of(query_, is_said)) return;
    for (std::string& term : terms_of(options_.query))
      query_.insert(std::move(term));
    least_of_query_ = 0.4;
  }

  /// Whether a statement, or a turn that it rests on, speaks of the query; anything does where there is none.
  bool is_asked_for(std::string_view text, std::span<const uint32_t> cites) const {
    if (query_.empty()) return true;
    const std::vector<std::string> terms = terms_of(text);
    double found = 0;
    double all = 0;
    for (const std::string& term : query_) {
      const bool said = std::ranges::find(terms, term) != terms.end() ||
                        std::ranges::any_of(cites, [&](uint32_t turn) { return evidence_.turn_has(turn, term); });
      all += evidence_.weight(term);
      if (said) found += evidence_.weight(term);
    }
    return found > 0 && found >= least_of_query_ * all;
  }

  /// Only what speaks of the query, the best parts first to be chosen, then in order.
  void choose_windows() {
    std::vector<std::pair<double, size_t>> ranked;
    for (size_t i = 0; i < windows_.size(); ++i) {
      double score = 0;
      for (const std::string& term : query_) {
        const auto with =
            std::ranges::count_if(windows_[i].turns, [&](uint32_t turn) { return evidence_.turn_has(turn, term); });
        if (with > 0) score += evidence_.weight(term) * (1 + std::log(static_cast<double>(with)));
      }
      if (score > 0) ranked.emplace_back(score, i);
    }
    std::ranges::sort(ranked, std::greater<>());
    ranked.resize(std::min(ranked.size(), kQueryWindows));
    std::ranges::sort(ranked, {}, &std::pair<double, size_t>::second);
    std::vector<Window> chosen;
    for (const auto& [score, i] : ranked)
      chosen.push_back(std::move(windows_[i]));
    windows_ = std::move(chosen);
  }

  Status write_note(size_t index) {
    const Window& window = windows_[index];
    SummaryPoint best;
    std::string topic;
    for (uint32_t attempt = 0; attempt < kAttempts && best.text.empty(); ++attempt) {
      INGLE_TRY(const WindowNote note, writer_.note(transcript_, window, options_.query, attempt));
      best = checked(note.sentences, window.turns);
      if (topic.empty() && topic_holds(note.topic, window)) topic = note.topic;
    }
    if (best.text.empty()) best = quotation(window);
    if (best.text.empty() || !is_asked_for(best.text, best.cites)) return {};
    add_topic(std::move(topic), best.cites);
    if (best.quotation) ++summary_.quoted;
    const double salience = relevance(best.text) + salience_.of(best.text) * best.support;
    points_.push_back({std::move(best), index, salience});
    return {};
  }

  /// The sentences of `text` that hold, together.
  SummaryPoint checked(std::string_view text, std::span<const uint32_t> turns,
                       std::span<const uint32_t> must_cite = {}) {
    SummaryPoint point;
    size_t kept = 0;
    for (const std::string_view sentence : sentences_of(text)) {
      if (!sentence.ends_with('.') && !sentence.ends_with('!') && !sentence.ends_with("\xe3\x80\x82")) {
        ++summary_.rejected;  // cut off
        continue;
      }
      auto claim = evidence_.check(sentence, turns, must_cite);
      const bool repeats = claim && likeness(content_terms(point.text), content_terms(claim->text)) > kSame;
      if (!claim || repeats) {
        ++summary_.rejected;
        continue;
      }
      if (!point.text.empty()) point.text += ' ';
      point.text += claim->text;
      merge_cites(point.cites, claim->cites);
      point.support += claim->support;
      ++kept;
    }
    if (kept > 0) point.support /= static_cast<double>(kept);
    return point;
  }

  /// The sentence of the window that says most of what the meeting is about, as it was said.
  SummaryPoint quotation(const Window& window) {
    SummaryPoint best;
    double most = 0;
    for (const Passage& passage : window.passages) {
      for (const std::string_view sentence : sentences_of(passage.text)) {
        const size_t n_words = words_of(sentence).size();
        if (n_words < 7 || n_words > 45 || sentence.ends_with('?')) continue;
        const double here = salience_.of(sentence) + relevance(sentence);
        if (here <= most) continue;
        most = here;
        const std::string& speaker = transcript_.turns[passage.turn].speaker;
        best.text = speaker.empty() ? fmt::format("\xe2\x80\x9c{}\xe2\x80\x9d", sentence)
                                    : fmt::format("{}: \xe2\x80\x9c{}\xe2\x80\x9d", speaker, sentence);
        best.cites = {passage.turn};
        best.support = 1;
        best.quotation = true;
      }
    }
    return best;
  }

  double relevance(std::string_view text) const {
    constexpr double kQueryBonus = 3;
    double sum = 0;
    const Terms terms = content_terms(text);
    for (const std::string& term : query_)
      if (terms.contains(term)) sum += evidence_.weight(term);
    return kQueryBonus * sum;
  }

  bool topic_holds(std::string_view title, const Window& window) const {
    const Terms terms = content_terms(title);
    if (terms.empty() || !numbers_of(title).empty()) return false;
    if (title.find_first_of(",;/|") != std::string_view::npos) return false;  // a list of words
    const auto names_title = [&](const std::string& speaker) {
      return likeness(content_terms(speaker), terms) == 1 && terms.size() <= content_terms(speaker).size();
    };
    if (std::ranges::any_of(evidence_.speakers(), names_title)) return false;
    size_t found = 0;
    for (const std::string& term : terms)
      found += std::ranges::any_of(window.turns, [&](uint32_t turn) { return evidence_.turn_has(turn, term); });
    return 3 * found >= 2 * terms.size();
  }

  void add_topic(std::string title, const std::vector<uint32_t>& cites) {
    if (title.empty() || cites.empty()) return;
    while (!title.empty() && (title.back() == '.' || title.back() == ' ' || title.back() == ','))
      title.pop_back();
    if (!title.empty() && title[0] >= 'a' && title[0] <= 'z') title[0] = static_cast<char>(title[0] - 32);
    const Terms terms = content_terms(title);
    for (SummaryTopic& topic : summary_.topics) {
      if (likeness(content_terms(topic.title), terms) <= kSame) continue;
      if (topic.cites.size() + cites.size() <= kMaxTopicCites) merge_cites(topic.cites, cites);
      return;
    }
    if (summary_.topics.size() < kMaxTopics) summary_.topics.push_back({std::move(title), cites});
  }

  /// The turn and those before it, as the model sees them: what is said later is not what a sentence meant.
  std::string context_of(uint32_t turn, std::vector<uint32_t>& turns) const {
    constexpr size_t kBefore = 3;
    constexpr size_t kMaxBytes = 500;
    const auto tidy = [&](uint32_t i) { return tidy_speech(transcript_.turns[i].text); };
    const auto says_something = [&](uint32_t i) { return words_of(transcript_.turns[i].text).size() >= 4; };
    std::vector<uint32_t> around;
    for (uint32_t i = turn; i-- > 0 && around.size() < kBefore && turn - i < 20;)
      if (says_something(i)) around.insert(around.begin(), i);
    around.push_back(turn);
    std::string text;
    for (const uint32_t i : around) {
      std::string said = tidy(i);
      if (said.size() > kMaxBytes) {
        // Of what stands before, the end matters; of the rest, the beginning.
        const auto sentences = sentences_of(said);
        std::string part;
        if (i < turn) {
          for (size_t k = sentences.size(); k-- > 0 && part.size() + sentences[k].size() < kMaxBytes;)
            part = std::string(sentences[k]) + " " + part;
        } else {
          for (size_t k = 0; k < sentences.size() && part.size() + sentences[k].size() < kMaxBytes; ++k)
            part += std::string(sentences[k]) + " ";
        }
        said = std::move(part);
      }
      if (said.empty()) continue;
      const std::string& speaker = transcript_.turns[i].speaker;
      text += (speaker.empty() ? said : speaker + ": " + said) + "\n";
    }
    turns = std::move(around);
    return text;
  }

  Status write_outcome(const Outcome& outcome) {
    SummaryPoint point;
    if (outcome.kind != OutcomeKind::kQuestion) {
      std::vector<uint32_t> turns;
      const std::string context = context_of(outcome.turn, turns);
      const std::string opening = outcome.kind == OutcomeKind::kDecision ? "The group"
                                  : outcome.owner                        ? *outcome.owner + " will"
                                                                         : "The group will";
      const std::string& speaker = transcript_.turns[outcome.turn].speaker;
      INGLE_TRY(const std::string worded, writer_.reword(context, outcome.sentence, speaker, opening));
      if (worded.starts_with(opening)) point = checked(worded, turns, std::span(&outcome.turn, 1));
      // It must say what this sentence said, not only something that was said around it.
      if (likeness(content_terms(outcome.sentence), content_terms(point.text)) < 0.5) point = {};
    }
    if (point.text.empty()) {
      point.text = outcome.plain;
      point.cites = {outcome.turn};
      point.support = 1;
      point.quotation = true;
      summary_.quoted += outcome.kind != OutcomeKind::kQuestion;
    }
    place(outcome, std::move(point));
    return {};
  }

  void place(const Outcome& outcome, SummaryPoint point) {
    const auto same = [&](const SummaryPoint& other) {
      return likeness(content_terms(other.text), content_terms(point.text)) > kSame;
    };
    switch (outcome.kind) {
      case OutcomeKind::kAction:
        for (SummaryAction& action : summary_.actions) {
          if (!same(action.point)) continue;
          merge_cites(action.point.cites, point.cites);
          if (!action.owner) action.owner = outcome.owner;
          if (!action.due) action.due = outcome.due;
          return;
        }
        summary_.actions.push_back({std::move(point), outcome.owner, outcome.due});
        return;
      case OutcomeKind::kDecision:
      case OutcomeKind::kQuestion: {
        auto& list = outcome.kind == OutcomeKind::kDecision ? summary_.decisions : summary_.questions;
        for (SummaryPoint& other : list) {
          if (!same(other)) continue;
          merge_cites(other.cites, point.cites);
          return;
        }
        list.push_back(std::move(point));
        return;
      }
    }
  }

  /// The most telling points, none that repeats another, from all parts of the meeting; in its order.
  void choose_points() {
    const size_t wanted = options_.style == SummaryStyle::kMinutes ? kMinutesPoints : kBriefPoints;
    std::vector<Terms> terms;
    for (const Point& point : points_)
      terms.push_back(content_terms(point.point.text));
    std::vector<size_t> chosen;
    std::vector<bool> gone(points_.size(), false);
    while (chosen.size() < wanted) {
      size_t best = points_.size();
      double most = -1;
      for (size_t i = 0; i < points_.size(); ++i) {
        if (gone[i]) continue;
        double score = points_[i].salience * (points_[i].point.quotation ? kQuotationShare : 1);
        for (const size_t other : chosen) {
          const double alike = likeness(terms[i], terms[other]);
          if (alike > kSame) gone[i] = true;
          score *= 1 - 0.5 * alike;
          const size_t apart = points_[i].window > points_[other].window ? points_[i].window - points_[other].window
                                                                         : points_[other].window - points_[i].window;
          if (apart <= 1) score *= 0.8;
        }
        if (!gone[i] && score > most) {
          most = score;
          best = i;
        }
      }
      if (best == points_.size()) break;
      gone[best] = true;
      chosen.push_back(best);
    }
    std::ranges::sort(chosen);
    for (const size_t i : chosen)
      summary_.summary.push_back(std::move(points_[i].point));
  }

  const Transcript& transcript_;
  const SummarizeOptions& options_;
  Writer& writer_;
  std::vector<Window> windows_;
  const Evidence evidence_;
  const Salience salience_;
  Terms query_;
  double least_of_query_ = 0.2;  // share of the query's words, by weight, from which something speaks of it
  std::vector<Point> points_;
  Summary summary_;
};

}  // namespace

Result<SummaryStyle> parse_summary_style(std::string_view name) {
  if (name == "brief") return SummaryStyle::kBrief;
  if (name == "minutes") return SummaryStyle::kMinutes;
  if (name == "actions") return SummaryStyle::kActions;
  return std::unexpected(Error::usage(fmt::format("no style '{}'", name)).hint("styles: brief, minutes, actions"));
}

Status check_summarizable(const Transcript& transcript) {
  constexpr size_t kAnyLimit = 1000;
  if (!cut_windows(transcript, kAnyLimit).empty()) return {};
  return std::unexpected(Error::refused("nothing is said in this transcript that could be summarized")
                             .hint("it needs a few turns of whole sentences"));
}

Result<Summary> summarize(const Transcript& transcript, const SummarizeOptions& options, chat::Completer& model,
                          const SummaryProgress& progress, std::stop_token stop) {
  if (options.query.size() > kMaxQueryBytes) {
    return std::unexpected(Error::refused(
        fmt::format("the query has {} bytes; at most {} are taken", options.query.size(), kMaxQueryBytes)));
  }
  INGLE_TRY_VOID(check_summarizable(transcript));
  INGLE_TRY(Writer writer, Writer::make(model, std::move(stop)));
  INGLE_TRY(Summary summary, Summarizer(transcript, options, writer).run(progress));
  summary.requests = writer.counts().requests;
  summary.prompt_tokens = writer.counts().prompt_tokens;
  summary.cached_tokens = writer.counts().cached_tokens;
  summary.answer_tokens = writer.counts().answer_tokens;
  return summary;
}

Result<Summary> summarize(const Transcript& transcript, const SummarizeOptions& options, runtime::Models& models,
                          const SummaryProgress& progress, std::stop_token stop) {
  INGLE_TRY(const std::shared_ptr<chat::Completer> model, models.acquire(options.model, {}));
  return summarize(transcript, options, *model, progress, std::move(stop));
}

}  // namespace ingle::documents
