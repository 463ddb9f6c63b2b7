#include "eval/invoices.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/files.h"
#include "documents/evidence.h"
#include "documents/text_index.h"
#include "documents/values.h"

namespace ingle::eval {
namespace {

using Json = nlohmann::json;

constexpr uint64_t kMaxTruthBytes = 1 << 20;
// Names of the truth where they are not those of the preset; `printed_in_text` has a name of its own for the total.
struct ScoredField {
  std::string_view field;
  std::string_view truth;
  std::string_view printed;
};
constexpr ScoredField kScored[] = {
    {"invoice_number", "invoice_number", "invoice_number"},
    {"issue_date", "issue_date", ""},
    {"grand_total", "grand_total", "total"},
    {"seller_name", "seller_name", "seller_name"},
    {"buyer_name", "buyer_name", "buyer_name"},
    {"due_date", "due_date", ""},
    {"seller_vat_id", "seller_vat_id", ""},
    {"buyer_vat_id", "buyer_vat_id", ""},
    {"currency", "currency", ""},
    {"net_total", "tax_basis_total", ""},
    {"tax_total", "tax_total", ""},
    {"due_payable", "due_payable", ""},
    {"iban", "iban", "iban"},
};
constexpr std::string_view kVital[] = {"invoice_number", "issue_date", "grand_total"};

struct Truth {
  std::map<std::string, std::string, std::less<>> fields;
  std::map<std::string, bool, std::less<>> printed;
};

Result<Truth> read_truth(const std::filesystem::path& path) {
  INGLE_TRY(const std::string bytes, base::read_file(path, kMaxTruthBytes));
  Truth truth;
  try {
    const Json json = Json::parse(bytes);
    for (const auto& [name, value] : json.at("fields").items()) {
      if (value.is_string()) truth.fields[name] = value.get<std::string>();
    }
    for (const auto& [name, value] : json.at("printed_in_text").items())
      truth.printed[name] = value.get<bool>();
  } catch (const Json::exception& error) {
    return std::unexpected(Error::corrupt("'" + path.string() + "' is no truth of an invoice: " + error.what()));
  }
  return truth;
}

struct Case {
  std::vector<std::filesystem::path> files;
  std::vector<Truth> truths;
};

/// Cases in the order of their first file.
Result<std::vector<Case>> find_cases(const std::filesystem::path& data) {
  std::vector<std::filesystem::path> paths;
  std::error_code code;
  for (const auto& entry : std::filesystem::directory_iterator(data, code)) {
    if (entry.path().extension() == ".json") paths.push_back(entry.path());
  }
  if (code) return std::unexpected(Error::io("reading the folder '" + data.string() + "'", code.value()));
  std::ranges::sort(paths);
  std::vector<Case> cases;
  std::map<std::string, size_t> by_key;
  for (const std::filesystem::path& path : paths) {
    auto document = path;
    document.replace_extension(".pdf");
    if (!std::filesystem::exists(document)) document.replace_extension(".txt");
    if (!std::filesystem::exists(document)) continue;
    INGLE_TRY(Truth truth, read_truth(path));
    const std::string key =
        truth.fields["invoice_number"] + "\n" + truth.fields["seller_name"] + "\n" + truth.fields["grand_total"];
    const auto [place, is_new] = by_key.try_emplace(key, cases.size());
    if (is_new) cases.emplace_back();
    cases[place->second].files.push_back(document);
    cases[place->second].truths.push_back(std::move(truth));
  }
  if (cases.empty())
    return std::unexpected(Error::not_found("'" + data.string() + "' has no NAME.pdf with a NAME.json beside it"));
  return cases;
}

bool is_same(std::string_view field, std::string_view expected, std::string_view got) {
  if (field.ends_with("_total") || field == "due_payable") {
    const auto a = documents::parse_plain_decimal(expected);
    return a && a == documents::parse_plain_decimal(got);
  }
  if (field == "iban" || field.ends_with("_vat_id")) return documents::compact(expected) == documents::compact(got);
  if (field.ends_with("_name"))
    return documents::fold(expected) == documents::fold(got) || documents::compact(expected) == documents::compact(got);
  return expected == got;
}

class Scorer {
 public:
  Scorer(const InvoiceOptions& options, InvoiceScores& scores) : options_(options), scores_(scores) {
    for (const ScoredField& row : kScored)
      scores_.fields.push_back({std::string(row.field), 0, 0});
  }

