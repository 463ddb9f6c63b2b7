#include "api/llama/parse.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "api/json_input.h"
#include "api/limits.h"
#include "api/question_input.h"

namespace ingle::api::llama {
namespace {

using chat::Sampling;

constexpr double kMany = 1 << 20;

struct NumberRow {
  std::string_view name;
  float Sampling::* target;
};

struct WholeRow {
  std::string_view name;
  int32_t Sampling::* target;
};

// clang-format off
constexpr NumberRow kNumbers[] = {
  {"temperature", &Sampling::temperature}, {"top_p", &Sampling::top_p}, {"min_p", &Sampling::min_p},
  {"typical_p", &Sampling::typical_p}, {"repeat_penalty", &Sampling::repeat_penalty},
  {"presence_penalty", &Sampling::presence_penalty}, {"frequency_penalty", &Sampling::frequency_penalty},
  {"dry_multiplier", &Sampling::dry_multiplier}, {"dry_base", &Sampling::dry_base},
  {"xtc_probability", &Sampling::xtc_probability}, {"xtc_threshold", &Sampling::xtc_threshold},
  {"mirostat_tau", &Sampling::mirostat_tau}, {"mirostat_eta", &Sampling::mirostat_eta},
};
constexpr WholeRow kWholes[] = {
  {"top_k", &Sampling::top_k}, {"repeat_last_n", &Sampling::repeat_last_n},
  {"dry_allowed_length", &Sampling::dry_allowed_length}, {"dry_penalty_last_n", &Sampling::dry_last_n},
};
constexpr Field kModelRows[] = {
  honoured("model", "string", "missing: the loaded model, or the only one that is installed"),
};
constexpr Field kPromptRows[] = {
  required("prompt_string", "string"),
  rejected("multimodal_data", 400, "the models here read text only"),
};
constexpr FieldTable kPromptFields = kPromptRows;
constexpr Field kTextPromptRows[] = {
  required("prompt", "string|any[]|object", "a text, in which control tokens count, a list of tokens, a list of both, or a list of such prompts; answers of all prompts together: at most 128", &kPromptFields),
};
constexpr Field kFileRows[] = {
  honoured("filename", "string"),
  required("text", "string"),
};
constexpr FieldTable kFileFields = kFileRows;
constexpr Field kInfillRows[] = {
  required("input_prefix", "string"),
  required("input_suffix", "string"),
  honoured("input_extra", "object[]", "other files of the project", &kFileFields),
  honoured("prompt", "string", "how what is filled in begins"),
  harmless("n_indent", "the model goes on as deep as the text before is indented"),
};
constexpr Field kGenerationRows[] = {
  honoured("stream", "boolean", "default false"),
  honoured("n_predict", "integer", "-1 and -2: until the context is full"),
  honoured("max_tokens", "integer", "where n_predict is missing"),
  honoured("seed", "integer", "negative: random; the answer i of n_cmpl, from 0, is drawn with seed + i"),
  honoured("n_cmpl", "integer", "answers to each prompt; with several answers the whole is a list of them, each with its index"),
  honoured("stop", "string|string[]"),
  honoured("ignore_eos", "boolean"),
  honoured("return_tokens", "boolean"),
  honoured("return_progress", "boolean", "of a stream: how much of the prompt was read"),
  honoured("response_fields", "string[]", "fields of the answer; \"a/b\" is the field b of a, under that name"),
  honoured("n_probs", "integer", "0 to 100"),
  honoured("grammar", "string", "GBNF"),
  honoured("json_schema", "object|boolean", "what of it cannot be enforced is checked when the answer is whole"),
  honoured("logit_bias", "object|any[]", "[[token, bias]] or {\"token\": bias}; false bans; a text instead of a token is 400"),
  honoured("samplers", "string|string[]", "those that are not listed are off; the order is always the engine's"),
  honoured("temperature", "number", "default 0.8"),
  honoured("top_k", "integer", "default 40"),
  honoured("top_p", "number", "default 0.95"),
  honoured("min_p", "number", "default 0.05"),
  honoured("typical_p", "number"),
  honoured("repeat_penalty", "number"),
  honoured("repeat_last_n", "integer"),
  honoured("presence_penalty", "number"),
  honoured("frequency_penalty", "number"),
  honoured("dry_multiplier", "number"),
  honoured("dry_base", "number"),
  honoured("dry_allowed_length", "integer"),
  honoured("dry_penalty_last_n", "integer"),
  honoured("dry_sequence_breakers", "string|string[]"),
  honoured("xtc_probability", "number"),
  honoured("xtc_threshold", "number"),
  honoured("mirostat", "integer", "1 and 2 are both version 2"),
  honoured("mirostat_tau", "number"),
  honoured("mirostat_eta", "number"),
  harmless("cache_prompt", "what was computed is always found again"),
  harmless("n_cache_reuse", "what was computed is always found again"),
  harmless("id_slot", "any place of the batch serves any request"),
  harmless("timings_per_token", "the last event has the timings"),
  harmless("sse_ping_interval", "a stream is silent while the model is; return_progress tells what it does"),
  harmless("n_keep", "nothing of a prompt is cut off"),
  harmless("n_discard", "nothing of a prompt is cut off"),
  harmless("t_max_prompt_ms", "requests share the machine step by step"),
  harmless("t_max_predict_ms", "n_predict and stop bound an answer"),
  harmless("dynatemp_exponent", "of dynatemp_range"),
  harmless("speculative.n_max", "guessing ahead changes no answer"),
  harmless("speculative.n_min", "guessing ahead changes no answer"),
  harmless("speculative.p_min", "guessing ahead changes no answer"),
  rejected("dynatemp_range", 501, "the temperature here is one number", "0"),
  rejected("top_n_sigma", 501, "top_k, top_p, min_p, typical_p and xtc choose among tokens here", "-1"),
  rejected("min_keep", 501, "a filter leaves at least one token, and no other number", "0"),
  rejected("post_sampling_probs", 501, "probabilities here are those of the model"),
  rejected("lora", 501, "no adapters are switched here: pull a model that has them merged"),
};
constexpr Field kTokenizeRows[] = {
  required("content", "string"),
  honoured("add_special", "boolean", "default false"),
  honoured("parse_special", "boolean", "default true"),
  honoured("with_pieces", "boolean", "default false"),
};
constexpr Field kDetokenizeRows[] = {
  required("tokens", "integer[]"),
};
constexpr auto kCompletionTable = joined(kModelRows, kTextPromptRows, kGenerationRows, kContextRows);
constexpr auto kInfillTable = joined(kModelRows, kInfillRows, kGenerationRows, kContextRows);
constexpr auto kTokenizeTable = joined(kModelRows, kTokenizeRows);
constexpr auto kDetokenizeTable = joined(kModelRows, kDetokenizeRows);
// clang-format on

std::optional<int32_t> token_of(const Json& value) {
  if (!value.is_number_integer()) return std::nullopt;
  const bool fits = value.is_number_unsigned() ? value.get<uint64_t>() <= INT32_MAX : value.get<int64_t>() >= 0;
  return fits ? std::optional(value.get<int32_t>()) : std::nullopt;
}

std::vector<int32_t> read_tokens(ObjectReader& in, std::string_view name) {
  std::vector<int32_t> tokens;
  const Json* list = in.array(name);
  if (list == nullptr) {
    in.fault(name, "must be a list of tokens");
    return tokens;
  }
  for (const Json& value : *list) {
    const auto token = token_of(value);
    if (!token) {
      in.fault(name, "must be a list of tokens");
      return {};
    }
    tokens.push_back(*token);
  }
  return tokens;
}

/// A text, tokens, or both in turns; nothing where it is neither.
std::optional<std::vector<PromptPart>> parts_of(const Json& prompt, const std::string& place, ReadNotes& notes) {
  if (prompt.is_object()) {
    ObjectReader reader(prompt, place, notes, kPromptFields);
    const auto text = reader.text("prompt_string");
    if (!text) reader.missing("prompt_string");
    return {{{chat::Private(text.value_or("")), {}}}};
  }
  if (prompt.is_string()) return {{{chat::Private(prompt.get<std::string>()), {}}}};
  if (!prompt.is_array() || prompt.empty()) return std::nullopt;
  std::vector<PromptPart> parts;
  for (const Json& item : prompt) {
    const auto token = token_of(item);
    if (!token && !item.is_string()) return std::nullopt;
    if (!token) {
      parts.push_back({chat::Private(item.get<std::string>()), {}});
    } else if (parts.empty() || parts.back().tokens.empty()) {
      parts.push_back({{}, {*token}});
    } else {
      parts.back().tokens.push_back(*token);
    }
  }
  return parts;
}

/// A list in which no token stands by itself is a list of prompts.
std::vector<std::vector<PromptPart>> read_prompts(ObjectReader& in, ReadNotes& notes) {
  constexpr std::string_view kShape = "must be a text, a list of tokens, a list of both, or a list of those";
  static const Json kNothing;
  const Json* value = in.any("prompt");
  const Json& prompt = value == nullptr ? kNothing : *value;
  const bool is_list = prompt.is_array() && std::ranges::none_of(prompt, &Json::is_number);
  std::vector<std::vector<PromptPart>> prompts;
  const size_t n = is_list ? prompt.size() : 1;
  if (n == 0 || n > kMaxChoices) in.fault("prompt", "must be 1 to " + std::to_string(kMaxChoices) + " prompts");
  for (size_t i = 0; i < n && !notes.fault; ++i) {
    auto parts =
        parts_of(is_list ? prompt[i] : prompt, is_list ? "prompt[" + std::to_string(i) + "]" : "prompt", notes);
    if (!parts) in.fault("prompt", kShape);
    if (parts) prompts.push_back(*std::move(parts));
  }
  return prompts;
}

/// A filter or penalty that is not named is off.
void read_samplers(ObjectReader& in, Sampling& sampling) {
  if (in.any("samplers") == nullptr) return;
  const auto names = in.texts("samplers");
  // Also a text of letters, one a sampler, as on llama.cpp's command line.
  const auto has = [&](std::string_view name, std::string_view other, char letter) {
    return std::ranges::any_of(names, [&](const std::string& given) {
      return given == name || given == other ||
             (names.size() == 1 && given.find('_') == std::string::npos && given.size() < 10 &&
              given.find(letter) != std::string::npos);
    });
  };
  if (!has("top_k", "top-k", 'k')) sampling.top_k = 0;
  if (!has("top_p", "top-p", 'p')) sampling.top_p = 1;
  if (!has("min_p", "min-p", 'm')) sampling.min_p = 0;
  if (!has("typ_p", "typical_p", 'y')) sampling.typical_p = 1;
  if (!has("xtc", "xtc", 'x')) sampling.xtc_probability = 0;
  if (!has("dry", "dry", 'd')) sampling.dry_multiplier = 0;
  if (!has("temperature", "temp", 't')) sampling.temperature = 1;
}

void read_sampling(ObjectReader& in, Sampling& sampling) {
  sampling = default_sampling();
  for (const NumberRow& row : kNumbers) {
    if (const auto value = in.number(row.name, -kMany, kMany)) sampling.*row.target = static_cast<float>(*value);
  }
  for (const WholeRow& row : kWholes) {
    if (const auto value = in.integer(row.name, -1, static_cast<int64_t>(kMany)))
      sampling.*row.target = static_cast<int32_t>(*value);
  }
  sampling.mirostat = in.integer("mirostat", 0, 2).value_or(0) != 0;
  if (in.any("dry_sequence_breakers") != nullptr) sampling.dry_breakers = in.texts("dry_sequence_breakers");
  read_samplers(in, sampling);
}

/// [[token, bias], ...] or {"token": bias}; false bans.
void read_logit_bias(ObjectReader& in, Sampling& sampling) {
  constexpr std::string_view kShape = "must be a list of [token, bias] or an object of biases by token";
  const Json* list = in.any("logit_bias");
  if (list == nullptr) return;
  const auto add = [&](std::optional<int32_t> token, const Json& bias) {
    const bool bans = bias.is_boolean() && !bias.get<bool>();
    if (!token || (!bans && (!bias.is_number() || !std::isfinite(bias.get<double>()))))
      return in.fault("logit_bias", kShape);
    sampling.logit_bias.emplace_back(*token, bans ? -std::numeric_limits<float>::infinity() : bias.get<float>());
  };
  if (list->is_object()) {
    for (const auto& [key, bias] : list->items()) {
      int32_t token = 0;
      const auto [end, code] = std::from_chars(key.data(), key.data() + key.size(), token);
      const bool whole = code == std::errc() && end == key.data() + key.size() && token >= 0;
      add(whole ? std::optional(token) : std::nullopt, bias);
    }
  } else if (list->is_array()) {
    for (const Json& pair : *list) {
      if (!pair.is_array() || pair.size() != 2) return in.fault("logit_bias", kShape);
      add(token_of(pair[0]), pair[1]);
    }
  } else {
    in.fault("logit_bias", kShape);
  }
}

void read_constraint(ObjectReader& in, chat::CompleteRequest& request) {
  request.grammar = in.text("grammar").value_or("");
  const Json* schema = in.any("json_schema");
  if (schema == nullptr) return;
  if (!schema->is_object() && !schema->is_boolean()) return in.fault("json_schema", "must be a JSON schema");
  if (schema->is_object() && schema->empty() && !request.grammar.empty()) return;  // how some clients say "none"
  if (!request.grammar.empty()) return in.fault("json_schema", "and 'grammar' exclude each other");
  note_unknown_keywords(*schema, in.path_of("json_schema"), false, in.notes());
  request.json_schema = to_text(*schema);
  request.check_schema = true;
}

std::vector<Infill::File> read_files(ObjectReader& in, ReadNotes& notes) {
  std::vector<Infill::File> files;
  const Json* list = in.array("input_extra");
  for (size_t i = 0; list != nullptr && i < list->size() && !notes.fault; ++i) {
    ObjectReader item((*list)[i], "input_extra[" + std::to_string(i) + "]", notes, kFileFields);
    const auto text = item.text("text");
    if (!text) item.missing("text");
    files.push_back(
        {.name = chat::Private(item.text("filename").value_or("tmp")), .text = chat::Private(text.value_or(""))});
  }
  return files;
}

/// What completions of every kind share.
void read_generation(ObjectReader& in, CompletionCall& call) {
  call.model = in.text("model").value_or("");
  read_sampling(in, call.request.sampling);
  read_logit_bias(in, call.request.sampling);
  const auto old_limit = in.integer("max_tokens", -1, 1 << 30);
  const auto limit = in.integer("n_predict", -2, 1 << 30);  // -2: until the context is full, which is the same here
  call.request.max_tokens = std::max<int32_t>(static_cast<int32_t>(limit.value_or(old_limit.value_or(-1))), -1);
  const auto seed = in.integer("seed", std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max());
  call.has_seed = seed.value_or(-1) >= 0;
  call.request.sampling.seed = static_cast<uint64_t>(seed.value_or(0));
  call.n = static_cast<uint32_t>(in.integer("n_cmpl", 1, kMaxChoices).value_or(1));
  if (call.n * std::max<size_t>(call.prompts.size(), 1) > kMaxChoices)
    in.fault("n_cmpl", "of each prompt is more than " + std::to_string(kMaxChoices) + " answers");
  read_context(in, call.acquire);
  read_stops(in, "stop", call.request.stop);
  call.request.ignore_eos = in.boolean("ignore_eos").value_or(false);
  call.stream = in.boolean("stream").value_or(false);
  call.return_tokens = in.boolean("return_tokens").value_or(false);
  call.return_progress = in.boolean("return_progress").value_or(false);
  call.fields = in.texts("response_fields");
  const int64_t n_probs = in.integer("n_probs", 0, 100).value_or(0);
  if (n_probs > 0 || call.return_tokens) call.request.logprobs = static_cast<int32_t>(n_probs);
  read_constraint(in, call.request);
}

template <typename Call>
Answer<Call> finished(Call call, ReadNotes notes) {
  if (notes.fault) return std::unexpected(*std::move(notes.fault));
  call.ignored = std::move(notes.ignored);
  return call;
}

}  // namespace

chat::Sampling default_sampling() {
  Sampling sampling;
  sampling.temperature = 0.8F;
  sampling.top_k = 40;
  sampling.top_p = 0.95F;
  sampling.min_p = 0.05F;
  return sampling;
}

constexpr FieldTable kCompletionFields = kCompletionTable;
constexpr FieldTable kInfillFields = kInfillTable;
constexpr FieldTable kTokenizeFields = kTokenizeTable;
constexpr FieldTable kDetokenizeFields = kDetokenizeTable;

Answer<CompletionCall> parse_completion(std::string_view body) {
  auto json = parse_json_object(body);
  if (!json) return std::unexpected(std::move(json).error());
  CompletionCall call;
  ReadNotes notes;
  {
    ObjectReader in(*json, "", notes, kCompletionFields);
    call.prompts = read_prompts(in, notes);
    read_generation(in, call);
  }
  return finished(std::move(call), std::move(notes));
}

Answer<InfillCall> parse_infill(std::string_view body) {
  auto json = parse_json_object(body);
  if (!json) return std::unexpected(std::move(json).error());
  InfillCall call;
  ReadNotes notes;
  {
    ObjectReader in(*json, "", notes, kInfillFields);
    const auto before = in.text("input_prefix");
    if (!before) in.missing("input_prefix");
    const auto after = in.text("input_suffix");
    if (!after) in.missing("input_suffix");
    call.infill = {.before = chat::Private(before.value_or("")), .after = chat::Private(after.value_or(""))};
    call.infill.begun = chat::Private(in.text("prompt").value_or(""));
    call.infill.files = read_files(in, notes);
    read_generation(in, call.completion);
  }
  if (notes.fault) return std::unexpected(*std::move(notes.fault));
  call.completion.ignored = std::move(notes.ignored);
  return call;
}

Answer<TokenizeCall> parse_tokenize(std::string_view body) {
  auto json = parse_json_object(body);
  if (!json) return std::unexpected(std::move(json).error());
  TokenizeCall call;
  ReadNotes notes;
  {
    ObjectReader in(*json, "", notes, kTokenizeFields);
    call.model = in.text("model").value_or("");
    const auto content = in.text("content");
    if (!content) in.missing("content");
    call.request.text = chat::Private(content.value_or(""));
    call.request.add_bos = in.boolean("add_special").value_or(false);
    call.request.recognise_control_tokens = in.boolean("parse_special").value_or(true);
    call.with_pieces = in.boolean("with_pieces").value_or(false);
  }
  return finished(std::move(call), std::move(notes));
}

Answer<DetokenizeCall> parse_detokenize(std::string_view body) {
  auto json = parse_json_object(body);
  if (!json) return std::unexpected(std::move(json).error());
  DetokenizeCall call;
  ReadNotes notes;
  {
    ObjectReader in(*json, "", notes, kDetokenizeFields);
    call.model = in.text("model").value_or("");
    call.tokens = read_tokens(in, "tokens");
  }
  return finished(std::move(call), std::move(notes));
}

}  // namespace ingle::api::llama
