#include "chat/errors.h"

#include <charconv>
#include <string>
#include <string_view>
#include <utility>

namespace ingle::chat {
namespace {

constexpr std::string_view kBefore = "the prompt has ";
constexpr std::string_view kBetween = " tokens, the context holds ";
constexpr std::string_view kFull = "the queue is full: ";
constexpr std::string_view kBroken = "the answer breaks its schema: ";

bool take_number(std::string_view& rest, uint64_t& number) {
  const auto [end, code] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (code != std::errc()) return false;
  rest.remove_prefix(static_cast<size_t>(end - rest.data()));
  return true;
}

}  // namespace

Error prompt_too_long(const PromptTooLong& counts) {
  return Error::refused(std::string(kBefore) + std::to_string(counts.prompt_tokens) + std::string(kBetween) +
                        std::to_string(counts.context_tokens));
}

std::optional<PromptTooLong> as_prompt_too_long(const Error& error) {
  PromptTooLong counts;
  std::string_view rest = error.message();
  const size_t start = rest.find(kBefore);
  if (error.code() != ErrorCode::kRefused || start == std::string_view::npos) return std::nullopt;
  rest.remove_prefix(start + kBefore.size());
  if (!take_number(rest, counts.prompt_tokens) || !rest.starts_with(kBetween)) return std::nullopt;
  rest.remove_prefix(kBetween.size());
  if (!take_number(rest, counts.context_tokens)) return std::nullopt;
  return counts;
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

Error queue_full(uint64_t n_requests) {
  return Error::exhausted(std::string(kFull) + std::to_string(n_requests) + " requests run or wait already")
      .hint("ask again in a moment; the setting max_queue says how many may wait");
}

bool is_queue_full(const Error& error) {
  return error.code() == ErrorCode::kExhausted && error.message().contains(kFull);
}

}  // namespace ingle::chat
