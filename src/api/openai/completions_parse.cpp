#include "api/json_input.h"
#include "api/limits.h"
#include "api/openai/completions.h"
#include "api/openai/input.h"
#include "api/openai/shape.h"
#include "api/question_input.h"

namespace ingle::api::openai {
namespace {

constexpr int32_t kDefaultTokens = 16;

// clang-format off
constexpr Field kCompletionsRows[] = {
  required("prompt", "string|string[]|integer[]|any[]", "a text, in which control tokens count, tokens, or a list of these"),
  honoured("suffix", "string", "for models that fill in: what stands between the prompt and this"),
  honoured("max_tokens", "integer", "default 16; -1: until the context is full; 0 with echo: no answer"),
  honoured("echo", "boolean", "answers begin with their prompts"),
  honoured("logprobs", "integer", "0 to 20, in the old form; of tokens of a prompt there is no top_logprobs"),
  rejected("best_of", 400, "answers are not judged here: ask for 'n' and choose", "1"),
};
constexpr auto kCompletionsTable = joined(kCompletionsRows, kQuestionRows, kSamplingRows, kContextRows, kServerRows, kShapeRows);
// clang-format on

}  // namespace

const FieldTable kCompletionsFields = kCompletionsTable;

Answer<CompletionsCall> parse_completions(std::string_view body, const OptionsOf& options_of) {
  auto json = parse_json_object(body);
  if (!json) return std::unexpected(std::move(json).error());
  CompletionsCall call;
  ReadNotes notes;
  {
    ObjectReader in(*json, "", notes, kCompletionsFields);
    call.prompts = read_prompts(in, "prompt", kMaxChoices);
    call.suffix = in.text("suffix").value_or("");
    call.echo = in.boolean("echo").value_or(false);
    call.request.max_tokens = kDefaultTokens;
    read_question(in, notes, options_of, call);
    call.request.max_tokens = read_limit(in, {"max_tokens"}, call.echo ? 0 : 1, call.request.max_tokens);
    const auto logprobs = in.integer("logprobs", 0, kMaxTopLogprobs);
    call.logprobs = logprobs.has_value();
    call.request.logprobs = static_cast<int32_t>(logprobs.value_or(-1));
    read_shape(in, notes, call.request);
    if (call.prompts.size() * call.n > kMaxChoices)
      in.fault("n", "times the number of prompts must be at most " + std::to_string(kMaxChoices));
    if (!call.suffix.empty() && !call.prompts.empty() && !std::holds_alternative<chat::Private>(call.prompts.front()))
      in.fault("suffix", "needs prompts that are texts");
    if (!call.suffix.empty() && call.echo) in.fault("echo", "and 'suffix' exclude each other");
  }
  if (notes.fault) return std::unexpected(*std::move(notes.fault));
  call.ignored = std::move(notes.ignored);
  return call;
}

}  // namespace ingle::api::openai
