// Windows: a transcript cut into parts that fit a prompt, where its subject changes.
//
// Built once from a transcript and immutable then; any thread may read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "documents/transcript.h"

namespace ingle::documents {

/// A turn, or a part of a long one, as the model sees it.
struct Passage {
  uint32_t turn = 0;
  std::string text;  // tidy_speech of it
};

struct Window {
  std::vector<Passage> passages;
  std::vector<uint32_t> turns;  // all turns from the first to the last, also those too short to be shown
};

/// Roughly, and rather too many than too few.
size_t estimate_tokens(std::string_view text);

/// Windows of at most `limit` estimated tokens. Turns that say nothing ("Yeah.") are left out, so
/// that a transcript without content has no window.
std::vector<Window> cut_windows(const Transcript& transcript, size_t limit);

}  // namespace ingle::documents
