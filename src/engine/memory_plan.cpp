#include "engine/memory_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "chat/errors.h"
#include "kernels/kernels.h"

namespace ingle::engine {
namespace {

constexpr uint64_t kPage = kernels::kPageTokens;
// KV memory beyond what one full context needs: more pages keep more prefixes, but a laptop has other uses for it.
constexpr uint64_t kKvBytes = uint64_t{1} << 30;
// A model that nobody gave a context is not worth loading for less.
constexpr uint32_t kLeastContext = 512;
constexpr uint32_t kContextStep = 256;
// Texts of a step, each of which takes a page of an encoder.
constexpr uint64_t kTexts = 64;

constexpr uint64_t kProcessBytes = 16 << 20;
constexpr uint64_t kBytesPerToken = 256;  // its text, its merge, its places in the maps; measured with 152,000 tokens

std::string megabytes(uint64_t bytes) {
  return fmt::format("{} MB", (bytes + 999'999) / 1'000'000);
}

uint64_t pages_for(uint64_t context) {
  return (context + kPage - 1) / kPage;
}

class Planner {
 public:
  /// `free`: 0: not asked.
  Planner(const MemoryNeeds& needs, const Options& options, uint64_t free)
      : needs_(needs),
        page_(std::max<uint64_t>(needs.model.page, 1)),
        free_(free > 0 ? free : UINT64_MAX),
        max_sequences_(options.max_sequences) {}

  uint64_t work() const { return needs_.model.work + needs_.model.tables + needs_.vocabulary; }
  uint64_t fixed() const { return needs_.model.weights + work(); }
  /// Each sequence may be copying a page that it shares.
  uint64_t spare() const { return max_sequences_; }
  uint64_t least_pages(uint32_t context) const {
    return needs_.encoder ? std::max<uint64_t>(pages_for(needs_.max_rows), kTexts) : pages_for(context) + spare();
  }
  uint64_t least(uint32_t context) const { return fixed() + least_pages(context) * page_; }
  bool fits(uint32_t context) const { return least(context) <= free_; }

  /// The longest context that there is room for, in round numbers; 0: there is none worth it. The tables of the context
  /// that was asked for bound those of a shorter one.
  uint32_t longest() const {
    const uint64_t taken = fixed() + spare() * page_;
    if (needs_.encoder || taken >= free_) return 0;
    const uint64_t tokens = std::min<uint64_t>((free_ - taken) / page_ * kPage, needs_.context);
    const auto round = static_cast<uint32_t>(tokens / kContextStep * kContextStep);
    return round < kLeastContext ? 0 : round;
  }

  PlannedMemory planned(uint32_t context) const {
    uint64_t n_pages = least_pages(context);
    if (!needs_.encoder) {
      const uint64_t one = pages_for(context);
      const uint64_t room = (free_ - fixed()) / page_ - spare();
      const uint64_t most = std::max(one, std::min(room, kKvBytes / page_));
      n_pages = std::min(one * max_sequences_, most) + spare();
    }
    return {.plan = {.weights = needs_.model.weights,
                     .cache = n_pages * page_,
                     .work = work(),
                     .wanted_context = context < needs_.context ? needs_.context : 0},
            .context = context,
            .n_pages = static_cast<uint32_t>(n_pages)};
  }

  Error refusal() const { return Error::exhausted(needed() + ", " + megabytes(free_) + " are free").hint(help()); }
  /// Where `free` is all that there can be.
  Error never() const { return chat::out_of_reach(needed(), megabytes(free_)).hint(help()); }

 private:
  std::string needed() const {
    const uint64_t cache = least_pages(needs_.context) * page_;
    return fmt::format("{} are needed ({} for weights, {} for {}, {} for work)", megabytes(fixed() + cache),
                       megabytes(needs_.model.weights), megabytes(cache),
                       needs_.encoder ? std::string("a step") : fmt::format("a context of {} tokens", needs_.context),
                       megabytes(work()));
  }

  /// Only what is enough.
  std::string help() const {
    std::string help;
    if (const uint32_t context = longest(); context > 0)
      help += fmt::format("take a context of {} tokens, or ", context);
    const uint64_t small = fixed() + least_pages(needs_.context) * std::min(needs_.small_page, page_);
    if (!needs_.encoder && small <= free_) help += "set kv_type to i8, or ";
    return help + "take a smaller model";
  }

  const MemoryNeeds& needs_;
  const uint64_t page_;
  const uint64_t free_;
  const uint32_t max_sequences_;
};

}  // namespace

namespace {

/// How far the context may give way to memory.
uint32_t least_context(const MemoryNeeds& needs, const Options& options) {
  if (options.least_context != 0) return std::min(options.least_context, needs.context);
  return options.context == 0 ? std::min(kLeastContext, needs.context) : needs.context;
}

}  // namespace

Result<PlannedMemory> plan_memory(const MemoryNeeds& needs, const Options& options) {
  const Planner planner(needs, options, options.max_memory_bytes);
  if (planner.fits(needs.context)) return planner.planned(needs.context);
  const uint32_t least = least_context(needs, options);
  if (const Planner alone(needs, options, options.memory_ceiling); !alone.fits(least))
    return std::unexpected(alone.never());
  if (options.may_shorten) {
    for (const uint32_t context : {planner.longest(), least})
      if (context >= least && planner.fits(context)) return planner.planned(context);
  }
  return std::unexpected(planner.refusal());
}

uint64_t vocabulary_bytes(uint64_t n_vocab, uint32_t max_sequences) {
  return kProcessBytes + n_vocab * (kBytesPerToken + sizeof(float) * max_sequences);
}

}  // namespace ingle::engine
