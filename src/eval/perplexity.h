// Perplexity of a text under a model, by llama.cpp's method, so that figures can be compared.
//
// The text is tokenized as a whole and cut into windows that do not overlap. In each window the tokens of the second half
// are scored under everything before them in the window; a model that begins texts with BOS gets it in place of a window's
// first token. Blocks the calling thread.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string_view>

#include "base/result.h"
#include "chat/completer.h"

namespace ingle::eval {

struct Perplexity {
  double ppl = 0;
  double uncertainty = 0;  // one standard error of ppl
  uint32_t chunks = 0;     // windows
  uint64_t tokens = 0;     // scored
};

struct PerplexityOptions {
  uint32_t ctx = 512;       // tokens in a window
  uint32_t max_chunks = 0;  // 0: as many as the text has
  /// After each window: how far it is, with the figures so far.
  std::function<void(const Perplexity& so_far, uint32_t n_chunks)> on_chunk;
  std::stop_token stop;
};

Result<Perplexity> perplexity(chat::Completer& model, std::string_view text, const PerplexityOptions& options);

}  // namespace ingle::eval
