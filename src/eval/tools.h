// Function calls against BFCL's truth: the measure of `ingle eval tools`.
//
// Reads the rows "simple" and "multiple" of the Berkeley Function Calling Leaderboard (one question, one or several
// functions, one right call), asks any server the same way, and judges as BFCL's AST checker does: the name, every required
// parameter, no unknown one, each value among the possible ones. Source of the rules: bfcl_eval/eval_checker/ast_eval.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "chat/completer.h"

namespace ingle::eval {

struct ToolCase {
  std::string id = {};
  std::string group = {};           // "simple", "multiple"
  std::string messages_json = {};   // in OpenAI's shape
  std::string tools_json = {};      // the same, names with '_' for '.', which some dialects refuse
  std::string functions_json = {};  // as the row has them
  std::string truth_json = {};      // {name: {parameter: [possible values]}}
};

/// All rows of the folder, the first `limit` of each group; 0: all.
Result<std::vector<ToolCase>> read_tool_cases(const std::filesystem::path& folder, size_t limit);

struct MadeCall {
  std::string name;
  std::string arguments_json;
};
struct ToolReply {
  std::vector<MadeCall> calls = {};
  std::string content = {};
};

/// "" for the right call, else what is wrong in a word or two ("name", "value of x", "2 calls", "unparsable ...").
std::string judge_reply(const ToolCase& row, const ToolReply& reply);

using ToolAsker = std::function<Result<ToolReply>(const ToolCase& row)>;
/// `choice`: "auto", "required".
ToolAsker ask_completer(chat::Completer& model, std::string choice);
/// Answers of another server, collected by bench/tools_peer.py: lines of {"id", "content", "calls": [{"function": {"name",
/// "arguments"}}]}.
Result<ToolAsker> ask_file(const std::filesystem::path& path);
/// What `ask` answers, and where that holds no call the one that stands in its text, with or without marks around it: what a
/// client could still make of a server that overlooks calls.
ToolAsker reading_text(ToolAsker ask);

struct ToolVerdict {
  std::string id = {};
  std::string group = {};
  std::string wrong = {};  // "": right
  double seconds = 0;
  std::string answer = {};  // what was said, for people
};

struct ToolOptions {
  std::stop_token stop;
  std::function<void(size_t done, size_t total)> on_row;
};
/// An asker's error is that row's verdict ("error: ..."); only a stop ends the whole.
Result<std::vector<ToolVerdict>> score_tools(std::span<const ToolCase> rows, const ToolAsker& ask,
                                             const ToolOptions& options);

struct Share {
  size_t right = 0;
  size_t total = 0;
  double value = 0;
  double low = 0;  // Wilson's 95 % interval
  double high = 0;
};
/// `group` "": all.
Share share_of(std::span<const ToolVerdict> rows, std::string_view group);
size_t count_unparsable(std::span<const ToolVerdict> rows);

/// The same rows answered by two: accuracy of the first minus that of the second, with a bootstrap 95 % interval over rows.
struct PairedDifference {
  size_t rows = 0;
  size_t only_first = 0;   // right
  size_t only_second = 0;  // right
  double value = 0;
  double low = 0;
  double high = 0;
};
PairedDifference compare_tools(std::span<const ToolVerdict> first, std::span<const ToolVerdict> second);

/// What `--json` wrote: its rows.
Result<std::vector<ToolVerdict>> read_verdicts(std::string_view json);

}  // namespace ingle::eval
