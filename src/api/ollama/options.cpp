#include "api/ollama/options.h"

#include <algorithm>
#include <limits>
#include <variant>

namespace ingle::api::ollama {
namespace {

using chat::Sampling;

/// monostate: known, and without a meaning here (how memory and devices are used is decided by the engine).
using Target = std::variant<std::monostate, float Sampling::*, int32_t Sampling::*>;

struct OptionRow {
  std::string_view name;
  Target target;
};

// clang-format off
constexpr OptionRow kRows[] = {
  {"temperature", &Sampling::temperature},
  {"top_k", &Sampling::top_k},
  {"top_p", &Sampling::top_p},
  {"min_p", &Sampling::min_p},
  {"typical_p", &Sampling::typical_p},
  {"repeat_last_n", &Sampling::repeat_last_n},
  {"repeat_penalty", &Sampling::repeat_penalty},
  {"presence_penalty", &Sampling::presence_penalty},
  {"frequency_penalty", &Sampling::frequency_penalty},
  {"mirostat_tau", &Sampling::mirostat_tau},
  {"mirostat_eta", &Sampling::mirostat_eta},
  {"num_keep", {}}, {"num_batch", {}}, {"num_gpu", {}}, {"main_gpu", {}}, {"use_mmap", {}}, {"use_mlock", {}},
  {"num_thread", {}}, {"numa", {}}, {"low_vram", {}}, {"f16_kv", {}}, {"vocab_only", {}}, {"logits_all", {}},
  {"tfs_z", {}}, {"penalize_newline", {}}, {"draft_num_predict", {}}, {"embedding_only", {}},
};
// clang-format on

constexpr double kMany = 1 << 20;

Failure wrong_type(std::string_view name, std::string_view type) {
  // Ollama's words, which some clients show as they are.
  return {.status = 400,
          .param = "options." + std::string(name),
          .error = Error::usage("option \"" + std::string(name) + "\" must be of type " + std::string(type))};
}

void read_row(ObjectReader& in, const OptionRow& row, Sampling& sampling) {
  const Json* value = in.any(row.name);
  if (value == nullptr) return;
  if (const auto* real = std::get_if<float Sampling::*>(&row.target)) {
    if (!value->is_number()) return in.fault(wrong_type(row.name, "float32"));
    const double number = value->get<double>();
    if (!(std::abs(number) <= kMany)) return in.fault(row.name, "is out of range");
    sampling.** real = static_cast<float>(number);
  } else if (const auto* whole = std::get_if<int32_t Sampling::*>(&row.target)) {
    if (!value->is_number()) return in.fault(wrong_type(row.name, "integer"));
    sampling.** whole = static_cast<int32_t>(in.integer(row.name, -1, static_cast<int64_t>(kMany)).value_or(0));
  }
}

}  // namespace

chat::Sampling default_sampling() {
  chat::Sampling sampling;
  sampling.temperature = 0.8F;
  sampling.top_k = 40;
  sampling.top_p = 0.9F;
  sampling.repeat_last_n = 64;
  return sampling;
}

void read_options(const Json& options, ReadNotes& notes, CompletionCall& call) {
  ObjectReader in(options, "options", notes);
  for (const OptionRow& row : kRows)
    read_row(in, row, call.request.sampling);
  const auto integer = [&](std::string_view name, int64_t minimum, int64_t maximum) -> std::optional<int64_t> {
    const Json* value = in.any(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_number()) {
      in.fault(wrong_type(name, "integer"));
      return std::nullopt;
    }
    return in.integer(name, minimum, maximum);
  };
  if (const auto version = integer("mirostat", 0, 2)) call.request.sampling.mirostat = *version != 0;
  // -1: until the model ends; -2: until the context is full, which is the same here.
  if (const auto limit = integer("num_predict", -2, 1 << 30))
    call.request.max_tokens = std::max<int32_t>(static_cast<int32_t>(*limit), -1);
  if (const auto context = integer("num_ctx", 0, 1 << 24)) call.acquire.context = static_cast<uint32_t>(*context);
  if (const auto seed = integer("seed", std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max())) {
    call.has_seed = *seed >= 0;
    call.request.sampling.seed = static_cast<uint64_t>(*seed);
  }
  if (in.any("stop") != nullptr) call.request.stop = in.texts("stop");
}

}  // namespace ingle::api::ollama
