#include "eval/router.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <random>

#include "base/files.h"
#include "net/url.h"

namespace ingle::eval {
namespace {

using Clock = std::chrono::steady_clock;

constexpr uint64_t kMaxDataBytes = uint64_t{256} << 20;
constexpr std::string_view kLetters = "ABCDEFGHIJ";

struct Question {
  size_t line = 0;
  std::string text;
  size_t answer = 0;
  std::vector<std::string> answers;  // instead: one of them occurs in a right answer
  bool cloud_right = false;
};

Result<std::vector<Question>> read_questions(const std::filesystem::path& path) {
  INGLE_TRY(const std::string bytes, base::read_file(path, kMaxDataBytes));
  std::vector<Question> questions;
  size_t line = 0;
  for (size_t from = 0; from < bytes.size(); ++line) {
    const size_t end = std::min(bytes.find('\n', from), bytes.size());
    const std::string_view text = std::string_view(bytes).substr(from, end - from);
    from = end + 1;
    if (text.empty()) continue;
    try {
      const auto json = nlohmann::json::parse(text);
      Question question;
      question.line = line;
      question.text = json.at("question");
      if (json.contains("answers")) {
        question.text += " Answer in one short sentence.";
        question.answers = json.at("answers");
        question.cloud_right = json.value("gpt4_correct", true);
        questions.push_back(std::move(question));
        continue;
      }
      question.text += '\n';
      const auto& choices = json.at("choices");
      for (size_t i = 0; i < choices.size() && i < kLetters.size(); ++i)
        question.text += fmt::format("{}. {}\n", kLetters[i], choices[i].get<std::string>());
      question.text += "Answer with the letter only.";
      const auto& answer = json.at("answer");
      question.answer = answer.is_string() ? std::stoul(answer.get<std::string>()) : answer.get<size_t>();
      question.cloud_right = json.at("gpt4_correct");
      if (question.answer >= choices.size()) throw std::out_of_range("answer");
      questions.push_back(std::move(question));
    } catch (const std::exception&) {
      return std::unexpected(Error::corrupt(
          fmt::format("'{}', line {}: not a question with choices, answer and gpt4_correct, or with answers",
                      path.string(), line + 1)));
    }
  }
  return questions;
}

/// The letter that an answer begins with, after marks such as "**" or "("; npos: it begins with something else.
size_t letter_of(std::string_view answer) {
  const size_t at = answer.find_first_not_of(" \t\r\n*(\"'");
  if (at == std::string_view::npos) return std::string_view::npos;
  const auto is_letter = [](char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; };
  if (at + 1 < answer.size() && is_letter(answer[at + 1])) return std::string_view::npos;
  return kLetters.find(answer[at]);
}

bool holds_any(std::string_view answer, const std::vector<std::string>& words) {
  const std::string lower = net::lower_ascii(answer);
  const auto is_word = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'); };
  return std::ranges::any_of(words, [&](const std::string& word) {
    const std::string wanted = net::lower_ascii(word);
    for (size_t at = lower.find(wanted); at != std::string::npos; at = lower.find(wanted, at + 1)) {
      // "8" is not in "18"; the end may go on, as in "Reykjav(i)k".
      if ((at == 0 || !is_word(lower[at - 1])) && (at + wanted.size() >= lower.size() || !is_word(wanted.back()) ||
                                                   !is_word(lower[at + wanted.size()]) || wanted.back() > '9')) {
        return true;
      }
    }
    return false;
  });
}

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

Result<RouterRow> ask(chat::Completer& model, const chat::Description& description, const Question& question,
                      double& check_seconds) {
  // A letter comes at once or not at all; a sentence is judged as far as the router holds it back.
  constexpr int32_t kLetterTokens = 16;
  constexpr int32_t kSentenceTokens = 48;
  chat::ChatPrompt prompt;
  prompt.messages.push_back({"user", chat::Private(question.text), {}, {}, {}});
  chat::CompleteRequest request;
  request.id = fmt::format("eval-{}", question.line);
  request.prompt = std::move(prompt);
  request.sampling.temperature = 0;
  request.max_tokens = question.answers.empty() ? kLetterTokens : kSentenceTokens;
  request.logprobs = router::kConfidenceLogprobs;
  router::Confidence confidence;
  std::string answer;
  INGLE_TRY(const chat::Finished finished, chat::complete_and_wait(model, request, [&](const chat::Event& event) {
              if (const auto* delta = std::get_if<chat::Delta>(&event)) {
                answer += delta->text;
                for (const chat::TokenInfo& token : delta->tokens)
                  confidence.add(token);
              }
            }));
  // The router, too, asks for a verdict on whole answers only.
  if (finished.reason == chat::FinishReason::kStop && router::wants_verdict(description)) {
    const auto begin = Clock::now();
    INGLE_TRY(const auto verdict, router::ask_verdict(model, request, answer));
    if (verdict) confidence.add_verdict(*verdict);
    check_seconds += seconds_since(begin);
  }
  RouterRow row;
  row.line = question.line;
  row.local_right =
      question.answers.empty() ? letter_of(answer) == question.answer : holds_any(answer, question.answers);
  row.cloud_right = question.cloud_right;
  row.features = confidence.features();
  row.score = confidence.score(description);
  return row;
}

double auroc_of(const std::vector<std::pair<double, bool>>& sorted, const std::vector<uint32_t>& times) {
  // Sums over ties at once: a positive counts the negatives below it, and half of those beside it.
  double below = 0;
  double won = 0;
  double positives = 0;
  for (size_t i = 0; i < sorted.size();) {
    double p = 0;
    double n = 0;
    size_t j = i;
    for (; j < sorted.size() && sorted[j].first == sorted[i].first; ++j)
      (sorted[j].second ? p : n) += times[j];
    won += p * (below + n / 2);
    below += n;
    positives += p;
    i = j;
  }
  return positives > 0 && below > 0 ? won / (positives * below) : 0.5;
}

double share(const std::vector<RouterRow>& rows, bool RouterRow::* member) {
  const auto n = std::ranges::count(rows, true, member);
  return rows.empty() ? 0 : static_cast<double>(n) / static_cast<double>(rows.size());
}

std::vector<RouterScores::Point> curve_of(const std::vector<RouterRow>& rows) {
  constexpr int kSteps = 20;
  std::vector<RouterScores::Point> curve;
  for (int step = 0; step <= kSteps; ++step) {
    RouterScores::Point point;
    point.threshold = static_cast<double>(step) / kSteps;
    size_t kept = 0;
    size_t kept_right = 0;
    size_t right = 0;
    for (const RouterRow& row : rows) {
      const bool here = row.score >= point.threshold;
      kept += here;
      kept_right += here && row.local_right;
      right += here ? row.local_right : row.cloud_right;
    }
    const auto n = static_cast<double>(rows.size());
    point.local_share = static_cast<double>(kept) / n;
    point.accuracy = static_cast<double>(right) / n;
    point.kept_accuracy = kept == 0 ? 1 : static_cast<double>(kept_right) / static_cast<double>(kept);
    curve.push_back(point);
  }
  return curve;
}

}  // namespace

Interval auroc(const std::vector<double>& scores, const std::vector<bool>& positive) {
  constexpr int kSamples = 2000;
  constexpr double kTail = 0.025;
  std::vector<std::pair<double, bool>> sorted;
  for (size_t i = 0; i < scores.size(); ++i)
    sorted.emplace_back(scores[i], positive[i]);
  std::ranges::sort(sorted);
  Interval interval;
  interval.value = auroc_of(sorted, std::vector<uint32_t>(sorted.size(), 1));
  if (sorted.empty()) return interval;
  std::mt19937_64 random(1);
  std::vector<double> samples;
  for (int sample = 0; sample < kSamples; ++sample) {
    std::vector<uint32_t> times(sorted.size(), 0);
    for (size_t i = 0; i < sorted.size(); ++i)
      ++times[random() % sorted.size()];
    samples.push_back(auroc_of(sorted, times));
  }
  std::ranges::sort(samples);
  interval.low = samples[static_cast<size_t>(kSamples * kTail)];
  interval.high = samples[static_cast<size_t>(kSamples * (1 - kTail))];
  return interval;
}

std::optional<double> threshold_for(const RouterScores& scores, double wanted) {
  for (const RouterScores::Point& point : scores.curve) {
    if (point.local_share > 0 && point.kept_accuracy >= wanted) return point.threshold;
  }
  return std::nullopt;
}

Result<RouterScores> score_router(chat::Completer& model, const RouterOptions& options) {
  INGLE_TRY(const auto questions, read_questions(options.data));
  if (questions.empty()) return std::unexpected(Error::refused("'" + options.data.string() + "' holds no questions"));
  INGLE_TRY(const chat::Description description, model.describe());
  const size_t count = std::min(options.count, questions.size());
  RouterScores scores;
  const auto begin = Clock::now();
  for (size_t i = 0; i < count; ++i) {
    if (options.stop.stop_requested()) return std::unexpected(Error::cancelled());
    if (options.on_row) options.on_row(i, count);
    INGLE_TRY(RouterRow row, ask(model, description, questions[i * questions.size() / count], scores.check_seconds));
    scores.rows.push_back(std::move(row));
  }
  scores.seconds = seconds_since(begin);
  scores.local_accuracy = share(scores.rows, &RouterRow::local_right);
  scores.cloud_accuracy = share(scores.rows, &RouterRow::cloud_right);
  std::vector<double> signal;
  std::vector<double> logprob;
  std::vector<bool> right;
  for (const RouterRow& row : scores.rows) {
    signal.push_back(row.score);
    logprob.push_back(row.features.mean_logprob);
    right.push_back(row.local_right);
  }
  scores.auroc = auroc(signal, right);
  scores.auroc_logprob = auroc(logprob, right);
  scores.curve = curve_of(scores.rows);
  return scores;
}

}  // namespace ingle::eval
