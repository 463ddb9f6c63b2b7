// GrammarCache: compiled grammars of one engine, with what was learnt about their masks.
//
// Most requests bring a grammar that came before. It is known again by a digest of its text and of the texts to copy from;
// the least recently used go first when all together hold more than a number of bytes, those in use last of all, so that
// grammars that never come twice cost bounded memory.
// Any thread may call any member; a grammar is compiled on the caller's thread. The constraints of one grammar share their
// masks: from their first use on, all constraints made here belong to the engine's step thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "text/grammar/constraint.h"

namespace ingle::text::grammar {

class GrammarCache {
 public:
  static constexpr size_t kDefaultBytes = size_t{64} << 20;
  static constexpr size_t kMostRefusals = 64;

  explicit GrammarCache(std::shared_ptr<const TokenTrie> tokens, size_t max_bytes = kDefaultBytes);

  const std::shared_ptr<const TokenTrie>& tokens() const { return tokens_; }

  /// `may_check`: what cannot be enforced is left to whoever checks the document; else it is kRefused.
  Result<Constraint> from_schema(std::string_view json, std::span<const CopySource> sources, bool may_check = false);
  /// In GBNF.
  Result<Constraint> from_grammar(std::string_view gbnf);

  using Compile = std::function<Result<std::shared_ptr<const Program>>()>;
  /// A constraint of the grammar that `kind` and `text` name and `compile` makes where it is not known. The last
  /// kMostRefusals refusals are remembered: who brings the same again is answered at once.
  Result<Constraint> find_or_compile(std::string_view kind, std::string_view text, std::span<const CopySource> sources,
                                     const Compile& compile);

  struct Contents {
    size_t grammars = 0;
    size_t bytes = 0;
    uint64_t compiled = 0;  // since the beginning
  };
  Contents contents() const;

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<Masker> masker;
    size_t fixed_bytes = 0;  // what does not change: the program and its texts
    size_t bytes() const { return fixed_bytes + masker->bytes(); }
  };

  struct Refusal {
    std::string key;
    Error error;
  };

  std::shared_ptr<Masker> find(const std::string& key);
  std::optional<Error> find_refusal(const std::string& key) const;
  void remember(std::string key, const Error& error);
  std::shared_ptr<Masker> add(std::string key, std::shared_ptr<const Program> program);
  void make_room();

  const std::shared_ptr<const TokenTrie> tokens_;
  const size_t max_bytes_;
  mutable std::mutex mutex_;  // of everything below
  std::list<Entry> entries_;  // most recently used first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_key_;
  std::deque<Refusal> refusals_;  // the oldest first
  uint64_t n_compiled_ = 0;
};

}  // namespace ingle::text::grammar
