// Regular expressions of ECMA-262 as they stand in schemas, searched by PCRE2 with counted steps: for checking what is
// written, apart from the automata that write it. Unicode mode; \d, \w and \b are ASCII. Immutable, any thread may search.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace ingle::text::grammar::validation {

class EcmaRegex {
 public:
  static constexpr size_t kMaxPatternBytes = 16'384;

  /// kRefused: no expression of ECMA-262, or one that PCRE2 cannot say.
  static Result<EcmaRegex> compile(std::string_view pattern);

  /// Whether some part of `text`, valid UTF-8, matches. Nothing: from some place on it takes more than `max_steps`.
  /// kRefused: the expression takes too much memory.
  Result<std::optional<bool>> search(std::string_view text, uint32_t max_steps) const;

 private:
  explicit EcmaRegex(std::shared_ptr<const void> code) : code_(std::move(code)) {}

  std::shared_ptr<const void> code_;  // a pcre2_code; copies share it
};

}  // namespace ingle::text::grammar::validation
