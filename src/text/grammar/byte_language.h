// ByteLanguage: a Language over bytes, as its texts stand inside a JSON string or in plain UTF-8. What the automaton runs.
//
// Two machines, one after the other: nodes read the bytes of one code point and say its class, states go on by the class. The
// nodes are shared by all states, so a language of counted characters stays small. JSON strings have the escapes that they
// must have and no other, in one form: \" \\ \b \f \n \r \t \u001f. Immutable; any thread.
#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "text/grammar/language.h"

namespace ingle::text::grammar {

enum class Spelling : uint8_t { kJsonString, kPlain };

class ByteLanguage {
 public:
  struct Place {
    Dfa::State state = Dfa::kDead;
    uint32_t node = 0;  // 0: between two code points
    friend auto operator<=>(const Place&, const Place&) = default;
  };

  /// `available`: bytes that the vocabulary can say one at a time; a way with another one has no distance.
  ByteLanguage(const Language& language, Spelling spelling,
               const std::bitset<256>& available = std::bitset<256>().set());

  const Dfa& dfa() const { return *dfa_; }
  Place start() const { return {dfa_->start(), 0}; }
  /// Goes on by a byte; false when no text of the language goes on like this.
  bool step(Place& place, uint8_t byte) const;
  bool accepts(const Place& place) const { return place.node == 0 && dfa_->accepts(place.state); }
  /// Bytes to the nearest end, 0 where one is; kFar: none can be said byte by byte.
  uint32_t distance(const Place& place) const;
  /// The largest distance between two code points, kFar if one is.
  uint32_t farthest() const;
  /// Whether an accepted text can be longer: some byte can follow.
  bool can_continue(const Place& place) const;

  /// Sets of bytes that the machine tells apart; bytes in none of them fit nowhere.
  std::span<const std::bitset<256>> byte_classes() const { return byte_classes_; }
  size_t bytes() const;
  size_t n_nodes() const { return nodes_.size(); }

 private:
  /// Where a byte leads: nowhere, to another node, or to the end of a code point of a class.
  using Way = uint32_t;
  static constexpr Way kNowhere = UINT32_MAX;
  static constexpr Way kEnds = 1U << 31;

  struct Node {
    uint8_t first = 0;   // byte of the first way
    uint16_t count = 0;  // ways
    uint32_t ways = 0;
    uint32_t reaches = 0;  // first of the classes that it can end in
    uint32_t n_reaches = 0;
  };
  struct Reach {
    uint32_t code_point_class = 0;
    uint32_t distance = 0;  // bytes to the end of the nearest code point of the class
  };
  class Builder;

  Way way(const Node& node, uint8_t byte) const {
    const unsigned index = static_cast<unsigned>(byte) - node.first;
    return byte >= node.first && index < node.count ? ways_[node.ways + index] : kNowhere;
  }

  std::shared_ptr<const Dfa> dfa_;  // shared with the Language
  std::vector<Node> nodes_;
  std::vector<Way> ways_;
  std::vector<Reach> reaches_;
  std::vector<uint32_t> distances_;  // of states
  std::vector<std::bitset<256>> byte_classes_;
};

}  // namespace ingle::text::grammar
