// The engine: one loaded model that answers many requests at once.
//
// An Engine owns its model, executor, KV cache and one step thread; it is a chat::Completer. Requests are queued from any
// thread; the step thread alone touches sequences and pages. Each step is all decoding sequences plus at most a chunk of
// prompt tokens (continuous batching with chunked prefill, Sarathi-Serve, arXiv 2403.02310).
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/core_board.h"
#include "base/files.h"
#include "base/result.h"
#include "chat/completer.h"

namespace ingle::engine {

/// Where KV pages outlive the engine, so that a conversation goes on without reading its prompt again.
struct PagesOnDisk {
  std::shared_ptr<base::FileDescriptor> file = {};  // a regular file of this engine's own; null: nowhere
  uint64_t max_bytes = 0;
  std::string identity = {};  // names the model's bits and the program's
};

/// Tokens that a sequence may hold where nobody says how many, and the model was made for so many.
inline constexpr uint32_t kDefaultContext = 4096;

struct Options {
  std::string isa = {};        // "" = best; see kernels/registry.h
  uint32_t threads = 0;        // 0 = physical cores
  bool reference = false;      // f32 activations and KV
  std::string kv_type = {};    // "", "f32", "f16", "bf16", "i8" (or "q8_0")
  uint32_t context = 0;        // tokens a sequence may hold; 0 = the model's own, at most 4096 unless asked for more
  bool clamp_context = false;  // a context that the model was not made for is shortened instead of refused
  uint32_t least_context =
      0;  // that the request needs for which it is loaded: the context is no less, or it is refused
  uint32_t max_sequences = 8;     // that decode at once
  uint32_t max_queue = 512;       // requests that wait while so many decode; one more is refused
  uint32_t prefill_chunk = 512;   // prompt tokens in one step, at most
  uint32_t token_gap_ms = 150;    // how long a step with prompt tokens should take while answers wait for it
  bool speculate = true;          // guess from the text what follows and check it along: the same answers, sooner
  bool vocabulary_only = false;   // no weights are read: tokenize, detokenize and render are all it can
  uint64_t max_memory_bytes = 0;  // that is free for the model, see memory_plan.h; 0 = not checked
  uint64_t memory_ceiling = 0;    // that would be free if nothing else ran; 0 = not known
  bool may_shorten = false;       // a context that was not named (0), or is more than the least, gives way to memory
  PagesOnDisk pages_on_disk = {};
  std::shared_ptr<base::CoreBoard> cores = {};  // shared with other engines of this machine; null: all are its own
  std::function<void(double)> on_load_progress = {};  // 0 ... 1
  /// Called by the step thread before it computes or waits: how long until the next events; max(): unknown, or long.
  std::function<void(std::chrono::nanoseconds)> on_pause = {};
};

/// The final interface for roles: files arrive as descriptors, in the order of the parts.
Result<std::unique_ptr<chat::Completer>> load(std::span<const base::FileDescriptor> parts, std::string_view name,
                                              const Options& options);

/// What load() would take of the memory.
struct MemoryForecast {
  chat::MemoryPlan plan;              // where there is all the room that it wants
  uint32_t context = 0;               // tokens of a sequence, then
  uint32_t sequences = 0;             // of that length that the KV cache holds
  uint64_t kv_token_bytes = 0;        // of one token; 0: an encoder, which keeps none
  uint32_t context_now = 0;           // with options.max_memory_bytes; 0: there is no room
  std::optional<Error> refusal = {};  // why not: load()'s own
};
/// Reads no weights. The same errors as load() for a file that cannot be one of a model.
Result<MemoryForecast> forecast(std::span<const base::FileDescriptor> parts, std::string_view name,
                                const Options& options);

}  // namespace ingle::engine
