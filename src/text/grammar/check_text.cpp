#include "text/grammar/check_text.h"

#include "text/grammar/constraint.h"

namespace ingle::text::grammar {

Result<TextFit> fit_grammar(std::string_view gbnf, std::string_view text) {
  INGLE_TRY(auto constraint, Constraint::from_grammar(gbnf, TokenTrie::of_bytes()));
  TextFit fit;
  for (const char c : text) {
    const auto token = static_cast<TokenId>(static_cast<uint8_t>(c));
    if (!contains(constraint.allowed(), token)) return fit;
    constraint.accept(token);
    ++fit.n_fitting;
  }
  fit.accepts = constraint.accepts();
  return fit;
}

}  // namespace ingle::text::grammar
