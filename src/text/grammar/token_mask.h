// Masker: which tokens may come next in a state of an automaton.
//
// A walk of the token trees through the automaton; free strings take their plain tokens from ready-made sets. Masks are
// kept by state, least recently used ones are dropped. Belongs to one automaton and, like it, to one thread at a time.
#pragma once

#include <list>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>

#include "text/grammar/automaton.h"
#include "text/grammar/token_trie.h"

namespace ingle::text::grammar {

class Masker {
 public:
  static constexpr size_t kDefaultCacheBytes = size_t{4} << 20;

  Masker(std::shared_ptr<const Program> program, std::shared_ptr<const TokenTrie> tokens,
         size_t cache_bytes = kDefaultCacheBytes);

  Automaton& automaton() { return automaton_; }
  const TokenTrie& tokens() const { return *tokens_; }

  /// Tokens after which the document can still be ended; tokens that end the answer exactly where it is one already.
  /// Valid until the next call.
  std::span<const uint64_t> allowed(const State& state);
  /// Those of them after which it can be ended within `n_bytes` more.
  std::span<const uint64_t> allowed_within(const State& state, uint32_t n_bytes);
  /// Whether that holds for `token`; an end token does.
  bool fits(const State& state, TokenId token, uint32_t n_bytes);
  /// The state after `token`, which must be allowed.
  State after(const State& state, TokenId token);
  uint32_t distance(const State& state);
  /// The bytes, at most `max_bytes`, that are the only way to go on: whole characters, no control token, no whole document
  /// on the way.
  std::string forced(const State& state, size_t max_bytes);

 private:
  using Id = Automaton::Id;
  struct Cached {
    Id state;
    TokenSet set;
  };

  Id enter(const State& state);
  void compute(Id state, uint32_t most_distance, TokenSet& out);
  Id walk(const TokenTrie::Tree& tree, Id state, uint32_t most_distance, TokenSet& out);
  Id run(Id state, std::string_view bytes);

  std::shared_ptr<const TokenTrie> tokens_;  // shared by all requests to a model
  Automaton automaton_;
  size_t max_cached_;
  std::list<Cached> cached_;  // most recently used first
  std::unordered_map<Id, std::list<Cached>::iterator> by_state_;
  TokenSet scratch_;
};

}  // namespace ingle::text::grammar
