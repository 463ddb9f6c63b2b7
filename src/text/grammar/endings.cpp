#include "text/grammar/endings.h"

#include <fmt/format.h>

#include <algorithm>
#include <queue>
#include <tuple>

#include "text/grammar/distance.h"

namespace ingle::text::grammar {
namespace {

constexpr OpId kReturn = ProgramBuilder::kReturnOp;
constexpr OpId kNever = ProgramBuilder::kNever;

/// The shortest way to the end: bytes, then frames that it opens at once. A byte that the vocabulary cannot say alone costs
/// more than any way without one.
struct Way {
  static constexpr uint64_t kUnsayable = uint64_t{1} << 40;
  static constexpr uint64_t kMost = uint64_t{1} << 60;
  static constexpr uint32_t kDeepest = UINT16_MAX;

  uint64_t bytes = 0;
  uint32_t frames = 0;
  friend auto operator<=>(const Way&, const Way&) = default;
};

constexpr Way kNoWay{UINT64_MAX, 0};

uint32_t distance_of(const Way& way) {
  return way.bytes >= kFar ? kFar : static_cast<uint32_t>(way.bytes);
}

Way after_bytes(uint64_t n_bytes, Way next) {
  return {std::min(n_bytes + next.bytes, Way::kMost), next.frames};
}

/// `rounds` times a body inside a frame, then what follows.
Way after_rounds(uint32_t rounds, Way body, Way next) {
  if (rounds == 0) return next;
  const uint64_t own = body.bytes > Way::kMost / rounds ? Way::kMost : body.bytes * rounds;
  return {std::min(own + next.bytes, Way::kMost), std::max(std::min(body.frames + 1, Way::kDeepest), next.frames)};
}

/// Knuth's generalisation of Dijkstra's algorithm: operations are settled in the order of their ways, so a way only ever
/// rests on others that are known.
class Endings {
 public:
  Endings(Program& program, const ByteSet& available)
      : program_(program), available_(available), ways_(program.ops.size(), kNoWay) {}

  void run() {
    collect_users();
    reach(kReturn, {});
    while (!open_.empty()) {
      const auto [way, op] = open_.top();
      open_.pop();
      if (ways_[op] != kNoWay) continue;
      ways_[op] = way;
      for (uint32_t i = user_begin_[op]; i < user_begin_[op + 1]; ++i)
        consider(users_[i]);
    }
  }

  const std::vector<Way>& ways() const { return ways_; }

 private:
  template <typename Take>
  void for_each_used(OpId id, Take take) const {
    const Op& op = program_.ops[id];
    switch (op.kind) {
      case OpKind::kReturn:
        return;
      case OpKind::kSplit:
        for (uint32_t i = 0; i < op.count; ++i)
          take(program_.alternatives[op.arg + i]);
        return;
      case OpKind::kCall:
        take(op.arg);
        break;
      case OpKind::kRepeat:
        take(program_.repeats[op.arg].body);
        break;
      case OpKind::kFree:
        for (const Marker& marker : program_.frees[op.arg].markers)
          take(marker.next);
        break;
      default:
        break;
    }
    take(op.next);
  }

  void collect_users() {
    const size_t n = program_.ops.size();
    user_begin_.assign(n + 1, 0);
    for (OpId id = 0; id < n; ++id)
      for_each_used(id, [&](OpId used) { ++user_begin_[used + 1]; });
    for (size_t i = 0; i < n; ++i)
      user_begin_[i + 1] += user_begin_[i];
    users_.resize(user_begin_[n]);
    std::vector<uint32_t> at(user_begin_.begin(), user_begin_.end() - 1);
    for (OpId id = 0; id < n; ++id)
      for_each_used(id, [&](OpId used) { users_[at[used]++] = id; });
  }

  void reach(OpId op, Way way) {
    if (way != kNoWay && ways_[op] == kNoWay) open_.emplace(way, op);
  }

