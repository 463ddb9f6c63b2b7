#include "text/grammar/automaton.h"

#include <algorithm>
#include <tuple>

#include "text/grammar/text_machine.h"

namespace ingle::text::grammar {
namespace {

uint64_t mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * 0x9E3779B97F4A7C15ULL;
  return hash ^ (hash >> 29);
}

CopyText::Place place_of(const std::array<uint32_t, 3>& data) {
  return {data[0], data[1], data[2]};
}

}  // namespace

Automaton::Automaton(std::shared_ptr<const Program> program, size_t max_bytes)
    : program_(std::move(program)), max_bytes_(max_bytes) {
  clear();
  follow(program_->start, kNoStack);
  expand();
  start_ = value(intern_threads());
}

void Automaton::clear() {
  stacks_.assign(1, {});
  stack_ids_.clear();
  known_.assign(1, {});
  threads_.clear();
  steps_.assign(program_->n_classes, kDead);
  ids_.clear();
  bytes_ = 0;
}

Automaton::StackId Automaton::push(StackId below, Frame frame) {
  StackNode node{below, frame, stacks_[below].depth + 1, far_sum(resume_distance(frame), stacks_[below].distance)};
  const uint64_t hash = mix(mix(below, frame.op), frame.count);
  for (auto [it, end] = stack_ids_.equal_range(hash); it != end; ++it) {
    if (stacks_[it->second] == node) return it->second;
  }
  stacks_.push_back(node);
  stack_ids_.emplace(hash, static_cast<StackId>(stacks_.size() - 1));
  bytes_ += sizeof node + 48;
  return static_cast<StackId>(stacks_.size() - 1);
}

/// Of the shortest way from the end of the frame's round to the end of its own list of operations.
uint32_t Automaton::resume_distance(Frame frame) const {
  const Op& op = program_->ops[frame.op];
  const uint32_t after = program_->ops[op.next].distance;
  if (op.kind == OpKind::kCall) return after;
  const Repeat& repeat = program_->repeats[op.arg];
  const uint32_t done = frame.count + 1;
  const uint32_t missing = repeat.min > done ? repeat.min - done : 0;
  return far_sum(far_product(missing, program_->ops[repeat.body].distance), after);
}

uint32_t Automaton::thread_distance(const LiveThread& thread) const {
  const Op& op = program_->ops[thread.op];
  uint32_t own = 0;
  const bool at_start = op.kind == OpKind::kBytes || (op.kind == OpKind::kCopy && thread.data[2] == 0);
  if (at_start) return far_sum(op.distance, stacks_[thread.stack].distance);
  if (op.kind == OpKind::kText) {
    const TextRange& range = program_->texts[op.arg];
    const auto state = static_cast<uint8_t>(thread.data[0]);
    const uint32_t done = thread.data[1] + (state == kCharacterStart ? 0 : 1);
    own = character_distance(state) + (range.min > done ? range.min - done : 0);
  } else if (op.kind == OpKind::kLanguage) {
    own = program_->languages[op.arg].texts->distance({thread.data[0], thread.data[1]});
  } else if (op.kind == OpKind::kFree) {
    return far_sum(program_->frees[op.arg].distance[thread.data[0]], stacks_[thread.stack].distance);
  } else {
    const Copy& copy = program_->copies[op.arg];
    own = program_->sources[copy.text]->distance(place_of(thread.data), copy.min, copy.max);
  }
  return far_sum(far_sum(own, program_->ops[op.next].distance), stacks_[thread.stack].distance);
}

/// By distance, then by value: numbers of stacks depend on what was asked before.
bool Automaton::is_nearer(const LiveThread& a, const LiveThread& b) const {
  const auto key = [this](const LiveThread& t) {
    return std::tuple(thread_distance(t), t.op, t.data, stacks_[t.stack].depth);
  };
  const auto key_a = key(a);
  const auto key_b = key(b);
  if (key_a != key_b) return key_a < key_b;
  for (StackId x = a.stack, y = b.stack; x != y; x = stacks_[x].below, y = stacks_[y].below) {
    if (stacks_[x].frame != stacks_[y].frame) return stacks_[x].frame < stacks_[y].frame;
  }
  return false;
}

