// Any bytes as a transcript, and what is made of it without a model.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/utf8.h"
#include "documents/summarize_evidence.h"
#include "documents/summarize_outcomes.h"
#include "documents/summarize_windows.h"
#include "documents/transcript.h"
#include "documents/transcript_words.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ingle::documents;
  const auto transcript = parse_transcript({reinterpret_cast<const char*>(data), size});
  if (!transcript) return 0;
  for (const Turn& turn : transcript->turns) {
    INGLE_CHECK(ingle::base::is_valid_utf8(turn.text));
    INGLE_CHECK(ingle::base::is_valid_utf8(tidy_speech(turn.text)));
  }
  const std::vector<Window> windows = cut_windows(*transcript, 800);
  const Evidence evidence(*transcript);
  for (const Outcome& outcome : find_outcomes(*transcript, evidence, windows))
    INGLE_CHECK(outcome.turn < transcript->turns.size());
  for (const Window& window : windows) {
    for (const Passage& passage : window.passages) {
      const auto claim = evidence.check(passage.text, window.turns);
      if (!claim) continue;
      for (const uint32_t cite : claim->cites)
        INGLE_CHECK(cite < transcript->turns.size());
    }
  }
  return 0;
}
