#include "engine/testing/toy_executor.h"

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace ingle::engine::testing {
namespace {

constexpr int32_t kImEnd = 258;

uint64_t hash_of(std::span<const int32_t> text) {
  uint64_t hash = 0x9E3779B97F4A7C15ULL;
  for (const int32_t token : text) {
    hash = (hash ^ static_cast<uint32_t>(token)) * 0xBF58476D1CE4E5B9ULL;
    hash ^= hash >> 29;
  }
  return hash;
}

}  // namespace

backend::Output top_of(std::span<const float> logits, uint32_t n, std::vector<backend::Scored>& storage) {
  backend::Output output;
  storage.clear();
  for (size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] <= std::numeric_limits<float>::max()) {
      storage.push_back({static_cast<int32_t>(i), logits[i]});
    } else {
      ++output.n_bad;
      storage.push_back({std::numeric_limits<int32_t>::max(), -std::numeric_limits<float>::infinity()});
    }
  }
  std::ranges::sort(storage, backend::likelier);
  storage.resize(n);
  output.top = storage;
  return output;
}

ToyExecutor::ToyExecutor(uint32_t n_pages, uint32_t max_rows, Logits logits, uint32_t n_vocab)
    : n_pages_(n_pages),
      max_rows_(max_rows),
      n_vocab_(n_vocab),
      logits_(std::move(logits)),
      memory_(size_t{n_pages} * kPageTokens, -1) {}

Result<std::span<const backend::Output>> ToyExecutor::run(const backend::Step& step) {
  INGLE_CHECK(!step.rows.empty() && step.rows.size() <= max_rows_);
  seen_.rows = std::max(seen_.rows.load(), static_cast<uint32_t>(step.rows.size()));
  seen_.sequences = std::max(seen_.sequences.load(), static_cast<uint32_t>(step.sequences.size()));
  ++seen_.steps;
  values_.clear();
  tops_.clear();
  outputs_.clear();
  for (const backend::Row& row : step.rows) {
    memory_[step.sequences[row.sequence][row.pos / kPageTokens] * kPageTokens + row.pos % kPageTokens] = row.token;
  }
  for (const backend::Row& row : step.rows) {
    if (!row.want_logits) continue;
    std::vector<int32_t> text;
    for (uint32_t pos = 0; pos <= row.pos; ++pos) {
      text.push_back(memory_[step.sequences[row.sequence][pos / kPageTokens] * kPageTokens + pos % kPageTokens]);
    }
    if (step.want_hidden) {
      outputs_.push_back({.values = values_.emplace_back(hidden_of(text))});
      continue;
    }
    std::vector<float>& logits = values_.emplace_back(n_vocab_);
    logits_(text, logits);
    outputs_.push_back(row.top == 0 ? backend::Output{} : top_of(logits, row.top, tops_.emplace_back()));
    if (row.top == 0 || row.keep_all) {
      outputs_.back().values = logits;
      ++seen_.whole_rows;
    }
  }
  return std::span<const backend::Output>(outputs_);
}

void ToyExecutor::copy_page(uint32_t from, uint32_t to) {
  const std::span<int32_t> memory(memory_);
  std::ranges::copy(memory.subspan(size_t{from} * kPageTokens, kPageTokens),
                    memory.subspan(size_t{to} * kPageTokens, kPageTokens).begin());
}

void count_up(std::span<const int32_t> text, std::span<float> logits) {
  std::ranges::fill(logits, 0.0F);
  const int32_t last = text.back();
  if (last == '!') {
    logits[kImEnd] = 20;
    logits['+'] = 10;
  } else if (last == '?') {
    std::ranges::fill(logits, std::numeric_limits<float>::quiet_NaN());
  } else {
    logits[static_cast<size_t>((last + 1) % 256)] = 20;
  }
}

void babble(std::span<const int32_t> text, std::span<float> logits) {
  const uint64_t hash = hash_of(text);
  std::ranges::fill(logits, -20.0F);
  for (size_t letter = 0; letter < 26; ++letter) {
    logits['a' + letter] = static_cast<float>((hash >> letter) & 31U) / 8.0F;
  }
  logits[kImEnd] = 0.5F;
}

std::vector<float> hidden_of(std::span<const int32_t> text) {
  const uint64_t hash = hash_of(text);
  std::vector<float> hidden;
  hidden.reserve(ToyExecutor::kEmbd);
  for (size_t i = 0; i < ToyExecutor::kEmbd; ++i)
    hidden.push_back(static_cast<float>((hash >> (16 * i)) & 0xFFFF));
  return hidden;
}

void anything(std::span<const int32_t> text, std::span<float> logits) {
  uint64_t hash = 14695981039346656037ULL;
  for (const int32_t token : text)
    hash = (hash ^ static_cast<uint64_t>(token)) * 1099511628211ULL;
  for (float& logit : logits) {
    hash = hash * 6364136223846793005ULL + 1442695040888963407ULL;
    logit = static_cast<float>(hash >> 40) / 4e6F;
  }
}

}  // namespace ingle::engine::testing