/// Nothing is begun that could not come to its end within kMaxFrames.
void Automaton::follow(OpId op, StackId stack) {
  if (stacks_[stack].depth + program_->ops[op].depth <= kMaxFrames) pending_.push_back({op, stack});
}

bool Automaton::is_new(OpId op, StackId stack) {
  const Pending item{op, stack};
  // Most steps follow a handful of operations; an enum of a thousand values must not be searched in a list.
  if (seen_.size() < 16) {
    if (std::ranges::find(seen_, item) != seen_.end()) return false;
    seen_.push_back(item);
    if (seen_.size() == 16) {
      for (const Pending& s : seen_)
        seen_many_.emplace(uint64_t{s.op} << 32 | s.stack, true);
    }
    return true;
  }
  return seen_many_.emplace(uint64_t{op} << 32 | stack, true).second;
}

/// Follows everything that needs no byte. What is put down last is followed first: always the shortest way to the end, so
/// that it is found before the limit is reached.
void Automaton::expand() {
  while (!pending_.empty()) {
    const auto [id, stack] = pending_.back();
    pending_.pop_back();
    if (!is_new(id, stack)) continue;
    if (++n_followed_ > kMaxFollowed) {
      pending_.clear();
      return;
    }
    const Op& op = program_->ops[id];
    switch (op.kind) {
      case OpKind::kSplit:
        for (uint32_t i = 0; i < op.count; ++i)
          follow(program_->alternatives[op.arg + i], stack);
        break;
      case OpKind::kCall: {
        const StackId inside = push(stack, {id, 0});
        follow(op.arg, inside);
        if (op.count != 0) {
          stacks_[inside].begun = step_;
          follow(op.next, stack);
        }
        break;
      }
      case OpKind::kRepeat:
        enter_round(id, 0, stack);
        if (program_->repeats[op.arg].min == 0) follow(op.next, stack);
        break;
      case OpKind::kText:
        settle({id, stack, {kCharacterStart, 0, 0}});
        if (program_->texts[op.arg].min == 0) follow(op.next, stack);
        break;
      case OpKind::kCopy: {
        const auto root = program_->sources[program_->copies[op.arg].text]->root();
        settle({id, stack, {root.begin, root.end, root.depth}});
        break;
      }
      case OpKind::kLanguage: {
        const ByteLanguage& texts = *program_->languages[op.arg].texts;
        const ByteLanguage::Place start = texts.start();
        if (texts.can_continue(start)) settle({id, stack, {start.state, start.node, 0}});
        if (texts.accepts(start)) follow(op.next, stack);
        break;
      }
      case OpKind::kFree:
        settle({id, stack, {0, 0, 0}});
        if (op.next != ProgramBuilder::kNever) follow(op.next, stack);
        break;
      case OpKind::kBytes:
        settle({id, stack, {}});
        break;
      case OpKind::kReturn:
        leave(stack);
        break;
    }
  }
}

void Automaton::enter_round(OpId repeat, uint32_t count, StackId below) {
  const Repeat& range = program_->repeats[program_->ops[repeat].arg];
  if (count >= range.max) return;
  // Without a maximum only the minimum has to be counted, and states stay few.
  const uint32_t told = range.max == kUnlimited ? std::min(count, range.min) : count;
  const StackId round = push(below, {repeat, told});
  if (range.may_be_empty) stacks_[round].begun = step_;
  follow(range.body, round);
}

void Automaton::leave(StackId stack) {
  if (stack == kNoStack) {
    next_accepts_ = true;
    return;
  }
  const StackNode node = stacks_[stack];
  if (node.begun == step_) return;  // nothing was read inside: what follows was followed when it began
  const Op& op = program_->ops[node.frame.op];
  if (op.kind == OpKind::kCall) {
    follow(op.next, node.below);
    return;
  }
  const uint32_t done = node.frame.count + 1;
  enter_round(node.frame.op, done, node.below);
  if (done >= program_->repeats[op.arg].min) follow(op.next, node.below);
}

