// Transcript: who said what, in order. Read from what people have: "Speaker: text" lines, subtitles (VTT, SRT) or JSON.
//
// The input is hostile: it is limited, never executed, and what is no transcript is an error that says why. Plain values,
// owned by whoever read them; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ingle::documents {

struct Turn {
  std::string speaker;  // empty: the source does not say
  std::string text;     // valid UTF-8
  friend bool operator==(const Turn&, const Turn&) = default;
};

struct Transcript {
  std::string heading;      // what stands before the first speaker of a text file
  std::vector<Turn> turns;  // cites are indexes into this
};

struct TranscriptLimits {
  size_t max_bytes = size_t{8} << 20;
  size_t max_turns = 100'000;
  size_t max_words = 300'000;
  int max_json_depth = 32;
};

/// The form is recognised from the content. kRefused: over a limit; kCorrupt: broken or no text; kUsage: nothing that is a
/// turn, or more than one meeting.
Result<Transcript> parse_transcript(std::string_view bytes, const TranscriptLimits& limits = {});

}  // namespace ingle::documents
