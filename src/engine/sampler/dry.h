// DRY ("don't repeat yourself"): a token that would continue a verbatim repetition is penalised the more the longer the
// repetition already is. Semantics as in llama.cpp and text-generation-webui's pull request 5677, where it was proposed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace ingle::text {
class Tokenizer;
}

namespace ingle::engine {

/// Texts that end a repetition, as tokens: a head and the tails that complete a breaker after it (empty: the head does).
using DryBreakers = std::unordered_map<int32_t, std::vector<std::vector<int32_t>>>;

/// Every way in which a token contains one of `texts` or ends with the beginning of one.
DryBreakers find_dry_breakers(std::span<const std::string> texts, const text::Tokenizer& tokenizer);

struct Dry {
  float multiplier = 0;  // 0: off
  float base = 1.75F;
  int32_t allowed_length = 2;  // repetitions up to this are free
  int32_t last_n = -1;         // tokens looked back; -1: all, 0: off
  bool active() const { return multiplier != 0 && base >= 1 && last_n != 0; }
};

struct DryScratch {
  std::vector<uint32_t> match;  // Z-function of the reversed window
  std::unordered_map<int32_t, uint32_t> longest;
};

void apply_dry(const Dry& dry, const DryBreakers& breakers, std::span<const int32_t> history, DryScratch& scratch,
               std::span<float> logits);

}  // namespace ingle::engine
