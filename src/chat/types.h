// The request and event vocabulary between everything above the engine and the engine: plain values.
//
// They cross a socketpair (wire.h serialises them), so they hold no pointers, no callbacks and no JSON objects. Text that a
// person typed or a document said stands in Private: it cannot be formatted into a log line or an error by accident.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace ingle::chat {

/// Text of a person or a document. There is no conversion and no formatter: reveal() is searched for in reviews.
class Private {
 public:
  Private() = default;
  explicit Private(std::string text) : text_(std::move(text)) {}
  const std::string& reveal() const { return text_; }
  bool empty() const { return text_.empty(); }
  friend bool operator==(const Private&, const Private&) = default;

 private:
  std::string text_;
};

struct ToolCall {
  std::string id;
  std::string name;
  Private arguments_json;
  friend bool operator==(const ToolCall&, const ToolCall&) = default;
};

struct Message {
  std::string role;  // "system", "user", "assistant", "tool", or what the model's template knows
  Private content = {};
  std::vector<ToolCall> tool_calls = {};
  std::string tool_call_id = {};
  std::string name = {};
  Private thinking = {};  // of an assistant's turn; most templates leave out that of earlier turns
  friend bool operator==(const Message&, const Message&) = default;
};

/// Which of the tools the model may call. The answer obeys: what is not allowed cannot be generated.
struct ToolChoice {
  enum class Mode : uint8_t { kAuto, kNone, kRequired, kNamed };
  Mode mode = Mode::kAuto;
  std::string name = {};  // of the one function, for kNamed
  bool parallel = true;   // more than one call in an answer
  friend bool operator==(const ToolChoice&, const ToolChoice&) = default;
};

/// What to continue. Exactly one form.
struct ChatPrompt {
  std::vector<Message> messages = {};
  Private tools_json = {};  // array of {"type": "function", "function": {...}}, "" = none
  ToolChoice tool_choice = {};
  bool add_generation_prompt = true;
  int64_t now_unix = 0;  // what strftime_now may see
  /// Whether the model thinks before it answers; nothing: as its template has it. A model that cannot is refused.
  std::optional<bool> think = {};
  std::string effort = {};           // "low", "medium", "high" for templates that know it; else it changes nothing
  std::string chat_template = {};    // Jinja instead of the model's own; empty: that one
  bool brings_template = false;      // chat_template is the client's, and so are its faults
  std::vector<int32_t> before = {};  // tokens of what was said earlier, which the messages go on with
};
struct RawPrompt {
  Private text;  // no template; control tokens in the text are not recognised
};
struct TokenPrompt {
  std::vector<int32_t> tokens;  // used as they are, no BOS added
};
using Prompt = std::variant<ChatPrompt, RawPrompt, TokenPrompt>;

/// Sampling parameters. Defaults are neutral ("off") except temperature; front ends put their dialect's defaults in.
/// Order of application: logit bias, penalties (repeat, presence, frequency, DRY), then mirostat alone, or top-k,
/// typical, top-p, min-p, XTC, temperature, draw.
struct Sampling {
  float temperature = 0.8F;  // <= 0: greedy
  int32_t top_k = 0;         // <= 0: off
  float top_p = 1.0F;
  float min_p = 0.0F;
  float typical_p = 1.0F;
  int32_t repeat_last_n = 64;  // window of the penalties; -1: whole context
  float repeat_penalty = 1.0F;
  float presence_penalty = 0.0F;
  float frequency_penalty = 0.0F;
  float dry_multiplier = 0.0F;
  float dry_base = 1.75F;
  int32_t dry_allowed_length = 2;
  int32_t dry_last_n = -1;
  std::vector<std::string> dry_breakers = {"\n", ":", "\"", "*"};
  float xtc_probability = 0.0F;
  float xtc_threshold = 0.1F;
  bool mirostat = false;  // version 2
  float mirostat_tau = 5.0F;
  float mirostat_eta = 0.1F;
  std::vector<std::pair<int32_t, float>> logit_bias;  // -inf bans
  uint64_t seed = 0;                                  // same seed, prompt and settings: the same bits
};

/// A text that strings of the answer may be copied from: a string schema with the keyword `"x-ingle-copy": NAME` accepts
/// nothing but a span of it.
struct CopySource {
  std::string name;
  Private text;
  friend bool operator==(const CopySource&, const CopySource&) = default;
};

/// What the scheduler may let wait: background work goes on where no interactive request wants to.
enum class Priority : uint8_t { kInteractive, kBackground };

