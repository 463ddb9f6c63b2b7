// Language: a set of texts that can be tested, cut, joined and turned round: patterns, formats, lengths, names of keys.
//
// A value that is cheap to copy; any thread. Every operation counts its steps: past the budget, its own or the one that is
// given (to bound many operations together), it is kRefused. Two languages of the same texts are equal.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "text/grammar/dfa.h"

namespace ingle::text::grammar {

class Language {
 public:
  static Language any();
  static Language none();
  /// ECMA-262, anywhere in the text unless anchored, as "pattern" means it. kUsage: no regular expression.
  static Result<Language> from_pattern(std::string_view pattern, Budget* budget = nullptr);
  /// The same where the whole text must match, anchored or not.
  static Result<Language> from_whole_pattern(std::string_view pattern, Budget* budget = nullptr);
  static Result<Language> literal(std::string_view text, Budget* budget = nullptr);
  /// Any of the texts; what is not UTF-8 is no text.
  static Result<Language> of_literals(std::span<const std::string> texts, Budget* budget = nullptr);
  /// Code points from `min` to `max`; kEndless: no maximum.
  static constexpr uint32_t kEndless = UINT32_MAX;
  static Result<Language> of_lengths(uint32_t min, uint32_t max, Budget* budget = nullptr);
  static Result<Language> from_automaton(const RawDfa& raw, Budget* budget = nullptr);

  Result<Language> intersect(const Language& other, Budget* budget = nullptr) const;
  Result<Language> unite(const Language& other, Budget* budget = nullptr) const;
  Result<Language> without(const Language& other, Budget* budget = nullptr) const;
  Result<Language> complement(Budget* budget = nullptr) const;

  bool contains(std::string_view utf8) const { return dfa_->contains(utf8); }
  bool is_empty() const { return dfa_->start() == Dfa::kDead; }
  bool is_any() const { return *this == any(); }
  Result<bool> is_subset_of(const Language& other, Budget* budget = nullptr) const;
  Result<bool> is_disjoint_from(const Language& other, Budget* budget = nullptr) const;
  /// Every text, in the order of code points, when there are at most `limit` and none is longer than `max_bytes` in all.
  std::optional<std::vector<std::string>> members(size_t limit, size_t max_bytes = size_t{1} << 20) const;

  const Dfa& dfa() const { return *dfa_; }
  const std::shared_ptr<const Dfa>& shared() const { return dfa_; }

  friend bool operator==(const Language& a, const Language& b) { return a.dfa_ == b.dfa_ || *a.dfa_ == *b.dfa_; }

 private:
  explicit Language(std::shared_ptr<const Dfa> dfa) : dfa_(std::move(dfa)) {}
  std::shared_ptr<const Dfa> dfa_;  // immutable, shared by copies and by programs that run it
};

}  // namespace ingle::text::grammar
