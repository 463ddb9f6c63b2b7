// The invoice preset: readings of the rules, choices of the model where they are unsure, validators, a verdict.
#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>

#include "documents/extraction.h"
#include "documents/invoice/readings.h"

namespace ingle::documents {

/// Fields of the preset, in the order of docs/contracts.md; the lines come besides.
inline constexpr std::array<std::string_view, 13> kInvoiceFields = {
    "invoice_number", "issue_date", "due_date",  "seller_name", "seller_vat_id", "buyer_name", "buyer_vat_id",
    "currency",       "net_total",  "tax_total", "grand_total", "due_payable",   "iban"};

struct InvoiceReadings {
  std::array<Candidates, kInvoiceFields.size()> fields;
  bool adds_up = false;
  std::vector<LineReading> lines;
  std::map<std::string, float, std::less<>> at_most;  // confidence that a field can have, by its name

  Candidates& of(std::string_view name);
  const Candidates& of(std::string_view name) const;
};
InvoiceReadings read_invoice(const Sheet& sheet);

/// How sure the rules are of their best candidate.
float confidence_of(const Candidates& candidates);

Extraction extraction_from_xml(const EInvoice& invoice);
/// Values, confidences and verdict from readings whose first candidates are the chosen ones.
Extraction extraction_from_readings(const InvoiceReadings& readings);

}  // namespace ingle::documents
