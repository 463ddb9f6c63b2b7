#include "eval/meetings.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "documents/transcript_words.h"

namespace ingle::eval {
namespace {

using nlohmann::json;

constexpr uint64_t kMaxFileBytes = uint64_t{256} << 20;

std::vector<std::string> plain_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool part =
        upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
    if (part) {
      word += upper ? static_cast<char>(c + 32) : c;
    } else if (!word.empty()) {
      words.push_back(std::move(word));
      word.clear();
    }
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

Rouge rouge_of(size_t common, size_t answer, size_t reference) {
  Rouge rouge;
  if (reference > 0) rouge.recall = static_cast<double>(common) / static_cast<double>(reference);
  if (answer > 0) rouge.precision = static_cast<double>(common) / static_cast<double>(answer);
  return rouge;
}

/// "2018-19", "3.5": digits with what joins them.
std::vector<std::string> digit_runs(std::string_view text) {
  std::vector<std::string> runs;
  const auto digit = [&](size_t i) { return i < text.size() && text[i] >= '0' && text[i] <= '9'; };
  for (size_t i = 0; i < text.size();) {
    if (!digit(i)) {
      ++i;
      continue;
    }
    const size_t begin = i;
    while (digit(i) ||
           (i < text.size() && std::string_view(".,:/-").find(text[i]) != std::string_view::npos && digit(i + 1)))
      ++i;
    runs.emplace_back(text.substr(begin, i - begin));
  }
  return runs;
}

void count_point(const Meeting& meeting, const documents::SummaryPoint& point, MeetingScore& score) {
  ++score.points;
  score.support += point.support;
  std::string cited;
  for (const uint32_t cite : point.cites) {
    ++score.cites;
    if (cite >= meeting.transcript.turns.size()) continue;
    ++score.cites_real;
    cited += meeting.transcript.turns[cite].speaker + "\n" + meeting.transcript.turns[cite].text + "\n";
  }
  const std::vector<std::string> said = digit_runs(cited);
  for (const std::string& run : digit_runs(point.text)) {
    ++score.numbers;
    score.numbers_found += std::ranges::find(said, run) != said.end();
  }
  const std::vector<std::string> cited_words = plain_words(cited);
  for (const documents::Number& number : documents::numbers_of(point.text)) {
    if (number.digits) continue;
    ++score.numbers;
    const std::vector<std::string> wanted = plain_words(number.text);
    score.numbers_found += !std::ranges::search(cited_words, wanted).empty();
  }
}

std::string text_of(const documents::Summary& summary) {
  std::string text;
  for (const documents::SummaryPoint& point : summary.summary)
    text += point.text + " ";
  return text;
}

Result<Meeting> meeting_of(std::string_view line, size_t index) {
  const json object = json::parse(line, nullptr, false);
  if (!object.is_object()) return std::unexpected(Error::corrupt(fmt::format("line {} is no JSON object", index + 1)));
  Meeting meeting;
  auto transcript = documents::parse_transcript(line);
  if (!transcript) return std::unexpected(std::move(transcript).error().within(fmt::format("line {}", index + 1)));
  meeting.transcript = *std::move(transcript);
  meeting.id = fmt::format("{}", index);
  if (const auto id = object.find("id"); id != object.end() && id->is_string()) meeting.id = id->get<std::string>();
  const auto queries = object.find("general_query_list");
  if (queries != object.end() && queries->is_array() && !queries->empty() && queries->front().is_object()) {
    const auto answer = queries->front().find("answer");
    if (answer != queries->front().end() && answer->is_string()) meeting.reference = answer->get<std::string>();
  }
  return meeting;
}

}  // namespace

Result<std::vector<Meeting>> load_meetings(const std::filesystem::path& file, size_t count) {
  INGLE_TRY(const std::string text, base::read_file(file, kMaxFileBytes));
  std::vector<std::string_view> lines;
  for (std::string_view rest = text; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    if (end > 0) lines.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  const size_t n = count == 0 ? lines.size() : std::min(count, lines.size());
  std::vector<Meeting> meetings;
  for (size_t i = 0; i < n; ++i) {
    const size_t index = i * lines.size() / n;
    INGLE_TRY(Meeting meeting, meeting_of(lines[index], index));
    meetings.push_back(std::move(meeting));
  }
  if (meetings.empty()) return std::unexpected(Error::usage("'" + file.string() + "' holds no meeting"));
  return meetings;
}

Rouge rouge_1(std::string_view answer, std::string_view reference) {
  const auto said = plain_words(answer);
  const auto wanted = plain_words(reference);
  std::map<std::string_view, size_t> counts;
  for (const std::string& word : wanted)
    ++counts[word];
  size_t common = 0;
  for (const std::string& word : said) {
    const auto it = counts.find(word);
    if (it == counts.end() || it->second == 0) continue;
    --it->second;
    ++common;
  }
  return rouge_of(common, said.size(), wanted.size());
}

Rouge rouge_l(std::string_view answer, std::string_view reference) {
  const auto said = plain_words(answer);
  const auto wanted = plain_words(reference);
  std::vector<size_t> row(wanted.size() + 1, 0);  // longest common subsequence, a row at a time
  for (const std::string& word : said) {
    size_t diagonal = 0;
    for (size_t k = 0; k < wanted.size(); ++k) {
      const size_t above = row[k + 1];
      row[k + 1] = word == wanted[k] ? diagonal + 1 : std::max(above, row[k]);
      diagonal = above;
    }
  }
  return rouge_of(row.back(), said.size(), wanted.size());
}

MeetingScore score_summary(const Meeting& meeting, documents::Summary summary) {
  MeetingScore score;
  score.id = meeting.id;
  score.turns = meeting.transcript.turns.size();
  for (const documents::Turn& turn : meeting.transcript.turns)
    score.words += plain_words(turn.text).size();
  for (const auto* list : {&summary.summary, &summary.decisions, &summary.questions})
    for (const documents::SummaryPoint& point : *list)
      count_point(meeting, point, score);
  for (const documents::SummaryAction& action : summary.actions)
    count_point(meeting, action.point, score);
  for (const documents::SummaryTopic& topic : summary.topics)
    count_point(meeting, {.text = topic.title, .cites = topic.cites, .support = 1, .quotation = false}, score);
  if (score.points > 0) score.support /= static_cast<double>(score.points);
  const std::string text = text_of(summary);
  score.rouge1 = rouge_1(text, meeting.reference);
  score.rougeL = rouge_l(text, meeting.reference);
  score.summary = std::move(summary);
  return score;
}

Result<std::vector<MeetingScore>> score_meetings(chat::Completer& model, const std::vector<Meeting>& meetings,
                                                 const MeetingsOptions& options) {
  std::vector<MeetingScore> scores;
  for (size_t i = 0; i < meetings.size(); ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const auto progress = [&](uint32_t done, uint32_t total) {
      if (options.progress) options.progress(i, done, total);
    };
    auto summary = documents::summarize(meetings[i].transcript, options.summarize, model, progress, options.stop);
    if (!summary) return std::unexpected(std::move(summary).error().within("meeting '" + meetings[i].id + "'"));
    scores.push_back(score_summary(meetings[i], *std::move(summary)));
    scores.back().seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (options.on_score) options.on_score(scores.back());
  }
  return scores;
}

}  // namespace ingle::eval
