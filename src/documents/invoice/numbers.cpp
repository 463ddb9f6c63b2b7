#include <algorithm>
#include <set>

#include "documents/invoice/readings.h"

namespace ingle::documents {
namespace {

enum Meaning : uint8_t { kInvoiceNumber, kTitle, kSomethingElse };

// clang-format off
constexpr Keyword kLabels[] = {
    {kInvoiceNumber, 1,
     "rechnungsnummer|rechnungs nr|rechnungsnr|rechnungs nummer|rechnung nr|rechn nr|gutschriftsnummer|"
     "gutschriftnummer|gutschrift nr|invoice no|invoice number|invoice nr|invoice num|invoice #|invoice id|"
     "credit note no|credit note number|number of invoice|our invoice|numero de facture|numero facture|"
     "no de facture|no facture|n o de facture|facture no|facture n o|facture numero|facture n|n facture|"
     "ref facture|avoir no|numero de factura|numero factura|num factura|no factura|no de factura|factura no|"
     "factura num|factura numero|factura n|num de factura|numero fattura|fattura n|fattura no|fattura nr|"
     "fattura numero|nr fattura|n fattura|numero della fattura|factuurnummer|factuur nr|factuurnr|"
     "numero da fatura|fatura n|fatura no|numer faktury|faktura nr|nr faktury|faktura vat nr|fakturanummer|"
     "fakturanr|faktura nummer|laskun numero|laskunumero|cislo faktury|faktura c|faktura cislo|numar factura|"
     "szamla sorszama|szamlaszam"},
    {kInvoiceNumber, .9F,
     "re nr|belegnr|inv #|bill no|bill number|receipt no|receipt #|receipt number"},
    {kInvoiceNumber, .95F,
     "belegnummer|beleg nr|invoice ref*|inv no"},
    {kInvoiceNumber, .8F,
     "dokumentnummer|vorgangsnummer"},
    {kInvoiceNumber, .85F,
     "document no|document number|numero de documento|numero documento"},
    {kTitle, 1,
     "*rechnung|rechnung*|gutschrift*|invoice|credit note|credit memo|facture|factura|fattura|nota di credito|"
     "factuur|creditnota|fatura|faktura|lasku|szamla|regning"},
    {kTitle, .9F,
     "storno*|avoir"},
    {kTitle, .7F,
     "bill|receipt"},
    {kSomethingElse, 1,
     "rechnungsdatum|rechnungsempfanger*|rechnungsadresse|rechnungszeitraum|rechnungsbetrag|rechnungssumme|"
     "rechnungswahrung|invoice date|invoice total|invoice amount|invoice period|invoice to|invoice address|"
     "invoice currency|date|datum|*datum|fecha|data|vom|du|dated|kunde*|kd nr|kdnr|customer*|client*|debitor*|"
     "kreditor*|cliente|klant*|klient*|kund*|account|bestell*|order*|auftrag*|*auftrag|*auftragsnummer|"
     "commande|pedido|ordine|purchase*|po|p o|zamowieni*|encomenda|bon de*|devis|angebot*|quote*|quotation|"
     "offer*|liefer*|delivery|livraison|albaran|ddt|versand*|shipment|tracking|despatch|vertrag*|contract*|"
     "contrat*|contratto|projekt*|project*|projet|proyecto|leasing*|steuer*|tax|tax id|tax no|ust*|"
     "umsatzsteuer*|mwst*|uid*|vat|tva|iva|partita iva|codice fiscale|btw*|moms*|nip|nif|cif|nie|ein|siren|"
     "siret|rcs|naf|ape|hrb*|hra|handelsregister*|registration*|registered|company|kvk*|gln|gtin|ean|duns|"
     "globale|tel*|phone*|fon|fax*|mobil*|iban|bic|swift*|konto*|blz|bankleitzahl|bank*|mandat*|glaubiger*|"
     "creditor*|leitweg*|*zeichen|your|seite*|page*|pagina|strona|associee|preceding|previous|original*|"
     "ursprung*|vorherige|bezug*|related|version*|*version|reklamation*|artikel*|article*|art|item*|pos|"
     "position*|sku|serial*|serien*|zahler*|meter|kennzeichen|empfehlung*|*strasse|*str|rue|street|line|"
     "personal*|employee|lieferant*|supplier|vendor|fournisseur|verkaufer*|kaufer*|buyer*|seller*"},
    {kSomethingElse, .8F,
     "reference*|referenz*|ref|riferimento|referencia"},
};
// clang-format on

struct Token {
  Span span;
  bool in_parentheses = false;
};

bool is_token_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '/' || c == '.' || c == '_' || c == '-' || c == '#' ||
         c == '+' || c == ':' || c == '\\' || c == '*' || c == '&';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Words with a digit in them, without the punctuation around them.
std::vector<Token> tokens_of(const Sheet& sheet) {
  const std::string_view text = sheet.index().folded();
  std::vector<Token> tokens;
  for (uint32_t at = 0; at < text.size();) {
    if (!is_token_char(text[at])) {
      ++at;
      continue;
    }
    uint32_t end = at;
    while (end < text.size() && is_token_char(text[end]))
      ++end;
    Span span{at, end};
    at = end;
    const auto is_edge = [](char c) { return !((c >= 'a' && c <= 'z') || is_digit(c)); };
    // "Nr.:RE-7": the label ends at the colon.
    for (uint32_t i = span.from; i + 1 < span.to; ++i) {
      if (text[i] == ':' && !is_digit(text[i + 1]) ? true : text[i] == ':' && i > span.from && !is_digit(text[i - 1]))
        span.from = i + 1;
    }
    while (span.from < span.to && is_edge(text[span.from]))
      ++span.from;
    while (span.to > span.from && is_edge(text[span.to - 1]))
      --span.to;
    const uint32_t length = span.to - span.from;
    if (length == 0 || length > 40 || std::ranges::none_of(text.substr(span.from, length), is_digit)) continue;
    const bool next_is_at = end < text.size() && text[end] == '@';
    const bool after_at = span.from > 0 && text[span.from - 1] == '@';
    if (next_is_at || after_at) continue;
    const bool opened = span.from > 0 && text[span.from - 1] == '(';
    tokens.push_back({span, opened && span.to < text.size() && text[span.to] == ')'});
  }
  return tokens;
}

bool overlaps(Span a, Span b) {
  return a.from < b.to && b.from < a.to;
}

/// How much the form of the token itself speaks for a number of a document.
float form_factor(std::string_view token) {
  const auto n_digits = std::ranges::count_if(token, is_digit);
  const bool only_digits = static_cast<size_t>(n_digits) == token.size();
  if (only_digits && token.size() <= 2) return 0.6F;
  if (only_digits && token.size() == 4 && (token.starts_with("19") || token.starts_with("20"))) return 0.5F;
  const size_t sign = token.find_last_of(".,");
  const bool amount = token.find_first_not_of("0123456789.,-") == std::string_view::npos &&
                      sign != std::string_view::npos && token.size() - sign == 3 &&
                      token.find_first_of("-") == std::string_view::npos;
  return amount ? 0.15F : 1;
}

float score_of(const Clue& clue) {
  const KeywordMatch& match = clue.match;
  const auto away = static_cast<float>(match.distance);
  const auto numbers = static_cast<float>(match.n_numbers);
  if (match.meaning == kInvoiceNumber)
    return clue.weight * match.strength * std::max(0.0F, 1 - 0.1F * away - 0.3F * numbers);
  if (match.meaning != kTitle) return 0;
  const float base = match.numbered ? 0.95F : 0.8F;
  const float per_word = match.numbered ? 0.07F : 0.2F;
  return clue.weight * match.strength * std::max(0.0F, base - per_word * away - 0.3F * numbers);
}

/// "RE 2024-001": letters in capitals right before the token belong to it.
Span with_prefix(const Sheet& sheet, Span span, std::span<const Keyword> labels) {
  const std::string& text = sheet.index().folded();
  if (span.from < 2 || text[span.from - 1] != ' ') return span;
  uint32_t from = span.from - 1;
  while (from > 0 && text[from - 1] >= 'a' && text[from - 1] <= 'z')
    --from;
  const Span prefix{from, span.from - 1};
  const uint32_t length = prefix.to - prefix.from;
  const bool starts = from == 0 || text[from - 1] == ' ' || text[from - 1] == ':' || text[from - 1] == '\n';
  if (length == 0 || length > 4 || !starts) return span;
  const std::string_view letters = sheet.index().view(prefix);
  const bool capitals = std::ranges::all_of(letters, [](char c) { return c >= 'A' && c <= 'Z'; });
  const std::vector<std::string> words = words_of(sheet.index().folded(prefix));
  constexpr std::string_view kNumberWords[] = {"no", "nr", "num", "n", "id", "vom", "du", "of"};
  const bool is_label =
      !matches_of(words, labels).empty() || std::ranges::find(kNumberWords, words[0]) != std::end(kNumberWords);
  return capitals && !is_label ? Span{prefix.from, span.to} : span;
}

}  // namespace

Candidates read_numbers(const Sheet& sheet, std::span<const DateHit> dates, std::span<const Identifier> identifiers) {
  Candidates candidates;
  for (const Token& token : tokens_of(sheet)) {
    const auto clues = clues_for(sheet, token.span, kLabels);
    if (clues.empty()) continue;
    float score = score_of(clues.front());
    if (score <= 0.05F) continue;
    score *= form_factor(sheet.index().folded(token.span));
    if (token.in_parentheses) score *= 0.2F;
    if (std::ranges::any_of(dates, [&](const DateHit& hit) { return hit.span == token.span; })) score *= 0.15F;
    if (std::ranges::any_of(identifiers, [&](const Identifier& id) { return overlaps(id.span, token.span); }))
      score *= 0.1F;
    const Span span = with_prefix(sheet, token.span, kLabels);
    candidates.push_back({span, sheet.index().text(span), score});
  }
  sort_candidates(candidates);
  return candidates;
}

}  // namespace ingle::documents
