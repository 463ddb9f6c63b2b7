// BatchEngine: the chat::Completer over a loaded model. Callers' threads render and tokenize; the step thread computes.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "backend/backend.h"
#include "chat/completer.h"
#include "engine/embedding_run.h"
#include "engine/in_flight.h"
#include "engine/prompters.h"
#include "engine/step_loop.h"
#include "text/grammar/grammar_cache.h"
#include "text/template/chat_template.h"
#include "text/thinking/splitter.h"
#include "text/tokenizer/tokenizer.h"

namespace ingle::engine {

/// What an engine is made of. engine.cpp takes it from a model file, tests put it together themselves.
struct EngineParts {
  std::unique_ptr<text::Tokenizer> tokenizer;
  std::shared_ptr<const text::ChatTemplate> chat_template;  // null: none. Compiled templates are handed out shared
  std::unique_ptr<backend::Executor> executor;
  chat::Description description;  // vocab_size, embedding_size and context_limit are what the engine works with
  std::shared_ptr<base::CoreBoard> cores;                  // null: every step may use all threads
  std::function<void(std::chrono::nanoseconds)> on_pause;  // see Options; may be empty
  uint32_t max_sequences = 8;
  uint32_t max_queue = 512;  // requests that may wait
  uint32_t prefill_chunk = 512;
  std::chrono::milliseconds token_gap{150};
  bool speculate = true;  // drafts by prompt lookup
  std::unique_ptr<PageFile> pages_on_disk = {};
};

class BatchEngine final : public chat::Completer {
 public:
  explicit BatchEngine(EngineParts parts);
  ~BatchEngine() override;

  Result<chat::Description> describe() override;
  Result<std::string> render(const chat::ChatPrompt& prompt) override;
  Result<std::vector<int32_t>> tokenize(const chat::TokenizeRequest& request) override;
  Result<std::string> detokenize(std::span<const int32_t> tokens) override;
  Status complete(chat::CompleteRequest request, chat::EventSink sink) override;
  Status embed(chat::EmbedRequest request, chat::EventSink sink) override;
  void cancel(std::string_view id) override;
  Result<std::vector<float>> score(const chat::ScoreRequest& request) override;
  Result<std::vector<std::vector<float>>> tag(const chat::EmbedTokens& request) override;
  Result<std::string> fork(std::string_view request_id) override;
  void release(std::string_view handle) override;
  Result<chat::Stats> stats() override;

 private:
  uint32_t context_of(const chat::CompleteRequest& request) const;
  Result<std::vector<int32_t>> prompt_tokens(const Prompter& prompter, const chat::CompleteRequest& request);
  text::grammar::GrammarCache& grammars();
  Result<std::optional<text::grammar::Constraint>> make_constraint(const ToolUse& tools,
                                                                   const chat::CompleteRequest& request,
                                                                   const std::optional<Offer>& offer);
  Result<std::optional<text::grammar::ShortAnswer>> fit_answer(const text::grammar::Constraint& constraint,
                                                               const chat::CompleteRequest& request, size_t n_prompt,
                                                               const Sampler& sampler, bool may_think);
  Result<text::grammar::Constraint> constraint_of(const ToolUse& tools, const chat::CompleteRequest& request,
                                                  const std::optional<Offer>& offer);
  std::optional<text::thinking::Splitter> splitter_of(const Prompter& prompter, const chat::Prompt& prompt,
                                                      std::span<const int32_t> tokens) const;
  Result<Sampler> make_sampler(const chat::CompleteRequest& request) const;
  std::string next_id();
  template <typename Work>
  auto ask(Work work);

  EngineParts parts_;
  Prompters prompters_;
  std::once_flag grammars_once_;
  std::optional<text::grammar::GrammarCache> grammars_;  // made by the first request that needs it
  InFlight in_flight_;
  StepLoop::Mailbox mailbox_;
  StepLoop loop_;
  std::atomic<uint64_t> n_ids_ = 0;
  std::map<std::string, std::shared_ptr<EmbeddingRun>, std::less<>> embeddings_;  // under way; the step thread's own
  std::jthread step_thread_;                                                      // last: it uses everything above
};

}  // namespace ingle::engine
