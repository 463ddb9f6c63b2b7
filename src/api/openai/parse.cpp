#include "api/openai/parse.h"

#include <charconv>
#include <limits>
#include <span>

#include "api/json_input.h"
#include "api/tool_input.h"

namespace ingle::api::openai {
namespace {

constexpr std::string_view kOldFunctions =
    "is the form from before tools: send 'tools', 'tool_choice' and messages with 'tool_calls'";
constexpr double kMaxBias = 100;

/// A text, or a list of parts of which the models here read the texts.
std::string read_content(ObjectReader& message) {
  const Json* content = message.any("content");
  if (content == nullptr) return {};
  if (content->is_string()) return content->get_ref<const std::string&>();
  if (!content->is_array()) {
    message.fault("content", "must be a string or a list of parts");
    return {};
  }
  std::string text;
  for (size_t i = 0; i < content->size(); ++i) {
    const std::string place = "content[" + std::to_string(i) + "]";
    const Json& part = (*content)[i];
    const auto type = part.is_object() ? part.find("type") : part.end();
    if (!part.is_object() || type == part.end() || !type->is_string()) {
      message.fault(place, "must be an object with a type");
      return {};
    }
    const auto& type_name = type->get_ref<const std::string&>();
    if (type_name != "text") {
      message.fault(
          Failure{.status = 400,
                  .code = "unsupported_content",
                  .param = message.path_of(place),
                  .error = Error::unsupported("the models here read text only, and this is a part of another kind")});
      return {};
    }
    const auto words = part.find("text");
    if (words == part.end() || !words->is_string()) {
      message.fault(place + ".text", "must be a string");
      return {};
    }
    text += words->get_ref<const std::string&>();
  }
  return text;
}

std::vector<chat::Message> read_messages(ObjectReader& in, ReadNotes& notes) {
  std::vector<chat::Message> messages;
  const Json* list = in.array("messages");
  if (list == nullptr || list->empty()) {
    in.fault("messages", "must hold at least one message");
    return messages;
  }
  messages.reserve(list->size());
  CallIds called;
  for (size_t i = 0; i < list->size() && !notes.fault; ++i) {
    ObjectReader item((*list)[i], "messages[" + std::to_string(i) + "]", notes);
    chat::Message message;
    message.role = item.text("role").value_or("");
    if (message.role == "developer") message.role = "system";
    if (message.role == "function") item.fault("role", kOldFunctions);
    if (item.any("function_call") != nullptr) item.fault("function_call", kOldFunctions);
    if (message.role == "assistant") {
      message.tool_calls = read_tool_calls(item, notes);
      called.add(message.tool_calls);
    } else if (message.role == "tool") {
      message.tool_call_id = item.text("tool_call_id").value_or("");
      called.check(item, "tool_call_id", message.tool_call_id);
    } else if (message.role != "system" && message.role != "user") {
      item.fault("role", "must be system, developer, user, assistant or tool");
    }
    message.content = chat::Private(read_content(item));
    message.name = item.text("name").value_or("");
    item.accept("refusal");
    messages.push_back(std::move(message));
  }
  match_results(messages);
  return messages;
}

void read_logit_bias(ObjectReader& in, chat::Sampling& sampling) {
  const Json* bias = in.object("logit_bias");
  if (bias == nullptr) return;
  for (const auto& [key, value] : bias->items()) {
    int32_t token = 0;
    const auto [end, code] = std::from_chars(key.data(), key.data() + key.size(), token);
    const bool is_token = code == std::errc() && end == key.data() + key.size() && token >= 0;
    if (!is_token || !value.is_number() || !(std::abs(value.get<double>()) <= kMaxBias))
      return in.fault("logit_bias", "must map token ids to numbers from -100 to 100");
    const auto number = value.get<float>();
    // The documentation promises that -100 bans.
    sampling.logit_bias.emplace_back(
        token, number <= -static_cast<float>(kMaxBias) ? -std::numeric_limits<float>::infinity() : number);
  }
}

/// What shape the answer is to have. The first field that asks for one is honoured, a second is a fault.
class Shape {
 public:
  explicit Shape(chat::CompleteRequest& request) : request_(request) {}

  bool is_given() const { return !given_by_.empty(); }
  /// `checked`: what of the schema cannot be enforced is checked when the answer is whole.
  void schema(ObjectReader& in, std::string_view field, std::string text, bool checked) {
    if (!take(in, field)) return;
    request_.json_schema = std::move(text);
    request_.check_schema = checked;
  }
  void grammar(ObjectReader& in, std::string_view field, std::string text) {
    if (take(in, field)) request_.grammar = std::move(text);
  }

