#include "eval/pii.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "router/detectors/detector.h"

namespace ingle::eval {
namespace {

using Json = nlohmann::json;
using router::Finding;

constexpr uint64_t kMaxDataBytes = uint64_t{64} << 20;

struct Name {
  std::string_view theirs;
  std::string_view ours;
};

constexpr Name kRecognizers[] = {{"credit_card", "card"}, {"email", "email"},      {"ip", "ip"},     {"phone", "phone"},
                                 {"de_tax_id", "tax_id"}, {"de_vat_id", "vat_id"}, {"us_ssn", "ssn"}};
constexpr Name kEntities[] = {{"CREDIT_CARD", "card"}, {"EMAIL_ADDRESS", "email"}, {"IBAN_CODE", "iban"},
                              {"IP_ADDRESS", "ip"},    {"PHONE_NUMBER", "phone"},  {"US_SSN", "ssn"}};

std::string_view our_name(std::span<const Name> names, std::string_view theirs) {
  const auto found = std::ranges::find(names, theirs, &Name::theirs);
  return found == names.end() ? std::string_view() : found->ours;
}

class Scorer {
 public:
  Status cases(std::string_view lines) {
    for (size_t from = 0; from < lines.size();) {
      const size_t end = std::min(lines.find('\n', from), lines.size());
      const Json json = Json::parse(lines.substr(from, end - from));
      from = end + 1;
      const std::string_view kind = our_name(kRecognizers, json.at("recognizer").get<std::string>());
      if (!kind.empty()) one_case(kind, json.at("text"), json.at("expected_len"));
    }
    return {};
  }

  void labelled_text(const Json& json) {
    const std::string text = json.at("full_text");
    const auto findings = find(text);
    const std::vector<size_t> starts = code_points(text);
    ++scores_.texts;
    struct Label {
      std::string_view kind;
      router::Span span;
    };
    std::vector<Label> labels;
    for (const Json& span : json.at("spans")) {
      const std::string_view kind = our_name(kEntities, span.at("entity_type").get<std::string>());
      const size_t begin = span.at("start_position");
      const size_t end = span.at("end_position");
      if (!kind.empty() && begin < end && end < starts.size()) labels.push_back({kind, {starts[begin], starts[end]}});
    }
    const auto overlap = [](const router::Span& a, const router::Span& b) {
      return a.begin < b.end && b.begin < a.end;
    };
    for (const Label& label : labels) {
      KindScore& score = of(label.kind);
      ++score.spans;
      const auto meets = [&](const Finding& f) { return overlap(f.span, label.span); };
      const bool found =
          std::ranges::any_of(findings, [&](const Finding& f) { return meets(f) && f.kind == label.kind; });
      score.found += found;
      score.held += std::ranges::any_of(findings, meets);
      if (!found) miss(label.kind, text, label.span, false);
    }
    for (const Finding& finding : findings) {
      KindScore& score = of(finding.kind);
      ++score.findings;
      const bool right = std::ranges::any_of(
          labels, [&](const Label& l) { return l.kind == finding.kind && overlap(finding.span, l.span); });
      score.right += right;
      if (!right) miss(finding.kind, text, finding.span, true);
    }
    scores_.plain_texts += labels.empty();
    scores_.plain_flagged += labels.empty() && !findings.empty();
  }

  PiiScores take() { return std::move(scores_); }

 private:
  KindScore& of(std::string_view kind) {
    auto found = std::ranges::find(scores_.kinds, kind, &KindScore::kind);
    if (found == scores_.kinds.end()) {
      found = scores_.kinds.insert(scores_.kinds.end(), KindScore{});
      found->kind = kind;
    }
    return *found;
  }

  std::vector<Finding> find(const std::string& text) {
    const auto begin = std::chrono::steady_clock::now();
    auto findings = router::find_private(text);
    scores_.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    scores_.bytes += text.size();
    return findings;
  }

  void one_case(std::string_view kind, const std::string& text, uint32_t expected) {
    const auto findings = find(text);
    const auto n = static_cast<uint32_t>(std::ranges::count(findings, kind, &Finding::kind));
    KindScore& score = of(kind);
    if (expected > 0) {
      ++score.positives;
      score.positives_found += n >= expected;
      if (n < expected) scores_.misses.push_back({std::string(kind), text, false});
    } else {
      ++score.negatives;
      score.negatives_clean += n == 0;
      if (n > 0) scores_.misses.push_back({std::string(kind), text, true});
    }
  }

  void miss(std::string_view kind, const std::string& text, const router::Span& span, bool found) {
    scores_.misses.push_back({std::string(kind), text.substr(span.begin, span.end - span.begin), found});
  }

  /// Where each code point begins, and the end.
  static std::vector<size_t> code_points(std::string_view text) {
    std::vector<size_t> starts;
    for (size_t i = 0; i < text.size(); ++i) {
      if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80) starts.push_back(i);
    }
    starts.push_back(text.size());
    return starts;
  }

  PiiScores scores_;
};

}  // namespace

Result<PiiScores> score_pii(const std::filesystem::path& folder) {
  INGLE_TRY(const std::string cases, base::read_file(folder / "recognizer_cases.jsonl", kMaxDataBytes));
  INGLE_TRY(const std::string texts,
            base::read_file(folder / "presidio_research" / "generated_large.json", kMaxDataBytes));
  Scorer scorer;
  try {
    INGLE_TRY_VOID(scorer.cases(cases));
    for (const Json& text : Json::parse(texts))
      scorer.labelled_text(text);
  } catch (const std::exception&) {
    return std::unexpected(
        Error::corrupt("the files in '" + folder.string() + "' do not have the form of these cases"));
  }
  return scorer.take();
}

}  // namespace ingle::eval
