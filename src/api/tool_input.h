// Tools in requests: definitions, the choice among them, calls and their results, from the dialects' forms to ours.
// Internal to api, included by its .cpp files only. Pure; one thread.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/json_input.h"
#include "chat/types.h"

namespace ingle::api {

/// The functions that a request offers to the model, in the order in which they came.
class ToolList {
 public:
  explicit ToolList(ReadNotes& notes) : notes_(notes) {}

  struct Function {
    std::string name;
    std::optional<std::string> description = {};
    const Json* parameters = nullptr;  // null: takes none
    std::optional<bool> strict = {};
    std::string_view schema_field = "parameters";
  };
  /// `place`: where the function stands in the request. Names that cannot be called or come twice are faults.
  void add(std::string_view place, const Function& function);

  bool empty() const { return list_.empty(); }
  bool contains(std::string_view name) const;
  /// Leaves only these.
  void keep(const std::vector<std::string>& names);
  /// As chat::ChatPrompt::tools_json; empty without functions.
  chat::Private text() const;

 private:
  ReadNotes& notes_;
  Json list_ = Json::array();
};

extern const FieldTable kToolFields;
extern const FieldTable kToolChoiceFields;
extern const FieldTable kToolCallFields;
/// What read_tools() reads.
inline constexpr Field kToolRows[] = {
    honoured("tools", "object[]", "functions: at most 256", &kToolFields),
    honoured("tool_choice", "string|object", "auto, none, required, a function, or allowed_tools", &kToolChoiceFields),
    honoured("parallel_tool_calls", "boolean", "default true, and false with \"required\""),
};
/// What read_tool_calls() reads.
inline constexpr Field kToolCallRows[] = {
    honoured("tool_calls", "object[]", "of an assistant's message", &kToolCallFields),
};

/// `tools`, `tool_choice` and `parallel_tool_calls` as OpenAI writes them.
void read_tools(ObjectReader& in, ReadNotes& notes, chat::ChatPrompt& prompt);
/// `tool_calls` of a message. Arguments are a JSON object or the text of one.
std::vector<chat::ToolCall> read_tool_calls(ObjectReader& message, ReadNotes& notes);
/// Ids of the calls of a conversation, to find results that answer none of them.
class CallIds {
 public:
  void add(const std::vector<chat::ToolCall>& calls) {
    for (const chat::ToolCall& call : calls)
      ids_.insert(call.id);
  }
  bool contains(const std::string& id) const { return ids_.contains(id); }
  /// A fault of `field` where nothing was called by this id.
  void check(ObjectReader& in, std::string_view field, const std::string& id) const {
    if (id.empty()) return in.missing(field);
    if (!ids_.contains(id)) in.fault(field, "names no call of an earlier message");
  }

 private:
  std::set<std::string> ids_;
};
/// Results know the call that they answer by its id, by its function's name, or by their order: fills in what is missing,
/// since every template asks for something else.
void match_results(std::vector<chat::Message>& messages);

}  // namespace ingle::api
