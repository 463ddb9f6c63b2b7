#include "api/openai/ask.h"

#include "api/app_keys.h"
#include "api/infill.h"
#include "api/openai/completions.h"
#include "api/openai/encode.h"
#include "api/openai/parse.h"

namespace ingle::api::openai {

namespace {

/// `question` as often as it is to be answered: the i-th answer to a prompt is drawn with the seed + i.
void add_answers(Inference& inference, const chat::CompleteRequest& question, uint32_t n) {
  for (uint32_t i = 0; i < n; ++i) {
    chat::CompleteRequest request = question;
    request.sampling.seed += i;
    inference.more.push_back(std::move(request));
  }
}

/// The first of them is the request itself.
void take_first(Inference& inference, uint32_t n) {
  inference.n = n;
  inference.request = std::move(inference.more.front());
  inference.more.erase(inference.more.begin());
}

AnswerFrame frame_of(const Call& call, std::string_view prefix, const Question& question, int64_t now) {
  return {.id = std::string(prefix) + random_hex(12),
          .model = question.model,
          .fingerprint = "ingle-" + call.services().version,
          .created_unix = now,
          .n = question.n,
          .include_usage = question.include_usage,
          .logprobs = question.logprobs};
}

/// Control tokens in the text count, as wherever a prompt is the model's own text.
Result<std::vector<int32_t>> prompt_tokens(chat::Completer& model, const chat::Private& text) {
  INGLE_TRY(const chat::Description description, model.describe());
  INGLE_TRY(
      auto tokens,
      model.tokenize({.text = text, .recognise_control_tokens = true, .add_bos = description.adds_bos, .second = {}}));
  // A prompt that was rendered elsewhere begins with the BOS that the tokenizer adds too.
  if (description.adds_bos && tokens.size() >= 2 && tokens[0] == tokens[1] && tokens[0] == description.bos)
    tokens.erase(tokens.begin());
  return tokens;
}

Result<Echo> echo_of(chat::Completer& model, const std::vector<int32_t>& tokens, const std::string* text,
                     bool logprobs) {
  Echo echo;
  if (text != nullptr) {
    echo.text = *text;
  } else {
    INGLE_TRY(echo.text, model.detokenize(tokens));
  }
  if (!logprobs) return echo;
  std::vector<float> scores;
  if (tokens.size() > 1) {
    INGLE_TRY(scores, model.score({.tokens = tokens, .first = 1}));
  }
  for (size_t i = 0; i < tokens.size(); ++i) {
    INGLE_TRY(auto piece, model.detokenize(std::span(tokens).subspan(i, 1)));
    echo.tokens.push_back({tokens[i], std::move(piece), i == 0 ? 0 : scores[i - 1]});
  }
  return echo;
}

/// Turns the prompts of requests into tokens, one after the other, once the model is known.
class Prompts {
 public:
  Prompts(CompletionsCall call, std::shared_ptr<std::vector<Echo>> echoes)
      : call_(std::move(call)), echoes_(std::move(echoes)) {}

  Answer<void> put_next(chat::Completer& model, chat::CompleteRequest& request) {
    const size_t index = next_++ / call_.n;
    if ((next_ - 1) % call_.n == 0) {
      if (auto made = make(model, index); !made) return std::unexpected(std::move(made).error());
    }
    request.prompt = tokens_;
    return {};
  }

 private:
  Answer<void> make(chat::Completer& model, size_t index) {
    const auto* text = std::get_if<chat::Private>(&call_.prompts[index]);
    if (text != nullptr && !call_.suffix.empty()) {
      auto prompt = infill_prompt(model, {.before = *text, .after = chat::Private(call_.suffix)}, "suffix");
      if (!prompt) return std::unexpected(std::move(prompt).error());
      tokens_ = *std::move(prompt);
      return {};
    }
    auto tokens = text != nullptr ? prompt_tokens(model, *text)
                                  : Result<std::vector<int32_t>>(std::get<std::vector<int32_t>>(call_.prompts[index]));
    if (!tokens) return std::unexpected(Failure::from(std::move(tokens).error()));
    tokens_.tokens = *std::move(tokens);
    if (!call_.echo) return {};
    auto echo = echo_of(model, tokens_.tokens, text == nullptr ? nullptr : &text->reveal(), call_.logprobs);
    if (!echo) return std::unexpected(Failure::from(std::move(echo).error()));
    (*echoes_)[index] = *std::move(echo);
    return {};
  }

  const CompletionsCall call_;
  const std::shared_ptr<std::vector<Echo>> echoes_;
  size_t next_ = 0;
  chat::TokenPrompt tokens_;  // of the last prompt
};

}  // namespace

Answer<Inference> ask_chat(Call& call) {
  auto parsed = parse_chat(call.request().body, options_of(call.services()));
  if (!parsed) return std::unexpected(std::move(parsed).error());
  call.name_ignored(parsed->ignored);
  const int64_t now = call.services().now_unix();
  std::get<chat::ChatPrompt>(parsed->request.prompt).now_unix = now;
  if (!parsed->has_seed) parsed->request.sampling.seed = random_seed();
  Inference inference{.model = parsed->model,
                      .acquire = parsed->acquire,
                      .request = {},
                      .stream = parsed->stream,
                      .encoder = make_chat_encoder(frame_of(call, "chatcmpl-", *parsed, now))};
  add_answers(inference, parsed->request, parsed->n);
  take_first(inference, parsed->n);
  // The call lives as long as its inference.
  inference.prepare = [&call, arguments = std::move(parsed->template_arguments)](
                          chat::Completer& model, chat::CompleteRequest& request) -> Answer<void> {
    leave_out_unused(call, model, arguments, std::get<chat::ChatPrompt>(request.prompt));
    return {};
  };
  return inference;
}

void leave_out_unused(Call& call, chat::Completer& model, std::span<const std::string> arguments,
                      chat::ChatPrompt& prompt) {
  if (arguments.empty()) return;
  const auto description = model.describe();
  if (!description || description->thinks) return;
  prompt.think.reset();
  call.name_ignored(arguments);
}

Answer<Inference> ask_completions(Call& call) {
  auto parsed = parse_completions(call.request().body, options_of(call.services()));
  if (!parsed) return std::unexpected(std::move(parsed).error());
  call.name_ignored(parsed->ignored);
  if (parsed->model == kAutoModel)
    return std::unexpected(
        Failure::bad_field("model", "must be a model of this machine: the router reads conversations"));
  if (!parsed->has_seed) parsed->request.sampling.seed = random_seed();
  const auto echoes = std::make_shared<std::vector<Echo>>(parsed->prompts.size());
  Inference inference{
      .model = parsed->model,
      .acquire = parsed->acquire,
      .request = {},
      .stream = parsed->stream,
      .encoder = make_completions_encoder(frame_of(call, "cmpl-", *parsed, call.services().now_unix()), echoes)};
  for (size_t i = 0; i < parsed->prompts.size(); ++i)
    add_answers(inference, parsed->request, parsed->n);
  take_first(inference, parsed->n);
  inference.asks_first = true;
  inference.prepare = [prompts = std::make_shared<Prompts>(*std::move(parsed), echoes)](
                          chat::Completer& model, chat::CompleteRequest& request) {
    return prompts->put_next(model, request);
  };
  return inference;
}

}  // namespace ingle::api::openai
