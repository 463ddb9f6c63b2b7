#include "text/grammar/testing/walk.h"

#include "text/grammar/compile.h"

namespace ingle::text::grammar::testing {

Result<std::shared_ptr<const Program>> compiled(std::string_view schema, const std::vector<CopySource>& sources) {
  std::vector<std::string> names;
  std::vector<std::shared_ptr<const CopyText>> texts;
  for (const CopySource& source : sources) {
    names.push_back(source.name);
    INGLE_TRY(auto text, CopyText::create(source.text));
    texts.push_back(std::move(text));
  }
  INGLE_TRY(const SchemaTree tree, parse_schema(schema, names));
  return compile(tree, std::move(texts), ByteSet().set());
}

bool accepts(const std::shared_ptr<const Program>& program, std::string_view text) {
  Automaton automaton(program);
  auto state = automaton.intern(automaton.start());
  for (const char c : text)
    state = automaton.step(state, static_cast<uint8_t>(c));
  return automaton.accepts(state);
}

}  // namespace ingle::text::grammar::testing
