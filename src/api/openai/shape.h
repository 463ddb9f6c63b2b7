// The shape that an answer is to have, from all the fields by which OpenAI's clients ask for one.
// Internal to api, included by its .cpp files only. Pure; one thread.
#pragma once

#include <string>
#include <string_view>

#include "api/json_input.h"
#include "chat/types.h"

namespace ingle::api::openai {

// clang-format off
extern const FieldTable kFormatFields;          // of response_format
extern const FieldTable kFlatFormatFields;      // the same, with the schema beside the type
extern const FieldTable kStructuredOutputFields;
inline constexpr Field kShapeRows[] = {
  honoured("response_format", "object", "a request asks for one shape; two are 400", &kFormatFields),
  honoured("json_schema", "object|boolean|string", "of llama-server"),
  honoured("grammar", "string", "of llama-server: GBNF"),
  honoured("guided_json", "object|boolean|string", "of vLLM"),
  honoured("guided_grammar", "string", "of vLLM: GBNF"),
  honoured("guided_choice", "string[]", "of vLLM: one of these, without quotes"),
  honoured("structured_outputs", "object", "of vLLM", &kStructuredOutputFields),
  rejected("guided_regex", 400, "write the same as a grammar in GBNF, in 'grammar'"),
  rejected("format", 400, "a word of Ollama's /api/chat: this interface has 'response_format'"),
};
// clang-format on

/// The first field that asks for a shape is honoured, a second is a fault.
class Shape {
 public:
  Shape(chat::CompleteRequest& request, ReadNotes& notes) : request_(request), notes_(notes) {}

  bool is_given() const { return !given_by_.empty(); }
  /// Any object.
  void object(ObjectReader& in, std::string_view field);
  /// `path`: where it stands. Not strict: what of it cannot be enforced is checked when the answer is whole.
  void schema(ObjectReader& in, std::string_view field, const Json& schema, const std::string& path, bool strict);
  void grammar(ObjectReader& in, std::string_view field, std::string text);

 private:
  bool take(ObjectReader& in, std::string_view field);

  chat::CompleteRequest& request_;
  ReadNotes& notes_;
  std::string given_by_;
};

/// `format` of `text`, as the responses have it: name, schema and strict stand beside the type.
void read_flat_format(ObjectReader& in, ReadNotes& notes, Shape& shape);
/// `response_format`, and what llama-server, vLLM and Ollama call it.
void read_shape(ObjectReader& in, ReadNotes& notes, chat::CompleteRequest& request);

}  // namespace ingle::api::openai
