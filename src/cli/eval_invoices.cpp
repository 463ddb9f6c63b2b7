#include <fmt/format.h>
#include <cmath>

#include "cli/document_reader.h"
#include "cli/eval.h"
#include "cli/json_writer.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "eval/invoices.h"

namespace ingle::cli {
namespace {

void print_json(Console& console, const eval::InvoiceScores& scores, const eval::InvoiceOptions& options) {
  JsonWriter json;
  json.begin_object()
      .member("measure", "invoices")
      .member("model", options.model)
      .member("ignore_xml", options.ignore_xml)
      .member("files", scores.files)
      .member("cases", scores.cases)
      .key("fields")
      .begin_object();
  for (const eval::FieldScore& field : scores.fields) {
    json.key(field.field)
        .begin_object()
        .member("cases", field.cases)
        .member("accuracy", field.cases > 0 ? field.right / field.cases : std::nan(""))
        .end_object();
  }
  json.end_object()
      .member("values", scores.values)
      .member("without_evidence", scores.without_evidence)
      .member("accepted", scores.accepted)
      .member("accepted_wrong", scores.accepted_wrong)
      .member("asked_model", scores.asked_model)
      .member("failures", scores.failures.size())
      .member("seconds", scores.seconds)
      .end_object();
  console.out(json.take_line());
}

void print_table(Console& console, const eval::InvoiceScores& scores) {
  std::vector<TableRow> rows = {{"FIELD", "CASES", "RIGHT"}};
  for (const eval::FieldScore& field : scores.fields) {
    const std::string right = field.cases > 0 ? fmt::format("{:.1f} %", 100 * field.right / field.cases) : "-";
    rows.push_back({field.field, std::to_string(field.cases), right});
  }
  console.out(table_text(rows));
  console.out(fmt::format(
      "{} files, {} distinct invoices; {} values, {} without evidence; {} accepted, {} of them with a wrong "
      "number, date or total; model asked for {}; {:.1f} s a file\n",
      scores.files, scores.cases, scores.values, scores.without_evidence, scores.accepted, scores.accepted_wrong,
      scores.asked_model, scores.seconds / std::max(1U, scores.files)));
}

}  // namespace

Result<int> eval_invoices(Context& context, const EvalOptions& options) {
  INGLE_TRY_VOID(options_from(context, options.engine));
  eval::InvoiceOptions invoices;
  invoices.data = options.data;
  invoices.ignore_xml = options.ignore_xml;
  invoices.all_files = options.all_files;
  invoices.max_cases = static_cast<size_t>(options.limit.value_or(0));
  INGLE_TRY(invoices.model, document_model(context, options.model));
  invoices.stop = context.interrupts.arm();
  Progress progress(context.console);
  invoices.on_file = [&](uint32_t done, uint32_t total, std::string_view file) {
    progress.fraction(fmt::format("{} of {}: {}", done + 1, total, file), static_cast<double>(done) / total);
  };
  documents::JobReader reader = document_reader(context);
  INGLE_TRY(const eval::InvoiceScores scores, eval::score_invoices(reader, context.app->models(), invoices));
  context.interrupts.disarm();
  progress.clear();
  for (const std::string& failure : scores.failures)
    context.console.talk("failed: " + terminal_safe(failure) + "\n");
  if (options.details) {
    for (const eval::InvoiceMiss& miss : scores.misses)
      context.console.talk(
          terminal_safe(fmt::format("{} {}: expected '{}', got '{}'", miss.file, miss.field, miss.expected, miss.got)) +
          "\n");
  }
  if (options.json) {
    print_json(context.console, scores, invoices);
  } else {
    print_table(context.console, scores);
  }
  return scores.failures.empty() ? 0 : 1;
}

}  // namespace ingle::cli
