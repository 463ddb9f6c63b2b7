// Dfa: a set of texts as a deterministic automaton over code points; the table behind a Language (language.h).
//
// Code points that no state tells apart share a class, so a row of the table has one entry for each class. Every Dfa is
// minimal and numbered in one way: two of the same texts are the same table. State 0 is the dead one: nothing that leads there
// is in the set, and from every other state a text of the set can be finished. Immutable; any thread.
//
// Work is counted in steps and memory in entries, never in time: what is refused is refused on every machine.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/grammar/code_point_set.h"
#include "text/grammar/distance.h"

namespace ingle::text::grammar {

/// Steps that may still be taken, by one operation or by all that are given the same budget.
class Budget {
 public:
  static constexpr uint64_t kDefaultSteps = 10'000'000;

  explicit Budget(uint64_t steps = kDefaultSteps) : left_(steps) {}
  bool take(uint64_t steps) {
    is_spent_ |= steps > left_;
    left_ -= steps > left_ ? left_ : steps;
    return !is_spent_;
  }
  bool is_spent() const { return is_spent_; }
  uint64_t left() const { return left_; }

 private:
  uint64_t left_;
  bool is_spent_ = false;
};

/// Numbers for code points: all that every set of a family treats alike have one. Numbered by their first code point.
class CodePointClasses {
 public:
  struct Piece {  // from `first` up to the next piece
    char32_t first = 0;
    uint32_t id = 0;
    friend bool operator==(const Piece&, const Piece&) = default;
  };

  CodePointClasses() : CodePointClasses(std::vector<Piece>{{0, 0}}) {}
  /// Pieces in order from 0 on, neighbours with the same number included.
  explicit CodePointClasses(std::vector<Piece> pieces);
  /// Nothing when the budget is spent.
  static std::optional<CodePointClasses> of(std::span<const CodePointSet> sets, Budget& budget);

  uint32_t count() const { return count_; }
  uint32_t of(char32_t c) const { return c < 128 ? ascii_[c] : find(c); }
  std::span<const Piece> pieces() const { return pieces_; }
  CodePointSet members(uint32_t id) const;
  /// Some code point of each class.
  std::vector<char32_t> samples() const;
  /// The numbers after `of_old` has renumbered them, those alike put together.
  CodePointClasses renumbered(std::span<const uint32_t> of_old) const;

  friend bool operator==(const CodePointClasses& a, const CodePointClasses& b) { return a.pieces_ == b.pieces_; }

 private:
  uint32_t find(char32_t c) const;

  std::vector<Piece> pieces_;
  uint32_t count_ = 0;
  std::array<uint32_t, 128> ascii_{};
};

/// An automaton as it is first built: complete, with states in any order, 0 not special.
struct RawDfa {
  CodePointClasses classes;
  std::vector<uint32_t> next;  // [states, classes]
  std::vector<bool> accepts;
  uint32_t start = 0;
};

class Dfa {
 public:
  using State = uint32_t;
  static constexpr State kDead = 0;
  static constexpr size_t kMaxStates = 60'000;
  static constexpr size_t kMaxEntries = size_t{2} << 20;  // of a table, before it is minimised too

  /// kRefused when the budget is spent.
  static Result<std::shared_ptr<const Dfa>> minimal(const RawDfa& raw, Budget& budget);

  State start() const { return start_; }
  uint32_t n_states() const { return static_cast<uint32_t>(accepts_.size()); }
  uint32_t n_classes() const { return classes_.count(); }
  const CodePointClasses& classes() const { return classes_; }

  bool accepts(State state) const { return accepts_[state]; }
  uint32_t class_of(char32_t c) const { return classes_.of(c); }
  State next(State state, uint32_t code_point_class) const {
    return next_[size_t{state} * n_classes() + code_point_class];
  }
  State step(State state, char32_t c) const { return next(state, class_of(c)); }
  bool contains(std::string_view utf8) const;

  /// Bytes to the nearest end as they stand in a JSON string, escapes counted; kFar from the dead state.
  uint32_t distance(State state) const { return distances_[state]; }
  /// The same where a code point of class i has costs[i].
  std::vector<uint32_t> distances(std::span<const uint32_t> costs) const;

  RawDfa raw() const;
  size_t bytes() const;
  friend bool operator==(const Dfa& a, const Dfa& b) {
    return a.start_ == b.start_ && a.classes_ == b.classes_ && a.next_ == b.next_ && a.accepts_ == b.accepts_;
  }

 private:
  Dfa() = default;

  CodePointClasses classes_;
  std::vector<uint16_t> next_;  // [states, classes]
  std::vector<bool> accepts_;
  std::vector<uint32_t> distances_;
  State start_ = kDead;
};

/// Both automata at once; a pair of states accepts as `accepts` says of the two. kRefused past a limit.
Result<RawDfa> product(const Dfa& a, const Dfa& b, const std::function<bool(bool, bool)>& accepts, Budget& budget);

/// Bytes of the shortest way to write a code point inside a JSON string.
uint32_t json_bytes(char32_t c);

/// "... is too large": what every operation says that is over a limit.
std::unexpected<Error> too_large();

}  // namespace ingle::text::grammar
