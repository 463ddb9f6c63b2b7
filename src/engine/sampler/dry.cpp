#include "engine/sampler/dry.h"

#include <algorithm>
#include <cmath>

#include "engine/sampler/penalties.h"

namespace ingle::engine {
namespace {

/// The window read backwards: at(0) is the newest token.
class Backwards {
 public:
  explicit Backwards(std::span<const int32_t> window) : window_(window) {}
  size_t size() const { return window_.size(); }
  int32_t at(size_t i) const { return window_[window_.size() - 1 - i]; }

 private:
  std::span<const int32_t> window_;
};

/// Repetitions may not reach over the latest breaker: the number of tokens after it.
size_t tokens_since_breaker(const Backwards& text, const DryBreakers& breakers) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto found = breakers.find(text.at(i));
    if (found == breakers.end()) continue;
    std::ptrdiff_t longest = -1;
    for (const auto& tail : found->second) {
      if (tail.size() > i || static_cast<std::ptrdiff_t>(tail.size()) <= longest) continue;
      bool complete = true;
      for (size_t j = 0; complete && j < tail.size(); ++j)
        complete = tail[j] == text.at(i - 1 - j);
      if (complete) longest = static_cast<std::ptrdiff_t>(tail.size());
    }
    if (longest >= 0) return i - static_cast<size_t>(longest);
  }
  return text.size();
}

/// match[k]: for how many tokens the text that ends k tokens ago equals the text that ends now (Gusfield's Z-function).
void match_suffixes(const Backwards& text, std::vector<uint32_t>& match) {
  const size_t n = text.size();
  match.assign(n, 0);
  size_t left = 0;
  size_t right = 0;  // [left, right) is the match that reaches furthest
  for (size_t k = 1; k < n; ++k) {
    size_t length = k < right ? std::min<size_t>(match[k - left], right - k) : 0;
    while (k + length < n && text.at(length) == text.at(k + length))
      ++length;
    match[k] = static_cast<uint32_t>(length);
    if (k + length > right) {
      left = k;
      right = k + length;
    }
  }
}

bool breaks_alone(const DryBreakers& breakers, int32_t id) {
  const auto found = breakers.find(id);
  return found != breakers.end() &&
         std::any_of(found->second.begin(), found->second.end(), [](const auto& tail) { return tail.empty(); });
}

}  // namespace

void apply_dry(const Dry& dry, const DryBreakers& breakers, std::span<const int32_t> history, DryScratch& scratch,
               std::span<float> logits) {
  if (!dry.active()) return;
  const Backwards text(window_of(history, dry.last_n));
  const auto allowed = static_cast<size_t>(std::max(dry.allowed_length, 0));
  const size_t limit = tokens_since_breaker(text, breakers);
  if (text.size() <= allowed || limit < allowed) return;

  match_suffixes(text, scratch.match);
  scratch.longest.clear();
  for (size_t k = 1; k < text.size(); ++k) {
    const size_t length = std::min<size_t>(scratch.match[k], limit);
    if (length < allowed) continue;
    uint32_t& longest = scratch.longest[text.at(k - 1)];  // the token that followed then
    longest = std::max(longest, static_cast<uint32_t>(length));
  }
  for (const auto& [id, length] : scratch.longest) {
    if (breaks_alone(breakers, id)) continue;
    const double penalty = static_cast<double>(dry.multiplier) *
                           std::pow(static_cast<double>(dry.base), static_cast<double>(length - allowed));
    logits[static_cast<size_t>(id)] -= static_cast<float>(std::min(penalty, 1e30));
  }
}

}  // namespace ingle::engine
