// Meetings: how well transcripts are summarized, on files of QMSum's form (a meeting a line, with a summary by people).
//
// What must be true of every answer is counted by code of its own, not by the code that made the answer: cites exist, and
// every number in a point stands in the turns it cites. ROUGE against the people's summary says how much of it was found;
// it is an indicator, not a goal. Blocks the calling thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "chat/completer.h"
#include "documents/summarize.h"
#include "documents/transcript.h"

namespace ingle::eval {

struct Meeting {
  std::string id;
  documents::Transcript transcript;
  std::string reference;  // the summary that people wrote
};

/// `count` meetings, spread evenly over the file; 0: all.
Result<std::vector<Meeting>> load_meetings(const std::filesystem::path& file, size_t count);

struct Rouge {
  double recall = 0;
  double precision = 0;
  double f1() const { return recall + precision > 0 ? 2 * recall * precision / (recall + precision) : 0; }
};
/// Words in common.
Rouge rouge_1(std::string_view answer, std::string_view reference);
/// Words in common and in the same order.
Rouge rouge_l(std::string_view answer, std::string_view reference);

struct MeetingScore {
  std::string id;
  size_t turns = 0;
  size_t words = 0;
  double seconds = 0;
  size_t points = 0;  // statements of all kinds
  size_t cites = 0;
  size_t cites_real = 0;  // that are turns
  size_t numbers = 0;
  size_t numbers_found = 0;  // in the cited turns
  double support = 0;        // mean share of a point's words that the cited turns have
  Rouge rouge1;
  Rouge rougeL;
  documents::Summary summary;
};

struct MeetingsOptions {
  documents::SummarizeOptions summarize;
  std::function<void(size_t meeting, uint32_t done, uint32_t total)> progress;
  std::function<void(const MeetingScore&)> on_score;
  std::stop_token stop;
};

/// Counts what is true of a summary; seconds stay 0.
MeetingScore score_summary(const Meeting& meeting, documents::Summary summary);

Result<std::vector<MeetingScore>> score_meetings(chat::Completer& model, const std::vector<Meeting>& meetings,
                                                 const MeetingsOptions& options);

}  // namespace ingle::eval