void Automaton::settle(const LiveThread& thread) {
  next_threads_.push_back(thread);
}

void Automaton::advance_text(LiveThread thread, uint8_t byte) {
  const Op& op = program_->ops[thread.op];
  const TextRange& range = program_->texts[op.arg];
  if (byte == '\\' && !range.escapes) return;
  const uint8_t state = character_step(static_cast<uint8_t>(thread.data[0]), byte);
  if (state == kNoCharacter) return;
  thread.data[0] = state;
  if (state == kCharacterStart) {
    const uint32_t done = thread.data[1] + 1;
    if (done >= range.min) follow(op.next, thread.stack);
    if (done >= range.max) return;
    thread.data[1] = range.max == kUnlimited ? std::min(done, range.min) : done;
  }
  settle(thread);
}

void Automaton::advance_copy(LiveThread thread, uint8_t byte) {
  const Op& op = program_->ops[thread.op];
  const Copy& copy = program_->copies[op.arg];
  const CopyText& source = *program_->sources[copy.text];
  CopyText::Place place = place_of(thread.data);
  if (!source.step(place, byte)) return;
  const uint32_t distance = source.distance(place, copy.min, copy.max);
  if (distance >= kFar) return;
  if (distance == 0) follow(op.next, thread.stack);
  thread.data = {place.begin, place.end, place.depth};
  settle(thread);
}

void Automaton::advance_language(LiveThread thread, uint8_t byte) {
  const Op& op = program_->ops[thread.op];
  const ByteLanguage& texts = *program_->languages[op.arg].texts;
  ByteLanguage::Place place{thread.data[0], thread.data[1]};
  if (!texts.step(place, byte)) return;
  thread.data = {place.state, place.node, 0};
  if (texts.can_continue(place)) settle(thread);
  if (texts.accepts(place)) follow(op.next, thread.stack);
}

void Automaton::advance_free(LiveThread thread, uint8_t byte) {
  const Op& op = program_->ops[thread.op];
  const FreeText& free = program_->frees[op.arg];
  const uint32_t state = free.step(thread.data[0], byte);
  if (state == FreeText::kNone) return;
  if ((state & FreeText::kMarker) != 0) {
    follow(free.markers[state & ~FreeText::kMarker].next, thread.stack);
    return;
  }
  if (stacks_[thread.stack].depth + free.depth[state] > kMaxFrames) return;
  if (op.next != ProgramBuilder::kNever && !free.is_control(state)) follow(op.next, thread.stack);
  thread.data[0] = state;
  settle(thread);
}

void Automaton::advance(const LiveThread& thread, uint8_t byte) {
  const Op& op = program_->ops[thread.op];
  switch (op.kind) {
    case OpKind::kText:
      advance_text(thread, byte);
      break;
    case OpKind::kCopy:
      advance_copy(thread, byte);
      break;
    case OpKind::kLanguage:
      advance_language(thread, byte);
      break;
    case OpKind::kFree:
      advance_free(thread, byte);
      break;
    default:
      if (program_->sets[op.arg][byte]) follow(op.next, thread.stack);
      break;
  }
}

Automaton::Id Automaton::compute_step(Id id, uint8_t byte) {
  const Known known = known_[id];
  for (uint32_t i = 0; i < known.n_threads; ++i)
    advance(threads_[known.first_thread + i], byte);
  expand();
  if (n_followed_ > kMaxFollowed) advance_in_order(known, byte);
  const Id next = intern_threads();
  steps_[size_t{id} * program_->n_classes + program_->class_of[byte]] = next;
  return next;
}

/// The step again as far as the limit goes, the threads that are nearest to their end first.
void Automaton::advance_in_order(Known known, uint8_t byte) {
  forget_step();
  const auto first = threads_.begin() + known.first_thread;
  std::vector<LiveThread> order(first, first + known.n_threads);
  std::ranges::sort(order, [this](const LiveThread& a, const LiveThread& b) { return is_nearer(a, b); });
  for (size_t i = 0; i < order.size() && n_followed_ <= kMaxFollowed; ++i) {
    advance(order[i], byte);
    expand();
  }
}

