#include <algorithm>

#include "documents/invoice/readings.h"

namespace ingle::documents {
namespace {

enum Meaning : uint8_t { kIssue, kDue, kSomethingElse };

// clang-format off
constexpr Keyword kLabels[] = {
    {kIssue, 1,
     "invoice date|date of invoice|invoice dated|date of issue|issue date|issued*|rechnungsdatum|"
     "rechnungs datum|rechnungsdat*|datum der rechnung|belegdatum|ausstellungsdatum|ausgestellt*|rechnung vom|"
     "gutschriftsdatum|date de facture|date facture|date de la facture|date de facturation|date d emission|"
     "emise le|emis le|facture du|fecha de factura|fecha factura|fecha de la factura|fecha de emision|"
     "fecha emision|fecha de expedicion|data fattura|data della fattura|data documento|data emissione|"
     "data di emissione|factuurdatum|datum factuur|data da fatura|data de emissao|data emissao|"
     "data wystawienia|data faktury|fakturadato|datum vystaveni|laskun paivays|laskun paivamaara|"
     "data facturii|szamla kelte"},
    {kIssue, .9F,
     "document date|bill date|billing date|credit note date|erstellt am|dokumentdatum|fakturadatum|"
     "date du document|fecha expedicion|fecha del documento|paivays"},
    {kIssue, .8F,
     "receipt date|dated|den|rg dat*"},
    {kIssue, .85F,
     "statement date|fattura del|*rechnung|invoice|facture|factura|fattura|factuur|faktura|fatura|gutschrift*|"
     "credit note|rechnungskorrektur"},
    {kIssue, .7F,
     "le|datum|date|fecha|data|dato|am"},
    {kDue, 1,
     "due|due date|date due|payment due|due date for payment|payment date due|payment deadline|fallig*|"
     "falligkeit*|zahlbar bis|echeance|date d echeance|date echeance|vencimiento|fecha de vencimiento|"
     "fecha vencimiento|scadenza|data scadenza|data di scadenza|vervaldatum|betalen voor|vencimento|"
     "data de vencimento|termin platnosci|forfallsdato|betalingsfrist|betaltermin|termin zaplaty|forfaldsdato|forfallodag|forfallodatum|betalningsdatum|"
     "erapaiva|uiterste betaaldatum|betaaldatum|betalen voor|te betalen*|avant le|payable avant le|payable*|splatnost*|datum splatnosti|data scadenta|fizetesi hatarido"},
    {kDue, .9F,
     "payable by|payable until|pay by|remit until|remit by|pay before|no later than|bis zum|spatestens*|"
     "zu zahlen bis|vence*|entro il"},
    {kDue, .85F,
     "until"},
    {kDue, .95F,
     "zahlbar*|zahlungsziel|zahlungsfrist|zahlungstermin|a payer avant*|a regler avant*|date limite*|"
     "uiterlijk*"},
    {kDue, .8F,
     "bis"},
    {kSomethingElse, 1,
     "skonto*|discount*|escompte|sconto|liefer*|leistung*|*leistungsdatum|lieferdatum|delivery*|"
     "date of delivery|delivery date|service date|supply date|date of supply|tax point*|ship*|ship date|"
     "date de livraison|livraison|date de prestation|fecha de entrega|data consegna|data di consegna|"
     "leverdatum|data sprzedazy|fecha de operacion|bestell*|order*|order date|date of order|auftrag*|commande|"
     "date de commande|fecha de pedido|data ordine|zeitraum|*zeitraum|period*|periode|billing period|"
     "service period|date de debut*|date debut|date de fin*|date fin|start date|end date|from|von bis|print*|"
     "gedruckt*|druck*|uhrzeit|paid*|payment date|date of payment|bezahlt*|payment received|reglement|"
     "associee|date de facture associee|preceding invoice*|original invoice*|preceding*|ursprung*|previous*|"
     "vertrag*|contract*|contrat|stand|version*|codelisten*|stylesheet*|ubergabe*|ruckgabe*|ubernahme*|"
     "gultig*|valid*|geburt*|birth*|training*|ablesung*|mandat*|angebot*|quote*|offer*|devis|zeit|abbuch*|"
     "buchung*|reference*"},
    {kSomethingElse, .8F,
     "zu"},
    {kSomethingElse, .9F,
     "erfolgte"},
};
// clang-format on

constexpr float kUnlabelled = 0.3F;
constexpr float kBareWord = 0.8F;  // strength of words such as "date" and "am"

float distance_factor(const KeywordMatch& match) {
  return std::max(0.0F, 1 - 0.05F * static_cast<float>(match.distance));
}

/// "Datum: 30.10.2024  Zeit: 04:59": when something was printed.
bool has_time_beside(const Sheet& sheet, Span span) {
  const Row& row = sheet.rows()[sheet.cells()[sheet.cell_at(span.from)].row];
  const std::string_view rest = sheet.index().folded({span.to, row.span.to});
  for (size_t i = 2; i + 2 < rest.size(); ++i) {
    const auto digit = [&](size_t at) { return rest[at] >= '0' && rest[at] <= '9'; };
    if (rest[i] == ':' && digit(i - 1) && digit(i - 2) && digit(i + 1) && digit(i + 2)) return true;
  }
  return false;
}

/// "01.11.2024 bis 30.11.2024": neither is the invoice's own date.
bool is_period(const Sheet& sheet, const DateHit& first, const DateHit& second) {
  if (second.span.from <= first.span.to || second.span.from - first.span.to > 8) return false;
  constexpr std::string_view kBetween[] = {"bis", "to", "au",  "al",      "a",   "until",
                                           "til", "do", "tot", "through", "ate", "till"};
  const std::string_view between = sheet.index().folded({first.span.to, second.span.from});
  const auto words = words_of(between);
  if (words.empty()) return between.find('-') != std::string_view::npos;
  return words.size() == 1 && std::ranges::find(kBetween, words[0]) != std::end(kBetween);
}

std::vector<bool> periods_of(const Sheet& sheet, std::span<const DateHit> dates) {
  std::vector<bool> in_period(dates.size());
  for (size_t i = 1; i < dates.size(); ++i) {
    if (is_period(sheet, dates[i - 1], dates[i])) in_period[i - 1] = in_period[i] = true;
  }
  return in_period;
}

}  // namespace

DateReadings read_dates(const Sheet& sheet, std::span<const DateHit> dates) {
  DateReadings readings;
  const auto n_rows = static_cast<float>(sheet.rows().size());
  const std::vector<bool> in_period = periods_of(sheet, dates);
  for (size_t i = 0; i < dates.size(); ++i) {
    if (in_period[i]) continue;
    const DateHit& hit = dates[i];
    const Candidate candidate{hit.span, format_date(hit.date), 0};
    const float doubt = hit.ambiguous ? 0.85F : 1;
    const auto clues = clues_for(sheet, hit.span, kLabels);
    const auto row = static_cast<float>(sheet.cells()[sheet.cell_at(hit.span.from)].row);
    const float height = row / std::max(1.0F, n_rows);  // 0: the top
    float issue = clues.empty() ? kUnlabelled * (1 - height) : 0;
    float due = 0;
    if (!clues.empty()) {
      // "Fällig am": a bare word gives way to one that says more.
      const bool gives_way = clues.size() > 1 && clues[0].match.strength <= kBareWord &&
                             clues[1].match.strength > clues[0].match.strength && clues[1].match.distance <= 3;
      const Clue& clue = clues[gives_way ? 1 : 0];
      const float score = clue.weight * clue.match.strength * distance_factor(clue.match);
      if (clue.match.meaning == kIssue) issue = score - 0.1F * height;
      if (clue.match.meaning == kDue) due = score;
    }
    if (has_time_beside(sheet, hit.span)) issue *= 0.5F;
    readings.issue.push_back({candidate.span, candidate.value, issue * doubt});
    readings.due.push_back({candidate.span, candidate.value, due * doubt});
  }
  sort_candidates(readings.issue);
  sort_candidates(readings.due);
  // Nothing is due before it was issued.
  if (!readings.issue.empty()) {
    const std::string& issued = readings.issue.front().value;
    std::erase_if(readings.due, [&](const Candidate& due) { return due.value < issued; });
  }
  return readings;
}

}  // namespace ingle::documents
