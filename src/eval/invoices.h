// How many fields of real invoices come out right: the measure of `ingle eval invoices`.
//
// A folder holds NAME.pdf beside NAME.json with the truth: `fields`, and in `printed_in_text` what the text layer shows at
// all. Copies of one invoice count as one: a case is a (number, seller, total), and its score the mean over its files.
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "documents/extraction.h"
#include "documents/reader.h"

namespace ingle::eval {

struct InvoiceOptions {
  std::filesystem::path data;
  bool ignore_xml = false;
  bool all_files = false;  // every copy, not one a case
  size_t max_cases = 0;    // 0: all
  std::string model;       // empty: rules only
  std::stop_token stop;
  std::function<void(uint32_t done, uint32_t total, std::string_view file)> on_file;
};

struct FieldScore {
  std::string field;
  double right = 0;  // sum over cases
  uint32_t cases = 0;
};

struct InvoiceMiss {
  std::string file;
  std::string field;
  std::string expected;
  std::string got;  // "" = not found
};

struct InvoiceScores {
  uint32_t files = 0;
  uint32_t cases = 0;
  std::vector<FieldScore> fields;  // where the truth is printed (with XML: all)
  uint32_t values = 0;             // that were given
  uint32_t without_evidence = 0;   // of them: no span, or its text does not say the value
  uint32_t accepted = 0;           // files with the verdict "accept"
  uint32_t accepted_wrong = 0;     // of them: number, date or total is wrong
  uint32_t asked_model = 0;        // files for which the model was needed
  double seconds = 0;
  std::vector<InvoiceMiss> misses;
  std::vector<std::string> failures;  // files that could not be read, with the reason
};

Result<InvoiceScores> score_invoices(documents::Reader& reader, runtime::Models& models, const InvoiceOptions& options);

}  // namespace ingle::eval
