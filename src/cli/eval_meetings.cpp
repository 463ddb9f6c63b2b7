#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "app/document_jobs.h"
#include "cli/eval.h"
#include "cli/json_writer.h"
#include "cli/progress.h"
#include "eval/meetings.h"

namespace ingle::cli {
namespace {

struct Totals {
  size_t points = 0;
  size_t cites = 0;
  size_t cites_real = 0;
  size_t numbers = 0;
  size_t numbers_found = 0;
  size_t words = 0;
  uint64_t requests = 0;
  uint64_t rejected = 0;
  uint64_t quoted = 0;
  double seconds = 0;
  double support = 0;
  eval::Rouge rouge1;
  eval::Rouge rougeL;

  void add(const eval::MeetingScore& score) {
    points += score.points;
    cites += score.cites;
    cites_real += score.cites_real;
    numbers += score.numbers;
    numbers_found += score.numbers_found;
    words += score.words;
    requests += score.summary.requests;
    rejected += score.summary.rejected;
    quoted += score.summary.quoted;
    seconds += score.seconds;
    support += score.support;
    rouge1.recall += score.rouge1.recall;
    rouge1.precision += score.rouge1.precision;
    rougeL.recall += score.rougeL.recall;
    rougeL.precision += score.rougeL.precision;
  }
};

double share(size_t part, size_t whole) {
  return whole == 0 ? 1 : static_cast<double>(part) / static_cast<double>(whole);
}

void write_rouge(JsonWriter& json, std::string_view name, const eval::Rouge& rouge, double n) {
  json.key(name)
      .begin_object()
      .member("recall", rouge.recall / n)
      .member("precision", rouge.precision / n)
      .end_object();
}

std::string json_of(const std::string& model, const std::vector<eval::MeetingScore>& scores, const Totals& totals) {
  const auto n = static_cast<double>(scores.size());
  JsonWriter json;
  json.begin_object().member("model", model).member("meetings", scores.size()).member("words", totals.words);
  json.member("points", totals.points).member("cites", totals.cites).member("cites_real", totals.cites_real);
  json.member("numbers", totals.numbers).member("numbers_in_cited_turns", totals.numbers_found);
  json.member("support", totals.support / n);
  write_rouge(json, "rouge_1", totals.rouge1, n);
  write_rouge(json, "rouge_l", totals.rougeL, n);
  json.member("requests", totals.requests).member("rejected", totals.rejected).member("quotations", totals.quoted);
  json.member("seconds_a_meeting", totals.seconds / n).key("each").begin_array();
  for (const eval::MeetingScore& score : scores) {
    json.begin_object().text("id", score.id).member("turns", score.turns).member("words", score.words);
    json.member("windows", score.summary.windows).member("points", score.points);
    json.member("cites", score.cites).member("cites_real", score.cites_real);
    json.member("numbers", score.numbers).member("numbers_in_cited_turns", score.numbers_found);
    json.member("support", score.support).member("quotations", score.summary.quoted);
    write_rouge(json, "rouge_1", score.rouge1, 1);
    write_rouge(json, "rouge_l", score.rougeL, 1);
    json.member("seconds", score.seconds).end_object();
  }
  json.end_array().end_object();
  return json.take_line();
}

std::string table_of(const std::vector<eval::MeetingScore>& scores, const Totals& totals) {
  const auto n = static_cast<double>(scores.size());
  return fmt::format(
      "{} meetings, {} words: {} points, {} of {} cites exist, {} of {} numbers stand in the cited turns\n"
      "support {:.2f}, ROUGE-1 recall {:.3f} precision {:.3f}, ROUGE-L recall {:.3f} precision {:.3f}\n"
      "{:.0f} s a meeting, {} answers, {} sentences rejected, {} quotations\n",
      scores.size(), totals.words, totals.points, totals.cites_real, totals.cites, totals.numbers_found, totals.numbers,
      totals.support / n, totals.rouge1.recall / n, totals.rouge1.precision / n, totals.rougeL.recall / n,
      totals.rougeL.precision / n, totals.seconds / n, totals.requests, totals.rejected, totals.quoted);
}

/// The file itself, or the only .jsonl file of the folder.
Result<std::filesystem::path> data_file(const std::filesystem::path& place) {
  std::error_code failed;
  if (!std::filesystem::is_directory(place, failed)) return place;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(place, failed))
    if (entry.path().extension() == ".jsonl") files.push_back(entry.path());
  if (files.size() == 1) return files[0];
  return std::unexpected(Error::usage(fmt::format("'{}' holds {} .jsonl files", place.string(), files.size()))
                             .hint("name the file: --data FILE.jsonl"));
}

}  // namespace

Result<int> eval_meetings(Context& context, const EvalOptions& options) {
  INGLE_TRY(const std::filesystem::path file, data_file(options.data));
  INGLE_TRY(const std::vector<eval::Meeting> meetings,
            eval::load_meetings(file, static_cast<size_t>(options.limit.value_or(0))));
  std::string name = options.model;
  if (name.empty()) {
    INGLE_TRY(name, app::default_model(*context.app));
  }
  INGLE_TRY(const LoadedModel model, load_model(context, name, options.engine));

  Progress progress(context.console);
  eval::MeetingsOptions run;
  run.summarize.model = name;
  run.stop = context.interrupts.arm();
  run.progress = [&](size_t meeting, uint32_t done, uint32_t total) {
    const double part = total == 0 ? 0 : static_cast<double>(done) / total;
    progress.fraction(fmt::format("meeting {} of {}", meeting + 1, meetings.size()),
                      (static_cast<double>(meeting) + part) / static_cast<double>(meetings.size()));
  };
  run.on_score = [&](const eval::MeetingScore& score) {
    if (!options.details) return;
    context.console.talk(fmt::format("{}: {:.0f} s, {} points, ROUGE-1 recall {:.3f}, support {:.2f}\n{}\n", score.id,
                                     score.seconds, score.points, score.rouge1.recall, score.support,
                                     documents::summary_json(score.summary, score.id)));
  };
  auto scores = eval::score_meetings(*model.completer, meetings, run);
  context.interrupts.disarm();
  progress.clear();
  if (!scores) return std::unexpected(std::move(scores).error());
  Totals totals;
  for (const eval::MeetingScore& score : *scores)
    totals.add(score);
  context.console.out(options.json ? json_of(name, *scores, totals) : table_of(*scores, totals));
  return share(totals.cites_real, totals.cites) < 1 || share(totals.numbers_found, totals.numbers) < 1 ? 1 : 0;
}

}  // namespace ingle::cli
