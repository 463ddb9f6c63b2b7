// Completion: a job that generates text: samples, streams, and knows when to stop.
#pragma once

#include <chrono>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chat/completer.h"
#include "engine/job.h"
#include "engine/prompt_lookup.h"
#include "engine/sampler/sampler.h"
#include "engine/text_stream.h"
#include "engine/tool_use.h"
#include "text/grammar/validator.h"
#include "text/thinking/splitter.h"
#include "text/tokenizer/tokenizer.h"

namespace ingle::engine {

class Completion final : public Job {
 public:
  struct Settings {
    Sampler sampler;
    std::vector<std::string> stop;
    uint32_t max_tokens = 0;
    uint32_t context = 0;   // tokens of prompt and answer together
    int32_t logprobs = -1;  // as in chat::CompleteRequest
    std::optional<text::grammar::Constraint> constraint = {};
    std::optional<text::grammar::ShortAnswer> short_answer = {};  // all that there is room for; before it no thinking
    std::optional<CallReader> calls = {};                         // the answer may call tools
    std::unique_ptr<const text::grammar::Validator> check = {};   // has the last word on a whole document
    /// The model may think before it answers: constraint, calls and stop strings begin with the answer.
    std::optional<text::thinking::Splitter> thinking = {};
    std::vector<int32_t> thinking_end = {};  // tokens that end the thinking for it
    uint32_t max_thinking = std::numeric_limits<uint32_t>::max();
    bool return_tokens = false;
    bool speculate = true;  // drafts by prompt lookup; the answer is the same
  };

  Completion(std::string id, std::vector<int32_t> prompt, Settings settings, const text::Tokenizer& tokenizer,
             chat::EventSink sink);

  bool answers() const override { return phase_ == Phase::kDecode; }
  bool shares_pages() const override { return true; }
  bool can_fork() const override { return true; }
  SequenceState state() const override { return {state_, settings_.constraint, loops_}; }
  void inherit(const SequenceState& state, size_t n_tokens) override;
  bool begin() override;
  void started(uint32_t n_cached) override;
  void progressed(uint32_t n_stored) override;
  uint32_t top() const override;
  bool wants_all() const override { return settings_.constraint.has_value(); }
  void guess(uint32_t most) override;
  bool wants_preparation() const override;
  void prepare() override;
  bool take(std::span<const backend::Output> rows, uint32_t pos, SamplerScratch& scratch) override;
  void fail(Error error) override;
  void cancel() override;
  void conclude() override;

 private:
  using Clock = std::chrono::steady_clock;
  chat::TokenInfo info_of(std::span<const float> logits, int32_t chosen) const;
  void begin_decode();
  void send(std::string shown);
  std::vector<chat::TokenInfo> tokens_given();
  size_t n_read() const;
  uint32_t tokens_left() const;
  Result<int32_t> choose(const backend::Output& row, SamplerScratch& scratch);
  Result<int32_t> choose_allowed(const backend::Output& row, SamplerScratch& scratch);
  std::optional<chat::FinishReason> accept(int32_t token, std::string& shown);
  std::optional<chat::FinishReason> say_forced(std::string& shown);
  bool before_answer() const { return settings_.thinking && settings_.thinking->before_answer(); }
  bool is_thinking_to_end() const;
  void end_thinking();
  std::string mark_or_piece(int32_t token) const;
  Result<int32_t> choose_freely(const backend::Output& row, SamplerScratch& scratch);
  Result<int32_t> choose_before_answer(const backend::Output& row, SamplerScratch& scratch);
  void read(int32_t token, std::string& shown);
  void read_answer(std::string_view bytes, std::string& shown);
  void read_thinking(int32_t token, std::string& shown);
  void think(std::string_view bytes, bool is_end);
  void finish_text(std::string& shown);
  void show(std::string_view text, std::string& shown);
  void add_shown(std::string_view text, std::string& shown);
  Status check_document() const;
  bool is_whole_when_stopped() const;
  void end(chat::FinishReason reason);
  void close_timings();

  Settings settings_;
  const text::Tokenizer& tokenizer_;
  chat::EventSink sink_;
  SamplerState state_;
  std::optional<PromptLookup> lookup_;
  bool cut_ = false;                 // the token limit, or a loop, took part in choosing what a constraint allowed
  LoopGuard loops_;                  // of what the model chose under a constraint
  std::deque<int32_t> forced_;       // text that must come next and waits for its log-probabilities
  int32_t healed_ = text::kNoToken;  // what the model will most likely say after forced text
  std::optional<text::grammar::Constraint> after_healed_;
  std::vector<int32_t> certain_;  // draft of those
  std::string unsent_;            // forced text before the first step
  TextStream text_;
  struct Untold {
    chat::TokenInfo info;
    size_t end;  // of its text, in that of the answer
  };
  std::deque<Untold> untold_;                // tokens that were drawn, until their text is given
  std::vector<chat::ToolCallDelta> pieces_;  // of calls, not sent yet
  std::optional<Error> broken_call_;
  uint32_t n_spaces_ = 0;     // between the thinking and the answer, drawn without its constraint
  std::string thought_;       // whole code points, not sent yet
  std::string thought_held_;  // bytes of the next one
  std::string document_;      // text of an answer that is to be checked, or that a stop string may cut
  std::optional<text::grammar::Constraint> begin_;  // where that text began, to see whether what was cut is whole
  chat::Usage usage_;
  enum class Phase : uint8_t { kWaiting, kPrefill, kDecode } phase_ = Phase::kWaiting;
  const Clock::time_point arrived_ = Clock::now();
  Clock::time_point started_;
  Clock::time_point first_token_;
  chat::Event outcome_;  // Finished or Failed once it has ended
};

}  // namespace ingle::engine
