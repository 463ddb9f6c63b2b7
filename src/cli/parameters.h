// Generation parameters: one row each, read by the flags of `run`, by /set in a conversation and by saved chats.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "chat/types.h"
#include "cli/arguments.h"

namespace ingle::cli {

struct Parameters {
  chat::Sampling sampling;
  std::optional<uint64_t> seed;  // nothing: a new one for every answer
  int32_t max_tokens = -1;
  std::vector<std::string> stop;

  Parameters();
};

struct ParameterRow {
  using Member = std::variant<float chat::Sampling::*, int32_t chat::Sampling::*, bool chat::Sampling::*>;
  std::string_view name;  // "top_k"; its flag is --top-k
  Member member;
  double minimum;
  double maximum;
  std::string_view help;
};

/// By name, flag, or what Ollama calls it. "stop" adds a stop text.
Status set_parameter(Parameters& parameters, std::string_view name, std::string_view value);
/// The value as set_parameter takes it; nothing for one that is not set.
std::optional<std::string> parameter_value(const Parameters& parameters, std::string_view name);
/// All names that set_parameter knows.
std::vector<std::string_view> parameter_names();

void declare_parameters(Arguments& arguments, Parameters& parameters);

/// Sampling with the seed filled in: the chosen one, or a fresh one from the system.
chat::Sampling sampling_of(const Parameters& parameters);

}  // namespace ingle::cli
