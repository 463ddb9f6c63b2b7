// Does a text follow a grammar? Walked byte by byte through the masks that generation uses.
#pragma once

#include <string_view>

#include "base/result.h"

namespace ingle::text::grammar {

struct TextFit {
  bool accepts = false;
  size_t n_fitting = 0;  // bytes from the beginning that a text of the grammar can begin with
};

/// `gbnf`: a grammar as gbnf.h describes it; its errors are those of compile_gbnf.
Result<TextFit> fit_grammar(std::string_view gbnf, std::string_view text);

}  // namespace ingle::text::grammar
