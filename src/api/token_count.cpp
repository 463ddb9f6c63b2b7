#include "api/token_count.h"

#include "api/model_defaults.h"
#include "chat/bytes.h"

namespace ingle::api {
namespace {

Result<uint64_t> count(chat::Completer& model, const chat::ChatPrompt& prompt) {
  INGLE_TRY(const chat::Description description, model.describe());
  INGLE_TRY(std::string text, model.render(prompt));
  INGLE_TRY(const auto tokens, model.tokenize({.text = chat::Private(std::move(text)),
                                               .recognise_control_tokens = true,
                                               .add_bos = description.adds_bos}));
  // Many templates write the BOS that the tokenizer adds too; it is computed once.
  const bool twice =
      description.adds_bos && tokens.size() >= 2 && tokens[0] == tokens[1] && tokens[0] == description.bos;
  return tokens.size() - (twice ? 1 : 0);
}

}  // namespace

void count_prompt(const std::shared_ptr<Call>& call, Inference question, std::string (*encode)(uint64_t n_tokens)) {
  apply_defaults(defaults_of(call->services(), question.model), question.request);
  const std::string model = question.model;
  const runtime::AcquireOptions options = question.acquire;
  const size_t bytes = chat::bytes_of(question.request);
  auto answer = [call, encode, asked = std::move(question)](const std::shared_ptr<chat::Completer>& completer) mutable {
    if (asked.prepare) {
      if (const auto prepared = asked.prepare(*completer, asked.request); !prepared)
        return call->fail(prepared.error());
    }
    const auto n_tokens = count(*completer, std::get<chat::ChatPrompt>(asked.request.prompt));
    if (failed(*call, n_tokens)) return;
    call->record().tokens_listed = static_cast<uint32_t>(*n_tokens);
    call->respond_json(encode(*n_tokens));
  };
  ask_model(call, model, options, std::move(answer), bytes);
}

}  // namespace ingle::api
