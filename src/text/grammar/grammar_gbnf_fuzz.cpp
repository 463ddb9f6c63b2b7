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

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ingle;
  using namespace ingle::text::grammar;
  using text::TokenId;
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
  uint64_t random = size;
  std::string text;
  for (uint32_t left = shortest + 40; left > 0 && !constraint->is_complete(); --left) {
    const auto set = constraint->allowed_within(left - 1);
    uint32_t n = 0;
    for (TokenId id = 0; id < 256; ++id)
      n += static_cast<uint32_t>(contains(set, id));
    INGLE_CHECK(n > 0 || constraint->accepts());
    if (n == 0) break;
    random = random * 6364136223846793005ULL + 1442695040888963407ULL;
    auto wanted = static_cast<uint32_t>((random >> 33) % n);
    TokenId id = 0;
    while (!contains(set, id) || wanted-- > 0)
      ++id;
    text += static_cast<char>(id);
    constraint->accept(id);
  }
  INGLE_CHECK(constraint->accepts());
  Automaton automaton(compile_gbnf(grammar, ByteSet().set()).value());
  auto state = automaton.intern(automaton.start());
  for (const char c : text)
    state = automaton.step(state, static_cast<uint8_t>(c));
  INGLE_CHECK(automaton.accepts(state));
  return 0;
}
