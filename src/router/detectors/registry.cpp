#include <algorithm>
#include <tuple>

#include "router/detectors/detector.h"
#include "router/fold.h"

namespace ingle::router {
namespace {

const Detector* const kRows[] = {
    &kIbanDetector,       // country, length, structure, mod 97
    &kCardDetector,       // issuer range, length, Luhn
    &kTokenDetector,      // keys and tokens that carry their issuer's mark
    &kPasswordDetector,   // values that stand beside a word such as "password"
    &kEmailDetector,      //
    &kPhoneDetector,      // with country code, or written as a national number
    &kTaxIdDetector,      // Germany's, with its check digit
    &kVatIdDetector,      // European ones whose check digits are public
    &kSsnDetector,        // the United States'
    &kIpAddressDetector,  // version 4 and 6, not loopback
};

}  // namespace

std::span<const Detector* const> detectors() {
  return kRows;
}

const Detector* find_kind(std::string_view kind) {
  const auto found = std::ranges::find(kRows, kind, [](const Detector* row) { return row->kind; });
  return found == std::end(kRows) ? nullptr : *found;
}

std::vector<Finding> find_private(std::string_view text) {
  const Folded folded = fold(text);
  std::vector<Finding> found;
  for (const Detector* detector : kRows) {
    std::vector<Span> spans;
    detector->scan(folded.text, spans);
    for (const Span& span : spans)
      found.push_back({detector->kind, {folded.origin[span.begin], folded.origin[span.end]}});
  }
  std::ranges::sort(found, {}, [](const Finding& f) { return std::tuple(f.kind, f.span.begin, f.span.end); });
  std::vector<Finding> merged;
  for (const Finding& finding : found) {
    if (!merged.empty() && merged.back().kind == finding.kind && finding.span.begin < merged.back().span.end) {
      merged.back().span.end = std::max(merged.back().span.end, finding.span.end);
    } else {
      merged.push_back(finding);
    }
  }
  return merged;
}

}  // namespace ingle::router