  /// An operation one of whose parts has just been settled.
  void consider(OpId id) {
    const Op& op = program_.ops[id];
    const Way next = ways_[op.next];
    switch (op.kind) {
      case OpKind::kReturn:
        return;
      case OpKind::kSplit:
        for (uint32_t i = 0; i < op.count; ++i)
          reach(id, ways_[program_.alternatives[op.arg + i]]);
        return;
      case OpKind::kFree:
        reach(id, next);
        for (const Marker& marker : program_.frees[op.arg].markers) {
          const bool is_control = marker.text.front() == kControlMark;
          if (ways_[marker.next] != kNoWay)
            reach(id, after_bytes(is_control ? 1 : marker.text.size(), ways_[marker.next]));
        }
        return;
      default:
        break;
    }
    if (next == kNoWay) return;
    if (op.kind == OpKind::kBytes) {
      const bool is_sayable = op.count == 0 || (program_.sets[op.arg] & available_).any() ||
                              program_.sets[op.arg] == ByteSet().set(static_cast<uint8_t>(kControlMark));
      reach(id, after_bytes(is_sayable ? op.count : Way::kUnsayable, next));
    } else if (op.kind == OpKind::kText) {
      reach(id, after_bytes(program_.texts[op.arg].min, next));
    } else if (op.kind == OpKind::kLanguage) {
      const ByteLanguage& texts = *program_.languages[op.arg].texts;
      const uint32_t own = texts.distance(texts.start());
      reach(id, after_bytes(own < kFar ? own : Way::kUnsayable, next));
    } else if (op.kind == OpKind::kCopy) {
      const Copy& copy = program_.copies[op.arg];
      const CopyText& source = *program_.sources[copy.text];
      reach(id, after_bytes(source.distance(source.root(), copy.min, copy.max), next));
    } else {
      const bool is_call = op.kind == OpKind::kCall;
      const uint32_t rounds = is_call ? 1 : program_.repeats[op.arg].min;
      const Way body = ways_[is_call ? op.arg : program_.repeats[op.arg].body];
      if (rounds == 0 || body != kNoWay) reach(id, after_rounds(rounds, body, next));
    }
  }

  Program& program_;
  const ByteSet& available_;
  std::vector<Way> ways_;
  std::vector<uint32_t> user_begin_;  // of each operation, those that name it
  std::vector<OpId> users_;
  using Candidate = std::pair<Way, OpId>;
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> open_;
};

/// Takes away what never ends, and tells which bodies may be empty.
void prune(Program& program, const std::vector<Way>& ways) {
  for (OpId id = 0; id < program.ops.size(); ++id) {
    Op& op = program.ops[id];
    op.distance = distance_of(ways[id]);
    op.depth = static_cast<uint16_t>(ways[id].frames);
    if (op.kind == OpKind::kSplit) {
      const auto first = program.alternatives.begin() + op.arg;
      const auto last = std::remove_if(first, first + op.count, [&](OpId other) { return ways[other] == kNoWay; });
      op.count = static_cast<uint32_t>(last - first);
      // The shortest way stands last: it is followed first.
      std::sort(first, last, [&](OpId a, OpId b) { return std::tie(ways[a], a) > std::tie(ways[b], b); });
    } else if (op.kind == OpKind::kCall) {
      op.count = ways[op.arg].bytes == 0 ? 1 : 0;
    } else if (op.kind == OpKind::kRepeat) {
      Repeat& repeat = program.repeats[op.arg];
      if (ways[repeat.body] == kNoWay) repeat.max = 0;
      repeat.may_be_empty = ways[repeat.body].bytes == 0;
      if (repeat.may_be_empty) repeat.min = 0;
    } else if (op.kind == OpKind::kFree && ways[op.next] == kNoWay) {
      op.next = kNever;
    }
  }
}

/// Ways from the states of a free text: Dijkstra's algorithm from its ends backwards.
void find_free_endings(FreeText& free, Way end, const std::vector<Way>& ways) {
  const size_t n = free.n_states();
  std::vector<std::vector<std::pair<uint32_t, bool>>> before(n);  // states that come before, and whether by a real byte
  std::vector<Way> found(n, kNoWay);
  using Candidate = std::pair<Way, uint32_t>;
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> open;
  for (uint32_t state = 0; state < n; ++state) {
    if (end != kNoWay && !free.is_control(state)) open.emplace(end, state);
    for (unsigned byte = 0; byte < 256; ++byte) {
      uint32_t& to = free.steps[size_t{state} * 256 + byte];
      if (to == FreeText::kNone) continue;
      const bool costs = !free.is_control(state);
      if ((to & FreeText::kMarker) != 0) {
        const Way next = ways[free.markers[to & ~FreeText::kMarker].next];
        if (next == kNoWay) {
          to = FreeText::kNone;
        } else {
          open.emplace(after_bytes(costs ? 1 : 0, next), state);
        }
        continue;
      }
      before[to].emplace_back(state, costs);
    }
  }
  while (!open.empty()) {
    const auto [way, state] = open.top();
    open.pop();
    if (found[state] != kNoWay) continue;
    found[state] = way;
    for (const auto& [other, costs] : before[state]) {
      if (found[other] == kNoWay) open.emplace(after_bytes(costs ? 1 : 0, way), other);
    }
  }
  for (const Way& way : found) {
    free.distance.push_back(distance_of(way));
    free.depth.push_back(static_cast<uint16_t>(way.frames));
  }
  for (uint32_t& to : free.steps) {
    if (to != FreeText::kNone && (to & FreeText::kMarker) == 0 && found[to] == kNoWay) to = FreeText::kNone;
  }
}

/// Operations that may follow without a byte in between, the next one of a list in `at` order; kNever after the last.
OpId follower(const Program& program, const std::vector<Way>& ways, OpId id, uint32_t at) {
  const Op& op = program.ops[id];
  switch (op.kind) {
    case OpKind::kSplit:
      return at < op.count ? program.alternatives[op.arg + at] : kNever;
    case OpKind::kCall:
      if (at == 0) return op.arg;
      return at == 1 && ways[op.arg].bytes == 0 ? op.next : kNever;
    case OpKind::kRepeat: {
      const Repeat& repeat = program.repeats[op.arg];
      if (at == 0 && repeat.max > 0) return repeat.body;
      return at <= 1 && repeat.min == 0 ? op.next : kNever;
    }
    case OpKind::kText:
      return at == 0 && program.texts[op.arg].min == 0 ? op.next : kNever;
    case OpKind::kLanguage: {
      const ByteLanguage& texts = *program.languages[op.arg].texts;
      return at == 0 && texts.accepts(texts.start()) ? op.next : kNever;
    }
    case OpKind::kFree:
      return at == 0 ? op.next : kNever;
    default:
      return kNever;
  }
}

/// A rule that leads back to itself without a byte, kNever if there is none.
OpId find_left_recursion(const Program& program, const std::vector<Way>& ways,
                         const std::map<OpId, std::string>& rules) {
  enum Mark : uint8_t { kNew, kOpen, kDone };
  std::vector<Mark> marks(program.ops.size(), kNew);
  std::vector<std::pair<OpId, uint32_t>> path;  // operations and how many of their followers were seen
  for (const auto& [rule, name] : rules) {
    if (marks[rule] != kNew || ways[rule] == kNoWay) continue;
    marks[rule] = kOpen;
    path.assign(1, {rule, 0});
    while (!path.empty()) {
      const OpId next = follower(program, ways, path.back().first, path.back().second++);
      if (next == kNever) {
        marks[path.back().first] = kDone;
        path.pop_back();
      } else if (marks[next] == kOpen) {
        // Every circle goes through a rule: all other operations name only what was there before them.
        while (!rules.contains(path.back().first))
          path.pop_back();
        return path.back().first;
      } else if (marks[next] == kNew && ways[next] != kNoWay) {
        marks[next] = kOpen;
        path.emplace_back(next, 0);
      }
    }
  }
  return kNever;
}

/// References to what only leads on are made to point where it leads.
class Shortcuts {
 public:
  explicit Shortcuts(Program& program) : program_(program), target_(program.ops.size(), kNever) {}

