// Grammars in GBNF from a stranger.
//
// Beyond "no crash": an error has words; a grammar that compiles has a text, which a walk of random bytes within a budget
// always reaches, and which a second automaton accepts.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "text/grammar/constraint.h"
#include "text/grammar/gbnf.h"
#include "text/grammar/testing/walk.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ingle;
  using namespace ingle::text::grammar;
  const std::string_view grammar(reinterpret_cast<const char*>(data), size);
  static const auto tokens = TokenTrie::of_bytes();
  auto constraint = Constraint::from_grammar(grammar, tokens);
  if (!constraint) {
    INGLE_CHECK(!constraint.error().message().empty());
    return 0;
  }
  const uint32_t shortest = constraint->shortest();
  INGLE_CHECK(shortest < kFar);
  if (shortest > 2000) return 0;
  const std::string text = testing::random_text(*std::move(constraint), size);
  Automaton automaton(compile_gbnf(grammar, ByteSet().set()).value());
  auto state = automaton.intern(automaton.start());
  for (const char c : text)
    state = automaton.step(state, static_cast<uint8_t>(c));
  INGLE_CHECK(automaton.accepts(state));
  return 0;
}
