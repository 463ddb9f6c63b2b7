#include <fmt/format.h>

#include <algorithm>

#include "cli/eval.h"
#include "cli/json_writer.h"
#include "cli/table.h"
#include "eval/schema.h"

namespace ingle::cli {
namespace {

using eval::SchemaScore;

void add(SchemaScore& sum, const SchemaScore& score) {
  sum.enforced += score.enforced;
  sum.checked += score.checked;
  sum.refused += score.refused;
  sum.accepted_right += score.accepted_right;
  sum.accepted_wrong += score.accepted_wrong;
  sum.rejected_right += score.rejected_right;
  sum.rejected_wrong += score.rejected_wrong;
  sum.by_masks += score.by_masks;
  sum.format_asserted += score.format_asserted;
  sum.validator_wrong += score.validator_wrong;
}

/// One sum a draft, then the sum of all.
std::vector<SchemaScore> sums(const std::vector<SchemaScore>& files) {
  std::vector<SchemaScore> out;
  SchemaScore all{.draft = "all", .file = "all"};
  for (const SchemaScore& file : files) {
    auto sum = std::ranges::find(out, file.draft, &SchemaScore::draft);
    if (sum == out.end()) sum = out.insert(out.end(), SchemaScore{.draft = file.draft, .file = "all"});
    add(*sum, file);
    add(all, file);
  }
  out.push_back(all);
  return out;
}

void write_score(JsonWriter& json, const SchemaScore& score) {
  json.begin_object().member("draft", score.draft).member("file", score.file);
  json.member("enforced", score.enforced).member("checked", score.checked).member("refused", score.refused);
  json.member("accepted_right", score.accepted_right).member("accepted_wrong", score.accepted_wrong);
  json.member("rejected_right", score.rejected_right).member("rejected_wrong", score.rejected_wrong);
  json.member("rejected_by_masks", score.by_masks).member("format_asserted", score.format_asserted);
  json.member("validator_wrong", score.validator_wrong).end_object();
}

void print_json(Console& console, const eval::SchemaScores& scores) {
  JsonWriter json;
  json.begin_object().member("measure", "schema").key("files").begin_array();
  for (const SchemaScore& file : scores.files)
    write_score(json, file);
  json.end_array().key("sums").begin_array();
  for (const SchemaScore& sum : sums(scores.files))
    write_score(json, sum);
  json.end_array().key("wrong").begin_array();
  for (const eval::SchemaMiss& miss : scores.misses) {
    json.begin_object().member("draft", miss.draft).member("file", miss.file).member("group", miss.group);
    json.member("test", miss.test).member("what", miss.what).end_object();
  }
  const auto reasons = [&](const char* name, const std::vector<eval::SchemaRefusal>& groups) {
    json.end_array().key(name).begin_array();
    for (const eval::SchemaRefusal& group : groups) {
      json.begin_object().member("draft", group.draft).member("file", group.file).member("group", group.group);
      json.member("reason", group.reason).end_object();
    }
  };
  reasons("checked", scores.checked);
  reasons("refused", scores.refusals);
  console.out(json.end_array().member("seconds", scores.seconds).end_object().take_line());
}

TableRow row_of(const SchemaScore& score) {
  const auto pair = [](uint32_t right, uint32_t wrong) {
    return wrong == 0 ? std::to_string(right) : fmt::format("{} ({} wrong)", right, wrong);
  };
  return {score.draft,
          score.file,
          std::to_string(score.enforced),
          std::to_string(score.checked),
          std::to_string(score.refused),
          pair(score.accepted_right, score.accepted_wrong),
          pair(score.rejected_right, score.rejected_wrong)};
}

void print_table(Console& console, const eval::SchemaScores& scores) {
  std::vector<TableRow> rows = {{"DRAFT", "FILE", "ENFORCED", "CHECKED", "REFUSED", "ACCEPTED", "REJECTED"}};
  for (const SchemaScore& file : scores.files)
    rows.push_back(row_of(file));
  const auto totals = sums(scores.files);
  for (const SchemaScore& sum : totals)
    rows.push_back(row_of(sum));
  console.out(table_text(rows));
  const SchemaScore& all = totals.back();
  console.out(fmt::format("format asserted, where the suite takes it for an annotation: {} instances rejected\n",
                          all.format_asserted));
  console.out(fmt::format("rejected by the masks alone: {} of {}; the validator alone: {} wrong; {:.1f} s\n",
                          all.by_masks, all.rejected_right, all.validator_wrong, scores.seconds));
}

}  // namespace

Result<int> eval_schema(Context& context, const EvalOptions& options) {
  INGLE_TRY(const eval::SchemaScores scores, eval::score_schemas(options.data, {.all_files = options.all_files}));
  for (const eval::SchemaMiss& miss : scores.misses)
    context.console.talk(terminal_safe(fmt::format("wrong: {}/{}: {}: {}: {}", miss.draft, miss.file, miss.group,
                                                   miss.test, miss.what)) +
                         "\n");
  if (options.details) {
    const auto talk = [&](const char* how, const std::vector<eval::SchemaRefusal>& groups) {
      for (const eval::SchemaRefusal& group : groups)
        context.console.talk(
            terminal_safe(fmt::format("{}: {}/{}: {}: {}", how, group.draft, group.file, group.group, group.reason)) +
            "\n");
    };
    talk("checked", scores.checked);
    talk("refused", scores.refusals);
  }
  if (options.json) {
    print_json(context.console, scores);
  } else {
    print_table(context.console, scores);
  }
  return scores.misses.empty() ? 0 : 1;
}

}  // namespace ingle::cli
