// summarize(): a meeting in a few sentences, each with the turns that say it, and what was decided, taken on and left open.
//
// A model writes, code checks. The transcript is cut where its subject changes into windows; for each the model writes a
// sentence or two and a title. Every sentence is then held against the turns it was made from: numbers and names must stand
// in the turns it cites, most of its words too, and a named speaker must have said it. What fails is asked for once more,
// then replaced by a quotation or dropped. Decisions, actions and questions are found in the turns by code; the model only
// words them. The caller's thread does the work; `progress` is called on it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "chat/completer.h"
#include "documents/transcript.h"
#include "runtime/models.h"

namespace ingle::documents {

enum class SummaryStyle : uint8_t { kBrief, kMinutes, kActions };
/// "brief", "minutes", "actions".
Result<SummaryStyle> parse_summary_style(std::string_view name);

struct SummarizeOptions {
  std::string model;
  SummaryStyle style = SummaryStyle::kBrief;
  std::string
      query;  // "" = the meeting as a whole; what does not speak of it is left out, all of it where nothing does
};

/// A statement and the turns (indexes into Transcript::turns, ascending, at least one) that it rests on.
struct SummaryPoint {
  std::string text;
  std::vector<uint32_t> cites;
  double support = 0;      // share of its words, by weight, that stand in the cited turns
  bool quotation = false;  // words of the transcript, because no sentence of the model held
};
struct SummaryTopic {
  std::string title;
  std::vector<uint32_t> cites;
};
struct SummaryAction {
  SummaryPoint point;
  std::optional<std::string> owner;  // a speaker's name
  std::optional<std::string> due;    // copied from a cited turn
};

struct Summary {
  std::vector<SummaryTopic> topics;
  std::vector<SummaryPoint> summary;
  std::vector<SummaryPoint> decisions;
  std::vector<SummaryAction> actions;
  std::vector<SummaryPoint> questions;

  // How it came about.
  uint32_t windows = 0;
  uint32_t requests = 0;  // answers of the model
  uint32_t rejected = 0;  // sentences of the model that did not hold
  uint32_t quoted = 0;    // points that are quotations
  uint64_t prompt_tokens = 0;
  uint64_t cached_tokens = 0;
  uint64_t answer_tokens = 0;
};

/// kRefused where nothing is said that could be summarized: to be asked before a model is loaded.
Status check_summarizable(const Transcript& transcript);

/// `done` of `total` pieces of work.
using SummaryProgress = std::function<void(uint32_t done, uint32_t total)>;

/// kCancelled when `stop` was asked; kRefused for what cannot be summarized; errors of the model otherwise.
Result<Summary> summarize(const Transcript& transcript, const SummarizeOptions& options, runtime::Models& models,
                          const SummaryProgress& progress, std::stop_token stop);
/// With a model that is there already.
Result<Summary> summarize(const Transcript& transcript, const SummarizeOptions& options, chat::Completer& model,
                          const SummaryProgress& progress, std::stop_token stop);

/// The object of docs/contracts.md; "file" first unless it is empty.
std::string summary_json(const Summary& summary, std::string_view file);

}  // namespace ingle::documents
