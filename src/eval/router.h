// Whether the router's confidence knows right answers from wrong ones: the measure of `ingle eval router`.
//
// A row is a multiple-choice question with its key and whether a cloud answered it right, or a question with the words that
// a right answer holds. It is asked as a person would ask it, answered by the local model and judged by the very signal
// that `auto` uses. Any thread; one at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "chat/completer.h"
#include "router/confidence.h"

namespace ingle::eval {

struct RouterOptions {
  std::filesystem::path data;  // JSON lines: question, choices, answer (index), gpt4_correct; or question, answers
  size_t count = 500;          // rows, spread evenly over the file
  std::stop_token stop;
  std::function<void(size_t done, size_t total)> on_row;
};

struct RouterRow {
  size_t line = 0;  // in the file, from 0
  bool local_right = false;
  bool cloud_right = false;
  router::Confidence::Features features;
  double score = 0;
};

struct Interval {
  double value = 0;
  double low = 0;
  double high = 0;
};

struct RouterScores {
  std::vector<RouterRow> rows;
  double local_accuracy = 0;
  double cloud_accuracy = 0;
  Interval auroc;            // of the score: a right answer's is higher than a wrong one's
  Interval auroc_logprob;    // of the mean log-probability alone
  double seconds = 0;        // a question, the check included
  double check_seconds = 0;  // of them

  /// Routing by the score: what share stays here, and how many of all answers are right then.
  struct Point {
    double threshold = 0;
    double local_share = 0;
    double accuracy = 0;       // of the mixture
    double kept_accuracy = 0;  // of what stays here
  };
  std::vector<Point> curve;
};

Result<RouterScores> score_router(chat::Completer& model, const RouterOptions& options);

/// Probability that a positive's score is above a negative's, with a bootstrap 95 % interval. Seeded: repeatable.
Interval auroc(const std::vector<double>& scores, const std::vector<bool>& positive);

/// The lowest threshold at which at least `wanted` of what stays here is right; nothing when none does.
std::optional<double> threshold_for(const RouterScores& scores, double wanted);

}  // namespace ingle::eval
