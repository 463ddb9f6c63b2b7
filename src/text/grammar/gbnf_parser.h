// The text of a GBNF grammar as a tree. Plain data; see gbnf.h for the notation.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/grammar/code_point_set.h"
#include "text/grammar/gbnf.h"

namespace ingle::text::grammar {

struct GbnfTree {
  struct Item;
  using Sequence = std::vector<Item>;
  using Group = std::vector<Sequence>;  // alternatives

  struct Item {
    enum class Kind : uint8_t { kLiteral, kSet, kRule, kGroup };
    Kind kind = Kind::kLiteral;
    uint32_t min = 1;
    uint32_t max = 1;
    uint32_t rule = 0;
    uint32_t height = 0;  // of groups, one inside the other
    std::string text = {};
    CodePointSet set = {};
    Group group = {};
  };
  struct Rule {
    std::string name;
    Group body = {};
  };

  std::vector<Rule> rules;  // in the order in which they are mentioned
  uint32_t root = 0;
};

Result<GbnfTree> parse_gbnf(std::string_view text, const GbnfLimits& limits);

}  // namespace ingle::text::grammar
