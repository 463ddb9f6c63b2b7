// Readings: for each field of an invoice the values that the text offers, the most likely first. Every one is a place in
// the text; nothing is made up. Rules only, no model; pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "documents/invoice/keywords.h"
#include "documents/invoice/scan.h"
#include "documents/invoice/sheet.h"

namespace ingle::documents {

struct Candidate {
  Span span;
  std::string value;  // normalised
  float score = 0;    // 0 to 1: what form, label and place say for it
};

/// Best first, one a value.
using Candidates = std::vector<Candidate>;
void sort_candidates(Candidates& candidates);

/// What the words around a value say: of those before it in its cell, else in the cell to the left, else in the one above.
struct Clue {
  KeywordMatch match;
  float weight = 1;  // less for words that are further away
};
std::vector<Clue> clues_for(const Sheet& sheet, Span value, std::span<const Keyword> table);

Candidates read_numbers(const Sheet& sheet, std::span<const DateHit> dates, std::span<const Identifier> identifiers);

struct DateReadings {
  Candidates issue;
  Candidates due;
};
DateReadings read_dates(const Sheet& sheet, std::span<const DateHit> dates);

struct LineReading {
  Candidate description;
  Candidate quantity;  // an empty value: not found
  Candidate unit_price;
  Candidate total;
};
struct TotalReadings {
  Candidates net;
  Candidates tax;
  Candidates grand;
  Candidates due;
  bool adds_up = false;  // the best net and tax give the best grand total
};
/// `lines` are those of read_lines(): their amounts are no totals, but their sum is one.
TotalReadings read_totals(const Sheet& sheet, std::span<const Amount> amounts, std::span<const LineReading> lines);

Candidates read_currencies(const Sheet& sheet);
Candidates read_ibans(const Sheet& sheet, std::span<const Identifier> ibans);

struct PartyReadings {
  Candidates seller_name;
  Candidates buyer_name;
  Candidates seller_vat_id;
  Candidates buyer_vat_id;
};
/// `amounts` and `lines`: where goods and prices stand nobody is named.
PartyReadings read_parties(const Sheet& sheet, std::span<const Identifier> vat_ids, std::span<const Amount> amounts,
                           std::span<const LineReading> lines);

std::vector<LineReading> read_lines(const Sheet& sheet, std::span<const Amount> amounts);

}  // namespace ingle::documents
