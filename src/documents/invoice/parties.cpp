#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "documents/invoice/readings.h"

namespace ingle::documents {
namespace {

enum Section : uint8_t { kSeller, kBuyer, kOtherParty };

// clang-format off
constexpr Keyword kSections[] = {
    {kSeller, 1,
     "verkaufer|seller|vendeur|vendedor|venditore|verkoper|sprzedawca|saljare|selger|saelger|supplier|vendor|lieferant|"
     "fournisseur|proveedor|fornitore|leverancier|fornecedor|emetteur|emisor|emittente|cedente|mittente|absender|"
     "rechnungssteller|rechnungsersteller|leistungserbringer|issuer|issued by|from|prestador|prestataire|afzender|"
     "remit to|myyja|dodavatel|cedente prestatore|sender|de la part de|invoice from"},
    {kBuyer, 1,
     "kaufer|kaufer leistungsempfanger|buyer|bill to|billed to|sold to|invoice to|invoiced to|customer|customer name|client|kunde|"
     "rechnungsempfanger|rechnungsadresse|leistungsempfanger|empfanger|recipient|acheteur|facture a|adresse de facturation|"
     "facturer a|fatturare a|intestatario|client name|adresse du client|nom du client|cliente|comprador|destinatario|cessionario|spett le|spettabile|klant|"
     "koper|nabywca|odbiorca|kopare|kjoper|kober|to|an|aan|para|facturar a|facturado a|datos del cliente|cessionario committente|"
     "destinataire|rechnung an|billing address|invoice address|asiakas|ostaja|odberatel|factuuradres|fakturaadresse|kund"},
    {kOtherParty, 1,
     "ship to|deliver to|delivery address|shipping address|service address|lieferadresse|lieferanschrift|warenempfanger|abweichende*|"
     "adresse de livraison|livraison*|direccion de entrega|indirizzo di consegna|afleveradres|steuerbevollmachtigte*|zahlungsempfanger|payee|"
     "sales contact|salesperson|contact|ansprechpartner|contact commercial|tax representative|representant fiscal*|delivery to|"
     "bemerkungen|notes|remarks|bank*|bankverbindung|payment*|zahlung*|beneficiaire"},
};
constexpr Keyword kNotNames[] = {
    {0, 1,
     "tel*|phone*|fon|fax|mobil*|mail|e mail|email|www|http|https|iban|bic|swift|ust*|mwst|vat|tva|iva|steuer*|tax|taxes|siren|siret|hrb|hra|"
     "*rechnung|rechnung*|invoice*|facture|factura|fattura|factuur|faktura|date|datum|*datum|fecha|data|nummer|number|numero|no|nr|globale|"
     "seite|page|pagina|total*|summe|betrag|amount|kundennummer|kunden nr|kundennr|customer id|customer no|id|gln|geschaftsfuhr*|herrn|herr|frau|firma|mr|mrs|monsieur|madame|handelsregister*|amtsgericht|qualifizierung|"
     "inhalt|order|bestellung|lieferschein|konto*|account*|reference*|ref|your|ihre|unser*|ihr|zu handen|z hd|attn|po box|postfach|telefon*|"
     "anschrift|address|*strase|*strasse|*str|street|road|avenue|rue|calle|straat|plz|zip|contact*|bearbeiter|price|preis|quantity|menge|description|beschreibung|pos|item|artikel|bezeichnung|descrizione|descripcion|designation|omschrijving|prezzo|precio|prijs|prix|anwendungsempfehlung|wahrung|currency"},
};
constexpr Keyword kContact[] = {{0, 1, "tel*|phone*|fon|fax|mobil*|email|e mail|www|http|https|iban|bic|ust*|vat|tva|iva"}};
constexpr Keyword kBuyerWords[] = {
    {kBuyer, 1, "customer*|client*|kunde*|ihre*|your|vos|votre|buyer*|kaufer*|empfanger*|cliente|comprador|destinatario|klant*|nabywca|leistungsempfanger|acheteur"},
    {kSeller, 1, "seller*|verkaufer*|our|unsere*|nos|vendeur|vendedor|supplier*|lieferant*|fournisseur|sprzedawca"},
};
constexpr Keyword kCompanyForms[] = {
    {0, 1,
     "gmbh|mbh|ag|kg|kgaa|ohg|gbr|ug|se|ev|e v|eg|e k|ek|a g|ltd|limited|llc|llp|inc|corp|corporation|plc|co|company|sarl|s a r l|sas|sasu|sa|s a|eurl|sci|"
     "snc|spa|s p a|srl|s r l|sl|s l|slu|bv|b v|nv|n v|vof|oy|oyj|ab|as|aps|a s|sp z o o|spolka|z o o|s r o|sro|kft|zrt|lda|unipessoal|bvba|cvba|srls|sapa|verein*|*verein|"
     "stiftung|universitat|stadt|gemeinde|ministerium|bundesamt|genossenschaft|partg|gesmbh|societe|association"},
};
// clang-format on

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool matches(std::string_view folded, std::span<const Keyword> table) {
  if (folded.size() > Sheet::kMaxLabel) folded = folded.substr(0, Sheet::kMaxLabel);
  return !matches_of(words_of(folded), table).empty();
}

Span trimmed(const Sheet& sheet, Span span) {
  const std::string& text = sheet.index().folded();
  const auto is_edge = [](char c) {
    return c == ' ' || c == ':' || c == ',' || c == ';' || c == '|' || c == kOther || c == '-' || c == '\n';
  };
  // A letter without an ASCII relative is no edge of a name, but it is rare at one; bullets are not.
  while (span.from < span.to && is_edge(text[span.from]))
    ++span.from;
  while (span.to > span.from && is_edge(text[span.to - 1]))
    --span.to;
  return span;
}

/// "Station Road, 21", "58 rue de la mer": a line of an address with a number at its edge.
bool is_street(std::string_view text) {
  return is_digit(text.front()) || is_digit(text.back()) || (text.size() > 2 && is_digit(text[text.size() - 2]));
}

bool is_name_like(std::string_view text) {
  const auto n_letters = std::ranges::count_if(text, [](char c) { return (c >= 'a' && c <= 'z') || c == kOther; });
  const auto n_digits = std::ranges::count_if(text, is_digit);
  if (n_letters < 3 || text.size() > 80 || n_digits * 3 > n_letters || is_street(text)) return false;
  if (text.find_first_of("@:%|") != std::string_view::npos || matches(text, kNotNames)) return false;
  // A whole sender line is more than a name.
  if (text.find(" \x7f ") != std::string_view::npos || text.find(" - ") != std::string_view::npos) return false;
  const bool is_sentence = text.ends_with('.') || words_of(text).size() > 8;
  return !is_sentence || matches(text, kCompanyForms);
}

/// "12345 Berlin", "DE 80333 Muenchen", "SW1B 3BN London", "Redmond WA, 98052": the line of an address with the town.
bool has_postcode(std::string_view text) {
  const auto words = words_of(text);
  if (words.size() < 2 || words.size() > 8) return false;
  const auto is_number = [](const std::string& word) { return std::ranges::all_of(word, is_digit); };
  const auto is_code = [&](const std::string& word) {
    return (word.size() == 4 || word.size() == 5) && is_number(word);
  };
  for (size_t i = 0; i + 1 < std::min<size_t>(words.size(), 3); ++i) {
    const bool begins = i == 0 || words[i - 1].size() <= 3;
    if (begins && is_code(words[i]) && !is_number(words[i + 1]) && words[i + 1].size() >= 2) return true;
  }
  // The code last, after a state or a town ("London SW1B 3BN").
  const std::string& last = words.back();
  const std::string& before = words[words.size() - 2];
  if (is_code(last) && last.size() == 5 && !is_number(before) && (before.size() == 2 || words.size() == 2)) return true;
  const auto mixed = [](const std::string& word) {
    return word.size() >= 3 && word.size() <= 4 && std::ranges::any_of(word, is_digit) &&
           !std::ranges::all_of(word, is_digit);
  };
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    if (mixed(words[i]) && mixed(words[i + 1])) return true;
  }
  return false;
}

/// The name of a party in "Name, street, town": up to the first sign that an address follows, or all of it.
Span without_address(const Sheet& sheet, Span span) {
  span = trimmed(sheet, span);
  const std::string_view text = sheet.index().folded(span);
  for (size_t at = 1; at < text.size(); ++at) {
    const bool dash = text.substr(at).starts_with(" - ") || text.substr(at).starts_with(" \x7f ");
    if (!dash && !text.substr(at).starts_with(", ") && text[at] != '|') continue;
    const std::string_view rest = text.substr(at + (dash ? 3 : 1));
    const std::string_view next = rest.substr(0, rest.find(','));
    // "Miller, Ltd" and "Miller, Smith & Co" are names to their end.
    if (matches(next, kCompanyForms) && std::ranges::none_of(next, is_digit)) continue;
    if (std::ranges::none_of(rest, is_digit) && rest.find(',') == std::string_view::npos) continue;
    return trimmed(sheet, {span.from, span.from + static_cast<uint32_t>(at)});
  }
  return span;
}

/// A heading or label of a party: at most four words, or words up to a colon.
std::optional<Section> section_of(std::string_view folded) {
  const size_t colon = folded.find(':');
  const std::string_view label = folded.substr(0, colon);
  const auto words = words_of(label);
  if (words.empty() || words.size() > 4) return std::nullopt;
  for (const KeywordMatch& match : matches_of(words, kSections)) {
    if (match.first_word != 0) continue;
    const bool whole = match.distance == 0;
    if (whole || (colon != std::string_view::npos && match.distance <= 1)) return static_cast<Section>(match.meaning);
  }
  return std::nullopt;
}

constexpr size_t kMaxNames = 200;
constexpr float kJustAChoice = 0.04F;  // nothing speaks for the name but that it looks like one

class PartyReader {
 public:
  PartyReader(const Sheet& sheet, std::span<const Amount> amounts, std::span<const LineReading> lines)
      : sheet_(sheet), is_item_(sheet.rows().size(), false) {
    const auto row_of = [&](Span span) { return sheet.cells()[sheet.cell_at(span.from)].row; };
    uint32_t first_item = UINT32_MAX;
    for (const LineReading& line : lines) {
      first_item = std::min(first_item, row_of(line.description.span));
      is_item_[row_of(line.description.span)] = true;
    }
    for (const Amount& amount : amounts) {
      if (amount.decimals != 2 && !amount.has_currency) continue;
      const uint32_t cell = sheet.cell_at(amount.span.from);
      if (!priced_cells_.insert(cell).second) continue;
      const uint32_t row = sheet.cells()[cell].row;
      if (++priced_in_row_[row] > 1 || row > first_item)
        is_item_[row] = true;  // above the table, a party may stand beside a total
    }
  }

