#include "api/anthropic/parse.h"

#include <limits>

#include "api/json_input.h"
#include "api/question_input.h"
#include "api/tool_input.h"

namespace ingle::api::anthropic {
namespace {

using Mode = chat::ToolChoice::Mode;

constexpr std::string_view kCacheNote = "every beginning that was seen is found in the cache anyway";
constexpr std::string_view kCitationsNote = "of documents, which are refused";

constexpr Field kTextRows[] = {
    required("type", "string", "text"),
    required("text", "string"),
    harmless("cache_control", kCacheNote),
    harmless("citations", kCitationsNote),
};
constexpr FieldTable kTextFields = kTextRows;
constexpr Field kBlockRows[] = {
    required("type", "string", "text, tool_use, tool_result, thinking; images and documents are 400"),
    honoured("text", "string", "of text"),
    honoured("id", "string", "of tool_use"),
    honoured("name", "string", "of tool_use"),
    honoured("input", "object", "of tool_use"),
    honoured("tool_use_id", "string", "of tool_result: an id of an earlier call"),
    honoured("content", "string|object[]", "of tool_result", &kTextFields),
    honoured("is_error", "boolean", "of tool_result: the model is told \"Error: ...\""),
    honoured("thinking", "string", "of thinking; most templates leave out that of earlier turns"),
    harmless("signature", "of thinking: nothing here depends on whose it was"),
    harmless("data", "of redacted_thinking"),
    harmless("cache_control", kCacheNote),
    harmless("citations", kCitationsNote),
};
constexpr FieldTable kBlockFields = kBlockRows;
constexpr Field kMessageRows[] = {
    required("role", "string", "user or assistant; an assistant's words at the end are the beginning of the answer"),
    required("content", "string|object[]", "", &kBlockFields),
};
constexpr FieldTable kMessageFields = kMessageRows;
constexpr Field kToolRows[] = {
    honoured("type", "string", "custom; tools that run at a provider are 400"),
    required("name", "string"),
    honoured("description", "string"),
    required("input_schema", "object", "which every call matches"),
    honoured("strict", "boolean", "true: what of the schema cannot be enforced is refused"),
    harmless("cache_control", kCacheNote),
};
constexpr FieldTable kToolFields = kToolRows;
constexpr Field kChoiceRows[] = {
    required("type", "string", "auto, any, tool, none"),
    honoured("name", "string", "of tool"),
    honoured("disable_parallel_tool_use", "boolean", "default false, and true with any"),
};
constexpr FieldTable kChoiceFields = kChoiceRows;
constexpr Field kFormatRows[] = {
    required("type", "string", "json_schema"),
    required("schema", "object", "what of it cannot be enforced is checked when the answer is whole"),
};
constexpr FieldTable kFormatFields = kFormatRows;
constexpr Field kConfigRows[] = {
    honoured("format", "object", "", &kFormatFields),
    honoured("effort", "string", "low, medium, high, xhigh, max: for models whose template knows it"),
};
constexpr Field kThinkingRows[] = {
    required("type", "string", "enabled, adaptive (where the model can), disabled, which is the default"),
    honoured("budget_tokens", "integer", "of enabled: at least 1, less than max_tokens; then the thinking is ended"),
    harmless("display", "thoughts are shown"),
};
constexpr FieldTable kThinkingFields = kThinkingRows;
constexpr FieldTable kConfigFields = kConfigRows;
constexpr Field kSharedRows[] = {
    required("model", "string"),
    required("messages", "object[]", "", &kMessageFields),
    honoured("system", "string|object[]", "", &kTextFields),
    honoured("tools", "object[]", "at most 256", &kToolFields),
    honoured("tool_choice", "object", "", &kChoiceFields),
    honoured("temperature", "number", "0 to 1, default 1"),
    honoured("top_p", "number", "default 1"),
    honoured("top_k", "integer"),
    honoured("stop_sequences", "string|string[]"),
    honoured("thinking", "object", "400 where the model cannot", &kThinkingFields),
    honoured("stream", "boolean", "default false"),
    honoured("output_config", "object", "", &kConfigFields),
    honoured("output_format", "object", "the older place of output_config.format", &kFormatFields),
    harmless("metadata", "of the provider"),
    honoured(
        "service_tier", "string",
        "flex, which is OpenAI's word: goes on where no other request wants to; auto and standard_only are the one tier that there is"),
    harmless("inference_geo", "answers are made on this machine, or where the policy of the router says"),
    harmless("cache_control", kCacheNote),
    harmless("context_management", "nothing of a conversation is cut off: one that is too long is an error"),
    rejected("mcp_servers", 400, "this server connects to no others: offer their tools in 'tools'"),
    rejected("container", 400, "this server runs no code"),
    rejected("thread", 400, "conversations are not kept here: send all of their messages", {},
             "thread_unsupported_request"),
    harmless("fallbacks", "no model here declines by a policy"),
    harmless("speed", "there is one"),
    harmless("diagnostics", "usage tells what was found in the cache"),
    harmless("billing_policy", "nothing is billed"),
    harmless("fallback_credit_token", "nothing is billed"),
};
constexpr Field kMessagesRows[] = {
    required("max_tokens", "integer"),
    rejected("compaction", 400, "conversations are not summed up here: ask for it in a message"),
};
constexpr Field kCountRows[] = {
    honoured("max_tokens", "integer", "changes nothing"),
    harmless("compaction", "the conversation is counted as it was sent"),
};
constexpr auto kMessagesTable = joined(kSharedRows, kContextRows, kMessagesRows);
constexpr auto kCountTable = joined(kSharedRows, kContextRows, kCountRows);

std::string item_path(std::string_view list, size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

/// Not 501: clients of this dialect ask again after every 5xx.
Failure unsupported(std::string path, std::string_view why) {
  return {.status = 400, .param = path, .error = Error::unsupported("'" + path + "': " + std::string(why))};
}

std::string required_text(ObjectReader& block) {
  auto text = block.text("text");
  if (!text) block.missing("text");
  return std::move(text).value_or("");
}

/// A text, or a list of blocks of text: `system`, and the content of a tool's result.
std::string read_texts(ObjectReader& in, ReadNotes& notes, std::string_view name) {
  const Json* value = in.any(name);
  if (value == nullptr) return {};
  if (value->is_string()) return value->get<std::string>();
  if (!value->is_array()) {
    in.fault(name, "must be a string or a list of blocks");
    return {};
  }
  std::string text;
  for (size_t i = 0; i < value->size() && !notes.fault; ++i) {
    ObjectReader block((*value)[i], item_path(in.path_of(name), i), notes, kTextFields);
    if (block.text("type").value_or("") != "text") {
      block.fault(unsupported(block.path_of("type"), "the models here read text only"));
      break;
    }
    if (i > 0) text += '\n';
    text += required_text(block);
  }
  return text;
}

/// One message of the dialect is several of ours where it holds results of tools.
class MessageReader {
 public:
  MessageReader(std::string role, ReadNotes& notes, CallIds& called, std::vector<chat::Message>& out)
      : role_(std::move(role)), notes_(notes), called_(called), out_(out) {}

  void read(ObjectReader& message) {
    const Json* content = message.any("content");
    if (content == nullptr) return message.missing("content");
    if (role_ == "user" && (*content == "" || *content == Json::array()))
      return message.fault("content", "must not be empty");
    if (content->is_string()) {
      text_ = content->get<std::string>();
      has_text_ = true;
      return end();
    }
    if (!content->is_array()) return message.fault("content", "must be a string or a list of blocks");
    for (size_t i = 0; i < content->size() && !notes_.fault; ++i) {
      ObjectReader block((*content)[i], item_path(message.path_of("content"), i), notes_, kBlockFields);
      read_block(block);
    }
    end();
  }

 private:
  void read_block(ObjectReader& block) {
    const std::string type = block.text("type").value_or("");
    if (type == "text") {
      if (has_text_) text_ += '\n';
      text_ += required_text(block);
      has_text_ = true;
    } else if (type == "tool_use" && role_ == "assistant") {
      read_tool_use(block);
    } else if (type == "tool_result" && role_ == "user") {
      end();
      read_tool_result(block);
    } else if (type == "thinking" && role_ == "assistant") {
      thinking_ += block.text("thinking").value_or("");
    } else if (type != "redacted_thinking" || role_ != "assistant") {
      block.fault(unsupported(block.path_of("type"),
                              "the models here read text, and tool_use and tool_result where they belong"));
    }
  }

  void read_tool_use(ObjectReader& block) {
    chat::ToolCall call{
        .id = block.text("id").value_or(""), .name = block.text("name").value_or(""), .arguments_json = {}};
    if (call.id.empty()) block.missing("id");
    if (call.name.empty()) block.missing("name");
    const Json* input = block.object("input");
    call.arguments_json = chat::Private(input == nullptr ? "{}" : to_text(*input));
    calls_.push_back(std::move(call));
  }

  void read_tool_result(ObjectReader& block) {
    chat::Message result{.role = "tool", .tool_call_id = block.text("tool_use_id").value_or("")};
    called_.check(block, "tool_use_id", result.tool_call_id);
    std::string text = read_texts(block, notes_, "content");
    // Templates know no failed results, so the words must say it.
    if (block.boolean("is_error").value_or(false)) text = "Error: " + text;
    result.content = chat::Private(std::move(text));
    out_.push_back(std::move(result));
  }

  void end() {
    if (!has_text_ && calls_.empty()) return;
    called_.add(calls_);
    chat::Message message{
        .role = role_, .content = chat::Private(std::exchange(text_, {})), .tool_calls = std::exchange(calls_, {})};
    message.thinking = chat::Private(std::exchange(thinking_, {}));
    has_text_ = false;
    // The dialect promises that turns of one side become one; templates ask for turns that alternate.
    if (!out_.empty() && out_.back().role == role_ && out_.back().tool_calls.empty()) {
      const std::string& before = out_.back().content.reveal();
      const std::string& text = message.content.reveal();
      message.content = chat::Private(before + (before.empty() || text.empty() ? "" : "\n") + text);
      out_.back() = std::move(message);
    } else {
      out_.push_back(std::move(message));
    }
  }

  const std::string role_;
  ReadNotes& notes_;
  CallIds& called_;
  std::vector<chat::Message>& out_;
  std::string text_;
  bool has_text_ = false;
  std::string thinking_;
  std::vector<chat::ToolCall> calls_;
};

std::vector<chat::Message> read_messages(ObjectReader& in, ReadNotes& notes) {
  std::vector<chat::Message> messages;
  if (std::string system = read_texts(in, notes, "system"); !system.empty())
    messages.push_back({.role = "system", .content = chat::Private(std::move(system))});
  const Json* list = in.array("messages");
  if (list == nullptr || list->empty()) {
    in.missing("messages", "must hold at least one message");
    return messages;
  }
  CallIds called;
  for (size_t i = 0; i < list->size() && !notes.fault; ++i) {
    ObjectReader item((*list)[i], item_path("messages", i), notes, kMessageFields);
    std::string role = item.text("role").value_or("");
    if (role != "user" && role != "assistant") item.fault("role", "must be user or assistant");
    MessageReader(std::move(role), notes, called, messages).read(item);
  }
  if (!messages.empty() && !messages.back().tool_calls.empty())
    in.fault("messages", "end with calls that nothing answers: send their tool_result");
  match_results(messages);
  return messages;
}

void read_definitions(ObjectReader& in, ReadNotes& notes, ToolList& tools) {
  const Json* list = in.array("tools");
  if (list == nullptr) return;
  for (size_t i = 0; i < list->size() && !notes.fault; ++i) {
    ObjectReader item((*list)[i], item_path("tools", i), notes, kToolFields);
    if (item.text("type").value_or("custom") != "custom")
      return item.fault(unsupported(item.path_of("type"), "only tools of your own ('custom') can be called here"));
    const ToolList::Function function{.name = item.text("name").value_or(""),
                                      .description = item.text("description"),
                                      .parameters = item.object("input_schema"),
                                      .strict = item.boolean("strict"),
                                      .schema_field = "input_schema"};
    if (function.parameters == nullptr) item.missing("input_schema");
    tools.add(item_path("tools", i), function);
  }
}

void read_choice(ObjectReader& in, ReadNotes& notes, const ToolList& tools, chat::ToolChoice& choice) {
  const Json* value = in.object("tool_choice");
  if (value == nullptr) return;
  ObjectReader reader(*value, "tool_choice", notes, kChoiceFields);
  const std::string type = reader.text("type").value_or("");
  // A small model that has to call finds no end of calls: it makes one, unless the client says that it takes several.
  choice.parallel = !reader.boolean("disable_parallel_tool_use").value_or(type == "any");
  if (type == "tool") {
    choice.mode = Mode::kNamed;
    choice.name = reader.text("name").value_or("");
    if (!tools.contains(choice.name)) reader.fault("name", "is none of the tools of this request");
  } else if (type == "any") {
    choice.mode = Mode::kRequired;
    if (tools.empty()) reader.fault("type", "needs 'tools' to choose from");
  } else if (type == "none") {
    choice.mode = Mode::kNone;
  } else if (type != "auto") {
    reader.fault("type", "must be auto, any, tool or none");
  }
}

void read_offer(ObjectReader& in, ReadNotes& notes, chat::ChatPrompt& prompt) {
  ToolList tools(notes);
  read_definitions(in, notes, tools);
  read_choice(in, notes, tools, prompt.tool_choice);
  prompt.tools_json = tools.text();
}

void read_format(const Json* format, std::string path, ReadNotes& notes, chat::CompleteRequest& request) {
  if (format == nullptr) return;
  ObjectReader reader(*format, std::move(path), notes, kFormatFields);
  if (reader.text("type").value_or("") != "json_schema") return reader.fault("type", "must be json_schema");
  const Json* schema = reader.object("schema");
  if (schema == nullptr) return reader.missing("schema");
  note_unknown_keywords(*schema, reader.path_of("schema"), false, notes);
  request.json_schema = to_text(*schema);
  request.check_schema = true;
}

void read_answer_form(ObjectReader& in, ReadNotes& notes, chat::CompleteRequest& request) {
  read_format(in.object("output_format"), "output_format", notes, request);
  const Json* config = in.object("output_config");
  if (config == nullptr) return;
  ObjectReader reader(*config, "output_config", notes, kConfigFields);
  read_effort(reader, "effort", std::get<chat::ChatPrompt>(request.prompt).effort);
  read_format(reader.object("format"), "output_config.format", notes, request);
}

void read_sampling(ObjectReader& in, chat::CompleteRequest& request) {
  chat::Sampling& sampling = request.sampling;
  if (const auto temperature = in.number("temperature", 0, 1)) sampling.temperature = static_cast<float>(*temperature);
  if (const auto top_p = in.number("top_p", 0, 1)) sampling.top_p = static_cast<float>(*top_p);
  if (const auto top_k = in.integer("top_k", 0, 1 << 20)) sampling.top_k = static_cast<int32_t>(*top_k);
  read_stops(in, "stop_sequences", request.stop);
}

/// Without the field there is no thinking: clients that do not know of it take the first block for the answer.
void read_thinking(ObjectReader& in, ReadNotes& notes, chat::CompleteRequest& request) {
  auto& prompt = std::get<chat::ChatPrompt>(request.prompt);
  prompt.think = false;
  const Json* value = in.object("thinking");
  if (value == nullptr) return;
  ObjectReader reader(*value, "thinking", notes, kThinkingFields);
  const std::string type = reader.text("type").value_or("");
  const auto budget = reader.integer("budget_tokens", 1, std::numeric_limits<int32_t>::max());
  if (type == "disabled") return;
  prompt.think = std::nullopt;
  if (type == "adaptive") return;
  if (type != "enabled") return reader.fault("type", "must be enabled, adaptive or disabled");
  prompt.think = true;
  if (!budget) return reader.missing("budget_tokens");
  if (request.max_tokens >= 0 && *budget >= request.max_tokens)
    return reader.fault("budget_tokens", "must be less than 'max_tokens'");
  request.max_thinking_tokens = static_cast<int32_t>(*budget);
}

Answer<MessagesCall> parse(std::string_view body, bool only_count, const OptionsOf& options_of) {
  auto json = parse_json_object(body);
  if (!json) return std::unexpected(std::move(json).error());
  MessagesCall call;
  ReadNotes notes;
  {
    ObjectReader in(*json, "", notes, only_count ? kCountFields : kMessagesFields);
    call.model = in.text("model").value_or("");
    chat::ChatPrompt prompt{.messages = read_messages(in, notes)};
    read_offer(in, notes, prompt);
    call.request.prompt = std::move(prompt);
    call.request.sampling.temperature = 1;
    put_options(options_of, call.model, call.request, call.acquire, call.has_seed);
    read_sampling(in, call.request);
    read_answer_form(in, notes, call.request);
    const auto limit = in.integer("max_tokens", 0, std::numeric_limits<int32_t>::max());
    if (!limit && !only_count) in.missing("max_tokens");
    call.request.max_tokens = static_cast<int32_t>(limit.value_or(-1));
    read_thinking(in, notes, call.request);
    read_context(in, call.acquire);
    call.request.priority = read_tier(in);
    call.stream = in.boolean("stream").value_or(false);
  }
  if (notes.fault) return std::unexpected(*std::move(notes.fault));
  call.ignored = std::move(notes.ignored);
  return call;
}

}  // namespace

constexpr FieldTable kMessagesFields = kMessagesTable;
constexpr FieldTable kCountFields = kCountTable;

Answer<MessagesCall> parse_messages(std::string_view body, const OptionsOf& options_of) {
  return parse(body, false, options_of);
}

Answer<MessagesCall> parse_count_tokens(std::string_view body) {
  return parse(body, true, {});
}

}  // namespace ingle::api::anthropic
