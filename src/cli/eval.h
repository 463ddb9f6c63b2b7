// Evaluations: the table of measures behind the verb `eval`. A measure is a file with a function and a row in eval.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "cli/load_model.h"
#include "cli/verb.h"

namespace ingle::cli {

/// The options that all measures share; each says in its row what it makes of them.
struct EvalOptions {
  std::string data;   // --data: a folder or a file
  std::string model;  // --model; empty: what the measure prefers
  bool json = false;
  std::optional<int64_t> limit;      // --limit: cases at most
  bool ignore_xml = false;           // invoices
  bool all_files = false;            // invoices, schema
  bool details = false;              // every miss, on stderr
  std::string replies;               // tools: a file with another server's answers
  std::string tool_choice = "auto";  // tools
  bool read_text = false;            // tools: calls that the server left in its text count too
  std::string against;               // tools: a file that --json wrote
  EngineFlags engine;
};

struct Evaluation {
  std::string_view name;
  std::string_view summary;
  Result<int> (*run)(Context& context, const EvalOptions& options) = nullptr;
};
std::span<const Evaluation> evaluations();

// One a file.
Result<int> eval_invoices(Context& context, const EvalOptions& options);
Result<int> eval_meetings(Context& context, const EvalOptions& options);
Result<int> eval_pii(Context& context, const EvalOptions& options);
Result<int> eval_router(Context& context, const EvalOptions& options);
Result<int> eval_tools(Context& context, const EvalOptions& options);
Result<int> eval_schema(Context& context, const EvalOptions& options);

}  // namespace ingle::cli
