#include "text/grammar/token_mask.h"

#include <algorithm>
#include <array>

namespace ingle::text::grammar {

Masker::Masker(std::shared_ptr<const Program> program, std::shared_ptr<const TokenTrie> tokens, size_t cache_bytes)
    : tokens_(std::move(tokens)),
      automaton_(std::move(program)),
      max_cached_(std::max<size_t>(cache_bytes / std::max<size_t>(tokens_->n_words() * 8, 1), 1)) {}

/// The number of a state. Between two calls no other number is in use, so this is where memory is given back.
Masker::Id Masker::enter(const State& state) {
  if (automaton_.is_over_limit()) {
    automaton_.forget({});
    by_state_.clear();
    cached_.clear();
  }
  return automaton_.intern(state);
}

Masker::Id Masker::run(Id state, std::string_view bytes) {
  for (const char c : bytes) {
    if (state == Automaton::kDead) break;
    state = automaton_.step(state, static_cast<uint8_t>(c));
  }
  return state;
}

/// Answers the number that `state` has afterwards: a long walk may outgrow the automaton's memory.
Masker::Id Masker::walk(const TokenTrie::Tree& tree, Id state, uint32_t most_distance, TokenSet& out) {
  std::array<Id, TokenTrie::kMaxPieceBytes + 1> path;
  path[0] = state;
  const size_t n = tree.size();
  for (size_t node = 0; node < n;) {
    const size_t depth = tree.depth[node];
    const Id next = automaton_.step(path[depth - 1], tree.byte[node]);
    if (next == Automaton::kDead) {
      node = tree.skip[node];
      continue;
    }
    path[depth] = next;
    if (automaton_.distance(next) <= most_distance) {
      for (uint32_t i = tree.token_begin[node]; i < tree.token_begin[node + 1]; ++i)
        insert(out, tree.tokens[i]);
    }
    ++node;
    if (automaton_.is_over_limit()) {
      automaton_.forget(std::span(path).first(depth + 1));
      by_state_.clear();
      cached_.clear();
    }
  }
  return path[0];
}

void Masker::compute(Id state, uint32_t most_distance, TokenSet& out) {
  out.assign(tokens_->n_words(), 0);
  if (automaton_.accepts(state)) {
    for (const TokenId id : tokens_->ends())
      insert(out, id);
  }
  state = walk(tokens_->rest(), state, most_distance, out);
  const uint32_t n_free = automaton_.free_characters(state, most_distance);
  if (n_free == 0) {
    walk(tokens_->plain(), state, most_distance, out);
    return;
  }
  const TokenSet& plain = tokens_->plain_up_to(n_free);
  for (size_t i = 0; i < out.size(); ++i)
    out[i] |= plain[i];
  walk(tokens_->plain(), automaton_.without_free_characters(state, most_distance), most_distance, out);
}

std::span<const uint64_t> Masker::allowed(const State& state) {
  const Id id = enter(state);
  if (const auto found = by_state_.find(id); found != by_state_.end()) {
    cached_.splice(cached_.begin(), cached_, found->second);
    return found->second->set;
  }
  compute(id, kFar - 1, scratch_);
  if (automaton_.is_over_limit()) return scratch_;  // numbers are about to change
  const Id again = automaton_.intern(state);
  if (cached_.size() >= max_cached_) {
    by_state_.erase(cached_.back().state);
    cached_.splice(cached_.begin(), cached_, std::prev(cached_.end()));
    cached_.front().state = again;
  } else {
    cached_.push_front({again, {}});
  }
  cached_.front().set = scratch_;
  by_state_[again] = cached_.begin();
  return cached_.front().set;
}

std::span<const uint64_t> Masker::allowed_within(const State& state, uint32_t n_bytes) {
  compute(enter(state), std::min(n_bytes, kFar - 1), scratch_);
  return scratch_;
}

bool Masker::fits(const State& state, TokenId token, uint32_t n_bytes) {
  const Id id = enter(state);
  if (tokens_->is_end(token)) return automaton_.accepts(id);
  const std::string_view piece = tokens_->piece(token);
  const Id next = piece.empty() ? Automaton::kDead : run(id, piece);
  return next != Automaton::kDead && automaton_.distance(next) <= std::min(n_bytes, kFar - 1);
}

State Masker::after(const State& state, TokenId token) {
  if (tokens_->is_end(token)) return state;
  return automaton_.value(run(enter(state), tokens_->piece(token)));
}

uint32_t Masker::distance(const State& state) {
  return automaton_.distance(enter(state));
}

}  // namespace ingle::text::grammar
