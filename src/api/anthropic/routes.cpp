#include "api/anthropic/routes.h"

#include "api/anthropic/encode.h"
#include "api/anthropic/parse.h"
#include "api/app_keys.h"
#include "api/inference.h"
#include "api/model_defaults.h"
#include "chat/bytes.h"

namespace ingle::api::anthropic {
namespace {

/// What clients of this dialect show when they report a fault.
void name_request(Call& call) {
  call.add_header("request-id", call.request_id());
}

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

void messages(const std::shared_ptr<Call>& call) {
  name_request(*call);
  auto parsed = parse_messages(call->request().body, options_of(call->services()));
  if (!parsed) return call->fail(parsed.error());
  call->name_ignored(parsed->ignored);
  std::get<chat::ChatPrompt>(parsed->request.prompt).now_unix = call->services().now_unix();
  if (!parsed->has_seed) parsed->request.sampling.seed = random_seed();
  run_inference(call, {.model = parsed->model,
                       .acquire = parsed->acquire,
                       .request = std::move(parsed->request),
                       .stream = parsed->stream,
                       .encoder = make_encoder(
                           {.id = "msg_" + random_hex(12), .model = parsed->model, .request_id = call->request_id()})});
}

void count_tokens(const std::shared_ptr<Call>& call) {
  name_request(*call);
  auto parsed = parse_count_tokens(call->request().body);
  if (!parsed) return call->fail(parsed.error());
  call->name_ignored(parsed->ignored);
  auto& prompt = std::get<chat::ChatPrompt>(parsed->request.prompt);
  apply_defaults(defaults_of(call->services(), parsed->model), prompt);
  prompt.now_unix = call->services().now_unix();
  const size_t bytes = chat::bytes_of(prompt);
  auto answer = [call, asked = std::move(prompt)](const auto& model) {
    const auto n_tokens = count(*model, asked);
    if (failed(*call, n_tokens)) return;
    call->record().tokens_listed = static_cast<uint32_t>(*n_tokens);
    call->respond_json(encode_count(*n_tokens));
  };
  ask_model(call, parsed->model, parsed->acquire, std::move(answer), bytes);
}

}  // namespace ingle::api::anthropic
