#include "text/grammar/token_mask.h"

#include <algorithm>

namespace ingle::text::grammar {

Masker::Masker(std::shared_ptr<const Program> program, std::shared_ptr<const TokenTrie> tokens, size_t cache_bytes,
               size_t automaton_bytes)
    : tokens_(std::move(tokens)),
      automaton_(std::move(program), automaton_bytes),
      start_distance_(automaton_.distance(automaton_.intern(automaton_.start()))),
      max_cached_(std::max<size_t>(cache_bytes / std::max<size_t>(tokens_->n_words() * 8, 1), 1)) {
  tidy();
}

/// Between two calls no numbers are in use but those of places, so this is where memory is given back.
void Masker::tidy() {
  if (automaton_.is_over_limit()) forget();
  bytes_.store(automaton_.bytes() + cached_.size() * tokens_->n_words() * 8, std::memory_order_relaxed);
}

void Masker::forget() {
  std::vector<Id> live = held_;
  for (const Shared& place : places_)
    live.push_back(place.state);
  automaton_.forget(live);
  std::copy_n(live.begin(), held_.size(), held_.begin());
  for (size_t i = 0; i < places_.size(); ++i)
    places_[i].state = live[held_.size() + i];
  by_state_.clear();
  cached_.clear();
}

Masker::Place Masker::enter(const State& state) {
  tidy();
  return add_place(automaton_.intern(state));
}

Masker::Place Masker::add_place(Id state) {
  Place place = static_cast<Place>(places_.size());
  if (free_places_.empty()) {
    places_.emplace_back();
  } else {
    place = free_places_.back();
    free_places_.pop_back();
  }
  places_[place] = {state, 1};
  return place;
}

Masker::Place Masker::share(Place place) {
  ++places_[place].n_users;
  return place;
}

void Masker::leave(Place place) {
  if (--places_[place].n_users > 0) return;
  places_[place].state = Automaton::kDead;
  free_places_.push_back(place);
}

Masker::Place Masker::accept(Place place, TokenId token) {
  if (tokens_->is_end(token)) return place;
  tidy();
  if (places_[place].n_users > 1) {
    leave(place);
    place = add_place(at(place));
  }
  places_[place].state = run(at(place), tokens_->piece(token));
  return place;
}

Masker::Id Masker::run(Id state, std::string_view bytes) {
  for (const char c : bytes) {
    if (state == Automaton::kDead) break;
    state = automaton_.step(state, static_cast<uint8_t>(c));
  }
  return state;
}

/// Calls take(state, first, last) with the tokens of every string of the tree that leads to a state alive.
template <typename Take>
void Masker::walk_tree(const TokenTree& tree, Id state, const Take& take) {
  // The states on the way are held: a long walk may outgrow the automaton's memory.
  const size_t base = held_.size();
  held_.resize(base + TokenTrie::kMaxPieceBytes + 1);
  held_[base] = state;
  for (unsigned byte = 0; byte < 256; ++byte) {
    uint32_t node = tree.root(static_cast<uint8_t>(byte));
    if (node == TokenTree::kNone) continue;
    for (const uint32_t end = tree[node].skip; node < end;) {
      const TokenTree::Node& at = tree[node];
      const Id next = automaton_.step(held_[base + at.depth - 1], at.byte);
      if (next == Automaton::kDead) {
        node = at.skip;
        continue;
      }
      held_[base + at.depth] = next;
      ++node;
      if (at.first_token != tree[node].first_token) take(next, at.first_token, tree[node].first_token);
      if (automaton_.is_over_limit()) {
        std::fill(held_.begin() + static_cast<std::ptrdiff_t>(base + at.depth + 1), held_.end(), Automaton::kDead);
        forget();
      }
    }
  }
  held_.resize(base);
}

void Masker::walk(Id state, uint32_t most_distance, TokenSet& out) {
  const TokenTree& tree = tokens_->tree();
  walk_tree(tree, state, [&](Id next, uint32_t first, uint32_t last) {
    if (automaton_.distance(next) > most_distance) return;
    for (uint32_t i = first; i < last; ++i)
      insert(out, tree.tokens()[i]);
  });
}

/// Tokens that end a string at `place` and go on behind its quote.
void Masker::walk_tails(const TextPlace& place, uint32_t most_distance, TokenSet& out) {
  const StringTokens& text = tokens_->text();
  const auto take = [&](Id next, uint32_t first, uint32_t last) {
    if (automaton_.distance(next) > most_distance) return;
    for (uint32_t i = first; i < last; ++i) {
      const uint32_t n = text.characters_before(i);
      if (n < place.least || n > place.most || (text.has_escape(i) && !place.escapes)) continue;
      insert(out, text.tails().tokens()[i]);
    }
  };
  take(place.closed, 0, text.tails().n_empty());
  walk_tree(text.tails(), place.closed, take);
}

void Masker::compute(Id state, uint32_t most_distance, TokenSet& out) {
  out.assign(tokens_->n_words(), 0);
  if (automaton_.accepts(state)) {
    for (const TokenId id : tokens_->ends())
      insert(out, id);
  }
  std::vector<TextPlace> texts;
  const Id others = automaton_.split_text(state, most_distance, texts);
  // Numbers may change with every walk.
  held_.assign({others});
  for (const TextPlace& place : texts)
    held_.push_back(place.closed);
  for (size_t i = 0; i < texts.size(); ++i) {
    tokens_->text().add_inside(texts[i].most, texts[i].escapes, out);
    texts[i].closed = held_[i + 1];
    walk_tails(texts[i], most_distance, out);
  }
  if (held_[0] != Automaton::kDead) walk(held_[0], most_distance, out);
  held_.clear();
}

/// Keeps scratch_ as the mask of a state.
const TokenSet& Masker::remember(Id state) {
  if (cached_.size() >= max_cached_) {
    by_state_.erase(cached_.back().state);
    cached_.splice(cached_.begin(), cached_, std::prev(cached_.end()));
    cached_.front().state = state;
  } else {
    cached_.push_front({state, {}});
  }
  cached_.front().set = scratch_;
  by_state_[state] = cached_.begin();
  return cached_.front().set;
}

std::span<const uint64_t> Masker::allowed(Place place) {
  tidy();
  if (const auto found = by_state_.find(at(place)); found != by_state_.end()) {
    cached_.splice(cached_.begin(), cached_, found->second);
    return found->second->set;
  }
  compute(at(place), kFar - 1, scratch_);
  return remember(at(place));
}

std::span<const uint64_t> Masker::allowed_within(Place place, uint32_t n_bytes) {
  tidy();
  compute(at(place), std::min(n_bytes, kFar - 1), scratch_);
  return scratch_;
}

bool Masker::fits(Place place, TokenId token, uint32_t n_bytes) {
  tidy();
  if (tokens_->is_end(token)) return automaton_.accepts(at(place));
  const std::string_view piece = tokens_->piece(token);
  const Id next = piece.empty() ? Automaton::kDead : run(at(place), piece);
  return next != Automaton::kDead && automaton_.distance(next) <= std::min(n_bytes, kFar - 1);
}

std::span<const uint64_t> Masker::allowed(const State& state) {
  const Place place = enter(state);
  const auto set = allowed(place);
  leave(place);
  return set;
}

State Masker::after(const State& state, TokenId token) {
  const Place place = accept(enter(state), token);
  State next = automaton_.value(at(place));
  leave(place);
  return next;
}

}  // namespace ingle::text::grammar
