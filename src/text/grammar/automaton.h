// Automaton: runs a Program over bytes as a pushdown automaton that is made deterministic while it runs.
//
// State is a plain value that can be copied, kept and compared: all places of the program that the bytes so far may have
// led to, each with its stack. For speed the automaton works on numbered states and remembers their transitions in memory
// of bounded size; numbers are valid until forget(). One thread at a time; the Program behind it is shared.
//
// What a state can do is bounded: kMaxFrames calls and rounds are open, kMaxThreads places are followed at once, a byte follows
// kMaxFollowed operations. Over a limit the places nearest to their end stay, so every state can still end.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "text/grammar/distance.h"
#include "text/grammar/program.h"

namespace ingle::text::grammar {

/// Where a call or a repetition goes on: `count` rounds were complete when this one began.
struct Frame {
  OpId op = 0;
  uint32_t count = 0;
  friend auto operator<=>(const Frame&, const Frame&) = default;
};

struct Thread {
  OpId op = 0;
  // kText: state of the character machine and complete characters; kCopy: the place in the source; kFree: the state;
  // kLanguage: the state and the node.
  std::array<uint32_t, 3> data{};
  std::vector<Frame> stack;  // outermost first
  friend auto operator<=>(const Thread&, const Thread&) = default;
};

struct State {
  std::vector<Thread> threads;  // sorted; each waits for a byte
  bool accepts = false;         // what was read is a whole document
  friend bool operator==(const State&, const State&) = default;
};

/// A place between two characters of a JSON string.
struct TextPlace {
  uint32_t least = 0;  // characters that must still come
  uint32_t most = 0;   // that may
  bool escapes = true;
  uint32_t closed = 0;  // the state behind the quote that ends it
  // Of a text of a language: its number and the state of its automaton; of any other kNoLanguage.
  static constexpr uint32_t kNoLanguage = UINT32_MAX;
  uint32_t language = kNoLanguage;
  uint32_t state = 0;
};

class Automaton {
 public:
  using Id = uint32_t;
  static constexpr Id kDead = 0;  // nothing was or can become a document
  static constexpr size_t kMaxThreads = 2048;
  static constexpr size_t kMaxFollowed = size_t{1} << 17;
  static constexpr size_t kDefaultBytes = size_t{8} << 20;

  explicit Automaton(std::shared_ptr<const Program> program, size_t max_bytes = kDefaultBytes);

  const Program& program() const { return *program_; }
  const std::shared_ptr<const Program>& shared_program() const { return program_; }
  State start() const { return start_; }

  Id intern(const State& state);
  State value(Id id) const;

  Id step(Id id, uint8_t byte) {
    const Id known = steps_[size_t{id} * program_->n_classes + program_->class_of[byte]];
    return known != kUnknown ? known : compute_step(id, byte);
  }

  /// Bytes of the shortest end from here, 0 if it accepts; kFar if no end can be spelled byte by byte.
  uint32_t distance(Id id) const { return known_[id].distance; }
  bool accepts(Id id) const { return known_[id].accepts; }
  /// Places of the program that the state stands for.
  uint32_t n_places(Id id) const { return known_[id].n_threads; }
  /// Accepts, and nothing may follow.
  bool is_complete(Id id) const { return known_[id].accepts && known_[id].n_threads == 0; }

  /// The one byte that can follow, where it is known to be the only one.
  std::optional<uint8_t> only_byte(Id id);

  struct Split {
    Id languages = kDead;  // the places of languages, as one state
    Id others = kDead;     // everything that is no place; it accepts nothing
  };
  /// Adds the places in strings which can be ended within `most_distance` wherever the next token leaves them.
  /// `spread`: of each language how far an end can be from anywhere in it, kFar where its places are not wanted.
  Split split_text(Id id, uint32_t most_distance, std::span<const uint32_t> spread, std::vector<TextPlace>& places);

  /// Roughly what the tables hold.
  size_t bytes() const { return bytes_; }
  bool is_over_limit() const { return bytes_ > max_bytes_; }
  /// Forgets all numbers; those in `live` are given new ones.
  void forget(std::span<Id> live);

 private:
  static constexpr Id kUnknown = UINT32_MAX;
  using StackId = uint32_t;
  static constexpr StackId kNoStack = 0;

  struct StackNode {
    StackId below = kNoStack;
    Frame frame;
    uint32_t depth = 0;
    uint32_t distance = 0;  // of the shortest end from where the frame goes on
    uint32_t begun = 0;     // the last step that began it, of a body that may be empty
    friend bool operator==(const StackNode& a, const StackNode& b) { return a.below == b.below && a.frame == b.frame; }
  };
  struct LiveThread {
    OpId op = 0;
    StackId stack = kNoStack;
    std::array<uint32_t, 3> data{};
    friend auto operator<=>(const LiveThread&, const LiveThread&) = default;
  };
  struct Known {
    uint32_t first_thread = 0;
    uint32_t n_threads = 0;
    uint32_t distance = kFar;
    bool has_text = false;  // some thread is inside a free string
    bool accepts = false;
  };

  Id compute_step(Id id, uint8_t byte);
  Id intern_threads();
  Id find_or_add(std::span<const LiveThread> threads, bool accepts);
  void follow(OpId op, StackId stack);
  bool is_new(OpId op, StackId stack);
  void expand();
  void advance(const LiveThread& thread, uint8_t byte);
  void advance_in_order(Known known, uint8_t byte);
  void advance_text(LiveThread thread, uint8_t byte);
  void advance_copy(LiveThread thread, uint8_t byte);
  void advance_language(LiveThread thread, uint8_t byte);
  void advance_free(LiveThread thread, uint8_t byte);
  void settle(const LiveThread& thread);
  void enter_round(OpId repeat, uint32_t count, StackId below);
  void leave(StackId stack);
  StackId push(StackId below, Frame frame);
  uint32_t resume_distance(Frame frame) const;
  uint32_t thread_distance(const LiveThread& thread) const;
  bool is_nearer(const LiveThread& a, const LiveThread& b) const;
  void forget_step();
  bool is_place(const LiveThread& thread, uint32_t most_distance, std::span<const uint32_t> spread) const;
  void clear();

  std::shared_ptr<const Program> program_;  // shared with whoever compiled it
  size_t max_bytes_;
  size_t bytes_ = 0;  // roughly what the tables below hold
  State start_;

  std::vector<StackNode> stacks_;
  std::unordered_multimap<uint64_t, StackId> stack_ids_;
  std::vector<Known> known_;
  std::vector<LiveThread> threads_;
  std::vector<Id> steps_;  // [states, classes]
  std::unordered_multimap<uint64_t, Id> ids_;

  // Of the step that is being computed.
  struct Pending {
    OpId op;
    StackId stack;
    friend bool operator==(const Pending&, const Pending&) = default;
  };
  std::vector<Pending> pending_;
  std::vector<Pending> seen_;
  std::unordered_map<uint64_t, bool> seen_many_;
  size_t n_followed_ = 0;
  uint32_t step_ = 1;  // its number; a frame begun in it that is left in it has read nothing
  std::vector<LiveThread> next_threads_;
  bool next_accepts_ = false;
};

}  // namespace ingle::text::grammar