  PartyReadings read(std::span<const Identifier> vat_ids) {
    for (uint32_t cell = 0; cell < sheet_.cells().size(); ++cell)
      read_cell(cell);
    for (const Row& row : sheet_.rows())
      read_sender_line(row);
    read_repeated();
    complete_short_names();
    PartyReadings readings;
    readings.seller_name = names(kSeller);
    readings.buyer_name = names(kBuyer);
    separate(readings.seller_name, readings.buyer_name);
    read_vat_ids(vat_ids, readings);
    return readings;
  }

 private:
  struct Name {
    Span span;
    std::string value;
    float missing[3] = {1, 1, 1};  // probability that no evidence so far makes it the party: noisy or
  };

  std::string_view folded(uint32_t cell) const { return sheet_.folded(sheet_.cells()[cell]); }

  /// A row of the table of items, or a cell with a price, names nobody.
  bool is_goods(Span span) const {
    const uint32_t cell = sheet_.cell_at(span.from);
    return is_item_[sheet_.cells()[cell].row] || priced_cells_.contains(cell);
  }

  /// Name and address in one line.
  bool has_address(Span span) const { return without_address(sheet_, span).to < trimmed(sheet_, span).to; }

  void add(Section section, Span span, float score) {
    if (is_goods(span)) return;
    span = without_address(sheet_, span);
    const std::string_view text = sheet_.index().folded(span);
    if (span.from >= span.to || !is_name_like(text) || has_postcode(text)) return;
    if (names_.size() >= kMaxNames && !names_.contains(std::string(text))) return;
    Name& name = names_[std::string(text)];
    if (name.value.empty()) {
      name.span = span;
      name.value = sheet_.index().text(span);
    }
    name.missing[section] *= 1 - score;
  }

