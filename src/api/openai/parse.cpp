#include "api/openai/parse.h"

#include <limits>

#include "api/json_input.h"
#include "api/limits.h"
#include "api/openai/input.h"
#include "api/openai/shape.h"
#include "api/question_input.h"
#include "api/tool_input.h"

namespace ingle::api::openai {
namespace {

constexpr std::string_view kOldFunctions =
    "the form from before tools: send 'tools', 'tool_choice' and messages with 'tool_calls'";

// clang-format off
constexpr Field kMessageRows[] = {
  required("role", "string", "system, developer, user, assistant or tool"),
  honoured("content", "string|object[]", "a text, or parts of the type text"),
  honoured("name", "string"),
  honoured("tool_calls", "object[]", "", &kToolCallFields),
  honoured("tool_call_id", "string", "of a call in an earlier message"),
  honoured("reasoning_content", "string", "of an assistant's message; most templates leave out that of earlier turns"),
  honoured("reasoning", "string", "the same"),
  harmless("refusal", "the content has the words"),
  harmless("annotations", "the content has the words"),
  rejected("audio", 400, "the models here read text only"),
  rejected("function_call", 400, kOldFunctions),
};
constexpr FieldTable kMessageFields = kMessageRows;
constexpr Field kChatRows[] = {
  required("messages", "object[]", "", &kMessageFields),
  honoured("max_completion_tokens", "integer", "-1: until the context is full, which is the default"),
  honoured("max_tokens", "integer", "the same, in OpenAI's older words"),
  honoured("logprobs", "boolean"),
  honoured("top_logprobs", "integer", "0 to 20"),
  harmless("metadata", "of stored chats"),
  harmless("prediction", "drafts are found in the prompt"),
  rejected("store", 400, "chats are not kept: /v1/responses keeps its answers"),
  rejected("modalities", 400, "the models here write text only", "[\"text\"]"),
  rejected("audio", 400, "the models here write text only"),
  rejected("verbosity", 400, "no model here knows it: say in the conversation how long the answer is to be", "\"medium\""),
  rejected("web_search_options", 400, "nothing is searched from here"),
  rejected("moderation", 400, "nothing here judges texts"),
  rejected("functions", 400, kOldFunctions),
  rejected("function_call", 400, kOldFunctions, "\"auto\""),
};
constexpr auto kChatTable = joined(kChatRows, kQuestionRows, kSamplingRows, kContextRows, kServerRows, kThinkingRows, kToolRows, kShapeRows);
// clang-format on

std::vector<chat::Message> read_messages(ObjectReader& in, ReadNotes& notes) {
  std::vector<chat::Message> messages;
  const Json* list = in.array("messages");
  if (list == nullptr || list->empty()) {
    in.missing("messages", "must hold at least one message");
    return messages;
  }
  messages.reserve(list->size());
  CallIds called;
  for (size_t i = 0; i < list->size() && !notes.fault; ++i) {
    ObjectReader item((*list)[i], "messages[" + std::to_string(i) + "]", notes, kMessageFields);
    chat::Message message;
    message.role = item.text("role").value_or("");
    if (message.role == "developer") message.role = "system";
    if (message.role == "function") item.fault("role", "is " + std::string(kOldFunctions));
    if (message.role == "assistant") {
      message.tool_calls = read_tool_calls(item, notes);
      called.add(message.tool_calls);
    } else if (message.role == "tool") {
      message.tool_call_id = item.text("tool_call_id").value_or("");
      called.check(item, "tool_call_id", message.tool_call_id);
    } else if (message.role != "system" && message.role != "user") {
      item.fault("role", "must be system, developer, user, assistant or tool");
    }
    // What calls tools, or what a tool found, may be nothing; a question may not be forgotten.
    const bool must_speak = message.role == "user" || message.role == "system";
    const Json* content = item.any("content");
    if (content == nullptr && (must_speak || !item.misspelt("content").empty())) item.missing("content");
    if (content != nullptr && *content == Json::array() && must_speak)
      item.fault("content", "must hold at least one part");
    message.content = chat::Private(read_content(item));
    message.name = item.text("name").value_or("");
    const auto thinking = item.text("reasoning_content");
    const auto same = item.text("reasoning");
    message.thinking = chat::Private(thinking.value_or(same.value_or("")));
    messages.push_back(std::move(message));
  }
  match_results(messages);
  return messages;
}

}  // namespace

const FieldTable kChatFields = kChatTable;

Answer<ChatCall> parse_chat(std::string_view body, const OptionsOf& options_of) {
  auto json = parse_json_object(body);
  if (!json) return std::unexpected(std::move(json).error());
  ChatCall call;
  ReadNotes notes;
  {
    ObjectReader in(*json, "", notes, kChatFields);
    chat::ChatPrompt prompt{.messages = read_messages(in, notes)};
    read_tools(in, notes, prompt);
    call.request.prompt = std::move(prompt);
    read_thinking(in, notes, call);
    read_question(in, notes, options_of, call);
    call.request.max_tokens = read_limit(in, {"max_completion_tokens", "max_tokens"}, 1, call.request.max_tokens);
    call.logprobs = in.boolean("logprobs").value_or(false);
    const auto top = in.integer("top_logprobs", 0, kMaxTopLogprobs);
    if (top.value_or(0) > 0 && !call.logprobs) in.fault("top_logprobs", "needs 'logprobs': true");
    if (call.logprobs) call.request.logprobs = static_cast<int32_t>(top.value_or(0));
    read_shape(in, notes, call.request);
  }
  if (notes.fault) return std::unexpected(*std::move(notes.fault));
  call.ignored = std::move(notes.ignored);
  return call;
}

}  // namespace ingle::api::openai
