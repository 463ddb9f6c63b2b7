#include "api/llama/encode.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "api/answer_parts.h"
#include "api/json_input.h"
#include "base/utf8.h"
#include "chat/errors.h"

namespace ingle::api::llama {
namespace {

std::string_view type_of(const Failure& failure) {
  if (failure.code == kAnswerBreaksSchema) return kAnswerBreaksSchema;
  if (failure.code == "context_length_exceeded") return "exceed_context_size_error";
  if (failure.is_overload()) return "unavailable_error";
  return error_type(failure.status, "server_error");
}

Json error_json(const Failure& failure) {
  Json error = {{"code", failure.status}, {"message", message_of(failure)}, {"type", type_of(failure)}};
  if (const auto counts = chat::as_prompt_too_long(failure.error)) {
    error["n_prompt_tokens"] = counts->prompt_tokens;
    error["n_ctx"] = counts->context_tokens;
  }
  return {{"error", std::move(error)}};
}

std::string_view stop_type(const chat::Finished& finished) {
  if (!finished.stop_text.empty()) return "word";
  switch (finished.reason) {
    case chat::FinishReason::kLength:
    case chat::FinishReason::kContextFull:
      return "limit";
    case chat::FinishReason::kStop:
    case chat::FinishReason::kToolCalls:
      return "eos";
    case chat::FinishReason::kCancelled:
      break;
  }
  return "none";
}

/// What of raw bytes can stand in an answer.
Json piece_json(std::string_view piece) {
  return base::is_valid_utf8(piece) ? Json(piece) : bytes_json(piece);
}

Json probability_json(const chat::TokenLogprob& token) {
  Json json = {{"id", token.id}};
  json.update(token_json(token));
  return json;
}

Json probabilities_json(std::span<const chat::TokenInfo> tokens) {
  Json list = Json::array();
  for (const chat::TokenInfo& token : tokens) {
    Json item = probability_json(token.chosen);
    Json& top = item["top_logprobs"] = Json::array();
    for (const chat::TokenLogprob& other : token.top)
      top.push_back(probability_json(other));
    list.push_back(std::move(item));
  }
  return list;
}

Json timings_json(const chat::Usage& usage) {
  const uint32_t n_read = usage.prompt_tokens - std::min(usage.cached_tokens, usage.prompt_tokens);
  const auto put = [](Json& json, std::string_view name, uint32_t n, double seconds) {
    const std::string prefix(name);
    json[prefix + "_n"] = n;
    json[prefix + "_ms"] = seconds * 1e3;
    json[prefix + "_per_token_ms"] = n > 0 ? seconds * 1e3 / n : 0;
    json[prefix + "_per_second"] = seconds > 0 ? n / seconds : 0;
  };
  Json json = {{"cache_n", usage.cached_tokens}};
  put(json, "prompt", n_read, usage.prefill_seconds);
  put(json, "predicted", usage.completion_tokens, usage.decode_seconds);
  if (usage.drafted_tokens > 0) {
    json["draft_n"] = usage.drafted_tokens;
    json["draft_n_accepted"] = usage.accepted_tokens;
  }
  return json;
}

/// Only the wanted fields. A slash leads into an object, and what is found there gets the whole of what was asked as its name.
Json picked(const Json& json, std::span<const std::string> fields) {
  Json out = Json::object();
  for (const std::string& field : fields) {
    const Json* value = &json;
    std::string_view rest = field;
    while (value != nullptr && !rest.empty()) {
      const size_t end = std::min(rest.find('/'), rest.size());
      const auto found = value->is_object() ? value->find(rest.substr(0, end)) : value->end();
      rest.remove_prefix(std::min(end + 1, rest.size()));
      value = found == value->end() ? nullptr : &*found;
    }
    if (value != nullptr && value != &json) out[field] = *value;
  }
  return out;
}

class CompletionEncoder : public AnswerEncoder {
 public:
  explicit CompletionEncoder(AnswerFrame frame) : frame_(std::move(frame)), so_far_(frame_.prompts.size() * frame_.n) {}

  std::string_view stream_type() const override { return "text/event-stream; charset=utf-8"; }

