// Constraint: the shape that an answer must have, and how far it has come. One a sequence.
//
// Made by any thread from a schema or a grammar, then moved to the engine's step thread. A copy goes on alone from the same place; copies
// share what they remember about the automaton, so they stay on one thread.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/grammar/compile.h"
#include "text/grammar/token_mask.h"

namespace ingle::text::grammar {

class Constraint {
 public:
  static Result<Constraint> from_schema(std::string_view json, std::span<const CopySource> sources,
                                        std::shared_ptr<const TokenTrie> tokens);
  /// From a grammar in GBNF.
  static Result<Constraint> from_grammar(std::string_view gbnf, std::shared_ptr<const TokenTrie> tokens);

  /// Tokens, at most, of the shortest way to a whole document: every byte of it can be a token.
  uint32_t shortest() const { return masker_->distance(state_); }
  /// A whole document that nothing can follow.
  bool is_complete() const { return state_.accepts && state_.threads.empty(); }
  bool accepts() const { return state_.accepts; }

  /// Tokens that may come next; end tokens where the document is whole. Valid until the next call on any copy.
  std::span<const uint64_t> allowed() const { return masker_->allowed(state_); }
  /// Those of them after which `n_tokens` more are enough to end. At least one while shortest() <= n_tokens + 1.
  std::span<const uint64_t> allowed_within(uint32_t n_tokens) const {
    return masker_->allowed_within(state_, n_tokens);
  }
  bool fits(TokenId token, uint32_t n_tokens) const { return masker_->fits(state_, token, n_tokens); }
  /// Text that is the only way to go on, empty where there is a choice, where the document is whole, and before a control
  /// token. Whole characters, at most `max_bytes`. It says nothing of where tokens end: the token after it may begin inside it,
  /// so whoever appends its tokens without asking the model holds back the last one.
  std::string forced(size_t max_bytes) const { return masker_->forced(state_, max_bytes); }
  void accept(TokenId token) { state_ = masker_->after(state_, token); }

  friend bool operator==(const Constraint& a, const Constraint& b) {
    return a.masker_ == b.masker_ && a.state_ == b.state_;
  }

 private:
  explicit Constraint(std::shared_ptr<Masker> masker) : masker_(std::move(masker)) {
    state_ = masker_->automaton().start();
  }

  std::shared_ptr<Masker> masker_;  // shared with copies: forks of the sequence
  State state_;
};

}  // namespace ingle::text::grammar
