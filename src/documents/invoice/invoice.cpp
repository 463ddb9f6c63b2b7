#include "documents/invoice/invoice.h"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <optional>

#include "base/check.h"

namespace ingle::documents {
namespace {

constexpr float kLeastScore = 0.12F;  // below it a candidate is a guess
constexpr float kAccept = 0.8F;       // confidence that needs no person
constexpr float kMissing = 0.7F;      // how sure "not found" is where no candidate exists at all
constexpr float kLow = 0.6F;          // below it a value that was found needs a person, whatever its field
constexpr std::string_view kKeyFields[] = {"invoice_number", "issue_date", "seller_name", "currency", "grand_total"};
constexpr std::string_view kVitalFields[] = {"invoice_number", "issue_date", "grand_total"};
constexpr std::string_view kLineFields[] = {"description", "quantity", "unit_price", "total"};

size_t index_of(std::string_view name) {
  const auto found = std::ranges::find(kInvoiceFields, name);
  INGLE_CHECK(found != kInvoiceFields.end());
  return static_cast<size_t>(found - kInvoiceFields.begin());
}

Leaf not_found(float confidence, Source source) {
  return {std::nullopt, confidence, std::nullopt, source};
}

Leaf leaf_of(const Candidates& candidates) {
  if (candidates.empty()) return not_found(kMissing, Source::kText);
  const Candidate& best = candidates.front();
  if (best.score < kLeastScore) return not_found(1 - best.score, Source::kText);
  return {best.value, confidence_of(candidates), best.span, Source::kText};
}

Value line_value(const LineReading& line) {
  const Candidate* cells[] = {&line.description, &line.quantity, &line.unit_price, &line.total};
  Members members;
  for (size_t i = 0; i < std::size(kLineFields); ++i) {
    const Candidate& cell = *cells[i];
    const bool found = !cell.value.empty();
    members.emplace_back(kLineFields[i], found ? Leaf{cell.value, cell.score, cell.span, Source::kText}
                                               : not_found(kMissing, Source::kText));
  }
  return Value(std::move(members));
}

/// Whether the totals of the lines give the net total.
bool lines_add_up(const InvoiceReadings& readings) {
  const Candidates& net = readings.of("net_total");
  if (net.empty() || readings.lines.empty()) return false;
  Micros sum = 0;
  for (const LineReading& line : readings.lines)
    sum += parse_plain_decimal(line.total.value).value_or(0);
  return std::abs(sum - parse_plain_decimal(net.front().value).value_or(0)) <= 20'000;
}

/// What the fields say about each other; each sentence is a reason to look.
std::vector<std::string> contradictions(const Extraction& extraction) {
  std::vector<std::string> reasons;
  const auto amount = [&](std::string_view name) -> std::optional<Micros> {
    const Leaf* leaf = find_leaf(extraction, name);
    return leaf != nullptr && leaf->value ? parse_plain_decimal(*leaf->value) : std::nullopt;
  };
  const auto net = amount("net_total");
  const auto tax = amount("tax_total");
  const auto grand = amount("grand_total");
  if (net && tax && grand && std::abs(*net + *tax - *grand) > 20'000)
    reasons.push_back(fmt::format("net {} and tax {} do not add up to {}", format_amount(*net), format_amount(*tax),
                                  format_amount(*grand)));
  const Leaf* seller = find_leaf(extraction, "seller_name");
  const Leaf* buyer = find_leaf(extraction, "buyer_name");
  if (seller->span && buyer->span && seller->span->from < buyer->span->to && buyer->span->from < seller->span->to)
    reasons.emplace_back("seller and buyer were read from the same place");
  const Leaf* iban = find_leaf(extraction, "iban");
  if (iban != nullptr && iban->value && !is_valid_iban(*iban->value))
    reasons.emplace_back("the check digits of the IBAN are wrong");
  return reasons;
}

void judge(Extraction& extraction) {
  extraction.reasons = contradictions(extraction);
  extraction.verdict = extraction.reasons.empty() ? Verdict::kAccept : Verdict::kReview;
  for (const std::string_view name : kKeyFields) {
    const Leaf* leaf = find_leaf(extraction, name);
    const bool vital = std::ranges::find(kVitalFields, name) != std::end(kVitalFields);
    if (!leaf->value) {
      extraction.reasons.push_back(fmt::format("{} was not found", name));
      extraction.verdict = vital ? Verdict::kEscalate : std::max(extraction.verdict, Verdict::kReview);
    } else if (leaf->confidence < kAccept) {
      extraction.reasons.push_back(fmt::format("{} is not sure ({:.0f} %)", name, leaf->confidence * 100));
      extraction.verdict = std::max(extraction.verdict, Verdict::kReview);
    }
  }
  for (const std::string_view name : kInvoiceFields) {
    if (std::ranges::find(kKeyFields, name) != std::end(kKeyFields)) continue;
    const Leaf* leaf = find_leaf(extraction, name);
    if (!leaf->value || leaf->confidence >= (name == "buyer_name" ? kAccept : kLow)) continue;
    extraction.reasons.push_back(fmt::format("{} is not sure ({:.0f} %)", name, leaf->confidence * 100));
    extraction.verdict = std::max(extraction.verdict, Verdict::kReview);
  }
}

}  // namespace

Candidates& InvoiceReadings::of(std::string_view name) {
  return fields[index_of(name)];
}
const Candidates& InvoiceReadings::of(std::string_view name) const {
  return fields[index_of(name)];
}

InvoiceReadings read_invoice(const Sheet& sheet) {
  InvoiceReadings readings;
  if (sheet.cells().empty()) return readings;
  const std::vector<DateHit> dates = find_dates(sheet);
  const std::vector<Identifier> ibans = find_ibans(sheet);
  const std::vector<Identifier> vat_ids = find_vat_ids(sheet);
  std::vector<Identifier> identifiers = ibans;
  identifiers.insert(identifiers.end(), vat_ids.begin(), vat_ids.end());
  std::vector<Amount> amounts = find_amounts(sheet, decimal_sign_of(sheet));
  // What is a date or a part of an account number is no amount.
  std::erase_if(amounts, [&](const Amount& amount) {
    const auto covers = [&](Span span) { return span.from <= amount.span.from && amount.span.to <= span.to; };
    return std::ranges::any_of(dates, [&](const DateHit& hit) { return covers(hit.span); }) ||
           std::ranges::any_of(identifiers, [&](const Identifier& id) { return covers(id.span); });
  });
  readings.of("invoice_number") = read_numbers(sheet, dates, identifiers);
  DateReadings by_date = read_dates(sheet, dates);
  readings.of("issue_date") = std::move(by_date.issue);
  readings.of("due_date") = std::move(by_date.due);
  readings.lines = read_lines(sheet, amounts);
  TotalReadings totals = read_totals(sheet, amounts, readings.lines);
  readings.adds_up = totals.adds_up;
  readings.of("net_total") = std::move(totals.net);
  readings.of("tax_total") = std::move(totals.tax);
  readings.of("grand_total") = std::move(totals.grand);
  readings.of("due_payable") = std::move(totals.due);
  readings.of("currency") = read_currencies(sheet);
  readings.of("iban") = read_ibans(sheet, ibans);
  PartyReadings parties = read_parties(sheet, vat_ids, amounts, readings.lines);
  readings.of("seller_name") = std::move(parties.seller_name);
  readings.of("buyer_name") = std::move(parties.buyer_name);
  readings.of("seller_vat_id") = std::move(parties.seller_vat_id);
  readings.of("buyer_vat_id") = std::move(parties.buyer_vat_id);
  if (lines_add_up(readings)) {
    Candidate& net = readings.of("net_total").front();
    net.score = std::min(1.0F, net.score + 0.2F);
    for (LineReading& line : readings.lines)
      line.total.score = std::max(line.total.score, 0.97F);
  }
  return readings;
}

float confidence_of(const Candidates& candidates) {
  if (candidates.empty()) return 0;
  const float second = candidates.size() > 1 ? candidates[1].score : 0;
  const float margin = std::clamp(2 * (candidates[0].score - second), 0.0F, 1.0F);
  // What is missing to certainty counts less where nothing else comes near. Fitted on rendered invoices: docs/quality.md.
  return std::clamp(1 - (1 - candidates[0].score) * (1 - 0.65F * margin), 0.0F, 0.99F) * (0.7F + 0.3F * margin);
}

Extraction extraction_from_xml(const EInvoice& invoice) {
  Extraction extraction;
  const auto leaf_in = [](const EInvoice::Fields& fields, std::string_view name) {
    const auto found = std::ranges::find(fields, name, [](const auto& field) { return std::string_view(field.first); });
    return found == fields.end() ? not_found(1, Source::kXml) : Leaf{found->second, 1, std::nullopt, Source::kXml};
  };
  for (const std::string_view name : kInvoiceFields)
    extraction.fields.emplace_back(name, leaf_in(invoice.fields, name));
  std::vector<Value> lines;
  for (const EInvoice::Fields& line : invoice.lines) {
    Members members;
    for (const std::string_view name : kLineFields)
      members.emplace_back(name, leaf_in(line, name));
    lines.emplace_back(std::move(members));
  }
  extraction.fields.emplace_back("lines", std::move(lines));
  judge(extraction);
  return extraction;
}

Extraction extraction_from_readings(const InvoiceReadings& readings) {
  Extraction extraction;
  for (const std::string_view name : kInvoiceFields) {
    Leaf leaf = leaf_of(readings.of(name));
    if (const auto limit = readings.at_most.find(name); leaf.value && limit != readings.at_most.end())
      leaf.confidence = std::min(leaf.confidence, limit->second);
    extraction.fields.emplace_back(name, std::move(leaf));
  }
  std::vector<Value> lines;
  for (const LineReading& line : readings.lines)
    lines.push_back(line_value(line));
  extraction.fields.emplace_back("lines", std::move(lines));
  judge(extraction);
  return extraction;
}

}  // namespace ingle::documents
