#include "eval/perplexity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace ingle::eval {
namespace {

constexpr uint32_t kMinWindow = 4;  // at least one token in the second half has another before it

Status check_window(uint32_t ctx, const chat::Description& model) {
  if (ctx < kMinWindow) {
    return std::unexpected(
        Error::usage(fmt::format("a window of {} tokens; it must have at least {}", ctx, kMinWindow)));
  }
  if (ctx > model.context_limit) {
    return std::unexpected(
        Error::refused(fmt::format("a window of {} tokens, the context holds {}", ctx, model.context_limit))
            .hint("choose smaller windows, or load the model with a larger context"));
  }
  return {};
}

/// Sums of the scored log-probabilities, in double.
class Sums {
 public:
  void add(float logprob) {
    const double nll = -static_cast<double>(logprob);
    sum_ += nll;
    sum_of_squares_ += nll * nll;
    ++n_;
  }

  Perplexity result(uint32_t chunks) const {
    const auto n = static_cast<double>(n_);
    const double mean = sum_ / n;
    const double variance = sum_of_squares_ / n - mean * mean;
    const double ppl = std::exp(mean);
    const double error = n_ > 1 && variance > 0 ? std::sqrt(variance / (n - 1)) : 0;
    return {ppl, error * ppl, chunks, n_};
  }

 private:
  double sum_ = 0;
  double sum_of_squares_ = 0;
  uint64_t n_ = 0;
};

}  // namespace

Result<Perplexity> perplexity(chat::Completer& model, std::string_view text, const PerplexityOptions& options) {
  INGLE_TRY(const chat::Description description, model.describe());
  INGLE_TRY_VOID(check_window(options.ctx, description));
  INGLE_TRY(const std::vector<int32_t> tokens, model.tokenize({.text = chat::Private(std::string(text)),
                                                               .recognise_control_tokens = false,
                                                               .add_bos = description.adds_bos}));
  const size_t ctx = options.ctx;
  if (tokens.size() < ctx) {
    return std::unexpected(
        Error::refused(fmt::format("the text has {} tokens, one window needs {}", tokens.size(), ctx))
            .hint("give a longer text or choose smaller windows"));
  }
  size_t n_chunks = tokens.size() / ctx;
  if (options.max_chunks > 0) n_chunks = std::min<size_t>(n_chunks, options.max_chunks);

  Sums sums;
  Perplexity so_far;
  for (size_t chunk = 0; chunk < n_chunks; ++chunk) {
    if (options.stop.stop_requested()) return std::unexpected(Error::cancelled());
    const auto window = tokens.begin() + static_cast<std::ptrdiff_t>(chunk * ctx);
    // llama.cpp scores what the positions from ctx / 2 on predict, so the token there is the last that is only read.
    chat::ScoreRequest request{{window, window + static_cast<std::ptrdiff_t>(ctx)}, options.ctx / 2 + 1};
    if (description.adds_bos && description.bos >= 0) request.tokens.front() = description.bos;
    INGLE_TRY(const std::vector<float> logprobs, model.score(request));
    for (const float logprob : logprobs)
      sums.add(logprob);
    so_far = sums.result(static_cast<uint32_t>(chunk + 1));
    if (options.on_chunk) options.on_chunk(so_far, static_cast<uint32_t>(n_chunks));
  }
  return so_far;
}

}  // namespace ingle::eval
