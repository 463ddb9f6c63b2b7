#include "engine/batch_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <limits>

#include "chat/errors.h"
#include "engine/completion.h"
#include "engine/questions.h"
#include "engine/read_text.h"
#include "engine/token_checks.h"
#include "text/tools/calls.h"

namespace ingle::engine {
namespace {

constexpr int32_t kMaxLogprobs = 100;
constexpr size_t kMaxStops = 64;
constexpr size_t kMaxStopBytes = 4096;
// Logits that a step may keep: scoring a long text wants a row of the vocabulary for every token.
constexpr uint64_t kMaxLogitBytes = uint64_t{64} << 20;

StepLoop::Shape shape_of(const EngineParts& parts) {
  const chat::Description& d = parts.description;
  StepLimits limits;
  limits.max_rows = parts.executor->max_rows();
  limits.max_sequences = std::clamp(parts.max_sequences, 1U, limits.max_rows);
  limits.prefill_chunk = std::clamp(parts.prefill_chunk, 1U, limits.max_rows);
  const uint64_t row_bytes = std::max<uint64_t>(d.vocab_size, 1) * sizeof(float);
  limits.max_logit_rows =
      static_cast<uint32_t>(std::clamp<uint64_t>(kMaxLogitBytes / row_bytes, limits.max_sequences, limits.max_rows));
  limits.page_tokens = parts.executor->page_tokens();
  return {limits, parts.token_gap, parts.cores.get(), parts.on_pause};
}

Status check_request(const chat::CompleteRequest& request) {
  if (!request.grammar.empty() && !request.json_schema.empty()) {
    return std::unexpected(
        Error::usage("an answer cannot follow a grammar and a JSON Schema at once").hint("give one of the two"));
  }
  if (request.logprobs > kMaxLogprobs) {
    return std::unexpected(
        Error::usage(fmt::format("logprobs is {}, the most that is given is {}", request.logprobs, kMaxLogprobs)));
  }
  if (request.stop.size() > kMaxStops) {
    return std::unexpected(
        Error::usage(fmt::format("stop: {} texts, at most {} are looked for", request.stop.size(), kMaxStops)));
  }
  for (size_t i = 0; i < request.stop.size(); ++i) {
    if (!request.stop[i].empty() && request.stop[i].size() <= kMaxStopBytes) continue;
    return std::unexpected(Error::usage(fmt::format("stop: the text {} has {} bytes, it must have 1 to {}", i + 1,
                                                    request.stop[i].size(), kMaxStopBytes)));
  }
  return {};
}

/// For what of the schema cannot be enforced and may be checked instead; else null.
Result<std::unique_ptr<const text::grammar::Validator>> make_check(const chat::CompleteRequest& request,
                                                                   bool is_wider) {
  if (!request.check_schema || request.json_schema.empty() || !is_wider) return nullptr;
  // It runs on the step thread, where other requests wait.
  constexpr size_t kMaxSteps = 400'000;
  INGLE_TRY(auto validator, text::grammar::Validator::create(request.json_schema, {.max_steps = kMaxSteps}));
  return std::make_unique<const text::grammar::Validator>(std::move(validator));
}

}  // namespace

BatchEngine::BatchEngine(EngineParts parts)
    : parts_(std::move(parts)),
      prompters_(*parts_.tokenizer, parts_.chat_template.get()),
      in_flight_(size_t{parts_.max_sequences} + parts_.max_queue),
      loop_(*parts_.executor, shape_of(parts_), in_flight_, std::move(parts_.pages_on_disk)),
      step_thread_([this](const std::stop_token& stop) { loop_.run(stop, mailbox_); }) {}

BatchEngine::~BatchEngine() = default;

Result<chat::Description> BatchEngine::describe() {
  return parts_.description;
}

Result<std::string> BatchEngine::render(const chat::ChatPrompt& prompt) {
  INGLE_TRY(const auto prompter, prompters_.of(prompt));
  INGLE_TRY(const auto segments, prompter->render(prompt));
  std::string text;
  for (const auto& segment : segments)
    text += segment.text;
  return text;
}

Result<std::vector<int32_t>> BatchEngine::tokenize(const chat::TokenizeRequest& request) {
  return read_text(*parts_.tokenizer, request, parts_.description.name);
}

Result<std::string> BatchEngine::detokenize(std::span<const int32_t> tokens) {
  INGLE_TRY_VOID(check_tokens(parts_.description, tokens, std::numeric_limits<size_t>::max()));
  return parts_.tokenizer->decode(tokens, true);
}

std::string BatchEngine::next_id() {
  return fmt::format("request-{}", n_ids_.fetch_add(1, std::memory_order_relaxed) + 1);
}

/// Runs `work(loop)` on the step thread and waits for what it answers.
template <typename Work>
auto BatchEngine::ask(Work work) {
  std::promise<decltype(work(loop_))> promise;
  auto future = promise.get_future();
  mailbox_.push([&](StepLoop& loop) { promise.set_value(work(loop)); });
  return future.get();
}

/// Tokens that prompt and answer may have together.
uint32_t BatchEngine::context_of(const chat::CompleteRequest& request) const {
  const uint32_t most = parts_.description.context_limit;
  return request.context == 0 ? most : std::min(request.context, most);
}

Result<std::vector<int32_t>> BatchEngine::prompt_tokens(const Prompter& prompter,
                                                        const chat::CompleteRequest& request) {
  const bool continues = !request.continue_from.empty();
  INGLE_TRY(auto tokens, prompter.encode(request.prompt, continues, parts_.description.vocab_size));
  if (continues) {
    INGLE_TRY(auto before, ask([&](StepLoop& loop) { return loop.tokens_of(request.continue_from); }));
    tokens.insert(tokens.begin(), before.begin(), before.end());
  }
  if (tokens.empty()) {
    return std::unexpected(Error::usage("the prompt is empty and this model has no token to begin with")
                               .hint("give at least one character of text"));
  }
  INGLE_TRY_VOID(check_tokens(parts_.description, tokens, context_of(request)));
  return tokens;
}

Result<Sampler> BatchEngine::make_sampler(const chat::CompleteRequest& request) const {
  chat::Sampling sampling = request.sampling;
  if (request.ignore_eos) {
    const auto n_tokens =
        static_cast<int32_t>(std::min<size_t>(parts_.tokenizer->size(), parts_.description.vocab_size));
    for (int32_t id = 0; id < n_tokens; ++id) {
      if (!parts_.tokenizer->is_end_of_generation(id)) continue;
      sampling.logit_bias.emplace_back(id, -std::numeric_limits<float>::infinity());
    }
  }
  DryBreakers breakers;
  if (sampling.dry_multiplier != 0) breakers = find_dry_breakers(sampling.dry_breakers, *parts_.tokenizer);
  return Sampler::create(sampling, parts_.description.vocab_size, std::move(breakers));
}

text::grammar::GrammarCache& BatchEngine::grammars() {
  std::call_once(grammars_once_, [this] { grammars_.emplace(text::grammar::TokenTrie::build(*parts_.tokenizer)); });
  return *grammars_;
}

Result<text::grammar::Constraint> BatchEngine::constraint_of(const ToolUse& tools, const chat::CompleteRequest& request,
                                                             const std::optional<Offer>& offer) {
  text::grammar::GrammarCache& cache = grammars();
  const text::tools::Format& format = tools.format();
  if (!request.grammar.empty()) return cache.from_grammar(request.grammar);
  if (!offer && !request.json_schema.empty()) {
    std::vector<text::grammar::CopySource> sources;
    for (const chat::CopySource& source : request.copy_sources)
      sources.push_back({source.name, source.text.reveal()});
    return cache.from_schema(request.json_schema, sources, request.check_schema);
  }
  const auto compile = [&]() -> Result<std::shared_ptr<const text::grammar::Program>> {
    const auto& available = cache.tokens()->single_bytes();
    if (!offer) return text::tools::compile_words(format, available);
    INGLE_TRY(auto compiled,
              text::tools::compile_calls(format, offer->tools, offer->rules, available, cache.tokens()->controls()));
    return compiled.program;
  };
  return cache.find_or_compile(format.name, offer ? signature(*offer) : "words", {}, compile);
}

Result<std::optional<text::grammar::Constraint>> BatchEngine::make_constraint(const ToolUse& tools,
                                                                              const chat::CompleteRequest& request,
                                                                              const std::optional<Offer>& offer) {
  const bool is_free = request.json_schema.empty() && request.grammar.empty() && !offer;
  if (is_free && !tools.forbids_calls(request)) return std::nullopt;
  return constraint_of(tools, request, offer);
}

/// Nothing where there is room for the shortest document however it is spelled; else the way to one that fits.
Result<std::optional<text::grammar::ShortAnswer>> BatchEngine::fit_answer(const text::grammar::Constraint& constraint,
                                                                          const chat::CompleteRequest& request,
                                                                          size_t n_prompt, const Sampler& sampler,
                                                                          bool may_think) {
  constexpr uint64_t kMostShort = 256;  // tokens; where there are more, the promise is near enough
  const uint64_t room = context_of(request) - n_prompt;
  const uint64_t limit = request.max_tokens < 0 ? room : static_cast<uint64_t>(request.max_tokens);
  const uint64_t allowed = std::min(room, limit);
  uint64_t needed = constraint.shortest();
  if (needed <= allowed) return std::nullopt;
  if (!may_think && allowed <= kMostShort) {
    auto answer = constraint.find_short_answer(static_cast<uint32_t>(std::min(needed, kMostShort)));
    if (answer && std::ranges::any_of(answer->tokens, [&](int32_t token) { return sampler.bans(token); }))
      answer.reset();
    if (answer && answer->tokens.size() <= allowed) return answer;
    if (answer) needed = answer->tokens.size();
  }
  if (limit < needed) {
    return std::unexpected(chat::answer_too_short({.needed_tokens = needed, .allowed_tokens = limit}));
  }
  return std::unexpected(chat::answer_too_short({.needed_tokens = needed,
                                                 .allowed_tokens = room,
                                                 .prompt_tokens = n_prompt,
                                                 .model_tokens = parts_.description.context_length}));
}

/// Nothing where the answer has no thinking to be told from it.
std::optional<text::thinking::Splitter> BatchEngine::splitter_of(const Prompter& prompter, const chat::Prompt& prompt,
                                                                 std::span<const int32_t> tokens) const {
  if (prompter.thinking() == nullptr || !std::holds_alternative<chat::ChatPrompt>(prompt)) return std::nullopt;
  // A mark is a token or a few letters.
  constexpr size_t kEnd = 64;
  const auto end = parts_.tokenizer->decode(tokens.last(std::min(tokens.size(), kEnd)), true);
  const auto start = text::thinking::start_of(*prompter.thinking(), end);
  if (start == text::thinking::Start::kAnswers) return std::nullopt;
  return text::thinking::Splitter(*prompter.thinking(), start);
}

Status BatchEngine::complete(chat::CompleteRequest request, chat::EventSink sink) {
  INGLE_TRY_VOID(check_request(request));
  INGLE_TRY(auto sampler, make_sampler(request));
  INGLE_TRY(const auto prompter, prompters_.of(request.prompt));
  const ToolUse& tools = prompter->tools();
  INGLE_TRY(auto tokens, prompt_tokens(*prompter, request));
  INGLE_TRY(auto offer, tools.offer_of(request));
  INGLE_TRY(auto constraint, make_constraint(tools, request, offer));
  auto thinking = splitter_of(*prompter, request.prompt, tokens);
  std::optional<text::grammar::ShortAnswer> short_answer;
  if (constraint) {
    INGLE_TRY(short_answer, fit_answer(*constraint, request, tokens.size(), sampler, thinking.has_value()));
  }
  INGLE_TRY(auto check, make_check(request, offer || (constraint && constraint->needs_check())));
  std::string id = request.id.empty() ? next_id() : std::move(request.id);
  std::optional<CallReader> calls;
  if (offer) {
    INGLE_TRY(auto reader, CallReader::create(id, tools.format(), *std::move(offer)));
    calls.emplace(std::move(reader));
  }
  INGLE_TRY_VOID(in_flight_.add(id));
  Completion::Settings settings{.sampler = std::move(sampler),
                                .stop = std::move(request.stop),
                                .max_tokens = request.max_tokens < 0 ? std::numeric_limits<uint32_t>::max()
                                                                     : static_cast<uint32_t>(request.max_tokens),
                                .context = context_of(request),
                                .logprobs = request.logprobs,
                                .constraint = std::move(constraint),
                                .short_answer = std::move(short_answer),
                                .calls = std::move(calls),
                                .check = std::move(check),
                                .thinking = {},
                                .thinking_end = {},
                                .max_thinking = request.max_thinking_tokens < 0
                                                    ? std::numeric_limits<uint32_t>::max()
                                                    : static_cast<uint32_t>(request.max_thinking_tokens),
                                .return_tokens = request.return_tokens,
                                .speculate = parts_.speculate};
  if (thinking) {
    settings.thinking_end = parts_.tokenizer->encode("\n" + std::string(prompter->thinking()->close) + "\n\n",
                                                     {.parse_special = true, .continues = true}, /*trusted=*/true);
    settings.thinking = std::move(thinking);
  }
  auto job = std::make_unique<Completion>(std::move(id), std::move(tokens), std::move(settings), *parts_.tokenizer,
                                          std::move(sink));
  job->client = std::move(request.client);
  job->priority = request.priority;
  mailbox_.push([job = std::move(job), from = std::move(request.continue_from)](StepLoop& loop) mutable {
    loop.submit(std::move(job), from);
  });
  return {};
}

Status BatchEngine::embed(chat::EmbedRequest request, chat::EventSink sink) {
  auto rows = read_inputs(*parts_.tokenizer, parts_.description, request);
  if (!rows) {
    sink(std::move(rows).error());
    return {};
  }
  if (request.id.empty()) request.id = next_id();
  INGLE_TRY_VOID(in_flight_.add(request.id));
  const std::string id = request.id;
  request.inputs = {};
  auto run = std::make_shared<EmbeddingRun>(std::move(request), *std::move(rows), parts_.max_sequences, std::move(sink),
                                            [this, id] {
                                              in_flight_.remove(id);
                                              embeddings_.erase(id);
                                            });
  mailbox_.push([this, id, run = std::move(run)](StepLoop& loop) {
    embeddings_.emplace(id, run);
    run->start(loop);
  });
  return {};
}

void BatchEngine::cancel(std::string_view id) {
  mailbox_.push([this, id = std::string(id)](StepLoop& loop) {
    const auto found = embeddings_.find(id);
    if (found == embeddings_.end()) return loop.cancel(id);
    const auto run = found->second;  // it takes itself out
    run->cancel(loop);
  });
}

Result<std::vector<float>> BatchEngine::score(const chat::ScoreRequest& request) {
  // The last token is scored, never stored.
  INGLE_TRY_VOID(check_tokens(parts_.description, request.tokens, size_t{parts_.description.context_limit} + 1));
  if (request.first == 0 || request.first >= request.tokens.size()) {
    return std::unexpected(
        Error::usage(fmt::format("cannot score from token {} of {}: the first that has a token before it is 1",
                                 request.first, request.tokens.size())));
  }
  // Callers are few and wait, so it is not counted among those in flight.
  std::promise<Result<std::vector<float>>> promise;
  auto future = promise.get_future();
  auto job = std::make_unique<Scoring>(next_id(), request.tokens, request.first,
                                       [&promise](auto result) { promise.set_value(std::move(result)); });
  mailbox_.push([job = std::move(job)](StepLoop& loop) mutable { loop.submit(std::move(job), {}); });
  return future.get();
}

Result<std::vector<std::vector<float>>> BatchEngine::tag(const chat::EmbedTokens& /*request*/) {
  return std::unexpected(Error::unsupported(fmt::format("'{}' has no tagging head", parts_.description.name)));
}

Result<std::string> BatchEngine::fork(std::string_view request_id) {
  return ask([&](StepLoop& loop) { return loop.keep(request_id); });
}

void BatchEngine::release(std::string_view handle) {
  mailbox_.push([handle = std::string(handle)](StepLoop& loop) { loop.release(handle); });
}

Result<chat::Stats> BatchEngine::stats() {
  chat::Stats stats = loop_.stats();
  // What has been accepted and is on its way to the step thread waits too.
  const size_t n_in_flight = in_flight_.size();
  stats.waiting =
      std::max(stats.waiting, static_cast<uint32_t>(n_in_flight - std::min<size_t>(n_in_flight, stats.running)));
  return stats;
}

}  // namespace ingle::engine
