// Job: one request inside the engine, whatever it is for. Made by the caller's thread, then owned by the step loop, which
// computes the rows that the job asks for and hands it the results.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/result.h"
#include "chat/types.h"
#include "engine/kv_cache.h"
#include "engine/loop_guard.h"
#include "engine/page_file.h"
#include "engine/sampler/sampler.h"
#include "text/grammar/constraint.h"

namespace ingle::engine {

/// What must be copied with the tokens when a sequence forks.
struct SequenceState {
  SamplerState sampler;
  std::optional<text::grammar::Constraint> constraint = {};
  LoopGuard loops = {};
};

class Job {
 public:
  Job(std::string id, std::vector<int32_t> tokens) : id_(std::move(id)), tokens_(std::move(tokens)) {}
  virtual ~Job() = default;
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  const std::string& id() const { return id_; }
  /// All tokens that are known: the prompt and what was generated.
  const std::vector<int32_t>& tokens() const { return tokens_; }

  /// How many of the tokens must be computed.
  virtual uint32_t n_wanted() const { return static_cast<uint32_t>(tokens_.size()); }
  /// Every row from this position on gives results.
  virtual uint32_t first_result() const { return n_wanted() - 1; }
  /// Its results are only so many of the largest logits of each row; 0: all.
  virtual uint32_t top() const { return 0; }
  /// And all of them beside those.
  virtual bool wants_all() const { return false; }
  /// Results are hidden states, not logits.
  virtual bool wants_hidden() const { return false; }
  /// It has begun to answer: few more known tokens are no prompt that has to queue.
  virtual bool answers() const { return false; }
  /// Pages that hold its tokens are shared with other requests of its client.
  virtual bool shares_pages() const { return false; }
  /// The sequence is worth remembering after its end, because a client may fork it.
  virtual bool can_fork() const { return false; }
  virtual SequenceState state() const { return {}; }

  /// The sequence begins with a fork of another that had `n_tokens`.
  virtual void inherit(const SequenceState& /*state*/, size_t /*n_tokens*/) {}
  /// The first call on the step thread but for inherit(). True: the job has ended, nothing needs to be computed.
  virtual bool begin() { return false; }
  /// The first step is about to run; `n_cached` tokens were found in the cache. Called again after a preemption.
  virtual void started(uint32_t /*n_cached*/) {}
  virtual void progressed(uint32_t /*n_stored*/) {}
  /// Guesses up to `most` tokens that may follow the known ones. Rows of a draft are computed behind the last known token
  /// when the step has room, and handed to take(), which keeps the tokens that turn out right; the others never were.
  virtual void guess(uint32_t /*most*/) {}
  std::span<const int32_t> draft() const { return draft_; }
  /// Something that take() will need can be computed meanwhile: prepare() does, on another thread while a step runs that
  /// computes the last known token. Nothing else touches the job then.
  virtual bool wants_preparation() const { return false; }
  virtual void prepare() {}
  /// What was computed for the positions from `pos` on. True: the job has ended.
  virtual bool take(std::span<const backend::Output> rows, uint32_t pos, SamplerScratch& scratch) = 0;

  // Both end the job.
  virtual void fail(Error error) = 0;
  virtual void cancel() = 0;
  /// Tells the client how it ended; the engine has forgotten the job by then.
  virtual void conclude() = 0;

  chat::Priority priority = chat::Priority::kInteractive;
  bool is_background() const { return priority == chat::Priority::kBackground; }
  uint64_t place_in_queue = 0;  // of FairQueue
  bool was_charged = false;     // for its prompt

  static constexpr KvCache::SequenceId kNoSequence = UINT32_MAX;
  KvCache::SequenceId kv = kNoSequence;
  std::string client;              // shares pages with its own requests only
  std::vector<PageKey> page_keys;  // of its beginning, once somebody needed them
  bool holds_pages() const { return kv != kNoSequence; }
  /// Stands for the tokens of its first `n_pages` pages, which must be known: others have another number, but for one
  /// in 2^64. Each page is looked at once.
  uint64_t beginning(size_t n_pages, uint32_t page_tokens);

 protected:
  std::string id_;
  std::vector<int32_t> tokens_;
  std::span<const int32_t> draft_;

 private:
  std::vector<uint64_t> beginnings_;  // of one page, of two ...
};

}  // namespace ingle::engine
