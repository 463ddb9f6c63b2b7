// Regular expressions of ECMA-262 as they stand in schemas, searched by PCRE2 with counted steps: for checking what is
// written, apart from the automata that write it. Unicode mode; \d, \w and \b are ASCII. Immutable, any thread may search.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"

namespace ingle::text::grammar::validation {

class EcmaRegex {
 public:
  static constexpr size_t kMaxPatternBytes = 16'384;

  /// kRefused: no expression of ECMA-262, or one that PCRE2 cannot say.
  static Result<EcmaRegex> compile(std::string_view pattern);

  /// Whether some part of `text`, valid UTF-8, matches. kRefused: the expression takes too many steps.
  Result<bool> search(std::string_view text) const;

 private:
  explicit EcmaRegex(std::shared_ptr<const void> code) : code_(std::move(code)) {}

  std::shared_ptr<const void> code_;  // a pcre2_code; copies share it
};

}  // namespace ingle::text::grammar::validation
