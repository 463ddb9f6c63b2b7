#include "api/app_keys.h"
#include "api/inference.h"
#include "api/openai/encode.h"
#include "api/openai/responses.h"
#include "api/openai/routes.h"
#include "api/response_store.h"
#include "api/token_count.h"
#include "api/tool_input.h"

namespace ingle::api::openai {
namespace {

Failure no_response(std::string_view id) {
  return {.status = 404,
          .code = "response_not_found",
          .param = "response_id",
          .error = Error::not_found("Response with id '" + std::string(id) + "' not found.")};
}

/// Puts the stored conversation, which it returns, before what is new.
Answer<Conversation> go_on(Call& call, ResponsesCall& question, chat::ChatPrompt& prompt) {
  if (question.previous.empty()) return Conversation();
  const auto before = call.services().responses->find(call.client(), question.previous);
  if (!before) {
    Failure failure = no_response(question.previous);
    failure.code = "previous_response_not_found";
    failure.param = "previous_response_id";
    return std::unexpected(std::move(failure));
  }
  std::vector<chat::Message> messages = copy_of(before->messages);
  CallIds called;
  for (const chat::Message& message : messages)
    called.add(message.tool_calls);
  for (const chat::Message& message : prompt.messages) {
    called.add(message.tool_calls);
    if (message.role == "tool" && !called.contains(message.tool_call_id))
      return std::unexpected(Failure::bad_field("input", "holds an output whose call_id names no earlier call"));
  }
  messages.insert(messages.end(), std::make_move_iterator(prompt.messages.begin()),
                  std::make_move_iterator(prompt.messages.end()));
  prompt.messages = std::move(messages);
  return before->messages;
}

/// The response of the address, and its document.
struct Kept {
  std::string response;
  std::shared_ptr<const StoredResponse> stored;
};

Answer<Kept> find_kept(Call& call) {
  auto stored = call.services().responses->find(call.client(), call.rest());
  auto response = stored ? response_of(stored->document.reveal()) : std::nullopt;
  if (!response) return std::unexpected(no_response(call.rest()));
  return Kept{*std::move(response), std::move(stored)};
}

Answer<Inference> ask_response(Call& call) {
  auto parsed = parse_responses(call.request().body, options_of(call.services()));
  if (!parsed) return std::unexpected(std::move(parsed).error());
  call.name_ignored(parsed->ignored);
  auto& prompt = std::get<chat::ChatPrompt>(parsed->request.prompt);
  auto conversation = go_on(call, *parsed, prompt);
  if (!conversation) return std::unexpected(std::move(conversation).error());
  match_results(prompt.messages);
  const int64_t now = call.services().now_unix();
  prompt.now_unix = now;
  if (!parsed->has_seed) parsed->request.sampling.seed = random_seed();

  ResponseFrame frame{.id = "resp_" + random_hex(24),
                      .model = parsed->model,
                      .created_unix = now,
                      .echo_json = std::move(parsed->echo_json),
                      .logprobs = parsed->logprobs};
  if (parsed->store) {
    append(*conversation, std::span(prompt.messages).subspan(conversation->size()));
    frame.keep = [store = call.services().responses, client = call.client(), id = frame.id, model = parsed->model,
                  messages = *std::move(conversation),
                  items = std::move(parsed->items_json)](chat::Message answer, const std::string& response) mutable {
      append(messages, {&answer, 1});
      store->put(client, id, {model, std::move(messages), chat::Private(encode_document(response, items))});
    };
  }
  if (!parsed->instructions.empty())
    prompt.messages.insert(prompt.messages.begin(), {.role = "system", .content = chat::Private(parsed->instructions)});
  return Inference{.model = parsed->model,
                   .acquire = parsed->acquire,
                   .request = std::move(parsed->request),
                   .stream = parsed->stream,
                   .encoder = make_responses_encoder(std::move(frame))};
}

}  // namespace

void responses(const std::shared_ptr<Call>& call) {
  auto question = ask_response(*call);
  if (!question) return call->fail(question.error());
  run_inference(call, *std::move(question));
}

void count_responses(const std::shared_ptr<Call>& call) {
  auto question = ask_response(*call);
  if (!question) return call->fail(question.error());
  count_prompt(call, *std::move(question), encode_count);
}

void get_response(const std::shared_ptr<Call>& call) {
  auto kept = find_kept(*call);
  if (!kept) return call->fail(kept.error());
  call->respond_json(std::move(kept->response));
}

void list_input_items(const std::shared_ptr<Call>& call) {
  const auto kept = find_kept(*call);
  if (!kept) return call->fail(kept.error());
  auto items =
      encode_input_items(kept->stored->document.reveal(), call->rest(),
                         {.after = call->query("after"), .order = call->query("order"), .limit = call->query("limit")});
  if (!items) return call->fail(items.error());
  call->respond_json(*std::move(items));
}

void cancel_response(const std::shared_ptr<Call>& call) {
  if (const auto kept = find_kept(*call); !kept) return call->fail(kept.error());
  call->fail(Error::usage("only a response that is made in the background can be cancelled, and here none is")
                 .hint("who closes the connection of a response ends it"));
}

void delete_response(const std::shared_ptr<Call>& call) {
  if (!call->services().responses->erase(call->client(), call->rest())) return call->fail(no_response(call->rest()));
  call->respond_json(encode_deleted(call->rest()));
}

}  // namespace ingle::api::openai
