#include "text/grammar/testing/walk.h"

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

}  // namespace ingle::text::grammar::testing
