// FreeText: any text until one of some markers is complete, as the automaton of Aho and Corasick over bytes.
//
// Plain data that belongs to a Program. Control tokens are spelled 0xFF and their name; 0xFF is in no other text, so what
// begins with it is one marker or nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ingle::text::grammar {

inline constexpr char kControlMark = '\xFF';  // the first byte of a control token's spelling

struct Marker {
  std::string text;
  uint32_t next = 0;  // the operation that follows
};

struct FreeText {
  static constexpr uint32_t kNone = UINT32_MAX;  // no text goes on like this
  static constexpr uint32_t kMarker = 1U << 31;  // a bit: marker number `step - kMarker` is complete

  std::vector<Marker> markers;
  std::vector<uint32_t> steps;  // [states, 256]: the next state; state 0: no marker has begun
  std::vector<bool> control;    // of each state: inside the spelling of a control token
  // To the end of the operation's list from a state, found by finish():
  std::vector<uint32_t> distance;
  std::vector<uint16_t> depth;

  size_t n_states() const { return control.size(); }
  bool is_control(uint32_t state) const { return control[state]; }
  uint32_t step(uint32_t state, uint8_t byte) const { return steps[size_t{state} * 256 + byte]; }
};

/// Markers that contain another one before their end can never be complete and are left out.
FreeText make_free_text(std::vector<Marker> markers);

}  // namespace ingle::text::grammar
