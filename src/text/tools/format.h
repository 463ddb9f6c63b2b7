// Tool calls in a model's own words: how definitions get into the prompt, which texts are calls, and reading them again.
//
// A Format is a row of a table, one file each, chosen by the source of the model's chat template. It says how calls are
// written (Syntax, from which both the grammar and the parser are made, so that they cannot disagree) and what our own
// system text says where the template does not render tools itself. Formats are constants: any thread may use them.
//
// The life of a request: read_tools, format_of, prepare_prompt (prompt.h; before the template is rendered), compile_calls
// (calls.h; the shape of the answer), CallParser (parser.h; over the bytes of the answer).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ingle::text::tools {

struct Tool {
  std::string name;
  std::string description = {};
  std::string parameters_json = {};  // a JSON Schema; arguments always match it
  bool strict = false;               // refuse what cannot be enforced byte by byte
  friend bool operator==(const Tool&, const Tool&) = default;
};

inline constexpr size_t kMaxTools = 256;
inline constexpr size_t kMaxToolsBytes = size_t{1} << 20;
inline constexpr size_t kMaxNameBytes = 128;

/// OpenAI's array: [{"type": "function", "function": {"name", "description", "parameters", "strict"}}]; the function alone is
/// taken too. "" and "null" are no tools. kUsage: not that shape, a bad or doubled name. kRefused: a limit.
Result<std::vector<Tool>> read_tools(std::string_view tools_json);

/// How calls are written: open lead CALL tail close, CALL being head NAME middle ARGUMENTS foot.
struct Wrapping {
  std::string_view open;  // "": the call itself begins a line
  std::string_view lead;  // between `open` and the first call
  std::string_view tail;  // between the last call and `close`
  std::string_view close;
  bool sure = true;   // `open` alone says that a call follows; else only together with the name of a known tool does
  bool list = false;  // [CALL, CALL]
};

struct Syntax {
  std::string_view head = R"({"name": ")";
  std::string_view middle = R"(", "arguments": )";
  std::string_view foot = "}";
  std::string_view between = "\n";      // before the next group
  bool with_id = false;                 // `, "id": "9 letters"` may stand before the foot
  std::span<const Wrapping> wrappings;  // the first is what the prompt asks for
};

struct Format {
  std::string_view name;
  bool (*is_spoken_by)(std::string_view template_source);
  Syntax syntax;
  bool template_may_list = true;  // definitions may be left to the template where it renders them
  /// The system text that lists `tools` where the template does not.
  std::string (*describe)(std::span<const Tool> tools, bool parallel);
  /// A call that was made and what came of it, as the text of an assistant's and a user's turn.
  std::string (*write_result)(std::string_view name, std::string_view content);
  /// Definitions for a template that wants them as `tools` of the system message; null: most do not.
  std::string (*list_in_system)(std::span<const Tool> tools) = nullptr;
  size_t call_id_length = 0;  // letters and digits that the template demands of an id; 0: it does not care
};

std::span<const Format* const> formats();
/// The format of the model whose template this is; a model without a tool format gets the generic one.
const Format& format_of(std::string_view template_source);

struct CallRules {
  bool required = false;         // the answer is calls and nothing else
  std::string only = {};         // a named function; implies required
  bool parallel = true;          // more than one call
  std::string document = {};     // JSON Schema: an answer that is no call is such a document; "": it is free text
  bool strict_document = false;  // refuse what of it cannot be enforced byte by byte
};

}  // namespace ingle::text::tools
