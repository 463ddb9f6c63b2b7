#include <fmt/format.h>

#include "cli/eval.h"
#include "cli/json_writer.h"
#include "cli/load_model.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "eval/router.h"

namespace ingle::cli {
namespace {

constexpr size_t kDefaultCount = 500;
constexpr double kWantedRight[] = {0.6, 0.7, 0.8};

void write_interval(JsonWriter& json, std::string_view name, const eval::Interval& interval) {
  json.key(name)
      .begin_object()
      .member("value", interval.value)
      .member("low", interval.low)
      .member("high", interval.high)
      .end_object();
}

void print_json(Console& console, const std::string& model, const eval::RouterScores& scores) {
  JsonWriter json;
  json.begin_object().member("measure", "router").member("model", model).member("questions", scores.rows.size());
  json.member("local_accuracy", scores.local_accuracy).member("cloud_accuracy", scores.cloud_accuracy);
  write_interval(json, "auroc", scores.auroc);
  write_interval(json, "auroc_mean_logprob", scores.auroc_logprob);
  json.key("curve").begin_array();
  for (const eval::RouterScores::Point& point : scores.curve) {
    json.begin_object()
        .member("threshold", point.threshold)
        .member("local_share", point.local_share)
        .member("accuracy", point.accuracy)
        .member("kept_accuracy", point.kept_accuracy)
        .end_object();
  }
  json.end_array().member("seconds", scores.seconds).member("check_seconds", scores.check_seconds).end_object();
  console.out(json.take_line());
}

void print_text(Console& console, const eval::RouterScores& scores) {
  console.out(fmt::format("{} questions; right: local {:.1f} %, cloud {:.1f} %\n", scores.rows.size(),
                          100 * scores.local_accuracy, 100 * scores.cloud_accuracy));
  console.out(
      fmt::format("AUROC of the signal {:.3f} [{:.3f}, {:.3f}]; of the mean log-probability alone {:.3f} [{:.3f}, "
                  "{:.3f}]\n",
                  scores.auroc.value, scores.auroc.low, scores.auroc.high, scores.auroc_logprob.value,
                  scores.auroc_logprob.low, scores.auroc_logprob.high));
  std::vector<TableRow> rows = {{"THRESHOLD", "STAYS HERE", "RIGHT OF THAT", "RIGHT OVERALL"}};
  for (const eval::RouterScores::Point& point : scores.curve) {
    rows.push_back({fmt::format("{:.2f}", point.threshold), fmt::format("{:.1f} %", 100 * point.local_share),
                    fmt::format("{:.1f} %", 100 * point.kept_accuracy), fmt::format("{:.1f} %", 100 * point.accuracy)});
  }
  console.out(table_text(rows));
  for (const double wanted : kWantedRight) {
    const auto threshold = eval::threshold_for(scores, wanted);
    console.out(
        fmt::format("{:.0f} % right of what stays here: {}\n", 100 * wanted,
                    threshold ? fmt::format("threshold {:.2f}", *threshold) : std::string("no threshold does it")));
  }
  console.out(fmt::format("{:.2f} s a question, {:.2f} s of it for the model's own verdict\n",
                          scores.seconds / static_cast<double>(scores.rows.size()),
                          scores.check_seconds / static_cast<double>(scores.rows.size())));
}

/// One JSON object a question, on stderr: what weights are fitted on.
void print_rows(Console& console, const eval::RouterScores& scores) {
  for (const eval::RouterRow& row : scores.rows) {
    const router::Confidence::Features& f = row.features;
    JsonWriter json;
    json.begin_object().member("line", row.line);
    json.member("right", row.local_right).member("cloud_right", row.cloud_right).member("score", row.score);
    json.member("n_tokens", f.n_tokens).member("mean_logprob", f.mean_logprob).member("min_logprob", f.min_logprob);
    json.member("weak_share", f.weak_share).member("mean_entropy", f.mean_entropy);
    json.member("first_entropy", f.first_entropy).member("first_alike", f.first_alike);
    json.member("mean_alike", f.mean_alike);
    if (f.p_yes) {
      json.member("p_yes", *f.p_yes);
    } else {
      json.key("p_yes").null();
    }
    json.end_object();
    console.talk(json.take_line());
  }
}

}  // namespace

Result<int> eval_router(Context& context, const EvalOptions& options) {
  if (options.model.empty()) return std::unexpected(Error::usage("--model is missing").hint("name an installed model"));
  INGLE_TRY(LoadedModel model, load_model(context, options.model, options.engine));
  eval::RouterOptions router;
  router.data = options.data;
  router.count = options.limit ? static_cast<size_t>(*options.limit) : kDefaultCount;
  router.stop = context.interrupts.arm();
  Progress progress(context.console);
  router.on_row = [&](size_t done, size_t total) {
    progress.fraction(fmt::format("question {} of {}", done + 1, total),
                      static_cast<double>(done) / static_cast<double>(total));
  };
  auto scores = eval::score_router(*model.completer, router);
  context.interrupts.disarm();
  progress.clear();
  if (!scores) return std::unexpected(std::move(scores).error());
  if (options.details) print_rows(context.console, *scores);
  if (options.json) {
    print_json(context.console, options.model, *scores);
  } else {
    print_text(context.console, *scores);
  }
  return 0;
}

}  // namespace ingle::cli
