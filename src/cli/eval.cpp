#include "cli/eval.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "cli/help.h"

namespace ingle::cli {
namespace {

constexpr Evaluation kEvaluations[] = {
    {.name = "invoices", .summary = "fields of invoices in PDF against their truth", .run = eval_invoices},
    {.name = "meetings",
     .summary = "summaries of transcripts (QMSum's form) against those of people",
     .run = eval_meetings},
    {.name = "router",
     .summary = "whether the router's confidence knows right answers from wrong ones",
     .run = eval_router},
    {.name = "tools", .summary = "function calls against BFCL's truth, here or on another server", .run = eval_tools},
    {.name = "pii", .summary = "what the detectors of the privacy gate find and miss", .run = eval_pii},
    {.name = "schema",
     .summary = "what of JSON Schema is enforced, and whether every verdict of its test suite is right",
     .run = eval_schema},
};

std::string known_names() {
  std::string names;
  for (const Evaluation& row : kEvaluations) {
    if (!names.empty()) names += ", ";
    names += row.name;
  }
  return names;
}

class EvalVerb : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.positional(name_, "MEASURE", "one of: " + known_names());
    arguments.value(options_.data, "--data", "PLACE", "folder or file with cases and their truth");
    arguments.value(options_.model, "-m,--model", "MODEL", "the model to measure; \"none\": without one").completes =
        Completes::kModel;
    arguments.value(options_.limit, "--limit,--count", "N", "cases at most", 1, 1 << 30);
    arguments.flag(options_.ignore_xml, "--ignore-xml", "invoices: as if no e-invoice were embedded");
    arguments.flag(options_.all_files, "--all-files",
                   "invoices: every copy of an invoice, not the first; schema: the folders \"optional\" too");
    arguments.flag(options_.details, "--details", "name every case that went wrong, on stderr");
    arguments.value(options_.replies, "--replies", "FILE", "tools: judge these answers of another server instead");
    arguments.value(options_.tool_choice, "--tool-choice", "WORD", "tools: auto or required");
    arguments.flag(options_.read_text, "--read-text", "tools: a call that stands in the text of an answer counts too");
    arguments.value(options_.against, "--against", "FILE", "tools: compare, row by row, with what --json wrote");
    arguments.flag(options_.json, "--json", "print one JSON object");
    declare_engine_flags(arguments, options_.engine);
  }

  Result<int> run(Context& context) override {
    const auto* row = std::ranges::find(kEvaluations, name_, &Evaluation::name);
    if (row == std::end(kEvaluations)) {
      std::vector<std::string_view> names;
      std::ranges::transform(kEvaluations, std::back_inserter(names), &Evaluation::name);
      return std::unexpected(unknown_action("eval", name_, names));
    }
    if (options_.data.empty())
      return std::unexpected(Error::usage("--data is missing").hint("name the folder or file that holds the cases"));
    return row->run(context, options_);
  }

 private:
  std::string name_;
  EvalOptions options_;
};

}  // namespace

std::span<const Evaluation> evaluations() {
  return kEvaluations;
}

std::unique_ptr<Command> make_eval() {
  return std::make_unique<EvalVerb>();
}

}  // namespace ingle::cli
