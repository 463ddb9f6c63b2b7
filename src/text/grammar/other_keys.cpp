#include "text/grammar/other_keys.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "text/grammar/text_machine.h"

namespace ingle::text::grammar {
namespace {

/// Names, their opening quote removed and the closing one kept, that share `depth` bytes and are in `state` of a character.
class Emitter {
 public:
  Emitter(ProgramBuilder& builder, OpId next)
      : builder_(builder), end_(builder.byte('"', next)), free_(builder.text({.escapes = false}, end_)) {}

  OpId differing(std::vector<std::string_view> names, size_t depth, uint8_t state) {
    std::map<uint8_t, std::vector<std::string_view>> by_byte;
    for (const std::string_view name : names)
      by_byte[static_cast<uint8_t>(name[depth])].push_back(name);
    std::vector<OpId> parts;
    std::map<uint8_t, ByteSet> others;  // bytes that no name has here, by the state of the character after them
    for (unsigned byte = 0; byte < 256; ++byte) {
      const uint8_t next_state = character_step(state, static_cast<uint8_t>(byte));
      if (next_state == kNoCharacter || byte == '\\') continue;
      const auto same = by_byte.find(static_cast<uint8_t>(byte));
      if (same == by_byte.end()) {
        others[next_state].set(byte);
      } else {
        parts.push_back(builder_.bytes(ByteSet().set(byte), differing(same->second, depth + 1, next_state)));
      }
    }
    for (const auto& [next_state, set] : others)
      parts.push_back(builder_.bytes(set, rest_of_character(next_state)));
    // A quote ends the key here unless a name ends here.
    if (state == kCharacterStart && !by_byte.contains('"')) parts.push_back(end_);
    return builder_.choice(parts);
  }

 private:
  OpId rest_of_character(uint8_t state) {
    if (state == kCharacterStart) return free_;
    if (const auto known = rests_.find(state); known != rests_.end()) return known->second;
    std::map<uint8_t, ByteSet> nexts;
    for (unsigned byte = 0; byte < 256; ++byte) {
      const uint8_t next_state = character_step(state, static_cast<uint8_t>(byte));
      if (next_state != kNoCharacter) nexts[next_state].set(byte);
    }
    std::vector<OpId> parts;
    for (const auto& [next_state, set] : nexts)
      parts.push_back(builder_.bytes(set, rest_of_character(next_state)));
    return rests_[state] = builder_.choice(parts);
  }

  ProgramBuilder& builder_;
  OpId end_;
  OpId free_;
  std::map<uint8_t, OpId> rests_;
};

}  // namespace

OpId emit_other_key(ProgramBuilder& builder, const std::vector<Node::Property>& named, OpId next) {
  if (next == ProgramBuilder::kNever) return ProgramBuilder::kNever;
  std::vector<std::string_view> names;
  for (const Node::Property& property : named) {
    // A name that needs an escape cannot be met: other keys have none.
    if (property.key.find('\\') == std::string::npos) names.push_back(std::string_view(property.key).substr(1));
  }
  Emitter emitter(builder, next);
  return builder.byte('"', emitter.differing(std::move(names), 0, kCharacterStart));
}

}  // namespace ingle::text::grammar
