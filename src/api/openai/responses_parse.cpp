#include <algorithm>
#include <optional>

#include "api/json_input.h"
#include "api/limits.h"
#include "api/openai/input.h"
#include "api/openai/responses.h"
#include "api/openai/shape.h"
#include "api/question_input.h"
#include "api/tool_input.h"

namespace ingle::api::openai {
namespace {

using Mode = chat::ToolChoice::Mode;

// clang-format off
constexpr Field kPartRows[] = {
  required("type", "string", "input_text, output_text, reasoning_text or summary_text; images and files are 400"),
  honoured("text", "string"),
  harmless("annotations", "the text has the words"),
  harmless("logprobs", "of an earlier answer"),
};
constexpr FieldTable kPartFields = kPartRows;
constexpr Field kItemRows[] = {
  honoured("type", "string", "message, function_call, function_call_output, reasoning; missing: message"),
  honoured("role", "string", "user, system, developer or assistant"),
  honoured("content", "string|object[]", "", &kPartFields),
  honoured("summary", "object[]", "of reasoning", &kPartFields),
  honoured("call_id", "string", "of function_call and function_call_output"),
  honoured("name", "string", "of function_call"),
  honoured("arguments", "string", "of function_call"),
  honoured("output", "string|object[]", "of function_call_output", &kPartFields),
  honoured("id", "string", "shown again in input_items"),
  harmless("status", "what is sent is complete"),
  harmless("phase", "of an answer"),
  harmless("encrypted_content", "of reasoning elsewhere"),
};
constexpr FieldTable kItemFields = kItemRows;
constexpr Field kFunctionRows[] = {
  honoured("type", "string", "function; tools that run at a provider are 400"),
  required("name", "string"),
  honoured("description", "string"),
  honoured("parameters", "object", "a JSON Schema, which every call matches"),
  honoured("strict", "boolean", "true: what of the schema cannot be enforced is refused"),
};
constexpr FieldTable kFunctionFields = kFunctionRows;
constexpr Field kNamedRows[] = {
  required("type", "string", "function"),
  required("name", "string"),
};
constexpr FieldTable kNamedFields = kNamedRows;
constexpr Field kChoiceRows[] = {
  required("type", "string", "function or allowed_tools"),
  honoured("name", "string", "of function"),
  honoured("mode", "string", "of allowed_tools: auto or required"),
  honoured("tools", "object[]", "of allowed_tools: the others are not shown to the model", &kNamedFields),
};
constexpr FieldTable kChoiceFields = kChoiceRows;
constexpr Field kTextRows[] = {
  honoured("format", "object", "", &kFlatFormatFields),
  rejected("verbosity", 400, "no model here knows it: say in the instructions how long the answer is to be", "\"medium\""),
};
constexpr FieldTable kTextFields = kTextRows;
constexpr Field kResponsesRows[] = {
  required("model", "string"),
  required("input", "string|object[]", "a text or items", &kItemFields),
  honoured("instructions", "string", "stand before the conversation; not carried on to the next response"),
  honoured("previous_response_id", "string", "404 where it is not kept"),
  honoured("store", "boolean", "default true: kept in memory for the client's token, the longest unused go first"),
  honoured("max_output_tokens", "integer", "thinking included"),
  honoured("stream", "boolean", "default false"),
  honoured("tools", "object[]", "functions: at most 256", &kFunctionFields),
  honoured("tool_choice", "string|object", "auto, none, required, a function, or allowed_tools", &kChoiceFields),
  honoured("parallel_tool_calls", "boolean", "default true, and false where a call is required"),
  honoured("text", "object", "", &kTextFields),
  honoured("reasoning", "object", "400 where the model cannot think", &kReasoningFields),
  honoured("include", "string[]", "message.output_text.logprobs; reasoning.encrypted_content changes nothing; others are 400"),
  honoured("top_logprobs", "integer", "0 to 20, with include message.output_text.logprobs"),
  honoured("metadata", "object", "shown again in the response: at most 16 texts of 512 characters, names of 64"),
  harmless("stream_options", "events are not padded"),
  harmless("max_tool_calls", "no tool runs here"),
  rejected("truncation", 400, "nothing of a conversation is cut off: one that is too long is an error", "\"disabled\""),
  rejected("moderation", 400, "nothing here judges texts"),
  rejected("background", 400, "a response is made while its client waits"),
  harmless("background_options", "of background"),
  harmless("access_programs", "every model may be asked everything"),
  rejected("conversation", 400, "conversations are not kept by name: send 'previous_response_id'"),
  rejected("prompt", 400, "there are no stored prompts"),
  rejected("context_management", 400, "nothing of a conversation is cut off or summed up"),
};
constexpr auto kResponsesTable = joined(kResponsesRows, kSamplingRows, kContextRows, kServerRows);
constexpr Field kKeptRows[] = {
  rejected("stream", 400, "only a response that is made in the background is streamed later, and here none is: it is shown whole", R"("false")"),
  harmless("starting_after", "of a stream"),
  harmless("include", "a response is shown as it was made"),
};
constexpr Field kInputItemRows[] = {
  honoured("limit", "integer", "1 to 100, default 20"),
  honoured("order", "string", "asc or desc, the default"),
  honoured("after", "string", "the id behind which the list begins"),
  harmless("include", "items are shown as they came"),
};
// clang-format on

std::string place_of(std::string_view list, size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

/// A text, or a list of parts of texts.
std::string read_texts(ObjectReader& in, ReadNotes& notes, std::string_view name) {
  const Json* value = in.any(name);
  if (value == nullptr) return {};
  if (value->is_string()) return value->get<std::string>();
  std::string text;
  if (!value->is_array()) {
    in.fault(name, "must be a string or a list of parts");
    return text;
  }
  for (size_t i = 0; i < value->size() && !notes.fault; ++i) {
    ObjectReader part((*value)[i], place_of(in.path_of(name), i), notes, kPartFields);
    const std::string type = part.text("type").value_or("");
    text += part.text("text").value_or("");
    if (!type.ends_with("_text") && type != "text")
      part.fault({.status = 400,
                  .code = "unsupported_content",
                  .param = part.path_of("type"),
                  .error = Error::unsupported("the models here read text only, and this is a part of another kind")});
  }
  return text;
}

/// Items, to messages: what an assistant said and called in a row is one.
class ItemReader {
 public:
  ItemReader(ReadNotes& notes, bool goes_on, std::vector<chat::Message>& out)
      : notes_(notes), goes_on_(goes_on), out_(out) {}

  void read(ObjectReader& item) {
    const std::string type = item.text("type").value_or("message");
    if (type == "message") {
      read_message(item);
    } else if (type == "function_call") {
      read_call(item);
    } else if (type == "function_call_output") {
      read_output(item);
    } else if (type == "reasoning") {
      const std::string summary = read_texts(item, notes_, "summary");
      const std::string content = read_texts(item, notes_, "content");
      thinking_ = content.empty() ? summary : content;
    } else {
      item.fault(
          {.status = 400,
           .param = item.path_of("type"),
           .error = Error::unsupported("items here are message, function_call, function_call_output and reasoning")});
    }
  }

 private:
  void read_message(ObjectReader& item) {
    chat::Message message{.role = item.text("role").value_or("")};
    if (message.role == "developer") message.role = "system";
    if (message.role != "user" && message.role != "system" && message.role != "assistant")
      return item.fault("role", "must be user, system, developer or assistant");
    if (item.any("content") == nullptr && message.role != "assistant") item.missing("content");
    message.content = chat::Private(read_texts(item, notes_, "content"));
    if (message.role == "assistant") message.thinking = chat::Private(std::exchange(thinking_, {}));
    out_.push_back(std::move(message));
  }

  void read_call(ObjectReader& item) {
    chat::ToolCall call{.id = item.text("call_id").value_or(""),
                        .name = item.text("name").value_or(""),
                        .arguments_json = chat::Private(item.text("arguments").value_or("{}"))};
    if (call.id.empty()) return item.missing("call_id");
    if (call.name.empty()) return item.missing("name");
    if (!is_json_object(call.arguments_json.reveal()))
      return item.fault("arguments", "must be the text of a JSON object");
    called_.add({call});
    if (out_.empty() || out_.back().role != "assistant") {
      out_.push_back({.role = "assistant"});
      out_.back().thinking = chat::Private(std::exchange(thinking_, {}));
    }
    out_.back().tool_calls.push_back(std::move(call));
  }

  void read_output(ObjectReader& item) {
    chat::Message result{.role = "tool", .tool_call_id = item.text("call_id").value_or("")};
    if (result.tool_call_id.empty()) return item.missing("call_id");
    // An earlier response may have made the call.
    if (!goes_on_) called_.check(item, "call_id", result.tool_call_id);
    result.content = chat::Private(read_texts(item, notes_, "output"));
    out_.push_back(std::move(result));
  }

  ReadNotes& notes_;
  const bool goes_on_;
  std::vector<chat::Message>& out_;
  CallIds called_;
  std::string thinking_;
};

Json shown_item(Json item) {
  if (!item.contains("type")) item["type"] = "message";
  if (item["type"] == "message" && item.contains("content") && item["content"].is_string())
    item["content"] = Json::array({{{"type", "input_text"}, {"text", item["content"]}}});
  return item;
}

std::vector<chat::Message> read_input(ObjectReader& in, ReadNotes& notes, ResponsesCall& call) {
  std::vector<chat::Message> messages;
  const Json* input = in.any("input");
  if (input == nullptr || (!input->is_string() && !input->is_array()) || input->empty()) {
    in.fault("input", "must be a text or a list of items, one at least");
    return messages;
  }
  Json items = Json::array();
  const Json one = Json::array({{{"role", "user"}, {"content", *input}}});
  const Json& list = input->is_string() ? one : *input;
  ItemReader reader(notes, !call.previous.empty(), messages);
  for (size_t i = 0; i < list.size() && !notes.fault; ++i) {
    ObjectReader item(list[i], place_of("input", i), notes, kItemFields);
    item.text("id");
    reader.read(item);
    if (!notes.fault) items.push_back(shown_item(list[i]));
  }
  call.items_json = to_text(items);
  return messages;
}

void read_functions(ObjectReader& in, ReadNotes& notes, ToolList& tools) {
  const Json* list = in.array("tools");
  if (list == nullptr) return;
  if (list->size() > kMaxTools) return in.fault("tools", "must be at most " + std::to_string(kMaxTools));
  for (size_t i = 0; i < list->size() && !notes.fault; ++i) {
    ObjectReader item((*list)[i], place_of("tools", i), notes, kFunctionFields);
    if (item.text("type").value_or("function") != "function")
      return item.fault({.status = 400,
                         .param = item.path_of("type"),
                         .error = Error::unsupported("only functions can be called here: nothing runs at a provider")});
    tools.add(place_of("tools", i), {.name = item.text("name").value_or(""),
                                     .description = item.text("description"),
                                     .parameters = item.object("parameters"),
                                     .strict = item.boolean("strict")});
  }
}

void read_choice_object(const Json& value, ReadNotes& notes, ToolList& tools, chat::ToolChoice& choice) {
  ObjectReader reader(value, "tool_choice", notes, kChoiceFields);
  const std::string type = reader.text("type").value_or("");
  const std::string name = reader.text("name").value_or("");
  const std::string mode = reader.text("mode").value_or("");
  const Json* allowed = reader.array("tools");
  if (type == "function") {
    choice = {.mode = Mode::kNamed, .name = name};
    if (!tools.contains(name)) reader.fault("name", "is none of the tools of this request");
    return;
  }
  if (type != "allowed_tools") return reader.fault("type", "must be function or allowed_tools");
  if (mode != "auto" && mode != "required") return reader.fault("mode", "must be auto or required");
  choice.mode = mode == "auto" ? Mode::kAuto : Mode::kRequired;
  std::vector<std::string> names;
  for (size_t i = 0; allowed != nullptr && i < allowed->size() && !notes.fault; ++i) {
    ObjectReader item((*allowed)[i], place_of("tool_choice.tools", i), notes, kNamedFields);
    item.text("type");
    names.push_back(item.text("name").value_or(""));
    if (!tools.contains(names.back())) item.fault("name", "is none of the tools of this request");
  }
  if (names.empty()) return reader.fault("tools", "must name at least one of the tools");
  tools.keep(names);
}

void read_offer(ObjectReader& in, ReadNotes& notes, chat::ChatPrompt& prompt) {
  ToolList tools(notes);
  read_functions(in, notes, tools);
  chat::ToolChoice& choice = prompt.tool_choice;
  const Json* value = in.any("tool_choice");
  if (value != nullptr && value->is_object()) {
    read_choice_object(*value, notes, tools, choice);
  } else if (value != nullptr && *value == "none") {
    choice.mode = Mode::kNone;
  } else if (value != nullptr && *value == "required") {
    choice.mode = Mode::kRequired;
    if (tools.empty()) in.fault("tool_choice", "needs 'tools' to choose from");
  } else if (value != nullptr && *value != "auto") {
    in.fault("tool_choice", "must be auto, none, required or an object that names a function");
  }
  // A small model that has to call finds no end of calls: it makes one, unless the client says that it takes several.
  choice.parallel = in.boolean("parallel_tool_calls").value_or(choice.mode != Mode::kRequired);
  prompt.tools_json = tools.text();
}

void read_include(ObjectReader& in, ResponsesCall& call) {
  for (const std::string& what : in.texts("include")) {
    if (what == "message.output_text.logprobs") {
      call.logprobs = true;
    } else if (what != "reasoning.encrypted_content") {
      in.fault("include", "must be message.output_text.logprobs or reasoning.encrypted_content");
    }
  }
  const auto top = in.integer("top_logprobs", 0, kMaxTopLogprobs);
  if (call.logprobs) call.request.logprobs = static_cast<int32_t>(top.value_or(0));
}

size_t count_chars(std::string_view utf8) {
  return static_cast<size_t>(std::ranges::count_if(utf8, [](char c) { return (c & 0xC0) != 0x80; }));
}

void check_metadata(ObjectReader& in) {
  const Json* metadata = in.object("metadata");
  if (metadata == nullptr) return;
  if (metadata->size() > kMaxMetadataPairs)
    in.fault("metadata", "must have at most " + std::to_string(kMaxMetadataPairs) + " fields");
  for (const auto& [name, value] : metadata->items()) {
    if (count_chars(name) > kMaxMetadataNameChars)
      in.fault("metadata", "must have names of at most " + std::to_string(kMaxMetadataNameChars) + " characters");
    if (!value.is_string() || count_chars(value.get_ref<const std::string&>()) > kMaxMetadataChars)
      in.fault("metadata", "must have texts of at most " + std::to_string(kMaxMetadataChars) + " characters as values");
  }
}

/// What the answer repeats of the request.
Json echo_of(const Json& body) {
  const auto field = [&](const char* name, Json fallback) {
    const auto found = body.find(name);
    return found == body.end() || found->is_null() ? std::move(fallback) : *found;
  };
  Json text = field("text", Json::object());
  if (!text.contains("format")) text["format"] = {{"type", "text"}};
  return {{"instructions", field("instructions", nullptr)},
          {"max_output_tokens", field("max_output_tokens", nullptr)},
          {"metadata", field("metadata", Json::object())},
          {"parallel_tool_calls", field("parallel_tool_calls", true)},
          {"previous_response_id", field("previous_response_id", nullptr)},
          {"reasoning", field("reasoning", {{"effort", nullptr}, {"summary", nullptr}})},
          {"store", field("store", true)},
          {"temperature", field("temperature", 1.0)},
          {"text", std::move(text)},
          {"tool_choice", field("tool_choice", "auto")},
          {"tools", field("tools", Json::array())},
          {"top_logprobs", field("top_logprobs", 0)},
          {"top_p", field("top_p", 1.0)},
          {"truncation", "disabled"},
          {"background", false},
          {"user", field("user", nullptr)}};
}

}  // namespace

const FieldTable kResponsesFields = kResponsesTable;
const FieldTable kKeptResponseParameters = kKeptRows;
const FieldTable kInputItemParameters = kInputItemRows;

Answer<ResponsesCall> parse_responses(std::string_view body, const OptionsOf& options_of) {
  auto json = parse_json_object(body);
  if (!json) return std::unexpected(std::move(json).error());
  ResponsesCall call;
  ReadNotes notes;
  {
    ObjectReader in(*json, "", notes, kResponsesFields);
    call.previous = in.text("previous_response_id").value_or("");
    call.instructions = in.text("instructions").value_or("");
    call.store = in.boolean("store").value_or(true);
    chat::ChatPrompt prompt{.messages = read_input(in, notes, call)};
    read_offer(in, notes, prompt);
    read_reasoning(in, notes, prompt);
    call.request.prompt = std::move(prompt);
    read_sampling(in, options_of, call);
    read_include(in, call);
    read_context(in, call.acquire);
    call.request.priority = read_tier(in);
    call.request.max_tokens = read_limit(in, {"max_output_tokens"}, 1, call.request.max_tokens);
    call.stream = in.boolean("stream").value_or(false);
    check_metadata(in);
    if (const Json* text = in.object("text")) {
      ObjectReader reader(*text, "text", notes, kTextFields);
      Shape shape(call.request, notes);
      read_flat_format(reader, notes, shape);
    }
  }
  if (notes.fault) return std::unexpected(*std::move(notes.fault));
  call.echo_json = to_text(echo_of(*json));
  if (call.echo_json.size() > kMaxEchoBytes)
    return std::unexpected(
        Failure::bad_field("instructions", "may have " + std::to_string(kMaxEchoBytes) +
                                               " bytes together with 'tools' and 'text': every response repeats them"));
  call.ignored = std::move(notes.ignored);
  return call;
}

}  // namespace ingle::api::openai
