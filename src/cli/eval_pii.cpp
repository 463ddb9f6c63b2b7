#include <fmt/format.h>

#include "cli/eval.h"
#include "cli/json_writer.h"
#include "cli/table.h"
#include "eval/pii.h"

namespace ingle::cli {
namespace {

std::string ratio(uint32_t part, uint32_t whole) {
  return whole == 0 ? "-" : fmt::format("{}/{} {:.1f} %", part, whole, 100.0 * part / whole);
}

void print_json(Console& console, const eval::PiiScores& scores) {
  JsonWriter json;
  json.begin_object().member("measure", "pii").key("kinds").begin_object();
  for (const eval::KindScore& kind : scores.kinds) {
    json.key(kind.kind).begin_object();
    json.member("spans", kind.spans).member("found", kind.found).member("held", kind.held);
    json.member("findings", kind.findings).member("right", kind.right);
    json.member("positives", kind.positives).member("positives_found", kind.positives_found);
    json.member("negatives", kind.negatives).member("negatives_clean", kind.negatives_clean).end_object();
  }
  json.end_object().member("texts", scores.texts).member("plain_texts", scores.plain_texts);
  json.member("plain_flagged", scores.plain_flagged).member("bytes", scores.bytes).member("seconds", scores.seconds);
  console.out(json.end_object().take_line());
}

}  // namespace

Result<int> eval_pii(Context& context, const EvalOptions& options) {
  INGLE_TRY(const eval::PiiScores scores, eval::score_pii(options.data));
  if (options.details) {
    for (const eval::PiiMiss& miss : scores.misses)
      context.console.talk(
          terminal_safe(fmt::format("{} {}: {}", miss.kind, miss.found ? "too much" : "missed", miss.text)) + "\n");
  }
  if (options.json) {
    print_json(context.console, scores);
    return 0;
  }
  std::vector<TableRow> rows = {
      {"KIND", "SPANS FOUND", "TEXT STAYS", "FINDINGS RIGHT", "CASES FOUND", "LOOKALIKES CLEAN"}};
  for (const eval::KindScore& kind : scores.kinds) {
    rows.push_back({kind.kind, ratio(kind.found, kind.spans), ratio(kind.held, kind.spans),
                    ratio(kind.right, kind.findings), ratio(kind.positives_found, kind.positives),
                    ratio(kind.negatives_clean, kind.negatives)});
  }
  context.console.out(table_text(rows));
  context.console.out(fmt::format("{} texts; of {} without any of these, {} were flagged; {:.0f} MB/s\n", scores.texts,
                                  scores.plain_texts, scores.plain_flagged,
                                  static_cast<double>(scores.bytes) / scores.seconds / 1e6));
  return 0;
}

}  // namespace ingle::cli
