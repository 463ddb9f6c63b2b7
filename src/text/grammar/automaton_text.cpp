// What masks ask of an automaton inside strings.
#include <algorithm>

#include "text/grammar/automaton.h"
#include "text/grammar/text_machine.h"

namespace ingle::text::grammar {
namespace {

/// A character that was begun ends at most so many bytes farther from the end of the document than it began.
constexpr uint32_t kFarthestCharacter = 8;

}  // namespace

bool Automaton::is_place(const LiveThread& thread, uint32_t most_distance, std::span<const uint32_t> spread) const {
  const Op& op = program_->ops[thread.op];
  uint32_t distance = kFar;
  if (op.kind == OpKind::kText && thread.data[0] == kCharacterStart) {
    distance = thread_distance(thread);
  } else if (op.kind == OpKind::kLanguage && thread.data[1] == 0) {
    distance = far_sum(spread[op.arg], far_sum(program_->ops[op.next].distance, stacks_[thread.stack].distance));
  }
  if (far_sum(distance, kFarthestCharacter) > most_distance) return false;
  const Op& after = program_->ops[op.next];
  return after.kind == OpKind::kBytes && program_->sets[after.arg] == ByteSet().set('"');
}

Automaton::Split Automaton::split_text(Id id, uint32_t most_distance, std::span<const uint32_t> spread,
                                       std::vector<TextPlace>& places) {
  const Known known = known_[id];
  if (!known.has_text) return {kDead, id};
  std::vector<LiveThread> others;
  std::vector<LiveThread> languages;
  std::vector<LiveThread> quotes;  // of texts that may end here, which their places tell as well
  for (uint32_t i = 0; i < known.n_threads; ++i) {
    const LiveThread thread = threads_[known.first_thread + i];
    if (!is_place(thread, most_distance, spread)) {
      others.push_back(thread);
      continue;
    }
    const Op& op = program_->ops[thread.op];
    TextPlace place;
    bool may_end = false;
    if (op.kind == OpKind::kText) {
      const TextRange& range = program_->texts[op.arg];
      const uint32_t done = thread.data[1];
      may_end = done >= range.min;
      place = {.least = range.min - std::min(range.min, done),
               .most = range.max == kUnlimited ? kUnlimited : range.max - done,
               .escapes = range.escapes};
    } else {
      may_end = program_->languages[op.arg].texts->dfa().accepts(thread.data[0]);
      place = {.language = op.arg, .state = thread.data[0]};
      languages.push_back(thread);
    }
    if (may_end) quotes.push_back({op.next, thread.stack, {}});
    follow(program_->ops[op.next].next, thread.stack);
    expand();
    place.closed = intern_threads();
    places.push_back(place);
  }
  std::erase_if(others, [&](const LiveThread& thread) { return std::ranges::find(quotes, thread) != quotes.end(); });
  const Id in_languages = find_or_add(languages, false);
  return {in_languages, find_or_add(others, false)};
}

}  // namespace ingle::text::grammar
