#include <algorithm>
#include <cmath>
#include <optional>

#include "documents/invoice/readings.h"

namespace ingle::documents {
namespace {

enum Column : uint8_t { kDescription, kQuantity, kPrice, kTotal, kOtherColumn, kEndOfTable };

// clang-format off
constexpr Keyword kHeadings[] = {
    {kDescription, 1,
     "description|beschreibung|bezeichnung|*bezeichnung|artikelbeschreibung|leistung|produkt|product|item|artikel|designation|descripcion|concepto|"
     "descrizione|omschrijving|descricao|opis|nazwa|beskrivning|beskrivelse|kuvaus|popis|text|service|details|article|libelle|position|tuote"},
    {kQuantity, 1,
     "menge|anzahl|quantity|qty|quantite|qte|cantidad|quantita|qta|aantal|quantidade|qtd|ilosc|antal|antall|maara|mnozstvi|hours|stunden|units|amount of units|stk"},
    {kPrice, 1,
     "price|unit price|preis|einzelpreis|einheitspreis|nettopreis|stuckpreis|prix|prix unitaire|pu|p u|p u ht|precio|precio unitario|prezzo|prezzo unitario|prijs|"
     "stukprijs|eenheidsprijs|preco|cena|a pris|enhetspris|stykpris|yksikkohinta|rate|e preis|preis einh|unit cost"},
    {kTotal, 1,
     "total|line total|betrag|gesamt|gesamtpreis|gesamtbetrag|summe|entgelt|nettobetrag|positionsbetrag|montant|importe|importo|totale|totaal|bedrag|amount|line amount*|"
     "net amount|total ht|prix ht|wartosc|kwota|summa|belopp|belop|belob|yhteensa|celkem|netto"},
    {kOtherColumn, 1,
     "pos|nr|no|ust|mwst|vat|tax|tva|iva|btw|steuer*|disc|rabatt|unit|einheit|date|datum|art nr|artikelnummer|artikelnr|code|sku|um|remise|rem"},
};
constexpr Keyword kEnds[] = {
    {kEndOfTable, 1,
     "subtotal*|subtotaal|sub total|zwischensumme|summe*|*summe|total*|gesamt*|nettobetrag|net total|sous total|totale*|totaal*|suma|razem|belegsummen|umsatzsteuer*|steueraufschlusselung|"
     "umsatzsteueraufschlusselung|zahlungsbedingungen|zu und abschlage|detail tva|tax|taxe|taxes|base imponible|imponibil*|netto|net|moms*|btw*|iva|tva|mwst|ust|vat|zahlbar*|payment*|positionen netto|rechnungsbetrag|grand total"},
};
// clang-format on

constexpr size_t kMaxLines = 1000;

struct Table {
  uint32_t first_row = 0;  // below its headings
  std::optional<Box> columns[4];
};

/// The headings may stand on several rows: the window of three rows that names the most columns.
std::optional<Table> find_table(const Sheet& sheet) {
  std::optional<Table> best;
  int most = 2;
  const auto& rows = sheet.rows();
  for (uint32_t first = 0; first < rows.size(); ++first) {
    Table table;
    int n = 0;
    int n_numbers = 0;
    for (uint32_t row = first; row < std::min<size_t>(first + 3, rows.size()); ++row) {
      bool any = false;
      for (uint32_t i = 0; i < rows[row].n_cells; ++i) {
        const Cell& cell = sheet.cells()[rows[row].first_cell + i];
        const auto words = words_of(sheet.folded(cell));
        if (words.empty() || words.size() > 5) continue;
        for (const KeywordMatch& match : matches_of(words, kHeadings)) {
          if (match.meaning > kTotal || table.columns[match.meaning]) continue;
          table.columns[match.meaning] = cell.box;
          any = true;
          ++n;
          break;
        }
      }
      n_numbers += !any;
      if (n_numbers > 1) break;
      table.first_row = any ? row + 1 : table.first_row;
    }
    const bool usable = table.columns[kTotal] && (table.columns[kDescription] || table.columns[kQuantity]);
    if (usable && n > most) {
      most = n;
      best = table;
    }
  }
  return best;
}

Candidate as_candidate(const Amount& amount, std::string value, float score) {
  return {amount.span, std::move(value), score};
}

bool is_product(Micros quantity, Micros price, Micros total) {
  const double product = static_cast<double>(quantity) * static_cast<double>(price) / kOne;
  return std::abs(product - static_cast<double>(total)) <= 10'000;
}

class LineReader {
 public:
  LineReader(const Sheet& sheet, std::span<const Amount> amounts, const Table& table)
      : sheet_(sheet), amounts_(amounts), table_(table) {}

