#include "engine/prompt_lookup.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace ingle::engine {
namespace {

constexpr uint32_t kShortest = 3;     // tokens that must match
constexpr uint32_t kLongest = 32;     // a longer match says no more
constexpr uint32_t kMaxVisited = 16;  // earlier occurrences looked at
// After a long copy, words may have been replaced: the copy is looked for again at most this far behind.
constexpr uint32_t kLongCopy = 8;
constexpr uint32_t kResumeWithin = 8;
constexpr size_t kReplacement = 5;  // class of that evidence; 0 ... 4 are lengths of matches

// What is believed before anything was judged, by class.
constexpr std::array<float, 6> kPrior = {0.35F, 0.5F, 0.7F, 0.85F, 0.95F, 0.5F};
constexpr float kLearn = 0.125F;    // weight of a verdict
constexpr float kRecover = 0.002F;  // gained whenever nothing was guessed, so that guessing is tried again
// What a row adds to the time of a step, as a share of a step with one row: measured on 4 cores with 0.5B, 4 % to 11 % each
// up to four rows and 15 % to 25 % beyond. A token is guessed while it is right at least that often.
constexpr float kWorth = 0.2F;

uint32_t bits_for(size_t n) {
  return std::clamp<uint32_t>(static_cast<uint32_t>(std::bit_width(n)), 8, 20);
}

uint32_t hash_of(const int32_t* run, uint32_t bits) {
  uint64_t hash = 0;
  for (uint32_t i = 0; i < kShortest; ++i)
    hash = (hash ^ static_cast<uint32_t>(run[i])) * 0x9E3779B97F4A7C15ULL;
  return static_cast<uint32_t>(hash >> (64 - bits));
}

/// 3, 4-7, 8-15, 16-31, 32: classes 0 ... 4.
size_t strength_of(uint32_t length) {
  return static_cast<size_t>(std::bit_width(length)) - 2;
}

}  // namespace

PromptLookup::PromptLookup(size_t most_tokens)
    : newest_(size_t{1} << bits_for(most_tokens)),
      earlier_(most_tokens + 1),
      hash_bits_(bits_for(most_tokens)),
      right_(kPrior) {
  guess_.reserve(kMostGuessed);
}

/// All runs but the one that ends the text: that is the one to look for.
void PromptLookup::index(std::span<const int32_t> text) {
  const auto end = static_cast<uint32_t>(std::min(text.size(), earlier_.size()));
  for (uint32_t after = std::max(n_indexed_, kShortest); after < end; ++after) {
    uint32_t& newest = newest_[hash_of(text.data() + after - kShortest, hash_bits_)];
    earlier_[after] = newest;
    newest = after;
    n_indexed_ = after + 1;
  }
}

PromptLookup::Source PromptLookup::longest_match(std::span<const int32_t> text) const {
  Source best;
  if (text.size() < kShortest) return best;
  const auto end = static_cast<uint32_t>(text.size());
  uint32_t position = newest_[hash_of(text.data() + end - kShortest, hash_bits_)];
  for (uint32_t visited = 0; position != 0 && visited < kMaxVisited; ++visited, position = earlier_[position]) {
    uint32_t length = 0;
    while (length < kLongest && length < position && text[position - 1 - length] == text[end - 1 - length])
      ++length;
    if (length > best.length) best = {.next = position, .length = length, .strength = 0};
    if (length == kLongest) break;
  }
  if (best.length < kShortest) return {};  // the hash met another run
  best.strength = strength_of(best.length);
  return best;
}

/// Where a copy goes on that was left a few tokens ago: behind the next token of its source that the text ends in.
PromptLookup::Source PromptLookup::after_a_replacement(std::span<const int32_t> text) const {
  const auto end = static_cast<uint32_t>(text.size());
  if (lost_source_ == 0 || end > lost_at_ + kResumeWithin) return {};
  for (uint32_t next = lost_source_ + 1; next <= lost_source_ + kResumeWithin && next < lost_at_; ++next) {
    if (text[next - 1] == text[end - 1]) return {.next = next, .length = kLongCopy, .strength = kReplacement};
  }
  return {};
}

/// The most tokens of which all are right often enough.
uint32_t PromptLookup::worth_guessing(size_t strength) const {
  const float right = right_[strength];
  if (right < kWorth) return 0;
  if (right > 0.99F) return UINT32_MAX;
  return static_cast<uint32_t>(std::log(kWorth) / std::log(right));
}

std::span<const int32_t> PromptLookup::guess(std::span<const int32_t> text, uint32_t most) {
  guess_.clear();
  index(text);
  source_ = longest_match(text);
  if (source_.length == 0) source_ = after_a_replacement(text);
  if (source_.length == 0) return {};
  const uint32_t n = std::min({most, kMostGuessed, worth_guessing(source_.strength)});
  if (n == 0) {
    float& right = right_[source_.strength];
    right = std::min(right + kRecover, kPrior[source_.strength]);
    return {};
  }
  // A source that ends where the text does goes on with the guess itself: a loop.
  for (uint32_t i = 0; i < n; ++i) {
    const uint32_t at = source_.next + i;
    guess_.push_back(at < text.size() ? text[at] : guess_[at - text.size()]);
  }
  lost_at_ = static_cast<uint32_t>(text.size());
  lost_source_ = 0;
  return guess_;
}

void PromptLookup::judge(uint32_t n_right, bool missed) {
  float& right = right_[source_.strength];
  for (uint32_t i = 0; i < n_right; ++i)
    right += (1 - right) * kLearn;
  if (missed) right -= right * kLearn;
  const bool was_copy = source_.length + n_right >= kLongCopy;
  lost_source_ = missed && was_copy ? source_.next + n_right : 0;
  lost_at_ += n_right;
}

}  // namespace ingle::engine