struct CompleteRequest {
  std::string id;  // chosen by the caller, unique among requests in flight
  Prompt prompt;
  Sampling sampling;
  int32_t max_tokens = -1;           // -1: until the context is full
  uint32_t context = 0;              // tokens of prompt and answer together, at most; 0: as many as the engine holds
  int32_t max_thinking_tokens = -1;  // of those; then the thinking is ended for the model. -1: no limit of its own
  std::vector<std::string> stop;     // the answer ends before the first of them; thinking is not looked at
  int32_t logprobs = -1;             // -1: none; 0: of the chosen token; K <= 100: and of the K most likely
  bool return_tokens = false;        // Finished has them
  bool ignore_eos = false;
  std::string json_schema;    // constraints are compiled where the vocabulary is
  bool check_schema = false;  // what of the schema cannot be enforced is checked at the end; else it is refused
  std::string grammar;
  std::vector<CopySource> copy_sources;
  std::string continue_from;  // a handle made by fork; the prompt is appended to it
  std::string client;         // who shares the model fairly, and a prefix cache; "": everybody without a token
  Priority priority = Priority::kInteractive;
};

struct TokenLogprob {
  int32_t id = 0;
  std::string text;  // raw bytes of the token, not always valid UTF-8 on its own
  float logprob = 0;
};

struct TokenInfo {
  TokenLogprob chosen;
  std::vector<TokenLogprob> top;  // most likely first, ties by lower id; before any filter or penalty
  bool is_end = false;            // of the answer, and no part of its text
};

enum class FinishReason : uint8_t { kStop, kLength, kContextFull, kCancelled, kToolCalls };

struct Usage {
  uint32_t prompt_tokens = 0;
  uint32_t cached_tokens = 0;  // of the prompt, found in the prefix cache
  uint32_t completion_tokens = 0;
  uint32_t drafted_tokens = 0;   // guessed ahead by the engine and computed along
  uint32_t accepted_tokens = 0;  // of those, what turned out right and is part of the answer
  double queued_seconds = 0;     // before the first step
  double prefill_seconds = 0;
  double decode_seconds = 0;
  uint32_t thinking_tokens = 0;  // of the completion tokens: what came before the answer
};

// Events of one request, in this order: (Prefill | Delta)*, or Vectors* of an EmbedRequest, then exactly one Finished or
// Failed.
struct Prefill {
  uint32_t done = 0;
  uint32_t total = 0;
};
/// A piece of a call of a tool. The arguments of one call, put together, are the text of a JSON object.
struct ToolCallDelta {
  uint32_t index = 0;  // of the call in the answer
  std::string id = {};
  std::string name = {};  // both stand in a call's first piece only
  std::string arguments = {};
  friend bool operator==(const ToolCallDelta&, const ToolCallDelta&) = default;
};
struct Delta {
  std::string text;               // whole code points only; may be empty when `tokens` is not
  std::vector<TokenInfo> tokens;  // when logprobs were asked for: those whose text ends here, none that a stop cut
  std::string bytes = {};  // what was generated where it is not UTF-8 and `text` stands in with U+FFFD; else empty
  std::vector<ToolCallDelta> tool_calls = {};
  std::string thinking = {};  // what the model thought before its answer, markers left out; whole code points
};
struct Finished {
  FinishReason reason{};
  std::string stop_text;  // the stop string that ended it, "" otherwise
  Usage usage;
  std::string route = {};            // "cloud:NAME" where a router went there; empty: this machine answered
  bool looped = false;               // under a constraint the model repeated itself, so that it was ended: kLength
  std::vector<int32_t> tokens = {};  // of prompt and answer, where they were asked for
};
struct Failed {
  Error error;
  int32_t input = -1;  // of an EmbedRequest: the one that is wrong; -1: it is none of them
};
struct TextVector {
  std::vector<float> values = {};
  uint32_t n_tokens = 0;
  bool is_cut = false;  // the text lost its end
  friend bool operator==(const TextVector&, const TextVector&) = default;
};
/// Answers to an EmbedRequest, from input `first` on. One that has come may come again, with the same bits.
struct Vectors {
  uint32_t first = 0;
  std::vector<TextVector> list;
};
using Event = std::variant<Prefill, Delta, Vectors, Finished, Failed>;

/// How the vector of a text comes from the hidden states of its tokens.
enum class Pooling : uint8_t {
  kNone,  // there are no vectors
  kMean,
  kCls,   // that of the first token
  kLast,  // that of the last one
  kRank,  // a classifier over the first: not a vector but the scores of its classes
};