  std::vector<LineReading> read() {
    std::vector<LineReading> lines;
    for (uint32_t row = table_.first_row; row < sheet_.rows().size() && lines.size() < kMaxLines; ++row) {
      if (!lines.empty() && ends(sheet_.rows()[row])) break;
      if (auto line = read_row(sheet_.rows()[row])) lines.push_back(*std::move(line));
    }
    return lines;
  }

 private:
  bool ends(const Row& row) const {
    const Cell& first = sheet_.cells()[row.first_cell];
    const auto words = words_of(sheet_.folded(first));
    const auto found = matches_of(words, kEnds);
    return !found.empty() &&
           std::ranges::any_of(found, [](const KeywordMatch& match) { return match.first_word == 0; });
  }

  std::vector<const Amount*> amounts_in(const Row& row) const {
    std::vector<const Amount*> found;
    for (const Amount& amount : amounts_) {
      if (amount.span.from >= row.span.from && amount.span.to <= row.span.to && !amount.is_percent)
        found.push_back(&amount);
    }
    return found;
  }

  bool under(Column column, Span span) const {
    const auto where = sheet_.place(span);
    return where && table_.columns[column] && same_column(*table_.columns[column], where->box);
  }

  std::optional<LineReading> read_row(const Row& row) const {
    const auto amounts = amounts_in(row);
    const Amount* total = nullptr;
    for (const Amount* amount : amounts) {
      if (amount->value % (kOne / 100) != 0) continue;  // a price, not a total
      if (amount->decimals >= 2 || amount->has_currency)
        total = under(kTotal, amount->span) || total == nullptr ? amount : total;
    }
    if (total == nullptr || !under(kTotal, total->span)) return std::nullopt;
    LineReading line;
    line.total = as_candidate(*total, format_amount(total->value), 0.8F);
    read_factors(amounts, *total, line);
    read_description(row, line);
    if (line.description.value.empty()) return std::nullopt;
    return line;
  }

  /// Quantity and price are the numbers of the row whose product is the total; else what stands under their headings.
  void read_factors(const std::vector<const Amount*>& amounts, const Amount& total, LineReading& line) const {
    for (const Amount* price : amounts) {
      for (const Amount* quantity : amounts) {
        if (quantity == price || quantity == &total || price == &total) continue;
        if (!is_product(quantity->value, price->value, total.value)) continue;
        const bool fits = under(kPrice, price->span) || under(kQuantity, quantity->span);
        if (!fits && !line.quantity.value.empty()) continue;
        const bool swapped = under(kPrice, quantity->span) || under(kQuantity, price->span);
        if (swapped) continue;
        line.quantity = as_candidate(*quantity, format_quantity(quantity->value), 0.95F);
        line.unit_price = as_candidate(*price, format_price(price->value), 0.95F);
        line.total.score = 0.95F;
      }
    }
    for (const Amount* amount : amounts) {
      if (amount == &total) continue;
      if (line.quantity.value.empty() && under(kQuantity, amount->span))
        line.quantity = as_candidate(*amount, format_quantity(amount->value), 0.6F);
      if (line.unit_price.value.empty() && under(kPrice, amount->span) && amount->span != line.quantity.span)
        line.unit_price = as_candidate(*amount, format_price(amount->value), 0.6F);
    }
  }

  void read_description(const Row& row, LineReading& line) const {
    const Cell* best = nullptr;
    for (uint32_t i = 0; i < row.n_cells; ++i) {
      const Cell& cell = sheet_.cells()[row.first_cell + i];
      if (!has_letters(sheet_.folded(cell)) || cell.span.to > line.total.span.from) continue;
      const bool under_heading = table_.columns[kDescription] && same_column(*table_.columns[kDescription], cell.box);
      const uint32_t length = cell.span.to - cell.span.from;
      if (best == nullptr || under_heading ||
          (length > best->span.to - best->span.from &&
           !(table_.columns[kDescription] && same_column(*table_.columns[kDescription], best->box))))
        best = &cell;
    }
    if (best == nullptr) return;
    Span span = best->span;
    const std::string& text = sheet_.index().folded();
    // "1 Superdrachen": the position stands before the description.
    uint32_t digits = span.from;
    while (digits < span.to && text[digits] >= '0' && text[digits] <= '9')
      ++digits;
    if (digits > span.from && digits + 1 < span.to && text[digits] == ' ') span.from = digits + 1;
    line.description = {span, sheet_.index().text(span), 0.75F};
  }

  const Sheet& sheet_;
  std::span<const Amount> amounts_;
  const Table& table_;
};

}  // namespace

std::vector<LineReading> read_lines(const Sheet& sheet, std::span<const Amount> amounts) {
  const auto table = find_table(sheet);
  if (!table) return {};
  return LineReader(sheet, amounts, *table).read();
}

}  // namespace ingle::documents