  /// The first line below a heading that can be a name.
  void add_below(Section section, uint32_t cell, float score) {
    for (uint32_t tried = 0; tried < 4; ++tried) {
      const auto next = sheet_.below(cell, 3);
      if (!next || section_of(folded(*next))) return;
      cell = *next;
      const std::string_view text = folded(cell);
      const Span span = sheet_.cells()[cell].span;
      if (text.starts_with("name")) {
        const size_t colon = text.find(':');
        const auto right = next_in_row(cell);
        if (colon != std::string_view::npos && colon + 2 < text.size())
          return add(section, {span.from + static_cast<uint32_t>(colon) + 1, span.to}, score);
        if (right) return add(section, sheet_.cells()[*right].span, score);
      }
      const std::string_view name = sheet_.index().folded(without_address(sheet_, span));
      if (!name.empty() && is_name_like(name) && !is_goods(span)) return add(section, span, score);
    }
  }

  std::optional<uint32_t> next_in_row(uint32_t cell) const {
    const uint32_t next = cell + 1;
    if (next >= sheet_.cells().size() || sheet_.cells()[next].row != sheet_.cells()[cell].row) return std::nullopt;
    return next;
  }

  void read_cell(uint32_t cell) {
    const std::string_view text = folded(cell);
    const Span span = sheet_.cells()[cell].span;
    if (const auto section = section_of(text); section && *section != kOtherParty) {
      const size_t colon = text.find(':');
      const bool inline_value = colon != std::string_view::npos && has_letters(text.substr(colon));
      if (inline_value) return add(*section, {span.from + static_cast<uint32_t>(colon) + 1, span.to}, 0.9F);
      const auto right = next_in_row(cell);
      if (right && !section_of(folded(*right)) && is_name_like(folded(*right)))
        add(*section, sheet_.cells()[*right].span, 0.6F);
      return add_below(*section, cell, right ? 0.75F : 0.9F);
    }
    read_address(cell);
    if (text.starts_with("kontoinhaber") || text.starts_with("account holder")) {
      const size_t colon = text.find(':');
      if (colon != std::string_view::npos) add(kSeller, {span.from + static_cast<uint32_t>(colon) + 1, span.to}, 0.2F);
    }
    const bool top = sheet_.cells()[cell].row < 12;
    if (top && has_address(span) && matches(sheet_.index().folded(without_address(sheet_, span)), kCompanyForms))
      add(kSeller, span, 0.4F);
    if (top && matches(text, kCompanyForms)) add(kSeller, span, sheet_.cells()[cell].row == 0 ? 0.4F : 0.25F);
    if (top && sheet_.cells()[cell].row < 2) add(kSeller, span, 0.2F);
    if (sheet_.cells()[cell].row < 40) {  // not even a hint, but a choice
      add(kSeller, span, 0);
      add(kBuyer, span, 0);
    }
  }

