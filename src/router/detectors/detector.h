// Detectors: what may not leave this machine by accident, found by its own form and check digits.
//
// Each takes time linear in the text: no pattern is tried twice at one place over more than a fixed number of characters.
// What the kinds cover and what they cannot see (names, addresses, anything without a form) stands in docs/router.md.
// Pure; any thread.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace ingle::router {

struct Span {
  size_t begin = 0;
  size_t end = 0;
  friend bool operator==(const Span&, const Span&) = default;
};

struct Detector {
  std::string_view kind;   // "iban", as policies and the ledger write it
  std::string_view title;  // for people: "an IBAN"
  /// Appends spans of the folded text.
  void (*scan)(std::string_view folded, std::vector<Span>& found);
};

/// The table. Two rows may share a kind.
std::span<const Detector* const> detectors();
/// nullptr for a word that is no kind.
const Detector* find_kind(std::string_view kind);

struct Finding {
  std::string_view kind;
  Span span;  // bytes of the original text
};

/// Everything found, by kind and place; findings of one kind do not overlap.
std::vector<Finding> find_private(std::string_view text);

extern const Detector kEmailDetector;
extern const Detector kCardDetector;
extern const Detector kIbanDetector;
extern const Detector kPhoneDetector;
extern const Detector kIpAddressDetector;
extern const Detector kTaxIdDetector;
extern const Detector kVatIdDetector;
extern const Detector kSsnDetector;
extern const Detector kTokenDetector;
extern const Detector kPasswordDetector;

}  // namespace ingle::router
