// What masks ask of an automaton inside free strings.
#include <algorithm>

#include "text/grammar/automaton.h"
#include "text/grammar/text_machine.h"

namespace ingle::text::grammar {
namespace {

/// A character that was begun ends at most so many bytes farther from the end of the document than it began.
constexpr uint32_t kFarthestCharacter = 8;

}  // namespace

bool Automaton::is_plain_text(const LiveThread& thread, uint32_t most_distance) const {
  const Op& op = program_->ops[thread.op];
  if (op.kind != OpKind::kText || thread.data[0] != kCharacterStart) return false;
  const Op& after = program_->ops[op.next];
  const bool quoted = after.kind == OpKind::kBytes && program_->sets[after.arg] == byte_set("\"");
  return quoted && far_sum(thread_distance(thread), kFarthestCharacter) <= most_distance;
}

Automaton::Id Automaton::split_text(Id id, uint32_t most_distance, std::vector<TextPlace>& places) {
  const Known known = known_[id];
  if (!known.has_text) return id;
  std::vector<LiveThread> others;
  std::vector<LiveThread> quotes;  // of texts that may end here, which their places tell as well
  for (uint32_t i = 0; i < known.n_threads; ++i) {
    const LiveThread thread = threads_[known.first_thread + i];
    if (!is_plain_text(thread, most_distance)) {
      others.push_back(thread);
      continue;
    }
    const Op& op = program_->ops[thread.op];
    const TextRange& range = program_->texts[op.arg];
    const uint32_t done = thread.data[1];
    if (done >= range.min) quotes.push_back({op.next, thread.stack, {}});
    follow(program_->ops[op.next].next, thread.stack);
    expand();
    places.push_back({.least = range.min - std::min(range.min, done),
                      .most = range.max == kUnlimited ? kUnlimited : range.max - done,
                      .escapes = range.escapes,
                      .closed = intern_threads()});
  }
  std::erase_if(others, [&](const LiveThread& thread) { return std::ranges::find(quotes, thread) != quotes.end(); });
  return find_or_add(others, false);
}

}  // namespace ingle::text::grammar