  /// The block of lines above a town is an address; its first line a name.
  void read_address(uint32_t town) {
    if (!has_postcode(folded(town))) return;
    uint32_t top = town;
    std::optional<Section> section;
    for (int i = 0; i < 4; ++i) {
      const auto above = cell_above(top);
      if (!above || matches(folded(*above), kContact) || folded(*above).find(':') != std::string_view::npos) break;
      section = section_of(folded(*above));
      if (section || has_address(sheet_.cells()[*above].span)) break;
      top = *above;
    }
    if (top == town) return;
    const Span span = sheet_.cells()[top].span;
    if (section) return;  // its heading says whose it is
    const float row = static_cast<float>(sheet_.cells()[town].row) / static_cast<float>(sheet_.rows().size());
    if (row > 0.6F) return add(kSeller, span, 0.2F);
    const float page_width = std::max(sheet_.document().pages[sheet_.cells()[town].page].width, 400.0F);
    const bool on_the_left = sheet_.cells()[town].box.x0 < page_width * 0.4F;
    add(kBuyer, span, on_the_left ? 0.45F : 0.25F);
    add(kSeller, span, on_the_left ? 0.15F : 0.35F);
  }

  /// The cell directly above in the same column, without a gap between them.
  std::optional<uint32_t> cell_above(uint32_t cell) const {
    const Cell& own = sheet_.cells()[cell];
    const float height = own.box.y1 - own.box.y0;
    for (uint32_t other = cell; other > 0;) {
      --other;
      const Cell& candidate = sheet_.cells()[other];
      if (candidate.page != own.page || own.box.y0 - candidate.box.y1 > 2.5F * height) return std::nullopt;
      if (candidate.row != own.row && std::abs(candidate.box.x0 - own.box.x0) < 6) return other;
    }
    return std::nullopt;
  }