 private:
  bool take(ObjectReader& in, std::string_view field) {
    if (is_given()) {
      in.fault(field, "and '" + given_by_ + "' exclude each other");
      return false;
    }
    given_by_ = in.path_of(field);
    return true;
  }

  chat::CompleteRequest& request_;
  std::string given_by_;
};

constexpr std::string_view kAnyObject = R"({"type":"object"})";

void read_response_format(ObjectReader& in, ReadNotes& notes, Shape& shape) {
  const Json* format = in.object("response_format");
  if (format == nullptr) return;
  ObjectReader reader(*format, "response_format", notes);
  const std::string type = reader.text("type").value_or("");
  if (type == "text") return;
  if (type == "json_object") {
    const Json* schema = reader.object("schema");  // of llama-server
    return shape.schema(in, "response_format", schema == nullptr ? std::string(kAnyObject) : to_text(*schema),
                        schema != nullptr);
  }
  if (type != "json_schema") return reader.fault("type", "must be text, json_object or json_schema");
  const Json* wrapper = reader.object("json_schema");
  if (wrapper == nullptr) return reader.fault("json_schema", "is required");
  ObjectReader inner(*wrapper, "response_format.json_schema", notes);
  inner.accept("name");
  inner.accept("description");
  const bool strict = inner.boolean("strict").value_or(false);
  const Json* schema = inner.object("schema");
  if (schema == nullptr) return inner.fault("schema", "is required");
  shape.schema(in, "response_format", to_text(*schema), !strict);
}

using ReadShape = void (*)(ObjectReader& in, std::string_view field, const Json& value, Shape& shape);

/// A schema, or the text of one.
void read_schema(ObjectReader& in, std::string_view field, const Json& value, Shape& shape) {
  if (value.is_object() || value.is_boolean()) {
    if (value == Json::object() && shape.is_given()) return;  // how some clients say "none"
    return shape.schema(in, field, to_text(value), true);
  }
  const auto read = value.is_string() ? parse_json(value.get_ref<const std::string&>()) : Answer<Json>(value);
  if (!read || (!read->is_object() && !read->is_boolean())) return in.fault(field, "must be a JSON schema");
  shape.schema(in, field, to_text(*read), true);
}

void read_grammar(ObjectReader& in, std::string_view field, const Json& value, Shape& shape) {
  if (!value.is_string()) return in.fault(field, "must be a string");
  if (value != "") shape.grammar(in, field, value.get<std::string>());
}

/// The answer is one of some texts, without quotes: a grammar.
void read_choice(ObjectReader& in, std::string_view field, const Json& value, Shape& shape) {
  constexpr std::string_view kForm = "must be a list of texts, one at least";
  if (!value.is_array() || value.empty()) return in.fault(field, kForm);
  std::string grammar = "root ::=";
  for (const Json& choice : value) {
    if (!choice.is_string() || choice == "") return in.fault(field, kForm);
    grammar += grammar.ends_with('=') ? " \"" : " | \"";
    for (const char c : choice.get_ref<const std::string&>()) {
      constexpr std::string_view kHex = "0123456789ABCDEF";
      const auto byte = static_cast<unsigned char>(c);
      if (c == '"' || c == '\\') {
        grammar.append({'\\', c});
      } else if (byte < 0x20) {
        grammar.append({'\\', 'x', kHex[byte >> 4U], kHex[byte & 15U]});
      } else {
        grammar += c;
      }
    }
    grammar += '"';
  }
  shape.grammar(in, field, std::move(grammar));
}

void read_any_object(ObjectReader& in, std::string_view field, const Json& value, Shape& shape) {
  if (!value.is_boolean()) return in.fault(field, "must be true or false");
  if (value.get<bool>()) shape.schema(in, field, std::string(kAnyObject), false);
}

void refuse_regex(ObjectReader& in, std::string_view field, const Json& value, Shape& /*shape*/) {
  if (value != "") in.fault(field, "is not supported: write the same as a grammar in GBNF, in 'grammar'");
}

void refuse_format(ObjectReader& in, std::string_view field, const Json& value, Shape& /*shape*/) {
  if (value != "") in.fault(field, "is a word of Ollama's /api/chat: this interface has 'response_format'");
}

void refuse_tags(ObjectReader& in, std::string_view field, const Json& /*value*/, Shape& /*shape*/) {
  in.fault(field, "is not supported: send 'tools', a schema or a 'grammar'");
}

struct ShapeField {
  std::string_view name;
  ReadShape read;
};

/// Of llama-server, vLLM (its older words, and below its newer ones) and Ollama. One that went unread would be answered
/// without its shape.
constexpr ShapeField kShapeFields[] = {
    {"grammar", read_grammar},        {"json_schema", read_schema},   {"guided_json", read_schema},
    {"guided_grammar", read_grammar}, {"guided_choice", read_choice}, {"guided_regex", refuse_regex},
    {"format", refuse_format},
};
constexpr ShapeField kStructuredOutputs[] = {
    {"json", read_schema},   {"grammar", read_grammar},        {"choice", read_choice},
    {"regex", refuse_regex}, {"json_object", read_any_object}, {"structural_tag", refuse_tags},
};

void read_fields(ObjectReader& in, std::span<const ShapeField> fields, Shape& shape) {
  for (const ShapeField& field : fields) {
    if (const Json* value = in.any(field.name)) field.read(in, field.name, *value, shape);
  }
}

void read_shape(ObjectReader& in, ReadNotes& notes, chat::CompleteRequest& request) {
  Shape shape(request);
  read_response_format(in, notes, shape);
  read_fields(in, kShapeFields, shape);
  const Json* structured = in.object("structured_outputs");
  if (structured == nullptr) return;
  ObjectReader reader(*structured, "structured_outputs", notes);
  read_fields(reader, kStructuredOutputs, shape);
}

/// Their answers have another form, too: a client that got ours would not find the call.
void refuse_old_functions(ObjectReader& in) {
  const Json* functions = in.array("functions");
  if (functions != nullptr && !functions->empty()) in.fault("functions", kOldFunctions);
  const Json* choice = in.any("function_call");
  if (choice != nullptr && *choice != "none" && *choice != "auto") in.fault("function_call", kOldFunctions);
}

void read_sampling(ObjectReader& in, chat::CompleteRequest& request) {
  chat::Sampling& sampling = request.sampling;
  const auto real = [&](std::string_view name, float fallback, double minimum, double maximum) {
    return static_cast<float>(in.number(name, minimum, maximum).value_or(fallback));
  };
  sampling.temperature = real("temperature", 1.0F, 0, 2);
  sampling.top_p = real("top_p", 1.0F, 0, 1);
  sampling.presence_penalty = real("presence_penalty", 0, -2, 2);
  sampling.frequency_penalty = real("frequency_penalty", 0, -2, 2);
  // Not of OpenAI, but known to clients of local servers.
  sampling.min_p = real("min_p", 0, 0, 1);
  sampling.typical_p = real("typical_p", 1.0F, 0, 1);
  sampling.repeat_penalty = real("repeat_penalty", 1.0F, 0.01, 100);
  sampling.top_k = static_cast<int32_t>(in.integer("top_k", -1, 1 << 20).value_or(0));
  read_logit_bias(in, sampling);
}

}  // namespace

Answer<ChatCall> parse_chat(std::string_view body) {
  auto json = parse_json_object(body);
  if (!json) return std::unexpected(std::move(json).error());
  ChatCall call;
  ReadNotes notes;
  {
    ObjectReader in(*json, "", notes);
    call.model = in.text("model").value_or("");
    chat::ChatPrompt prompt{.messages = read_messages(in, notes)};
    read_tools(in, notes, prompt);
    refuse_old_functions(in);
    call.request.prompt = std::move(prompt);
    read_sampling(in, call.request);
    const auto seed = in.integer("seed", std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max());
    call.has_seed = seed.has_value();
    call.request.sampling.seed = static_cast<uint64_t>(seed.value_or(0));
    call.request.stop = in.texts("stop");
    const auto old_limit = in.integer("max_tokens", -1, 1 << 30);
    const auto limit = in.integer("max_completion_tokens", -1, 1 << 30);
    call.request.max_tokens = static_cast<int32_t>(limit.value_or(old_limit.value_or(-1)));
    if (call.request.max_tokens == 0) in.fault(limit ? "max_completion_tokens" : "max_tokens", "must be at least 1");
    call.stream = in.boolean("stream").value_or(false);
    if (const Json* options = in.object("stream_options")) {
      ObjectReader reader(*options, "stream_options", notes);
      call.include_usage = reader.boolean("include_usage").value_or(false);
    }
    call.logprobs = in.boolean("logprobs").value_or(false);
    const auto top = in.integer("top_logprobs", 0, 20);
    if (top && !call.logprobs) in.fault("top_logprobs", "needs 'logprobs': true");
    if (call.logprobs) call.request.logprobs = static_cast<int32_t>(top.value_or(0));
    read_shape(in, notes, call.request);
    if (in.integer("n", 1, std::numeric_limits<int32_t>::max()).value_or(1) != 1)
      in.fault("n", "must be 1: this server gives one answer a request");
    in.accept("user");
  }
  if (notes.fault) return std::unexpected(*std::move(notes.fault));
  call.ignored = std::move(notes.ignored);
  return call;
}

}  // namespace ingle::api::openai
