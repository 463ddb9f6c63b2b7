// Masker: which tokens may come next in a state of an automaton.
//
// Masks are put together: inside a free string from ready-made sets of tokens and a walk of what may stand behind its quote,
// elsewhere by a walk of the tree of tokens. They are kept by state, least recently used ones are dropped. Requests with the
// same grammar share a Masker; like its automaton it belongs to one thread at a time, but for what says otherwise.
#pragma once

#include <atomic>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "text/grammar/automaton.h"
#include "text/grammar/class_tree.h"
#include "text/grammar/token_trie.h"

namespace ingle::text::grammar {

class Masker {
 public:
  static constexpr size_t kDefaultCacheBytes = size_t{4} << 20;
  static constexpr size_t kMaxLanguageBytes = size_t{16} << 20;  // of trees; when it is reached no more are made

  Masker(std::shared_ptr<const Program> program, std::shared_ptr<const TokenTrie> tokens,
         size_t cache_bytes = kDefaultCacheBytes, size_t automaton_bytes = Automaton::kDefaultBytes);

  Automaton& automaton() { return automaton_; }
  const TokenTrie& tokens() const { return *tokens_; }
  /// The same grammar with nothing remembered, for another thread. Any thread.
  Masker apart() const { return {automaton_.shared_program(), tokens_}; }
  /// Any thread: the distance of the start, and roughly the memory that grows with use.
  uint32_t start_distance() const { return start_distance_; }
  size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

  /// A place is a state that stays what it is when the automaton forgets its numbers. Each is to be left once.
  using Place = uint32_t;
  Place enter(const State& state);
  Place share(Place place);
  void leave(Place place);
  Automaton::Id at(Place place) const { return places_[place].state; }
  /// Moves on by `token`, which must be allowed; others that share the place stay.
  Place accept(Place place, TokenId token);

  /// Tokens after which the document can still be ended; tokens that end the answer exactly where it is one already.
  /// Valid until the next call.
  std::span<const uint64_t> allowed(Place place);
  /// It takes no time.
  bool knows_allowed(Place place) const { return by_state_.contains(at(place)); }
  /// Those of them after which it can be ended within `n_bytes` more.
  std::span<const uint64_t> allowed_within(Place place, uint32_t n_bytes);
  /// Whether that holds for `token`; an end token does.
  bool fits(Place place, TokenId token, uint32_t n_bytes);
  /// Those after which the end is as near as one token can bring it. The document can be ended from here, and is not whole.
  std::span<const uint64_t> nearest(Place place);
  /// The bytes, at most `max_bytes`, that are the only way to go on: whole characters, no control token, no whole document
  /// on the way.
  std::string forced(Place place, size_t max_bytes);

  /// The same for states as values.
  std::span<const uint64_t> allowed(const State& state);
  State after(const State& state, TokenId token);

 private:
  using Id = Automaton::Id;
  struct Shared {
    Id state = Automaton::kDead;
    uint32_t n_users = 0;
  };
  struct Cached {
    Id state;
    TokenSet set;
  };

  Place add_place(Id state);
  void tidy();
  void forget();
  void compute(Id state, uint32_t most_distance, TokenSet& out);
  void walk(const TokenTree& tree, Id state, uint32_t most_distance, TokenSet& out);
  void add_text(const TextPlace& place, uint32_t most_distance, TokenSet& out);
  template <typename Fits>
  void walk_tails(Id closed, uint32_t most_distance, const Fits& fits, TokenSet& out);
  static constexpr uint32_t kManyPlaces = 32;
  static constexpr size_t kMaxWalked = 100'000;  // a few milliseconds, which others in the batch wait for
  Id walk_step(Id from, const TokenTree::Node& node);
  template <typename Take>
  void walk_tree(const TokenTree& tree, Id state, const Take& take);
  uint64_t loops_of(Id state);
  Id run(Id state, std::string_view bytes);
  const TokenSet& remember(Id state);

  std::shared_ptr<const TokenTrie> tokens_;  // shared by all requests to a model
  Automaton automaton_;
  const uint32_t start_distance_;
  std::vector<std::unique_ptr<const ClassTree>> languages_;  // of the program's; null: walked byte by byte
  std::vector<uint32_t> spread_;                             // for Automaton::split_text
  size_t fixed_bytes_ = 0;
  std::atomic<size_t> bytes_ = 0;
  size_t max_cached_;
  std::list<Cached> cached_;  // most recently used first
  std::unordered_map<Id, std::list<Cached>::iterator> by_state_;
  std::unordered_map<Id, uint64_t> loops_;
  std::vector<Shared> places_;
  std::vector<Place> free_places_;
  std::vector<Id> held_;  // numbers in use by what is being computed
  TokenSet scratch_;
  size_t walked_ = 0;  // places that the walks of this mask have met, where they were many
  ClassTree::Closing closing_;
};

}  // namespace ingle::text::grammar
