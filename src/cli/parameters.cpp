#include "cli/parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <random>
#include <utility>

#include "base/suggest.h"

namespace ingle::cli {
namespace {

using chat::Sampling;

constexpr double kMany = 1 << 20;

// clang-format off
constexpr ParameterRow kRows[] = {
  {"temperature", &Sampling::temperature, 0, 100, "randomness; 0 always takes the likeliest token"},
  {"top_k", &Sampling::top_k, -1, kMany, "draw among the N likeliest tokens; 0 = all"},
  {"top_p", &Sampling::top_p, 0, 1, "draw among the likeliest tokens that hold this share of probability"},
  {"min_p", &Sampling::min_p, 0, 1, "leave out tokens less likely than this share of the likeliest"},
  {"typical_p", &Sampling::typical_p, 0, 1, "locally typical sampling; 1 = off"},
  {"repeat_penalty", &Sampling::repeat_penalty, 0.01, 100, "divide the logits of recent tokens; 1 = off"},
  {"repeat_last_n", &Sampling::repeat_last_n, -1, kMany, "how many tokens count as recent; -1 = all"},
  {"presence_penalty", &Sampling::presence_penalty, -100, 100, "subtracted once from recent tokens; 0 = off"},
  {"frequency_penalty", &Sampling::frequency_penalty, -100, 100, "subtracted for every recent occurrence; 0 = off"},
  {"dry_multiplier", &Sampling::dry_multiplier, 0, 100, "DRY: penalty on repeating a sequence; 0 = off"},
  {"dry_base", &Sampling::dry_base, 1, 100, "DRY: how fast it grows with the length"},
  {"dry_allowed_length", &Sampling::dry_allowed_length, 0, kMany, "DRY: length that may repeat"},
  {"dry_last_n", &Sampling::dry_last_n, -1, kMany, "DRY: how many tokens count; -1 = all"},
  {"xtc_probability", &Sampling::xtc_probability, 0, 1, "XTC: how often to leave out the top choices; 0 = off"},
  {"xtc_threshold", &Sampling::xtc_threshold, 0, 1, "XTC: what counts as a top choice"},
  {"mirostat", &Sampling::mirostat, 0, 2, "Mirostat 2 instead of the filters; 0 = off, 2 = on"},
  {"mirostat_tau", &Sampling::mirostat_tau, 0, 100, "Mirostat: surprise to aim for"},
  {"mirostat_eta", &Sampling::mirostat_eta, 0, 1, "Mirostat: learning rate"},
};
// clang-format on

constexpr std::string_view kSeed = "seed";
constexpr std::string_view kMaxTokens = "max_tokens";
constexpr std::string_view kStop = "stop";

std::string canonical(std::string_view name) {
  if (name.starts_with("--")) name.remove_prefix(2);
  std::string text(name);
  std::ranges::replace(text, '-', '_');
  if (text == "num_predict") return std::string(kMaxTokens);
  return text;
}

const ParameterRow* find_row(std::string_view name) {
  const auto* row = std::ranges::find(kRows, name, &ParameterRow::name);
  return row == std::end(kRows) ? nullptr : row;
}

std::string flag_of(std::string_view name) {
  std::string flag(name);
  std::ranges::replace(flag, '_', '-');
  return "--" + flag;
}

Result<uint64_t> parse_seed(std::string_view text, std::string_view what) {
  uint64_t seed = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (code != std::errc() || end != text.data() + text.size())
    return std::unexpected(Error::usage(fmt::format("{} wants a whole number from 0 to {}, not '{}'", what,
                                                    std::numeric_limits<uint64_t>::max(), text)));
  return seed;
}

Status set_row(Sampling& sampling, const ParameterRow& row, std::string_view value, std::string_view what) {
  if (const auto* real = std::get_if<float Sampling::*>(&row.member)) {
    INGLE_TRY(const double number, parse_double(value, what, row.minimum, row.maximum));
    sampling.** real = static_cast<float>(number);
    return {};
  }
  INGLE_TRY(const int64_t number,
            parse_integer(value, what, static_cast<int64_t>(row.minimum), static_cast<int64_t>(row.maximum)));
  if (const auto* whole = std::get_if<int32_t Sampling::*>(&row.member)) {
    sampling.** whole = static_cast<int32_t>(number);
  } else if (number == 1) {
    return std::unexpected(Error::usage("mirostat 1 does not exist here").hint("2 is the version that is implemented"));
  } else {
    sampling.*std::get<bool Sampling::*>(row.member) = number != 0;
  }
  return {};
}

}  // namespace

Parameters::Parameters() {
  sampling.temperature = 0.7F;
  sampling.top_k = 40;
  sampling.top_p = 0.9F;
}

std::vector<std::string_view> parameter_names() {
  std::vector<std::string_view> names;
  for (const ParameterRow& row : kRows)
    names.push_back(row.name);
  names.insert(names.end(), {kSeed, kMaxTokens, kStop});
  return names;
}

Status set_parameter(Parameters& parameters, std::string_view name, std::string_view value) {
  // A flag is named as it was typed.
  const std::string_view what = name;
  const std::string key = canonical(name);
  if (const ParameterRow* row = find_row(key)) return set_row(parameters.sampling, *row, value, what);
  if (key == "num_ctx")
    return std::unexpected(Error::usage("the context is chosen when the model is loaded").hint("start with --ctx N"));
  if (key == kSeed) {
    INGLE_TRY(parameters.seed, parse_seed(value, what));
    return {};
  }
  if (key == kMaxTokens) {
    INGLE_TRY(const int64_t number, parse_integer(value, what, -1, std::numeric_limits<int32_t>::max()));
    parameters.max_tokens = static_cast<int32_t>(number);
    return {};
  }
  if (key == kStop) {
    if (value.empty()) {
      parameters.stop.clear();
    } else {
      parameters.stop.emplace_back(value);
    }
    return {};
  }
  const auto near = base::closest(key, parameter_names());
  return std::unexpected(Error::usage(fmt::format("there is no parameter '{}'", name))
                             .hint(near ? fmt::format("did you mean '{}'?", *near)
                                        : fmt::format("known: {}", fmt::join(parameter_names(), ", "))));
}

std::optional<std::string> parameter_value(const Parameters& parameters, std::string_view name) {
  if (const ParameterRow* row = find_row(name)) {
    if (const auto* real = std::get_if<float Sampling::*>(&row->member))
      return fmt::format("{}", parameters.sampling.**real);
    if (const auto* whole = std::get_if<int32_t Sampling::*>(&row->member))
      return std::to_string(parameters.sampling.**whole);
    return parameters.sampling.*std::get<bool Sampling::*>(row->member) ? "2" : "0";
  }
  if (name == kSeed && parameters.seed) return std::to_string(*parameters.seed);
  if (name == kMaxTokens) return std::to_string(parameters.max_tokens);
  return std::nullopt;
}

void declare_parameters(Arguments& arguments, Parameters& parameters) {
  arguments.group("Length");
  arguments.option("-n,--max-tokens", "N", "stop after N tokens; -1 = when the context is full",
                   [&](const std::string& value) { return set_parameter(parameters, "--max-tokens", value); });
  arguments
      .option("--stop", "TEXT", "stop before this text; may be given several times",
              [&](const std::string& value) -> Status {
                if (value.empty())
                  return std::unexpected(Error::usage("--stop wants a text: an empty one would end every answer")
                                             .hint("leave it out, or name the text before which the answer ends"));
                return set_parameter(parameters, kStop, value);
              })
      .repeatable = true;
  arguments.group("Sampling");
  for (const ParameterRow& row : kRows) {
    const auto value = parameter_value(parameters, row.name);
    arguments.option(flag_of(row.name), "X", fmt::format("{} (default {})", row.help, value.value_or("")),
                     [&parameters, name = flag_of(row.name)](const std::string& text) {
                       return set_parameter(parameters, name, text);
                     });
  }
  arguments
      .option("--dry-breaker", "TEXT",
              "DRY: no repetition is counted across this text; may be given several times, instead of the defaults",
              [&parameters, is_first = true](const std::string& value) mutable -> Status {
                if (std::exchange(is_first, false)) parameters.sampling.dry_breakers.clear();
                if (!value.empty()) parameters.sampling.dry_breakers.push_back(value);
                return {};
              })
      .repeatable = true;
  arguments.option("--seed", "N", "same seed, prompt and settings: the same answer, bit for bit (default: a new one)",
                   [&](const std::string& value) { return set_parameter(parameters, "--seed", value); });
  arguments
      .option("--logit-bias", "ID=X", "add X to the logit of a token; -inf bans it; may be given several times",
              [&](const std::string& value) -> Status {
                const size_t equals = std::min(value.find('='), value.size());
                const std::string_view text = value;
                INGLE_TRY(const int64_t id, parse_integer(text.substr(0, equals), "--logit-bias ID", 0,
                                                          std::numeric_limits<int32_t>::max()));
                const std::string_view amount = text.substr(std::min(equals + 1, text.size()));
                float bias = -std::numeric_limits<float>::infinity();
                if (amount != "-inf") {
                  INGLE_TRY(const double number, parse_double(amount, "--logit-bias X", -1e6, 1e6));
                  bias = static_cast<float>(number);
                }
                parameters.sampling.logit_bias.emplace_back(static_cast<int32_t>(id), bias);
                return {};
              })
      .repeatable = true;
  arguments.group("");
}

chat::Sampling sampling_of(const Parameters& parameters) {
  chat::Sampling sampling = parameters.sampling;
  if (parameters.seed) {
    sampling.seed = *parameters.seed;
  } else {
    // Below 2^53: JSON readers that keep numbers as doubles give such a seed back exactly.
    std::random_device device;
    sampling.seed = ((uint64_t{device()} << 32U) | device()) >> 11U;
  }
  return sampling;
}

}  // namespace ingle::cli
