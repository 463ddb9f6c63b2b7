// The bytes that leave no choice: of a state, of a way through several.
#include "text/grammar/automaton.h"
#include "text/grammar/token_mask.h"

namespace ingle::text::grammar {
namespace {

constexpr uint8_t kControlByte = 0xFF;

/// Bytes of `text` up to the end of its last whole code point. `text` is UTF-8 but for where it was cut.
size_t whole_characters(std::string_view text) {
  size_t begin = text.size();
  while (begin > 0 && (static_cast<uint8_t>(text[begin - 1]) & 0xC0) == 0x80)
    --begin;
  if (begin == 0) return 0;
  const auto lead = static_cast<uint8_t>(text[begin - 1]);
  const size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  return begin - 1 + length <= text.size() ? text.size() : begin - 1;
}

}  // namespace

std::optional<uint8_t> Automaton::only_byte(Id id) {
  const Known known = known_[id];
  std::optional<uint8_t> only;
  for (uint32_t i = 0; i < known.n_threads; ++i) {
    const LiveThread& thread = threads_[known.first_thread + i];
    const Op& op = program_->ops[thread.op];
    std::optional<uint8_t> own;
    if (op.kind == OpKind::kBytes) {
      const ByteSet& set = program_->sets[op.arg];
      if (set.count() == 1) own = static_cast<uint8_t>(set._Find_first());
    } else if (op.kind == OpKind::kCopy) {
      const CopyText& source = *program_->sources[program_->copies[op.arg].text];
      own = source.only_byte({thread.data[0], thread.data[1], thread.data[2]});
    }
    if (!own || (only && *only != *own)) return std::nullopt;
    only = own;
  }
  return only && step(id, *only) != kDead ? only : std::nullopt;
}

std::string Masker::forced(Place place, size_t max_bytes) {
  tidy();
  std::string text;
  size_t end = 0;  // of what can be followed by tokens: none has to say more than its own bytes
  Id id = at(place);
  while (text.size() < max_bytes && !automaton_.accepts(id)) {
    const auto byte = automaton_.only_byte(id);
    if (!byte || *byte == kControlByte) break;
    id = automaton_.step(id, *byte);
    text += static_cast<char>(*byte);
    if (automaton_.distance(id) < kFar) end = text.size();
  }
  text.resize(end);
  text.resize(whole_characters(text));
  return text;
}

}  // namespace ingle::text::grammar