  std::string begin(const chat::Prefill& prompt) override {
    n_cached_ = prompt.done;
    return {};
  }

  std::string progress(const chat::Prefill& prompt, double seconds) override {
    if (!frame_.progress || so_far_.size() > 1) return {};  // of several prompts nobody could tell whose it is
    return event({{"index", 0},
                  {"content", ""},
                  {"tokens", Json::array()},
                  {"stop", false},
                  {"id_slot", 0},
                  {"prompt_progress",
                   {{"total", prompt.total},
                    {"cache", n_cached_},
                    {"processed", prompt.done},
                    {"time_ms", static_cast<uint64_t>(seconds * 1e3)}}}});
  }

  std::string delta(const chat::Delta& delta) override { return choice_delta(0, delta); }

  std::string choice_delta(uint32_t choice, const chat::Delta& delta) override {
    if (delta.text.empty() && delta.tokens.empty()) return {};
    SoFar& so_far = so_far_[choice];
    Json json = {{"index", choice}, {"content", delta.text}, {"tokens", tokens_json(delta.tokens)},
                 {"stop", false},   {"id_slot", 0},          {"tokens_evaluated", prompt_of(choice).n_tokens}};
    so_far.has_new_line = so_far.has_new_line || delta.text.contains('\n');
    so_far.n_generated += delta.tokens.size();
    if (!delta.tokens.empty()) json["tokens_predicted"] = so_far.n_generated;
    if (frame_.probabilities) json["completion_probabilities"] = probabilities_json(delta.tokens);
    return event(json);
  }

  std::string end_choice(uint32_t choice, const Outcome& outcome) override {
    return event(wanted(last(choice, "", {}, so_far_[choice].has_new_line, outcome)));
  }
  std::string finish(const Outcome& outcome) override { return end_choice(0, outcome); }
  /// Each has told its end.
  std::string finish_all(std::span<const Outcome> /*outcomes*/) override { return {}; }
  std::string fail(const Failure& failure) override { return event(error_json(failure)); }

  std::string whole(const WholeAnswer& answer, const Outcome& outcome) override {
    return whole_all({&answer, 1}, {&outcome, 1});
  }

  std::string whole_all(std::span<const WholeAnswer> answers, std::span<const Outcome> outcomes) override {
    Json list = Json::array();
    for (uint32_t i = 0; i < answers.size(); ++i) {
      const WholeAnswer& answer = answers[i];
      Json json = last(i, answer.text, tokens_json(answer.tokens), answer.text.contains('\n'), outcomes[i]);
      if (frame_.probabilities) json["completion_probabilities"] = probabilities_json(answer.tokens);
      list.push_back(wanted(std::move(json)));
    }
    return to_text(list.size() == 1 ? list.front() : list);
  }

 private:
  static std::string event(const Json& json) { return "data: " + to_text(json) + "\n\n"; }

  Json tokens_json(std::span<const chat::TokenInfo> tokens) const {
    Json ids = Json::array();
    for (const chat::TokenInfo& token : frame_.tokens ? tokens : std::span<const chat::TokenInfo>())
      ids.push_back(token.chosen.id);
    return ids;
  }

  const AnswerFrame::Prompt& prompt_of(uint32_t choice) const { return frame_.prompts[choice / frame_.n]; }
  Json wanted(Json json) const { return frame_.fields.empty() ? json : picked(json, frame_.fields); }

  Json settings_of(uint32_t choice) const {
    Json settings = Json::parse(frame_.settings_json, nullptr, false);
    if (settings.contains("seed")) settings["seed"] = settings["seed"].get<uint64_t>() + choice % frame_.n;
    return settings;
  }

  Json last(uint32_t choice, std::string_view content, Json tokens, bool has_new_line, const Outcome& outcome) const {
    const chat::Usage& usage = outcome.finished.usage;
    return {{"index", choice},
            {"content", content},
            {"tokens", tokens.is_null() ? Json::array() : std::move(tokens)},
            {"id_slot", 0},
            {"stop", true},
            {"model", frame_.model},
            {"tokens_predicted", usage.completion_tokens},
            {"tokens_evaluated", usage.prompt_tokens},
            {"tokens_cached", usage.cached_tokens},
            {"has_new_line", has_new_line},
            {"truncated", false},
            {"stop_type", stop_type(outcome.finished)},
            {"stopping_word", outcome.finished.stop_text},
            {"timings", timings_json(usage)},
            {"prompt", prompt_of(choice).text.reveal()},
            {"generation_settings", settings_of(choice)}};
  }