void Automaton::forget_step() {
  next_threads_.clear();
  next_accepts_ = false;
  seen_.clear();
  seen_many_.clear();
  n_followed_ = 0;
  ++step_;
}

/// The state of what expand() has found.
Automaton::Id Automaton::intern_threads() {
  auto& threads = next_threads_;
  std::ranges::sort(threads);
  threads.erase(std::unique(threads.begin(), threads.end()), threads.end());
  if (threads.size() > kMaxThreads) {
    // Each thread alone leads to an end, so leaving some out only narrows what may follow.
    std::ranges::sort(threads, [this](const LiveThread& a, const LiveThread& b) { return is_nearer(a, b); });
    threads.resize(kMaxThreads);
    std::ranges::sort(threads);
  }
  const Id id = find_or_add(threads, next_accepts_);
  forget_step();
  return id;
}

Automaton::Id Automaton::find_or_add(std::span<const LiveThread> threads, bool accepts) {
  if (threads.empty() && !accepts) return kDead;
  uint64_t hash = accepts ? 1 : 2;
  for (const LiveThread& t : threads) {
    hash = mix(mix(hash, t.op), t.stack);
    for (const uint32_t part : t.data)
      hash = mix(hash, part);
  }
  for (auto [it, end] = ids_.equal_range(hash); it != end; ++it) {
    const Known& known = known_[it->second];
    if (known.accepts != accepts || known.n_threads != threads.size()) continue;
    if (std::equal(threads.begin(), threads.end(), threads_.begin() + known.first_thread)) return it->second;
  }
  Known known{.first_thread = static_cast<uint32_t>(threads_.size()),
              .n_threads = static_cast<uint32_t>(threads.size()),
              .distance = accepts ? 0 : kFar,
              .has_text = false,
              .accepts = accepts};
  for (const LiveThread& t : threads) {
    known.distance = std::min(known.distance, thread_distance(t));
    const OpKind kind = program_->ops[t.op].kind;
    known.has_text |= kind == OpKind::kText || kind == OpKind::kLanguage;
  }
  const auto id = static_cast<Id>(known_.size());
  threads_.insert(threads_.end(), threads.begin(), threads.end());
  known_.push_back(known);
  steps_.resize(steps_.size() + program_->n_classes, kUnknown);
  ids_.emplace(hash, id);
  bytes_ += sizeof known + threads.size_bytes() + program_->n_classes * sizeof(Id) + 48;
  return id;
}

Automaton::Id Automaton::intern(const State& state) {
  std::vector<LiveThread> threads;
  threads.reserve(state.threads.size());
  for (const Thread& thread : state.threads) {
    StackId stack = kNoStack;
    for (const Frame& frame : thread.stack)
      stack = push(stack, frame);
    threads.push_back({thread.op, stack, thread.data});
  }
  std::ranges::sort(threads);
  return find_or_add(threads, state.accepts);
}

State Automaton::value(Id id) const {
  const Known& known = known_[id];
  State state;
  state.accepts = known.accepts;
  for (uint32_t i = 0; i < known.n_threads; ++i) {
    const LiveThread& live = threads_[known.first_thread + i];
    Thread thread{live.op, live.data, {}};
    for (StackId stack = live.stack; stack != kNoStack; stack = stacks_[stack].below)
      thread.stack.push_back(stacks_[stack].frame);
    std::ranges::reverse(thread.stack);
    state.threads.push_back(std::move(thread));
  }
  std::ranges::sort(state.threads);
  return state;
}

void Automaton::forget(std::span<Id> live) {
  std::vector<State> states;
  states.reserve(live.size());
  for (const Id id : live)
    states.push_back(value(id));
  clear();
  for (size_t i = 0; i < live.size(); ++i)
    live[i] = intern(states[i]);
}

}  // namespace ingle::text::grammar
