// OpenAI's responses, both ways (https://platform.openai.com/docs/api-reference/responses). Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/failure.h"
#include "api/fields.h"
#include "api/inference.h"
#include "api/openai/parse.h"

namespace ingle::api::openai {

struct ResponsesCall : Question {
  std::string previous;      // id of the response that is gone on with; empty: none
  std::string instructions;  // stand before the conversation and are not kept
  bool store = true;
  std::string echo_json;   // the fields of the request that the answer repeats, an object
  std::string items_json;  // the input as a list of items
};

extern const FieldTable kResponsesFields;
extern const FieldTable kKeptResponseParameters;
extern const FieldTable kInputItemParameters;

/// The prompt has the messages of this request alone.
Answer<ResponsesCall> parse_responses(std::string_view body, const OptionsOf& options_of = {});

struct ResponseFrame {
  std::string id;  // "resp_..."
  std::string model;
  int64_t created_unix = 0;
  std::string echo_json;
  bool logprobs = false;
  /// Is told the whole answer: as a message, and as the client sees it. Empty: nobody wants to know.
  std::function<void(chat::Message answer, std::string response_json)> keep = {};
};
std::unique_ptr<AnswerEncoder> make_responses_encoder(ResponseFrame frame);

/// What is kept of a response besides its conversation, and back.
std::string encode_document(std::string_view response_json, std::string_view items_json);
/// nullopt: it is no document of this dialect.
std::optional<std::string> response_of(std::string_view document);
struct ItemsQuery {
  std::string after;
  std::string order;
  std::string limit;
};
/// `id`: of the response; items that came without an id get one from it.
Answer<std::string> encode_input_items(std::string_view document, std::string_view id, const ItemsQuery& query);
std::string encode_deleted(std::string_view id);

}  // namespace ingle::api::openai
