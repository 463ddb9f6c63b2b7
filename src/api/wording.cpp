#include "api/wording.h"

#include <algorithm>
#include <array>
#include <string>

#include "chat/errors.h"

namespace ingle::api {
namespace {

using Names = std::array<std::string_view, 5>;  // the last may be empty

// What dialects call the same thing.
constexpr Names kContext = {"num_ctx", "context_length"};
constexpr Names kAnswer = {"max_completion_tokens", "max_output_tokens", "n_predict", "num_predict", "max_tokens"};
constexpr Names kPrompt = {"messages", "input", "prompt", "input_prefix"};

/// Errors from below begin with what they are about. `reason`: for logs, without the words of the request that follow.
struct Subject {
  std::string_view prefix;
  Names names;
  std::string_view reason;
};
constexpr Subject kSubjects[] = {
    {"logit_bias: ", {"logit_bias"}, "names tokens or values that cannot be"},
    {"stop: ", {"stop", "stop_sequences"}, "has more texts, or longer ones, than are looked for"},
    {"grammar: ", {"grammar"}, "is no grammar that can be followed"},
    {"think: ", {"reasoning_effort", "think", "thinking", "reasoning"}, "asks a model to think that cannot"},
    {"schema: ", {"response_format", "format", "json_schema"}, "has a schema that cannot be followed"},
};

const Field* find(FieldTable fields, std::string_view name) {
  const auto row = std::ranges::find(fields, name, &Field::name);
  return row != fields.end() && is_read(*row) ? &*row : nullptr;
}

/// The first of the names that the request may have, as a path: "num_ctx", "options.num_ctx". Empty: it has none.
std::string path_of(const FieldTable* fields, Names names) {
  if (fields == nullptr) return {};
  for (const std::string_view name : names) {
    if (name.empty()) break;
    if (find(*fields, name) != nullptr) return std::string(name);
    for (const Field& row : *fields)
      if (row.inner != nullptr && row.type == "object" && find(*row.inner, name) != nullptr)
        return std::string(row.name) + "." + std::string(name);
  }
  return {};
}

std::string before_value(const std::string& path) {
  return path.empty() ? std::string() : "'" + path + "': ";
}

/// What the error is about, where its type says it.
Subject subject_of(const Error& error) {
  if (chat::as_prompt_too_long(error)) return {{}, kPrompt, "has more tokens than fit"};
  if (chat::as_context_too_large(error)) return {{}, kContext, "is more than the model was made for"};
  if (const auto counts = chat::as_answer_too_short(error))
    return {{}, counts->prompt_tokens == 0 ? kAnswer : kPrompt, "leaves no room for the shortest answer of its form"};
  return {};
}

}  // namespace

Failure in_words_of(const FieldTable* fields, Failure failure, bool is_cut) {
  const std::string context = before_value(path_of(fields, kContext));
  const std::string answer = before_value(path_of(fields, kAnswer));
  std::string message = failure.error.message();
  Subject about = subject_of(failure.error);
  for (const Subject& subject : kSubjects) {
    if (!message.starts_with(subject.prefix)) continue;
    about = subject;
    if (const std::string param = path_of(fields, subject.names); !param.empty())
      message = before_value(param) + message.substr(subject.prefix.size());
  }
  if (failure.param.empty()) failure.param = path_of(fields, about.names);
  if (failure.reason.empty()) failure.reason = about.reason;
  std::string hint = chat::hint_in({.context = context, .answer = answer}, failure.error);
  // Of a single prompt there are no oldest messages to leave out.
  const bool may_cut = !is_cut && failure.param != "prompt" && !path_of(fields, Names{"truncate"}).empty();
  if (may_cut && chat::as_prompt_too_long(failure.error)) hint += ", or 'truncate': true";
  failure.error = Error(failure.error.code(), std::move(message)).hint(std::move(hint));
  return failure;
}

std::string known_path(const FieldTable* fields, std::string_view path) {
  std::string known;
  while (fields != nullptr && !path.empty()) {
    const std::string_view step = path.substr(0, path.find('.'));
    path.remove_prefix(std::min(step.size() + 1, path.size()));
    // A name and perhaps the number of an item: "messages[2]".
    const std::string_view name = step.substr(0, step.find('['));
    const auto row = std::ranges::find(*fields, name, &Field::name);
    if (row == fields->end() || step.find_first_not_of("0123456789]", name.size() + 1) != std::string_view::npos) break;
    known += (known.empty() ? "" : ".") + std::string(step);
    fields = row->inner;
  }
  return known;
}

}  // namespace ingle::api
