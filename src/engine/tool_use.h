// ToolUse: how one model calls tools. CallReader: the bytes of one answer as text for a reader and pieces of calls.
//
// The model's chat template decides the format; what it does with tools is found out when tools are first used. A ToolUse
// belongs to an engine and may be used by any thread; a CallReader belongs to one completion.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "chat/types.h"
#include "text/grammar/validator.h"
#include "text/template/chat_template.h"
#include "text/tools/format.h"
#include "text/tools/parser.h"
#include "text/tools/prompt.h"

namespace ingle::engine {

/// What a request offers, and what of it the answer may use.
struct Offer {
  std::vector<text::tools::Tool> tools;
  text::tools::CallRules rules;
};

/// Equal for offers that allow the same answers, in a model's one format.
std::string signature(const Offer& offer);

class CallReader {
 public:
  /// `request_id`: calls get ids made of it, which nobody else has. An error for parameters that are no schema.
  static Result<CallReader> create(std::string request_id, const text::tools::Format& format, Offer offer);

  /// The text of these bytes; what they are of calls goes to `calls`. Control tokens are spelled as in grammars. An error
  /// when the arguments of a call break their schema.
  Result<std::string> read(std::string_view bytes, std::vector<chat::ToolCallDelta>& calls);
  /// The answer is over: what was held back.
  Result<std::string> finish(std::vector<chat::ToolCallDelta>& calls);

  bool has_calls() const { return n_calls_ > 0; }
  /// Bytes that may be text, or the beginning of a call.
  size_t n_held() const { return parser_.n_held(); }

 private:
  CallReader(std::string request_id, const text::tools::Format& format, Offer offer,
             std::vector<std::optional<text::grammar::Validator>> checks);
  Result<std::string> take(std::vector<text::tools::CallEvent> events, std::vector<chat::ToolCallDelta>& calls);
  void begin_call(std::string name, std::vector<chat::ToolCallDelta>& calls);
  void add_arguments(std::string_view bytes, std::vector<chat::ToolCallDelta>& calls);
  Status end_call() const;

  std::string request_id_;
  Offer offer_;
  std::vector<std::optional<text::grammar::Validator>> checks_;  // one a tool; nothing where the grammar enforces all
  text::tools::CallParser parser_;
  uint32_t n_calls_ = 0;
  size_t tool_ = 0;        // of the call that is being written
  std::string arguments_;  // of it
  std::string held_;       // bytes of them that are not yet a whole code point
};

class ToolUse {
 public:
  /// nullptr: the model has no template and gets the generic format.
  explicit ToolUse(const text::ChatTemplate* chat_template);

  /// Nothing where no tool may be called. kUsage: the tools are not what they should be.
  Result<std::optional<Offer>> offer_of(const chat::CompleteRequest& request) const;
  /// The answer must be in words: calls stand in the conversation, and the request rules out another one.
  bool forbids_calls(const chat::CompleteRequest& request) const;
  /// Messages and tools as the model's template takes them. `messages_json` as in ChatTemplate::Inputs.
  Result<text::tools::PreparedPrompt> prepare(const chat::ChatPrompt& prompt, std::string messages_json) const;
  const text::tools::Format& format() const { return format_; }

 private:
  const text::tools::TemplateAbilities& abilities() const;

  const text::ChatTemplate* template_;
  const text::tools::Format& format_;
  mutable std::once_flag probed_;
  mutable text::tools::TemplateAbilities abilities_;
};

}  // namespace ingle::engine