  /// One file of a case; `weight` is one over the number of files that the case has.
  void score(const std::filesystem::path& file, const Truth& truth, const documents::Document& document,
             const documents::Extraction& extraction) {
    check_evidence(file, document, extraction);
    bool all_right = true;
    for (size_t i = 0; i < std::size(kScored); ++i) {
      const ScoredField& row = kScored[i];
      const auto expected = truth.fields.find(row.truth);
      const documents::Leaf* leaf = documents::find_leaf(extraction, row.field);
      const std::string got = leaf != nullptr && leaf->value ? *leaf->value : "";
      if (expected == truth.fields.end() || !is_scored(row, truth, expected->second, document)) continue;
      const bool right = is_same(row.field, expected->second, got);
      sums_[i].first += right ? 1 : 0;
      ++sums_[i].second;
      if (right) continue;
      scores_.misses.push_back({file.filename().string(), std::string(row.field), expected->second, got});
      if (std::ranges::find(kVital, row.field) != std::end(kVital)) all_right = false;
    }
    ++scores_.files;
    if (extraction.verdict == documents::Verdict::kAccept) {
      ++scores_.accepted;
      scores_.accepted_wrong += !all_right;
    }
    scores_.asked_model += !extraction.model.empty();
  }

  void end_case() {
    ++scores_.cases;
    for (size_t i = 0; i < std::size(kScored); ++i) {
      if (sums_[i].second == 0) continue;
      scores_.fields[i].right += sums_[i].first / sums_[i].second;
      ++scores_.fields[i].cases;
      sums_[i] = {};
    }
  }

 private:
  bool is_scored(const ScoredField& row, const Truth& truth, const std::string& expected,
                 const documents::Document& document) const {
    if (!options_.ignore_xml) return true;
    if (!row.printed.empty()) {
      const auto printed = truth.printed.find(row.printed);
      return printed != truth.printed.end() && printed->second;
    }
    return documents::is_printed(row.field, expected, document.text);
  }

  void check_evidence(const std::filesystem::path& file, const documents::Document& document,
                      const documents::Extraction& extraction) {
    const documents::TextIndex index(document.text);
    for (const auto& [name, value] : extraction.fields)
      check_value(file, index, name, value);
  }

  void check_value(const std::filesystem::path& file, const documents::TextIndex& index, std::string_view name,
                   const documents::Value& value) {
    if (const auto* list = std::get_if<std::vector<documents::Value>>(&value.content)) {
      for (const documents::Value& element : *list)
        check_value(file, index, name, element);
    } else if (const auto* members = std::get_if<documents::Members>(&value.content)) {
      for (const auto& [key, member] : *members)
        check_value(file, index, key, member);
    } else {
      const auto& leaf = std::get<documents::Leaf>(value.content);
      if (!leaf.value || leaf.source == documents::Source::kXml) return;
      ++scores_.values;
      const std::string text = leaf.span ? index.text(*leaf.span) : "";
      if (leaf.span && documents::says(name, *leaf.value, text)) return;
      ++scores_.without_evidence;
      scores_.misses.push_back({file.filename().string(), std::string(name) + " (evidence)", *leaf.value, text});
    }
  }

  const InvoiceOptions& options_;
  InvoiceScores& scores_;
  std::pair<double, double> sums_[std::size(kScored)] = {};
};

}  // namespace

Result<InvoiceScores> score_invoices(documents::Reader& reader, runtime::Models& models,
                                     const InvoiceOptions& options) {
  INGLE_TRY(std::vector<Case> cases, find_cases(options.data));
  if (options.max_cases > 0 && cases.size() > options.max_cases) cases.resize(options.max_cases);
  uint32_t n_files = 0;
  for (Case& one : cases) {
    if (!options.all_files) one.files.resize(1);
    n_files += static_cast<uint32_t>(one.files.size());
  }
  InvoiceScores scores;
  Scorer scorer(options, scores);
  const auto start = std::chrono::steady_clock::now();
  uint32_t done = 0;
  for (const Case& one : cases) {
    for (size_t i = 0; i < one.files.size(); ++i) {
      if (options.stop.stop_requested()) return std::unexpected(Error::cancelled());
      const std::string name = one.files[i].filename().string();
      if (options.on_file) options.on_file(done++, n_files, name);
      INGLE_TRY(const base::FileDescriptor file, base::FileDescriptor::open_read(one.files[i]));
      const auto document = reader.read(file, name);
      const auto extraction =
          document
              ? documents::extract(*document, {.schema = {}, .ignore_xml = options.ignore_xml, .model = options.model},
                                   models, {}, options.stop)
              : std::unexpected(document.error());
      if (!extraction) {
        if (extraction.error().code() == ErrorCode::kCancelled) return std::unexpected(extraction.error());
        scores.failures.push_back(name + ": " + extraction.error().message());
        continue;
      }
      scorer.score(one.files[i], one.truths[i], *document, *extraction);
    }
    scorer.end_case();
  }
  scores.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return scores;
}

}  // namespace ingle::eval
