#include "engine/vector_teller.h"

#include <iterator>

namespace ingle::engine {
namespace {

constexpr size_t kFloatsAtOnce = size_t{64} << 10;

double seconds_between(std::chrono::steady_clock::time_point from, std::chrono::steady_clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

void VectorTeller::begin() {
  if (began_) return;
  began_ = Clock::now();
  usage_.queued_seconds = seconds_between(arrived_, *began_);
}

void VectorTeller::take(size_t input, chat::TextVector vector) {
  usage_.prompt_tokens += vector.n_tokens;
  vectors_[input] = std::move(vector);
  while (n_ready_ < vectors_.size() && !vectors_[n_ready_].values.empty())
    n_floats_ += vectors_[n_ready_++].values.size();
  if (n_floats_ >= kFloatsAtOnce) tell(n_ready_);
}

void VectorTeller::fail(Error error) {
  if (!error_) error_ = std::move(error);
}

void VectorTeller::conclude() {
  if (error_) return sink_(chat::Failed{*std::move(error_)});
  const bool is_whole = n_ready_ == vectors_.size();
  if (is_whole && n_told_ < n_ready_) tell(n_ready_);
  if (began_) usage_.prefill_seconds = seconds_between(*began_, Clock::now());
  sink_(chat::Finished{.reason = is_whole ? chat::FinishReason::kStop : chat::FinishReason::kCancelled,
                       .stop_text = {},
                       .usage = usage_});
}

void VectorTeller::tell(size_t end) {
  const auto begin = vectors_.begin() + static_cast<std::ptrdiff_t>(n_told_);
  chat::Vectors some{.first = static_cast<uint32_t>(n_told_), .list = {}};
  some.list.assign(std::make_move_iterator(begin),
                   std::make_move_iterator(vectors_.begin() + static_cast<std::ptrdiff_t>(end)));
  n_told_ = end;
  n_floats_ = 0;
  sink_(std::move(some));
}

}  // namespace ingle::engine