/// Control tokens between which a model was trained to fill in; -1: it has none of the kind.
struct InfillTokens {
  int32_t prefix = -1, suffix = -1, middle = -1;
  int32_t repository = -1, file = -1;  // before a project's name and each of its files
  friend bool operator==(const InfillTokens&, const InfillTokens&) = default;
};

/// What an engine may take of the machine's memory, counted before anything was loaded. Bytes.
struct MemoryPlan {
  uint64_t weights = 0;
  uint64_t cache = 0;           // KV pages, which are taken as they are used
  uint64_t work = 0;            // a step's rows, tables, vocabulary, the process itself
  uint32_t wanted_context = 0;  // that had no room, so that a shorter one was chosen; 0: it had
  uint64_t total() const { return weights + cache + work; }
  friend bool operator==(const MemoryPlan&, const MemoryPlan&) = default;
};

struct Description {
  std::string name;
  std::string architecture;
  std::string quantization;  // the mixture's name, "Q4_K_M", or the format that most weights have
  uint64_t parameters = 0;
  uint64_t file_bytes = 0;
  uint32_t context_length = 0;  // what the model was trained for
  uint32_t context_limit = 0;   // what this engine was loaded for
  uint32_t vocab_size = 0;
  uint32_t embedding_size = 0;
  bool has_template = false;
  bool adds_bos = false;
  int32_t bos = -1;
  std::string isa;  // kernel table in use
  uint32_t threads = 0;
  bool thinks = false;    // its template lets it think before it answers
  bool generates = true;  // false: an encoder, which has no next token
  Pooling pooling = Pooling::kNone;
  bool names_pooling = false;     // its file does, so that its vectors were made to be compared
  uint32_t max_embed_tokens = 0;  // of an EmbedInput; 0: none can be answered
  InfillTokens infill = {};
  MemoryPlan memory = {};
};

/// What an engine does now, and what it has done since it was loaded.
struct Stats {
  uint32_t running = 0;  // requests that have pages
  uint32_t waiting = 0;  // accepted ones that have not
  uint32_t page_tokens = 0;
  uint32_t kv_pages_total = 0;
  uint32_t kv_pages_used = 0;    // by sequences
  uint32_t kv_pages_parked = 0;  // used by nobody, kept in case their prefix returns
  uint64_t requests = 0;         // that have ended, however
  uint64_t prompt_tokens = 0;    // computed
  uint64_t cached_tokens = 0;    // of prompts, found in the prefix cache
  uint64_t generated_tokens = 0;
  uint64_t steps = 0;
  uint64_t rows = 0;  // of all steps
  uint64_t drafted_tokens = 0;
  uint64_t accepted_tokens = 0;
  uint64_t preemptions = 0;   // sequences that gave their pages back and began again
  uint64_t memory_bytes = 0;  // that the engine's process has taken of its own; 0: unknown
};

struct TokenizeRequest {
  Private text;
  bool recognise_control_tokens = false;
  bool add_bos = false;
  /// Of a pair, for models that read two texts as one. Its tokens begin with those of the first text alone (with the same
  /// flags), so their number is EmbedTokens::second_from.
  std::optional<Private> second = {};
};

/// Log-probabilities of given tokens, each under the tokens before it (perplexity, reranking).
struct ScoreRequest {
  std::vector<int32_t> tokens;
  uint32_t first = 1;  // score tokens[first ...]
};

// What a vector is made of: a text, or a pair for models that read two texts as one; or their tokens.
struct EmbedText {
  Private text = {};
  std::optional<Private> second = {};
};
struct EmbedTokens {
  std::vector<int32_t> tokens = {};
  uint32_t second_from = 0;  // the first token of the second text of a pair; 0: there is one text
  friend bool operator==(const EmbedTokens&, const EmbedTokens&) = default;
};
using EmbedInput = std::variant<EmbedText, EmbedTokens>;

struct EmbedRequest {
  std::string id = {};  // chosen by the caller, unique among requests in flight
  std::vector<EmbedInput> inputs = {};
  uint32_t context = 0;     // tokens of a text, at most; 0: as many as the engine reads
  bool cut = false;         // a text that is longer than the model reads loses its end; else it is refused
  std::string client = {};  // who shares the model fairly
  Priority priority = Priority::kBackground;  // an index can wait, who talks cannot
};

}  // namespace ingle::chat