  void apply() {
    for (Op& op : program_.ops) {
      if (op.kind == OpKind::kReturn || op.kind == OpKind::kSplit) continue;
      if (op.next != kNever) op.next = target(op.next);
      if (op.kind == OpKind::kCall) op.arg = target(op.arg);
    }
    for (OpId& alternative : program_.alternatives)
      alternative = target(alternative);
    for (Repeat& repeat : program_.repeats)
      repeat.body = target(repeat.body);
    for (FreeText& free : program_.frees) {
      for (Marker& marker : free.markers)
        marker.next = target(marker.next);
    }
    program_.start = target(program_.start);
  }

 private:
  OpId target(OpId id) {
    path_.clear();
    while (target_[id] == kNever) {
      const Op& op = program_.ops[id];
      if (op.kind != OpKind::kSplit || op.count != 1) break;
      path_.push_back(id);
      id = program_.alternatives[op.arg];
    }
    const OpId end = target_[id] == kNever ? id : target_[id];
    for (const OpId passed : path_)
      target_[passed] = end;
    return end;
  }

  Program& program_;
  std::vector<OpId> target_;
  std::vector<OpId> path_;
};

}  // namespace

Status find_endings(Program& program, const ByteSet& available, const std::map<OpId, std::string>& rules) {
  Endings endings(program, available);
  endings.run();
  const std::vector<Way>& ways = endings.ways();
  const Way start = ways[program.start];
  if (start == kNoWay) {
    return std::unexpected(
        Error::refused("no document fits it").hint("what it requires contradicts itself, or never ends"));
  }
  if (start.bytes >= Way::kUnsayable)
    return std::unexpected(Error::refused("this model's vocabulary cannot spell a document that fits it"));
  if (start.bytes >= kFar)
    return std::unexpected(Error::refused(fmt::format("its shortest document has more than {} bytes", kFar)));
  if (start.frames > kMaxFrames) {
    return std::unexpected(
        Error::refused(fmt::format("its shortest document is nested deeper than {} rules", kMaxFrames)));
  }
  prune(program, ways);
  for (const Op& op : program.ops) {
    if (op.kind == OpKind::kFree) {
      find_free_endings(program.frees[op.arg], op.next == kNever ? kNoWay : ways[op.next], ways);
    }
  }
  if (const OpId rule = find_left_recursion(program, ways, rules); rule != kNever) {
    const std::string& name = rules.at(rule);
    return std::unexpected(
        Error::refused(fmt::format("the rule{} leads back to itself with nothing read in between (left recursion)",
                                   name.empty() ? "" : " '" + name + "'"))
            .hint("write a repetition with *, or put the rule behind what it begins with"));
  }
  Shortcuts(program).apply();
  return {};
}

}  // namespace ingle::text::grammar