  struct SoFar {
    size_t n_generated = 0;
    bool has_new_line = false;
  };
  const AnswerFrame frame_;
  uint32_t n_cached_ = 0;
  std::vector<SoFar> so_far_;  // of a stream's answers
};

}  // namespace

std::unique_ptr<AnswerEncoder> make_encoder(AnswerFrame frame) {
  return std::make_unique<CompletionEncoder>(std::move(frame));
}

std::string encode_settings(const chat::CompleteRequest& request, bool stream) {
  const chat::Sampling& sampling = request.sampling;
  Json bias = Json::array();
  for (const auto& [token, value] : sampling.logit_bias)
    bias.push_back({token, std::isfinite(value) ? Json(value) : Json(false)});
  Json settings = {{"n_predict", request.max_tokens},
                   {"max_tokens", request.max_tokens},
                   {"seed", sampling.seed},
                   {"temperature", sampling.temperature},
                   {"dynatemp_range", 0},
                   {"dynatemp_exponent", 1},
                   {"top_k", sampling.top_k},
                   {"top_p", sampling.top_p},
                   {"min_p", sampling.min_p},
                   {"top_n_sigma", -1},
                   {"xtc_probability", sampling.xtc_probability},
                   {"xtc_threshold", sampling.xtc_threshold},
                   {"typical_p", sampling.typical_p},
                   {"repeat_last_n", sampling.repeat_last_n},
                   {"repeat_penalty", sampling.repeat_penalty},
                   {"presence_penalty", sampling.presence_penalty},
                   {"frequency_penalty", sampling.frequency_penalty},
                   {"dry_multiplier", sampling.dry_multiplier},
                   {"dry_base", sampling.dry_base},
                   {"dry_allowed_length", sampling.dry_allowed_length},
                   {"dry_penalty_last_n", sampling.dry_last_n},
                   {"dry_sequence_breakers", sampling.dry_breakers},
                   {"mirostat", sampling.mirostat ? 2 : 0},
                   {"mirostat_tau", sampling.mirostat_tau},
                   {"mirostat_eta", sampling.mirostat_eta},
                   {"stop", request.stop},
                   {"n_keep", 0},
                   {"n_discard", 0},
                   {"ignore_eos", request.ignore_eos},
                   {"stream", stream},
                   {"n_probs", std::max(request.logprobs, 0)},
                   {"min_keep", 0},
                   {"grammar", request.grammar},
                   {"logit_bias", std::move(bias)},
                   {"samplers", {"penalties", "dry", "top_k", "typ_p", "top_p", "min_p", "xtc", "temperature"}},
                   {"timings_per_token", false},
                   {"post_sampling_probs", false},
                   {"lora", Json::array()}};
  // Fractions are kept in f32: 0.95 in, 0.95 out.
  for (Json& value : settings)
    if (value.is_number_float()) value = std::stod(fmt::format("{}", static_cast<float>(value.get<double>())));
  return to_text(settings);
}

std::string encode_tokens(std::span<const int32_t> tokens, std::span<const std::string> pieces) {
  Json list = Json::array();
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (pieces.empty()) {
      list.push_back(tokens[i]);
    } else {
      list.push_back({{"id", tokens[i]}, {"piece", piece_json(pieces[i])}});
    }
  }
  return to_text({{"tokens", std::move(list)}});
}

std::string encode_content(std::string_view text) {
  return to_text({{"content", base::to_valid_utf8(text)}});
}

std::string encode_prompt(std::string_view text) {
  return to_text({{"prompt", base::to_valid_utf8(text)}});
}

std::string encode_error(const Failure& failure) {
  return to_text(error_json(failure));
}

}  // namespace ingle::api::llama
