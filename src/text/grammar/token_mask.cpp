#include "text/grammar/token_mask.h"

#include <algorithm>

#include "text/grammar/token_distance.h"

namespace ingle::text::grammar {

Masker::Masker(std::shared_ptr<const Program> program, std::shared_ptr<const TokenTrie> tokens, size_t cache_bytes,
               size_t automaton_bytes)
    : tokens_(std::move(tokens)),
      automaton_(measured_in_tokens(std::move(program), tokens_->tree()), automaton_bytes),
      start_distance_(automaton_.distance(automaton_.intern(automaton_.start()))),
      max_cached_(std::max<size_t>(cache_bytes / std::max<size_t>(tokens_->n_words() * 8, 1), 1)) {
  size_t bytes = 0;
  for (const LanguageText& language : automaton_.program().languages) {
    const bool is_string = language.spelling == Spelling::kJsonString && bytes < kMaxLanguageBytes;
    languages_.push_back(is_string ? std::make_unique<ClassTree>(language.texts->dfa(), tokens_->strings()) : nullptr);
    bytes += is_string ? languages_.back()->bytes() : 0;
    spread_.push_back(is_string ? language.texts->farthest() : kFar);
  }
  fixed_bytes_ = bytes;
  tidy();
}

/// Between two calls no numbers are in use but those of places, so this is where memory is given back.
void Masker::tidy() {
  if (automaton_.is_over_limit()) forget();
  bytes_.store(fixed_bytes_ + automaton_.bytes() + cached_.size() * tokens_->n_words() * 8, std::memory_order_relaxed);
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
  loops_.clear();
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

/// Groups of bytes that lead from a state to itself.
uint64_t Masker::loops_of(Id state) {
  const auto [found, is_new] = loops_.try_emplace(state, 0);
  if (!is_new) return found->second;
  uint64_t leaves = 0;
  for (unsigned byte = 0; byte < 256; ++byte) {
    if (automaton_.step(state, static_cast<uint8_t>(byte)) != state) leaves |= group_of(static_cast<uint8_t>(byte));
  }
  return loops_[state] = ~leaves;
}

/// A step of a walk. An ambiguous grammar is in many places at once: past a limit of places only single bytes are tried, from
/// which every end can be reached. Counted by states, not by what had to be computed, so that memory changes no mask.
Masker::Id Masker::walk_step(Id from, const TokenTree::Node& node) {
  if (walked_ > kMaxWalked && node.depth > 1) return Automaton::kDead;
  const Id next = automaton_.step(from, node.byte);
  const uint32_t n = automaton_.n_places(next);
  if (n > kManyPlaces) walked_ += n;
  return next;
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
      const Id next = walk_step(held_[base + at.depth - 1], at);
      if (next == Automaton::kDead) {
        node = at.skip;
        continue;
      }
      held_[base + at.depth] = next;
      // Most of a vocabulary is words: where they all lead back, as inside a free text, none has to be read.
      if (next == held_[base + at.depth - 1] && (at.below & ~loops_of(next)) == 0) {
        node = at.skip;
        take(next, at.first_token, tree[node].first_token);
        continue;
      }
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

void Masker::walk(const TokenTree& tree, Id state, uint32_t most_distance, TokenSet& out) {
  if (state == Automaton::kDead) return;
  walk_tree(tree, state, [&](Id next, uint32_t first, uint32_t last) {
    if (automaton_.distance(next) > most_distance) return;
    for (uint32_t i = first; i < last; ++i)
      insert(out, tree.tokens()[i]);
  });
}

/// Tokens that end a string and go on behind its quote; `fits` says of a token's number whether it may end it.
template <typename Fits>
void Masker::walk_tails(Id closed, uint32_t most_distance, const Fits& fits, TokenSet& out) {
  const StringTokens& strings = tokens_->strings();
  const auto take = [&](Id next, uint32_t first, uint32_t last) {
    if (automaton_.distance(next) > most_distance) return;
    for (uint32_t i = first; i < last; ++i) {
      if (fits(i)) insert(out, strings.tails().tokens()[i]);
    }
  };
  take(closed, 0, strings.tails().n_empty());
  walk_tree(strings.tails(), closed, take);
}

void Masker::add_text(const TextPlace& place, uint32_t most_distance, TokenSet& out) {
  const StringTokens& strings = tokens_->strings();
  if (place.language == TextPlace::kNoLanguage) {
    strings.add_inside(place.most, place.escapes, out);
    const auto fits = [&](uint32_t i) {
      const uint32_t n = strings.characters_before(i);
      return n >= place.least && n <= place.most && (place.escapes || !strings.has_escape(i));
    };
    walk_tails(place.closed, most_distance, fits, out);
    return;
  }
  const Dfa& dfa = automaton_.program().languages[place.language].texts->dfa();
  closing_.assign((strings.tails().tokens().size() + 63) / 64, 0);
  languages_[place.language]->follow(dfa, place.state, out, closing_);
  walk_tails(place.closed, most_distance, [&](uint32_t i) { return (closing_[i / 64] >> (i % 64) & 1) != 0; }, out);
}

void Masker::compute(Id state, uint32_t most_distance, TokenSet& out) {
  out.assign(tokens_->n_words(), 0);
  walked_ = 0;
  if (automaton_.accepts(state)) {
    for (const TokenId id : tokens_->ends())
      insert(out, id);
  }
  std::vector<TextPlace> texts;
  const auto split = automaton_.split_text(state, most_distance, spread_, texts);
  // Numbers may change with every walk.
  held_.assign({split.languages, split.others});
  for (const TextPlace& place : texts)
    held_.push_back(place.closed);
  for (size_t i = 0; i < texts.size(); ++i) {
    texts[i].closed = held_[i + 2];
    add_text(texts[i], most_distance, out);
  }
  walk(tokens_->strings().odd(), held_[0], most_distance, out);
  walk(tokens_->tree(), held_[1], most_distance, out);
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

std::span<const uint64_t> Masker::nearest(Place place) {
  const auto is_near = [&](uint32_t distance) {
    return std::ranges::any_of(allowed_within(place, distance), [](uint64_t word) { return word != 0; });
  };
  // Most tokens bring it nearer by few: wider and wider steps, then halves.
  uint32_t near = automaton_.distance(at(place)) - 1;  // some token does
  uint32_t step = 1;
  while (near >= step && is_near(near - step)) {
    near -= step;
    step *= 2;
  }
  for (; step > 0; step /= 2) {
    if (near >= step && is_near(near - step)) near -= step;
  }
  return allowed_within(place, near);
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
