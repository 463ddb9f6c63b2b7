// Schemas with texts that they take and texts that they do not. For tests of this folder.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "text/grammar/testing/walk.h"

namespace ingle::text::grammar::testing {

struct Case {
  std::string schema;
  std::vector<std::string> good;
  std::vector<std::string> bad;
};

/// By its automaton alone: everything in the schema must be enforced.
inline void check(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    const auto program = compiled(c.schema);
    ASSERT_TRUE(program.has_value()) << c.schema << ": " << program.error().message();
    for (const std::string& text : c.good)
      EXPECT_TRUE(accepts(*program, text)) << c.schema << " must take " << text;
    for (const std::string& text : c.bad)
      EXPECT_FALSE(accepts(*program, text)) << c.schema << " must not take " << text;
  }
}

}  // namespace ingle::text::grammar::testing
