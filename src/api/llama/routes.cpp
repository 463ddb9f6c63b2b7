#include "api/llama/routes.h"

#include <algorithm>
#include <iterator>
#include <span>

#include "api/inference.h"
#include "api/llama/encode.h"
#include "api/llama/parse.h"
#include "api/llama/target.h"
#include "api/model_defaults.h"
#include "api/openai/ask.h"
#include "api/openai/parse.h"
#include "chat/bytes.h"

namespace ingle::api::llama {
namespace {

Result<std::vector<int32_t>> tokens_of(chat::Completer& model, std::vector<PromptPart>& parts) {
  INGLE_TRY(const chat::Description description, model.describe());
  std::vector<int32_t> tokens;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (!parts[i].tokens.empty()) {
      tokens.insert(tokens.end(), parts[i].tokens.begin(), parts[i].tokens.end());
      continue;
    }
    INGLE_TRY(const auto more, model.tokenize({.text = std::move(parts[i].text),
                                               .recognise_control_tokens = true,
                                               .add_bos = i == 0 && description.adds_bos}));
    // A prompt that was rendered elsewhere begins with the BOS that the tokenizer adds too.
    const bool twice =
        i == 0 && description.adds_bos && more.size() >= 2 && more[0] == more[1] && more[0] == description.bos;
    tokens.insert(tokens.end(), more.begin() + (twice ? 1 : 0), more.end());
  }
  return tokens;
}

struct Prompt {
  chat::Private text;  // that was given as one
  chat::TokenPrompt tokens;
};

constexpr size_t kPiecesAtATime = 8192;  // of a long text; whoever leaves waits for no more of them

using Lease = std::shared_ptr<chat::Completer>;

void complete(const std::shared_ptr<Call>& call, const Lease& model, CompletionCall parsed,
              std::vector<Prompt> prompts) {
  if (!parsed.has_seed) parsed.request.sampling.seed = random_seed();
  AnswerFrame frame{.model = parsed.model,
                    .tokens = parsed.return_tokens,
                    .probabilities = parsed.request.logprobs > 0,
                    .progress = parsed.return_progress,
                    .fields = std::move(parsed.fields),
                    .settings_json = encode_settings(parsed.request, parsed.stream),
                    .prompts = {},
                    .n = parsed.n};
  Inference inference{
      .model = parsed.model, .acquire = parsed.acquire, .request = {}, .n = parsed.n, .stream = parsed.stream};
  for (Prompt& prompt : prompts) {
    frame.prompts.push_back({std::move(prompt.text), static_cast<uint32_t>(prompt.tokens.tokens.size())});
    for (uint32_t i = 0; i < parsed.n; ++i) {
      chat::CompleteRequest request = parsed.request;
      request.prompt = prompt.tokens;
      request.sampling.seed += i;
      inference.more.push_back(std::move(request));
    }
  }
  inference.request = std::move(inference.more.front());
  inference.more.erase(inference.more.begin());
  inference.encoder = make_encoder(std::move(frame));
  run_inference(call, std::move(inference), model);
}

}  // namespace

void completion(const std::shared_ptr<Call>& call) {
  auto parsed = parse_completion(call->request().body);
  if (!parsed) return call->fail(parsed.error());
  call->name_ignored(parsed->ignored);
  auto name = model_of(*call, parsed->model);
  if (!name) return call->fail(name.error());
  parsed->model = *name;
  const runtime::AcquireOptions options = parsed->acquire;
  ask_model(call, *name, options, [call, asked = *std::move(parsed)](const Lease& model) mutable {
    std::vector<Prompt> prompts;
    for (std::vector<PromptPart>& parts : asked.prompts) {
      chat::Private text = parts.size() == 1 ? parts.front().text : chat::Private();
      auto tokens = tokens_of(*model, parts);
      if (failed(*call, tokens)) return;
      prompts.push_back({std::move(text), {*std::move(tokens)}});
    }
    complete(call, model, std::move(asked), std::move(prompts));
  });
}

void infill(const std::shared_ptr<Call>& call) {
  auto parsed = parse_infill(call->request().body);
  if (!parsed) return call->fail(parsed.error());
  call->name_ignored(parsed->completion.ignored);
  auto name = model_of(*call, parsed->completion.model);
  if (!name) return call->fail(name.error());
  parsed->completion.model = *name;
  const runtime::AcquireOptions options = parsed->completion.acquire;
  ask_model(call, *name, options, [call, asked = *std::move(parsed)](const Lease& model) mutable {
    auto prompt = infill_prompt(*model, asked.infill, "input_suffix");
    if (!prompt) return call->fail(prompt.error());
    complete(call, model, std::move(asked.completion), {{{}, *std::move(prompt)}});
  });
}

void tokenize(const std::shared_ptr<Call>& call) {
  auto parsed = parse_tokenize(call->request().body);
  if (!parsed) return call->fail(parsed.error());
  call->name_ignored(parsed->ignored);
  const std::string named = parsed->model;
  ask(call, named, {}, [call, asked = *std::move(parsed)](const Lease& model) {
    const auto tokens = model->tokenize(asked.request);
    if (failed(*call, tokens)) return;
    call->record().tokens_listed = static_cast<uint32_t>(tokens->size());
    std::vector<std::string> pieces;
    while (asked.with_pieces && pieces.size() < tokens->size()) {
      if (call->exchange().gone()) return;
      const auto rest = std::span(*tokens).subspan(pieces.size());
      auto more = model->pieces(rest.first(std::min(rest.size(), kPiecesAtATime)));
      if (failed(*call, more)) return;
      std::ranges::move(*more, std::back_inserter(pieces));
    }
    call->respond_json(encode_tokens(*tokens, pieces));
  });
}

void detokenize(const std::shared_ptr<Call>& call) {
  auto parsed = parse_detokenize(call->request().body);
  if (!parsed) return call->fail(parsed.error());
  call->name_ignored(parsed->ignored);
  const std::string named = parsed->model;
  ask(call, named, {}, [call, tokens = std::move(parsed->tokens)](const Lease& model) {
    const auto text = model->detokenize(tokens);
    if (failed(*call, text)) return;
    call->respond_json(encode_content(*text));
  });
}

void apply_template(const std::shared_ptr<Call>& call) {
  auto parsed = openai::parse_chat(call->request().body);
  if (!parsed) return call->fail(parsed.error());
  call->name_ignored(parsed->ignored);
  auto& prompt = std::get<chat::ChatPrompt>(parsed->request.prompt);
  apply_defaults(defaults_of(call->services(), parsed->model), prompt);
  prompt.now_unix = call->services().now_unix();
  const size_t bytes = chat::bytes_of(prompt);
  ask(
      call, parsed->model, {},
      [call, asked = std::move(prompt), arguments = parsed->template_arguments](const Lease& model) mutable {
        openai::leave_out_unused(*call, *model, arguments, asked);
        const auto text = model->render(asked);
        if (failed(*call, text)) return;
        call->respond_json(encode_prompt(*text));
      },
      bytes);
}

}  // namespace ingle::api::llama
