#include "api/ollama/options.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <variant>

#include "api/question_input.h"

namespace ingle::api::ollama {
namespace {

using chat::Sampling;

// clang-format off
constexpr Field kRows[] = {
  honoured("num_ctx", "integer", "tokens that prompt and answer may take together; more than the model was made for is as much as that, and X-Ingle-Context says so"),
  honoured("num_predict", "integer", "default -1: until the model ends; -2: until the context is full, the same here"),
  honoured("seed", "integer", "default -1: random"),
  honoured("stop", "string[]"),
  honoured("temperature", "number", "default 0.8"),
  honoured("top_k", "integer", "default 40"),
  honoured("top_p", "number", "default 0.9"),
  honoured("min_p", "number"),
  honoured("typical_p", "number"),
  honoured("repeat_last_n", "integer", "default 64; -1: the whole context"),
  honoured("repeat_penalty", "number"),
  honoured("presence_penalty", "number"),
  honoured("frequency_penalty", "number"),
  honoured("mirostat", "integer", "1 and 2 are both version 2"),
  honoured("mirostat_tau", "number"),
  honoured("mirostat_eta", "number"),
  harmless("num_keep", "nothing of a prompt is cut off"),
  harmless("num_batch", "the engine decides how much it computes at once"),
  harmless("num_gpu", "this version computes on the processor"),
  harmless("main_gpu", "this version computes on the processor"),
  harmless("use_mmap", "the engine decides how it reads its file"),
  harmless("num_thread", "the setting 'threads' decides for all models"),
  harmless("draft_num_predict", "the engine decides how far it guesses ahead"),
  harmless("use_mlock", "of older versions"),
  harmless("numa", "of older versions"),
  harmless("low_vram", "of older versions"),
  harmless("f16_kv", "of older versions"),
  harmless("vocab_only", "of older versions"),
  harmless("logits_all", "of older versions"),
  harmless("embedding_only", "of older versions"),
  harmless("tfs_z", "of older versions"),
  harmless("penalize_newline", "of older versions"),
};

/// What Ollama checks the type of, also where the value means nothing here.
struct Typed {
  std::string_view name;
  std::string_view type;
};
constexpr Typed kTyped[] = {
  {"num_ctx", "integer"}, {"num_predict", "integer"}, {"seed", "integer"}, {"top_k", "integer"}, {"num_keep", "integer"},
  {"repeat_last_n", "integer"}, {"num_batch", "integer"}, {"num_gpu", "integer"}, {"main_gpu", "integer"},
  {"num_thread", "integer"}, {"draft_num_predict", "integer"}, {"mirostat", "integer"},
  {"temperature", "float32"}, {"top_p", "float32"}, {"min_p", "float32"}, {"typical_p", "float32"},
  {"repeat_penalty", "float32"}, {"presence_penalty", "float32"}, {"frequency_penalty", "float32"},
  {"mirostat_tau", "float32"}, {"mirostat_eta", "float32"},
  {"use_mmap", "boolean"}, {"stop", "array"},
};

struct Target {
  std::string_view name;
  std::variant<float Sampling::*, int32_t Sampling::*> member;
};
constexpr Target kTargets[] = {
  {"temperature", &Sampling::temperature}, {"top_k", &Sampling::top_k}, {"top_p", &Sampling::top_p},
  {"min_p", &Sampling::min_p}, {"typical_p", &Sampling::typical_p}, {"repeat_last_n", &Sampling::repeat_last_n},
  {"repeat_penalty", &Sampling::repeat_penalty}, {"presence_penalty", &Sampling::presence_penalty},
  {"frequency_penalty", &Sampling::frequency_penalty}, {"mirostat_tau", &Sampling::mirostat_tau},
  {"mirostat_eta", &Sampling::mirostat_eta},
};
// clang-format on

bool has_type(const Json& value, std::string_view type) {
  if (type == "boolean") return value.is_boolean();
  if (type == "array") return value.is_array();
  return value.is_number();
}

/// Ollama's words, which some clients show as they are.
Failure wrong_type(const std::string& path, std::string_view name, std::string_view what) {
  return {.status = 400,
          .param = path + "." + std::string(name),
          .error = Error::usage("option \"" + std::string(name) + "\" must be of " + std::string(what))};
}

void check_types(const Json& options, const std::string& path, ReadNotes& notes) {
  if (!options.is_object() || notes.fault) return;
  for (const auto& [name, value] : options.items()) {
    const auto* row = std::ranges::find(kTyped, name, &Typed::name);
    if (row == std::end(kTyped) || value.is_null()) continue;
    if (!has_type(value, row->type)) {
      notes.fault = wrong_type(path, name, "type " + std::string(row->type));
      return;
    }
    const bool is_list = row->type == "array";
    if (is_list && !std::ranges::all_of(value, [](const Json& item) { return item.is_string(); })) {
      notes.fault = wrong_type(path, name, "an array of strings");
      return;
    }
  }
}

}  // namespace

constexpr FieldTable kOptionFields = kRows;

chat::Sampling default_sampling() {
  chat::Sampling sampling;
  sampling.temperature = 0.8F;
  sampling.top_k = 40;
  sampling.top_p = 0.9F;
  sampling.repeat_last_n = 64;
  return sampling;
}

void read_options(const Json& options, const std::string& path, ReadNotes& notes, CompletionCall& call) {
  check_types(options, path, notes);
  ObjectReader in(options, path, notes, kOptionFields);
  // A part of a number where a whole one is meant is dropped, as Ollama does.
  const auto integer = [&](std::string_view name, double minimum, double maximum) -> std::optional<int64_t> {
    const Json* value = in.any(name);
    if (value == nullptr) return std::nullopt;
    if (value->is_number_unsigned() || value->is_number_integer()) {
      const bool too_large = value->is_number_unsigned() && value->get<uint64_t>() > uint64_t{INT64_MAX};
      const int64_t whole = too_large ? INT64_MAX : value->get<int64_t>();
      if (static_cast<double>(whole) >= minimum && static_cast<double>(whole) <= maximum) return whole;
    } else if (const double real = std::trunc(value->get<double>()); real >= minimum && real <= maximum) {
      return static_cast<int64_t>(real);
    }
    in.fault(name, "is out of range");
    return std::nullopt;
  };
  constexpr double kMany = 1 << 20;
  Sampling& sampling = call.request.sampling;
  for (const Target& target : kTargets) {
    if (const auto* whole = std::get_if<int32_t Sampling::*>(&target.member)) {
      if (const auto value = integer(target.name, -1, kMany)) sampling.** whole = static_cast<int32_t>(*value);
    } else if (const Json* value = in.any(target.name)) {
      const double number = value->get<double>();
      if (!(std::abs(number) <= kMany)) return in.fault(target.name, "is out of range");
      sampling.*std::get<float Sampling::*>(target.member) = static_cast<float>(number);
    }
  }
  if (const auto version = integer("mirostat", 0, 2)) sampling.mirostat = *version != 0;
  if (const auto limit = integer("num_predict", -2, 1 << 30))
    call.request.max_tokens = std::max<int32_t>(static_cast<int32_t>(*limit), -1);
  if (const auto context = integer("num_ctx", 0, 1 << 24)) {
    call.acquire.context = static_cast<uint32_t>(*context);
    call.acquire.clamp_context = true;  // as Ollama does: its clients ask for more than models have
  }
  // The largest double below 2^63.
  if (const auto seed = integer("seed", -9.2e18, 9.2e18)) {
    call.has_seed = *seed >= 0;
    sampling.seed = static_cast<uint64_t>(*seed);
  }
  read_stops(in, "stop", call.request.stop);
}

}  // namespace ingle::api::ollama
