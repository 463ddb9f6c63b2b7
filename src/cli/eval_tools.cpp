#include <fmt/format.h>

#include <optional>

#include "base/files.h"
#include "cli/eval.h"
#include "cli/json_writer.h"
#include "cli/load_model.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "eval/tools.h"

namespace ingle::cli {
namespace {

constexpr uint64_t kMaxResultBytes = uint64_t{64} << 20;
constexpr std::string_view kGroups[] = {"simple", "multiple", ""};

std::string percent(const eval::Share& share) {
  return fmt::format("{:.1f} % [{:.1f}, {:.1f}]", 100 * share.value, 100 * share.low, 100 * share.high);
}

void print_json(Console& console, const std::string& model, const EvalOptions& options,
                const std::vector<eval::ToolVerdict>& verdicts) {
  JsonWriter json;
  json.begin_object().member("measure", "tools").member("model", model).member("tool_choice", options.tool_choice);
  for (const std::string_view group : kGroups) {
    const eval::Share share = eval::share_of(verdicts, group);
    json.key(group.empty() ? "both" : group).begin_object().member("right", share.right).member("rows", share.total);
    json.member("accuracy", share.value).member("low", share.low).member("high", share.high).end_object();
  }
  json.member("unparsable", eval::count_unparsable(verdicts)).key("rows").begin_array();
  for (const eval::ToolVerdict& row : verdicts) {
    json.begin_object().member("id", row.id).member("group", row.group).member("wrong", row.wrong);
    json.member("seconds", row.seconds).member("answer", row.answer).end_object();
  }
  json.end_array().end_object();
  console.out(json.take_line());
}

void print_text(Console& console, const std::vector<eval::ToolVerdict>& verdicts) {
  std::vector<TableRow> rows = {{"ROWS", "RIGHT", "ACCURACY"}};
  double seconds = 0;
  for (const std::string_view group : kGroups) {
    const eval::Share share = eval::share_of(verdicts, group);
    if (share.total == 0) continue;
    rows.push_back({group.empty() ? "both" : std::string(group), fmt::format("{} of {}", share.right, share.total),
                    percent(share)});
  }
  for (const eval::ToolVerdict& row : verdicts)
    seconds += row.seconds;
  console.out(table_text(rows));
  console.out(fmt::format("{} unparsable calls; {:.2f} s a row\n", eval::count_unparsable(verdicts),
                          seconds / static_cast<double>(verdicts.size())));
}

void print_difference(Console& console, const std::vector<eval::ToolVerdict>& verdicts,
                      const std::vector<eval::ToolVerdict>& other) {
  const eval::PairedDifference difference = eval::compare_tools(verdicts, other);
  console.talk(
      fmt::format("against the other on {} rows: {:+.1f} points [{:+.1f}, {:+.1f}]; right only here {}, only "
                  "there {}\n",
                  difference.rows, 100 * difference.value, 100 * difference.low, 100 * difference.high,
                  difference.only_first, difference.only_second));
}

}  // namespace

Result<int> eval_tools(Context& context, const EvalOptions& options) {
  if (options.model.empty()) return std::unexpected(Error::usage("--model is missing").hint("name an installed model"));
  if (options.tool_choice != "auto" && options.tool_choice != "required")
    return std::unexpected(Error::usage("--tool-choice is 'auto' or 'required'"));
  INGLE_TRY(const auto rows,
            eval::read_tool_cases(options.data, options.limit ? static_cast<size_t>(*options.limit) : 0));
  std::vector<eval::ToolVerdict> other;
  if (!options.against.empty()) {
    INGLE_TRY(const std::string text, base::read_file(options.against, kMaxResultBytes));
    INGLE_TRY(other, eval::read_verdicts(text));
  }
  std::optional<LoadedModel> model;
  eval::ToolAsker ask;
  if (options.replies.empty()) {
    INGLE_TRY(model, load_model(context, options.model, options.engine));
    ask = eval::ask_completer(*model->completer, options.tool_choice);
  } else {
    INGLE_TRY(ask, eval::ask_file(options.replies));
  }
  if (options.read_text) ask = eval::reading_text(std::move(ask));
  Progress progress(context.console);
  const eval::ToolOptions tools{.stop = context.interrupts.arm(), .on_row = [&](size_t done, size_t total) {
                                  progress.fraction(fmt::format("question {} of {}", done + 1, total),
                                                    static_cast<double>(done) / static_cast<double>(total));
                                }};
  auto verdicts = eval::score_tools(rows, ask, tools);
  context.interrupts.disarm();
  progress.clear();
  if (!verdicts) return std::unexpected(std::move(verdicts).error());
  if (options.details) {
    for (const eval::ToolVerdict& row : *verdicts) {
      if (!row.wrong.empty()) context.console.talk(fmt::format("{}: {}:{}\n", row.id, row.wrong, row.answer));
    }
  }
  if (options.json) {
    print_json(context.console, options.model, options, *verdicts);
  } else {
    print_text(context.console, *verdicts);
  }
  if (!other.empty()) print_difference(context.console, *verdicts, other);
  return 0;
}

}  // namespace ingle::cli
