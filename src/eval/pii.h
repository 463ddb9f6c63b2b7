// How much of what must not leave the detectors find, on other people's cases: the measure of `ingle eval pii`.
//
// A folder holds recognizer_cases.jsonl (a text, and how many findings of its kind it has) and
// presidio_research/generated_large.json (texts with labelled spans). Kinds that no detector claims are not counted.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace ingle::eval {

struct KindScore {
  std::string kind;
  uint32_t spans = 0;      // labelled in texts
  uint32_t found = 0;      // of them: overlapped by a finding of this kind
  uint32_t held = 0;       // of them: overlapped by a finding of any kind, so that the text stays
  uint32_t findings = 0;   // of this kind in those texts
  uint32_t right = 0;      // of them: overlap a span of this kind
  uint32_t positives = 0;  // cases with a finding of this kind
  uint32_t positives_found = 0;
  uint32_t negatives = 0;  // cases without one, made to look like it
  uint32_t negatives_clean = 0;
};

struct PiiMiss {
  std::string kind;
  std::string text;  // what was labelled and not found, or found and not labelled
  bool found = false;
};

struct PiiScores {
  std::vector<KindScore> kinds;
  uint32_t texts = 0;
  uint32_t plain_texts = 0;    // without a label of any of these kinds
  uint32_t plain_flagged = 0;  // of them: something was found all the same
  uint64_t bytes = 0;
  double seconds = 0;  // in the detectors
  std::vector<PiiMiss> misses;
};

Result<PiiScores> score_pii(const std::filesystem::path& folder);

}  // namespace ingle::eval
