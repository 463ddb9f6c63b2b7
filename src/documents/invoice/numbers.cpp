#include <algorithm>
#include <set>

#include "documents/invoice/readings.h"

namespace ingle::documents {
namespace {

enum Meaning : uint8_t { kInvoiceNumber, kTitle, kSomethingElse };

// clang-format off
constexpr Keyword kLabels[] = {
    {kInvoiceNumber, 1,
     "rechnungsnummer|rechnungsnr|rechnungs @|rechnung @|rechn @|rg @|rgnr|rgnummer|fakturanummer|fakturanr|faktura @|"
     "gutschriftsnummer|gutschriftnummer|gutschrift @|"
     "invoice @|@ of invoice|@ invoice|invoice id|our invoice|credit note @|credit memo @|tax invoice @|"
     "@ facture|@ de facture|@ de la facture|facture @|ref facture|reference facture|avoir @|@ d avoir|"
     "@ factura|@ de factura|@ de la factura|factura @|@ fattura|@ della fattura|fattura @|"
     "factuurnummer|factuurnr|factuur @|@ factuur|@ fatura|@ da fatura|fatura @|@ faktury|faktura vat @|"
     "faktura c|laskun @|laskunumero|szamla sorszama|szamlaszam|@ facturii|verkooprekening @|numer faktury"},
    {kInvoiceNumber, .95F,
     "belegnummer|beleg @|belegnr|re @|invoice ref*|inv @|rechnungs id|rechnung id"},
    {kInvoiceNumber, .9F,
     "bill @|billing @|receipt @|statement @|document @|@ document|@ du document|@ documento|@ de documento|@ del documento|"
     "dokumentnummer|dokument @|vorgangsnummer|documentnummer|@ dokladu"},
    {kSomethingElse, 1, "*versicherung|versicherungs*|vsnr|policy*|police*|total*|subtotal*|importe|montant|importo|summe|*betrag|amount|abrechnung*|*abrechnung|berechnung|verrechnung"},
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

/// A label that says "number" and not of what; heeded where nothing else is said.
constexpr Keyword kGeneric[] = {{kInvoiceNumber, .5F, "@"}};

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
  for (uint32_t at = 0; at < text.size() && tokens.size() < Sheet::kMaxValues;) {
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
    // Half of "30754,86".
    const bool in_number = (span.to + 1 < text.size() && text[span.to] == ',' && is_digit(text[span.to + 1])) ||
                           (span.from > 1 && text[span.from - 1] == ',' && is_digit(text[span.from - 2]));
    if (in_number) continue;
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
    float score = clues.empty() ? 0 : score_of(clues.front());
    const float labelled_near = clues.empty() ? 0 : clues.front().weight;
    if (const auto generic = clues_for(sheet, token.span, kGeneric); !generic.empty()) {
      const Clue& clue = generic.front();
      // A label of its own beside it says more than a heading further away, or than a heading that is not about it.
      const bool is_whole = clue.match.first_word == 0 && clue.match.distance == 0 && clue.match.n_numbers == 0;
      if (is_whole && clue.weight > labelled_near) score = score_of(clue);
    }
    if (score <= 0.05F) continue;
    score *= form_factor(sheet.index().folded(token.span));
    // The number stands in the head; further down others are mentioned.
    score *= 1 - 0.1F * static_cast<float>(sheet.cells()[sheet.cell_at(token.span.from)].row) /
                     static_cast<float>(sheet.rows().size());
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
