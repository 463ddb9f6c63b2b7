#include "text/grammar/testing/walk.h"

#include "base/check.h"

namespace ingle::text::grammar::testing {

Result<std::shared_ptr<const Program>> compiled(std::string_view schema, const std::vector<CopySource>& sources) {
  INGLE_TRY(auto made, compile_schema(schema, sources, ByteSet().set()));
  return made.program;
}

bool accepts(const std::shared_ptr<const Program>& program, std::string_view text) {
  Automaton automaton(program);
  auto state = automaton.intern(automaton.start());
  for (const char c : text)
    state = automaton.step(state, static_cast<uint8_t>(c));
  return automaton.accepts(state);
}

std::string random_text(Constraint constraint, uint64_t seed) {
  std::string text;
  for (uint32_t left = constraint.shortest() + 40; left > 0 && !constraint.is_complete(); --left) {
    const auto set = constraint.allowed_within(left - 1);
    if (constraint.accepts() && left == 1) break;
    uint32_t n = 0;
    for (TokenId id = 0; id < 256; ++id)
      n += static_cast<uint32_t>(contains(set, id));
    INGLE_CHECK(n > 0 || constraint.accepts());
    if (n == 0) break;
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    auto wanted = static_cast<uint32_t>((seed >> 33) % n);
    TokenId id = 0;
    while (!contains(set, id) || wanted-- > 0)
      ++id;
    text += static_cast<char>(id);
    constraint.accept(id);
  }
  INGLE_CHECK(constraint.accepts());
  return text;
}

}  // namespace ingle::text::grammar::testing
