// Constraint: the shape that an answer must have, and how far it has come. One a sequence.
//
// Made by any thread, then moved to the engine's step thread. A copy goes on alone from the same place. Copies, and all
// constraints that a GrammarCache makes of one grammar, share what they remember about the automaton: until the first call on
// it, a constraint may be moved, copied, destroyed and asked for shortest() anywhere; from then on they all stay on one thread.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/grammar/compile.h"
#include "text/grammar/token_mask.h"

namespace ingle::text::grammar {

/// A way to a whole document.
struct ShortAnswer {
  std::vector<TokenId> tokens;
  bool is_only = true;  // nothing else could be said on it
};

class Constraint {
 public:
  static Result<Constraint> from_schema(std::string_view json, std::span<const CopySource> sources,
                                        std::shared_ptr<const TokenTrie> tokens);
  /// From a grammar in GBNF.
  static Result<Constraint> from_grammar(std::string_view gbnf, std::shared_ptr<const TokenTrie> tokens);

  explicit Constraint(std::shared_ptr<Masker> masker) : masker_(std::move(masker)) {}
  Constraint(const Constraint& other);
  Constraint& operator=(const Constraint& other);
  Constraint(Constraint&& other) noexcept;
  Constraint& operator=(Constraint&& other) noexcept;
  ~Constraint();

  /// It takes more than its schema: the whole document is to be checked. Any thread.
  bool needs_check() const { return masker_->automaton().program().needs_check; }
  /// Tokens, at most, of the shortest way to a whole document: every byte of it can be a token.
  uint32_t shortest() const {
    return place_ == kBegin ? masker_->start_distance() : masker_->automaton().distance(masker_->at(place_));
  }
  /// A way from the start in fewer tokens than shortest() promises: each leads as near to the end as one can. Nothing where
  /// that takes more than `most`. Any thread; some walks of the vocabulary a token.
  std::optional<ShortAnswer> find_short_answer(uint32_t most) const;
  /// A whole document that nothing can follow.
  bool is_complete() const { return masker_->automaton().is_complete(masker_->at(place())); }
  bool accepts() const { return masker_->automaton().accepts(masker_->at(place())); }

  /// Tokens that may come next; end tokens where the document is whole. Valid until the next call on any copy.
  std::span<const uint64_t> allowed() const { return masker_->allowed(place()); }
  /// allowed() was asked for in this state and is remembered.
  bool knows_allowed() const { return masker_->knows_allowed(place()); }
  /// Those of them after which `n_tokens` more are enough to end. At least one while shortest() <= n_tokens + 1.
  std::span<const uint64_t> allowed_within(uint32_t n_tokens) const {
    return masker_->allowed_within(place(), n_tokens);
  }
  bool fits(TokenId token, uint32_t n_tokens) const { return masker_->fits(place(), token, n_tokens); }
  /// Text that is the only way to go on, empty where there is a choice, where the document is whole, and before a control
  /// token. Whole characters, at most `max_bytes`. It says nothing of where tokens end: the token after it may begin inside it,
  /// so whoever appends its tokens without asking the model holds back the last one.
  std::string forced(size_t max_bytes) const { return masker_->forced(place(), max_bytes); }
  void accept(TokenId token) { place_ = masker_->accept(place(), token); }

  friend bool operator==(const Constraint& a, const Constraint& b) {
    return a.masker_ == b.masker_ && a.masker_->at(a.place()) == b.masker_->at(b.place());
  }

 private:
  static constexpr Masker::Place kBegin = UINT32_MAX;  // at the start, and nothing has been asked

  Masker::Place place() const;

  std::shared_ptr<Masker> masker_;  // shared with copies and with other requests of this grammar; null when moved from
  mutable Masker::Place place_ = kBegin;
};

}  // namespace ingle::text::grammar
