#include "api/openai/input.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "api/limits.h"
#include "api/question_input.h"

namespace ingle::api::openai {
namespace {

constexpr double kMaxBias = 100;
constexpr std::string_view kForms = "must be a text, a list of texts, a list of tokens or a list of those";

void read_logit_bias(ObjectReader& in, chat::Sampling& sampling) {
  const Json* bias = in.object("logit_bias");
  if (bias == nullptr) return;
  if (bias->size() > kMaxLogitBias)
    return in.fault("logit_bias", "must have at most " + std::to_string(kMaxLogitBias) + " tokens");
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

void read_stream(ObjectReader& in, ReadNotes& notes, Question& question) {
  question.stream = in.boolean("stream").value_or(false);
  const Json* options = in.object("stream_options");
  if (options == nullptr) return;
  ObjectReader reader(*options, "stream_options", notes, kStreamOptionFields);
  question.include_usage = reader.boolean("include_usage").value_or(false);
}

// clang-format off
constexpr Field kReasoningRows[] = {
  honoured("effort", "string", "as reasoning_effort"),
  harmless("summary", "thoughts are shown as they are"),
  harmless("generate_summary", "thoughts are shown as they are"),
};
constexpr Field kTemplateArgumentRows[] = {
  honoured("enable_thinking", "boolean"),
  honoured("thinking", "boolean", "the same, in other templates' words"),
};
// clang-format on

/// An effort is also the wish to think, or not to.
void want(ObjectReader& in, std::string_view name, chat::ChatPrompt& prompt) {
  if (in.any(name) != nullptr) prompt.think = read_effort(in, name, prompt.effort);
}

constexpr Field kStreamOptionRows[] = {
    honoured("include_usage", "boolean", "a chunk of its own; else the usage stands in the last chunk"),
    harmless("include_obfuscation", "no network between here and there can be listened to by length"),
};

bool is_token(const Json& value) {
  return value.is_number_integer() && value >= 0 && value <= std::numeric_limits<int32_t>::max();
}

/// Nothing where `value` is neither a text nor a list of tokens.
std::optional<TextOrTokens> input_of(const Json& value) {
  if (value.is_string()) return chat::Private(value.get<std::string>());
  if (!value.is_array() || !std::ranges::all_of(value, is_token)) return std::nullopt;
  return value.get<std::vector<int32_t>>();
}

bool is_empty(const TextOrTokens& input) {
  return std::visit([](const auto& words) { return words.empty(); }, input);
}

}  // namespace

const FieldTable kStreamOptionFields = kStreamOptionRows;
const FieldTable kReasoningFields = kReasoningRows;
const FieldTable kTemplateArgumentFields = kTemplateArgumentRows;

void read_reasoning(ObjectReader& in, ReadNotes& notes, chat::ChatPrompt& prompt) {
  const Json* reasoning = in.object("reasoning");
  if (reasoning == nullptr) return;
  ObjectReader reader(*reasoning, "reasoning", notes, kReasoningFields);
  want(reader, "effort", prompt);
}

void read_thinking(ObjectReader& in, ReadNotes& notes, ChatCall& call) {
  auto& prompt = std::get<chat::ChatPrompt>(call.request.prompt);
  want(in, "reasoning_effort", prompt);
  read_reasoning(in, notes, prompt);
  if (const Json* arguments = in.object("chat_template_kwargs")) {
    ObjectReader reader(*arguments, "chat_template_kwargs", notes, kTemplateArgumentFields);
    const bool is_asked_elsewhere = prompt.think.has_value();
    for (const char* name : {"enable_thinking", "thinking"}) {
      const auto think = reader.boolean(name);
      if (!think) continue;
      prompt.think = *think;
      if (!is_asked_elsewhere) call.template_arguments.push_back(reader.path_of(name));
    }
  }
  call.request.max_thinking_tokens =
      static_cast<int32_t>(in.integer("thinking_budget_tokens", -1, std::numeric_limits<int32_t>::max()).value_or(-1));
}

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

std::vector<TextOrTokens> read_prompts(ObjectReader& in, std::string_view name, size_t most) {
  std::vector<TextOrTokens> inputs;
  const Json* value = in.any(name);
  if (value == nullptr) {
    in.missing(name);
    return inputs;
  }
  const bool is_list = value->is_array() && !value->empty() && !is_token(value->front());
  const size_t n = is_list ? value->size() : 1;
  if (n > most) {
    in.fault(name, "must be at most " + std::to_string(most) + " inputs");
    return inputs;
  }
  for (size_t i = 0; i < n; ++i) {
    auto input = input_of(is_list ? (*value)[i] : *value);
    const std::string place = std::string(name) + (is_list ? "[" + std::to_string(i) + "]" : "");
    if (!input) {
      in.fault(place, is_list ? "must be a text or a list of tokens" : kForms);
      return inputs;
    }
    if (is_empty(*input)) {
      in.fault(place, "must not be empty");
      return inputs;
    }
    inputs.push_back(*std::move(input));
  }
  return inputs;
}

void read_sampling(ObjectReader& in, const OptionsOf& options_of, Question& question) {
  question.model = in.text("model").value_or("");
  chat::Sampling& sampling = question.request.sampling;
  sampling.temperature = 1.0F;
  put_options(options_of, question.model, question.request, question.acquire, question.has_seed);
  const auto real = [&](std::string_view name, float& target, double minimum, double maximum) {
    if (const auto number = in.number(name, minimum, maximum)) target = static_cast<float>(*number);
  };
  real("temperature", sampling.temperature, 0, 2);
  real("top_p", sampling.top_p, 0, 1);
  real("presence_penalty", sampling.presence_penalty, -2, 2);
  real("frequency_penalty", sampling.frequency_penalty, -2, 2);
  // Not of OpenAI, but known to clients of local servers.
  real("min_p", sampling.min_p, 0, 1);
  real("typical_p", sampling.typical_p, 0, 1);
  real("repeat_penalty", sampling.repeat_penalty, 0.01, 100);
  if (const auto top_k = in.integer("top_k", -1, 1 << 20)) sampling.top_k = static_cast<int32_t>(*top_k);
  read_logit_bias(in, sampling);
  const auto seed = in.integer("seed", std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max());
  if (!seed) return;
  question.has_seed = true;
  sampling.seed = static_cast<uint64_t>(*seed);
}

void read_question(ObjectReader& in, ReadNotes& notes, const OptionsOf& options_of, Question& question) {
  read_sampling(in, options_of, question);
  question.n = static_cast<uint32_t>(in.integer("n", 1, kMaxChoices).value_or(1));
  read_stops(in, "stop", question.request.stop);
  read_context(in, question.acquire);
  question.request.priority = read_tier(in);
  read_stream(in, notes, question);
}

int32_t read_limit(ObjectReader& in, std::initializer_list<std::string_view> names, int32_t least, int32_t fallback) {
  constexpr int64_t kMost = 1 << 30;
  std::optional<int64_t> limit;
  for (const std::string_view name : names) {
    const auto value = in.integer(name, std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max());
    if (value && *value != -1 && (*value < least || *value > kMost))
      in.fault(name, "must be -1, which is no limit, or a whole number from " + std::to_string(least) + " to " +
                         std::to_string(kMost));
    if (!limit) limit = value;
  }
  return static_cast<int32_t>(limit.value_or(fallback));
}

}  // namespace ingle::api::openai
