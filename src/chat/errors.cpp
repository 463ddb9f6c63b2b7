#include "chat/errors.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>

namespace ingle::chat {
namespace {

/// A sentence with numbers between its parts: written, and recognised wherever it stands in a message.
template <size_t N>
struct Sentence {
  std::array<std::string_view, N + 1> parts;
};

constexpr Sentence<3> kTooLong = {
    {"the prompt has ", " tokens, the context holds ", " of the ", " that the model was made for"}};
constexpr Sentence<2> kNeverFits = {{"the prompt has ", " tokens; at most ", " fit this model"}};
constexpr Sentence<2> kTooFewAllowed = {
    {"the shortest text of the format may take ", " tokens, the answer may have ", ""}};
constexpr Sentence<4> kTooFewLeft = {{"the shortest text of the format may take ", " tokens, after the prompt of ",
                                      " the context holds ", " more of the ", " that the model was made for"}};
constexpr Sentence<2> kTooLarge = {{"a context of ", " tokens was asked for, the model was made for ", ""}};

constexpr std::string_view kOutOfReach = " are all that there can be";
constexpr std::string_view kFull = "the queue is full: ";
constexpr std::string_view kBroken = "the answer breaks its schema: ";

template <size_t N>
std::string written(const Sentence<N>& sentence, const std::array<uint64_t, N>& numbers) {
  std::string text(sentence.parts.front());
  for (size_t i = 0; i < N; ++i)
    text.append(std::to_string(numbers[i])).append(sentence.parts[i + 1]);
  return text;
}

template <size_t N>
std::optional<std::array<uint64_t, N>> read(const Sentence<N>& sentence, const Error& error) {
  std::string_view rest = error.message();
  const size_t start = rest.find(sentence.parts.front());
  if (error.code() != ErrorCode::kRefused || start == std::string_view::npos) return std::nullopt;
  rest.remove_prefix(start + sentence.parts.front().size());
  std::array<uint64_t, N> numbers{};
  for (size_t i = 0; i < N; ++i) {
    const auto [end, code] = std::from_chars(rest.data(), rest.data() + rest.size(), numbers[i]);
    if (code != std::errc()) return std::nullopt;
    rest.remove_prefix(static_cast<size_t>(end - rest.data()));
    if (!rest.starts_with(sentence.parts[i + 1])) return std::nullopt;
    rest.remove_prefix(sentence.parts[i + 1].size());
  }
  return numbers;
}

std::string own_hint(const Words& words, const Error& error);

template <size_t N>
Error refused(const Sentence<N>& sentence, const std::array<uint64_t, N>& numbers) {
  const Error error = Error::refused(written<N>(sentence, numbers));
  return Error(error).hint(own_hint({}, error));
}

/// Of a prompt for which the model could hold more than the context does.
std::string more_context(const Words& words, uint64_t needed, uint64_t most) {
  constexpr uint64_t kRoomForAnAnswer = 512;
  if (needed > most) return "shorten the text";
  if (words.context.empty()) return "shorten the text, or ask for a larger context";
  return "shorten the text, or ask for a larger context: " + std::string(words.context) +
         std::to_string(std::min(most, needed + kRoomForAnAnswer));
}

std::string longer_answer(const Words& words, uint64_t needed) {
  return "allow at least " + std::string(words.answer) + std::to_string(needed) +
         (words.answer.empty() ? " tokens" : "") + "; one that says something takes more";
}

/// Of the errors below, in their callers' words.
std::string own_hint(const Words& words, const Error& error) {
  if (const auto counts = as_prompt_too_long(error))
    return more_context(words, counts->prompt_tokens, counts->model_tokens);
  if (const auto counts = as_answer_too_short(error)) {
    if (counts->prompt_tokens == 0) return longer_answer(words, counts->needed_tokens);
    return more_context(words, counts->prompt_tokens + counts->needed_tokens, counts->model_tokens);
  }
  if (const auto counts = as_context_too_large(error))
    return "ask for at most " + std::string(words.context) + std::to_string(counts->model_tokens);
  return error.hint();
}

}  // namespace

Error prompt_too_long(const PromptTooLong& counts) {
  if (counts.prompt_tokens > counts.model_tokens || counts.context_tokens >= counts.model_tokens)
    return refused(kNeverFits, {counts.prompt_tokens, std::max(counts.context_tokens, counts.model_tokens)});
  return refused(kTooLong, {counts.prompt_tokens, counts.context_tokens, counts.model_tokens});
}

std::optional<PromptTooLong> as_prompt_too_long(const Error& error) {
  if (const auto n = read(kTooLong, error)) return PromptTooLong{(*n)[0], (*n)[1], (*n)[2]};
  if (const auto n = read(kNeverFits, error)) return PromptTooLong{(*n)[0], (*n)[1], (*n)[1]};
  return std::nullopt;
}

Error answer_too_short(const AnswerTooShort& counts) {
  if (counts.prompt_tokens == 0) return refused(kTooFewAllowed, {counts.needed_tokens, counts.allowed_tokens});
  return refused(kTooFewLeft, {counts.needed_tokens, counts.prompt_tokens, counts.allowed_tokens, counts.model_tokens});
}

std::optional<AnswerTooShort> as_answer_too_short(const Error& error) {
  if (const auto n = read(kTooFewAllowed, error))
    return AnswerTooShort{.needed_tokens = (*n)[0], .allowed_tokens = (*n)[1]};
  if (const auto n = read(kTooFewLeft, error)) return AnswerTooShort{(*n)[0], (*n)[2], (*n)[1], (*n)[3]};
  return std::nullopt;
}

Error context_too_large(const ContextTooLarge& counts) {
  return refused(kTooLarge, {counts.asked_tokens, counts.model_tokens});
}

std::optional<ContextTooLarge> as_context_too_large(const Error& error) {
  if (const auto n = read(kTooLarge, error)) return ContextTooLarge{(*n)[0], (*n)[1]};
  return std::nullopt;
}

std::string hint_in(const Words& words, const Error& error) {
  // Whoever gave it another one knew better.
  const bool is_other = !error.hint().empty() && error.hint() != own_hint({}, error);
  return is_other ? error.hint() : own_hint(words, error);
}

Error answer_breaks_schema(const BrokenSchema& broken) {
  std::string message(kBroken);
  if (!broken.tool.empty()) message.append("in the arguments of '").append(broken.tool).append("' ");
  message.append("'").append(broken.keyword).append("' does not hold, at ").append(broken.path);
  return Error::refused(std::move(message))
      .hint(
          "ask again with another seed or a temperature above 0: this keyword cannot be enforced, it is checked when the "
          "answer is whole");
}

bool is_answer_breaks_schema(const Error& error) {
  return error.code() == ErrorCode::kRefused && error.message().contains(kBroken);
}

Error reads_no_pairs(std::string_view model) {
  return Error::refused("'" + std::string(model) + "' does not read pairs of texts")
      .hint("give it one text, or take a cross-encoder");
}

Error out_of_reach(std::string_view needs, std::string_view most) {
  return Error::refused(std::string(needs).append(", ").append(most).append(kOutOfReach));
}

bool is_out_of_reach(const Error& error) {
  return error.code() == ErrorCode::kRefused && error.message().contains(kOutOfReach);
}

Error queue_full(uint64_t n_requests) {
  return Error::exhausted(std::string(kFull) + std::to_string(n_requests) + " requests run or wait already")
      .hint("ask again in a moment; the setting max_queue says how many may wait");
}

bool is_queue_full(const Error& error) {
  return error.code() == ErrorCode::kExhausted && error.message().contains(kFull);
}

}  // namespace ingle::chat
