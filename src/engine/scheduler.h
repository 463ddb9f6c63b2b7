// Scheduler: what the next step computes, as a pure function of the sequences and the free pages.
//
// A step holds one row of every sequence that decodes and at most a chunk of prompt rows (continuous batching with chunked
// prefill, Sarathi-Serve, arXiv 2403.02310). Of the chunk the client that was served least gets what it wants first, but
// prompts that are short wait for none that are long, and long ones for no stream of short ones. Drafts are checked in what a small step leaves of a
// tile. When pages run out the youngest sequence gives its pages back and waits at the head of the queue; its tokens are
// kept, so it continues as if nothing had happened.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace ingle::engine {

struct StepLimits {
  uint32_t max_sequences = 8;    // running at once
  uint32_t prefill_chunk = 512;  // prompt rows in a step
  uint32_t max_rows = 512;
  uint32_t max_logit_rows = 512;  // rows whose logits are kept: a row of a large vocabulary is a megabyte
  uint32_t max_draft_rows = 16;   // rows that a step may have when drafts are among them; 0: no drafts
  uint32_t page_tokens = 32;
};

/// A running sequence, as far as scheduling cares.
struct SequenceView {
  uint32_t n_stored = 0;     // tokens whose KV is in pages
  uint32_t n_todo = 0;       // known tokens after them: 1 when decoding, more of a prompt or of text that was certain
  uint32_t n_pages = 0;      // pages held
  bool copies_page = false;  // the next write needs a page to copy to
  uint32_t first_logit = 0;  // every row from this position on wants logits: the last of a prompt, more when scoring
  uint32_t n_draft = 0;      // guessed tokens after those, when decoding
  bool answers = false;      // what is to do is part of its answer, and only the last row wants logits
  bool background = false;   // gives way to those that are not
  uint64_t served = 0;       // what its client has had
};

struct Share {
  uint32_t sequence = 0;  // index into the running sequences
  uint32_t n_rows = 0;    // of known tokens
  uint32_t n_draft = 0;   // of guessed ones after them
};

struct Plan {
  std::vector<Share> shares;
  std::vector<uint32_t> order;  // scratch memory
  /// Not a step yet: this running sequence must give its pages back, then plan again.
  std::optional<uint32_t> preempt;
  /// The only sequence cannot get another page: kept sequences hold the rest.
  bool stuck = false;
};

/// Pages that a sequence takes to store `n_rows` more tokens.
uint32_t pages_for(const SequenceView& sequence, uint32_t n_rows, uint32_t page_tokens);

/// `running` is in order of arrival.
void plan_step(std::span<const SequenceView> running, uint32_t available_pages, const StepLimits& limits, Plan& plan);

/// Whether the request at the head of the queue, with `n_tokens` to compute, may start now.
bool may_start(uint32_t n_tokens, std::span<const SequenceView> running, uint32_t available_pages,
               const StepLimits& limits);

}  // namespace ingle::engine