  /// "Kraxi GmbH · Flugzeugallee 17 · 12345 Papierfeld": who sends the letter, in one line.
  void read_sender_line(const Row& row) {
    const std::string_view text = sheet_.index().folded(row.span);
    std::vector<Span> parts;
    uint32_t from = row.span.from;
    for (uint32_t at = 0; at <= text.size(); ++at) {
      const std::string_view rest = text.substr(at);
      const bool sign = at < text.size() && (text[at] == '|' || (text[at] == kOther && at > 0 && text[at - 1] == ' ') ||
                                             rest.starts_with(" - ") || rest.starts_with(", "));
      if (!sign && at < text.size()) continue;
      parts.push_back(trimmed(sheet_, {from, row.span.from + at}));
      from = row.span.from + at + 1;
    }
    if (parts.size() < 3) return;
    for (size_t i = 1; i < std::min<size_t>(parts.size(), 4); ++i) {
      if (has_postcode(sheet_.index().folded(parts[i]))) return add(kSeller, parts[0], 0.7F);
    }
  }

  /// A letterhead and its foot say the same name; a site or mail address contains it.
  void read_repeated() {
    const std::string& text = sheet_.index().folded();
    for (auto& [key, name] : names_) {
      const size_t first = text.find(key);
      const size_t second = first == std::string::npos ? first : text.find(key, first + key.size());
      if (second != std::string::npos) name.missing[kSeller] *= 0.85F;
      const std::string word = words_of(key).empty() ? std::string() : words_of(key).front();
      const bool in_address = word.size() >= 4 && (text.find("@" + word) != std::string::npos ||
                                                   text.find("www." + word) != std::string::npos);
      if (in_address) name.missing[kSeller] *= 0.7F;
    }
  }

  /// "Alphabet" in the sender line, "Alphabet Fuhrparkmanagement GmbH" in the letterhead: the full name is meant.
  void complete_short_names() {
    for (auto& [key, name] : names_) {
      for (auto& [other_key, other] : names_) {
        if (other_key.size() <= key.size() || !other_key.starts_with(key + " ") || !matches(other_key, kCompanyForms))
          continue;
        for (const Section section : {kSeller, kBuyer}) {
          other.missing[section] = std::min(other.missing[section], name.missing[section]) * 0.95F;
          name.missing[section] = std::max(name.missing[section], 0.5F);
        }
      }
    }
  }

  Candidates names(Section section) const {
    Candidates candidates;
    for (const auto& [key, name] : names_)
      candidates.push_back({name.span, name.value, std::max(kJustAChoice, 1 - name.missing[section])});
    sort_candidates(candidates);
    if (candidates.size() > 8) candidates.resize(8);
    return candidates;
  }

