// Outcomes: the sentences of a transcript in which somebody takes something on, the group settles something, or a question
// stays open. Found by what people say when they do that, in English and, more coarsely, in German.
//
// Pure functions, any thread. Small models cannot tell a promise from talk (measured: docs/quality.md); cues can.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "documents/summarize_evidence.h"
#include "documents/summarize_windows.h"
#include "documents/transcript.h"

namespace ingle::documents {

enum class OutcomeKind : uint8_t { kAction, kDecision, kQuestion };

struct Outcome {
  OutcomeKind kind{};
  uint32_t turn = 0;
  std::string sentence;  // tidy, as it was said
  double score = 0;
  std::optional<std::string> owner = {};  // of an action: who said "I will", or whom it was asked of
  std::optional<std::string> due = {};    // copied from the turn
  std::string plain = {};                 // in the third person, made by rule
};

/// The best of each kind, in the order of the transcript.
std::vector<Outcome> find_outcomes(const Transcript& transcript, const Evidence& evidence,
                                   const std::vector<Window>& windows);

/// "by Friday", "next week", "2024-05-01", as it stands in the sentence.
std::optional<std::string> due_of(std::string_view sentence);

}  // namespace ingle::documents
