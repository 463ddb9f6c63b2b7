#include "api/anthropic/routes.h"

#include "api/anthropic/encode.h"
#include "api/anthropic/parse.h"
#include "api/app_keys.h"
#include "api/inference.h"
#include "api/model_defaults.h"
#include "api/token_count.h"

namespace ingle::api::anthropic {
namespace {

/// What clients of this dialect show when they report a fault.
void name_request(Call& call) {
  call.add_header("request-id", call.request_id());
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
  std::get<chat::ChatPrompt>(parsed->request.prompt).now_unix = call->services().now_unix();
  count_prompt(call, {.model = parsed->model, .acquire = parsed->acquire, .request = std::move(parsed->request)},
               encode_count);
}

}  // namespace ingle::api::anthropic
