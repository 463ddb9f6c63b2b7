#include "text/grammar/constraint.h"

#include "text/grammar/gbnf.h"

namespace ingle::text::grammar {

Result<Constraint> Constraint::from_schema(std::string_view json, std::span<const CopySource> sources,
                                           std::shared_ptr<const TokenTrie> tokens) {
  INGLE_TRY(auto compiled, compile_schema(json, sources, tokens->single_bytes()));
  return Constraint(std::make_shared<Masker>(std::move(compiled.program), std::move(tokens)));
}

Result<Constraint> Constraint::from_grammar(std::string_view gbnf, std::shared_ptr<const TokenTrie> tokens) {
  INGLE_TRY(auto program, compile_gbnf(gbnf, tokens->single_bytes()));
  return Constraint(std::make_shared<Masker>(std::move(program), std::move(tokens)));
}

}  // namespace ingle::text::grammar