  /// Nobody sends himself an invoice.
  static void separate(Candidates& sellers, Candidates& buyers) {
    if (sellers.empty() || buyers.empty() || sellers[0].value != buyers[0].value) return;
    const float seller_margin = sellers[0].score - (sellers.size() > 1 ? sellers[1].score : 0);
    const float buyer_margin = buyers[0].score - (buyers.size() > 1 ? buyers[1].score : 0);
    Candidates& loser = seller_margin >= buyer_margin ? buyers : sellers;
    const std::string shared = loser[0].value;
    loser[0].score *= 0.3F;
    sort_candidates(loser);
    if (loser[0].value == shared) loser.erase(loser.begin());  // nobody else is there
  }

  void read_vat_ids(std::span<const Identifier> ids, PartyReadings& readings) const {
    for (const Identifier& id : ids) {
      const float check = id.checked ? 1 : 0.75F;
      float buyer = 0.2F;
      const auto section = section_above(id.span);
      const auto clues = clues_for(sheet_, id.span, kBuyerWords);
      if (!clues.empty()) {
        buyer = clues.front().match.meaning == kBuyer ? 0.9F : 0.05F;
      } else if (section) {
        buyer = *section == kBuyer ? 0.9F : *section == kSeller ? 0.05F : 0;
      }
      const float seller = section == kOtherParty && clues.empty() ? 0.1F : 1 - buyer;
      readings.seller_vat_id.push_back({id.span, id.value, seller * check});
      if (buyer > 0.3F) readings.buyer_vat_id.push_back({id.span, id.value, buyer * check});
    }
    sort_candidates(readings.seller_vat_id);
    sort_candidates(readings.buyer_vat_id);
    if (!readings.seller_vat_id.empty() && !readings.buyer_vat_id.empty() &&
        readings.seller_vat_id[0].value == readings.buyer_vat_id[0].value) {
      Candidates& loser = readings.seller_vat_id[0].score >= readings.buyer_vat_id[0].score ? readings.buyer_vat_id
                                                                                            : readings.seller_vat_id;
      loser.erase(loser.begin());
    }
  }

  /// The heading under which a value stands in its column.
  std::optional<Section> section_above(Span span) const {
    const Cell& own = sheet_.cells()[sheet_.cell_at(span.from)];
    for (uint32_t other = sheet_.cell_at(span.from); other > 0;) {
      --other;
      const Cell& cell = sheet_.cells()[other];
      if (cell.page != own.page || own.row - cell.row > 14) return std::nullopt;
      if (cell.row == own.row || std::abs(cell.box.x0 - own.box.x0) > 40) continue;
      if (const auto section = section_of(sheet_.folded(cell))) return section;
    }
    return std::nullopt;
  }

  const Sheet& sheet_;
  std::vector<bool> is_item_;  // by row
  std::set<uint32_t> priced_cells_;
  std::map<uint32_t, uint32_t> priced_in_row_;
  std::map<std::string, Name> names_;
};

}  // namespace

PartyReadings read_parties(const Sheet& sheet, std::span<const Identifier> vat_ids, std::span<const Amount> amounts,
                           std::span<const LineReading> lines) {
  return PartyReader(sheet, amounts, lines).read(vat_ids);
}

Candidates read_currencies(const Sheet& sheet) {
  Candidates candidates;
  for (const CurrencyHit& hit : find_currencies(sheet)) {
    const auto same = std::ranges::find(candidates, hit.code, &Candidate::value);
    if (same == candidates.end()) {
      candidates.push_back({hit.span, hit.code, hit.is_code ? 0.7F : 0.6F});
    } else {
      same->score += (1 - same->score) * 0.2F;
    }
  }
  if (candidates.size() > 1) {
    for (Candidate& candidate : candidates)
      candidate.score *= 0.8F;
  } else if (!candidates.empty()) {
    candidates.front().score = std::max(candidates.front().score, 0.95F);
  }
  sort_candidates(candidates);
  return candidates;
}

Candidates read_ibans(const Sheet& sheet, std::span<const Identifier> ibans) {
  (void)sheet;
  Candidates candidates;
  for (const Identifier& iban : ibans)
    candidates.push_back(
        {iban.span, iban.value, iban.checked ? 0.98F - 0.05F * static_cast<float>(candidates.size()) : 0.3F});
  sort_candidates(candidates);
  return candidates;
}

}  // namespace ingle::documents
