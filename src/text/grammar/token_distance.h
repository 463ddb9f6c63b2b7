// Shortest ways counted in tokens: what endings.h counted in bytes, for a vocabulary that says whole words at once.
//
// A run of bytes that must follow one another costs the fewest tokens that spell it; everything else keeps the count of
// bytes, of which each is at most one token. So distances stay promises: from every state some token leads one nearer.
#pragma once

#include <memory>

#include "text/grammar/program.h"
#include "text/grammar/token_tree.h"

namespace ingle::text::grammar {

/// The program with smaller distances; the same one where the vocabulary says nothing but single bytes.
std::shared_ptr<const Program> measured_in_tokens(std::shared_ptr<const Program> program, const TokenTree& tokens);

}  // namespace ingle::text::grammar
