#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "documents/invoice/readings.h"

namespace ingle::documents {
namespace {

// What a word in a label says. A label is judged by all of its words: "Rechnungssumme ohne USt." is a sum and net.
enum Trait : uint8_t { kSum, kNet, kGross, kTax, kDue, kPaid, kNoTotal, kTaxBase, kWeakNet, kWhole };

// clang-format off
constexpr Keyword kTraits[] = {
    {kSum, 1,
     "total|totals|total amount|totale|totaal*|*summe|*betrag|*betrage|gesamt*|*gesamt|grand total|"
     "invoice total|sum|montant|importe|importo|suma|soma|razem|kwota|celkem|yhteensa|belopp|belop|summa|"
     "i alt|wartosc|bedrag|osszesen|totalt|*belopp|valor"},
    {kSum, .8F,
     "amount|betrage"},
    {kSum, .9F,
     "*beitrag"},
    {kNet, 1,
     "netto*|*netto|nettobetrag|nettosumme|nettogesamt*|gesamtnetto|nettowert|net|valor liquido|liquido|liquid*|net total|ht|h t|hors tax*|hors tva|excl*|exkl*|ex vat|ex tax|ohne ust|ohne mwst|"
     "ohne umsatzsteuer|ohne steuer*|ohne mehrwertsteuer|without vat|without tax|w o tax|w o vat|before tax|"
     "before vat|sin iva|senza iva|sem iva|bez vat|bez dph|tax exclusive*|imponibile|base imponible|"
     "base imponibile|totale imponibile|total base imponible|ex btw|totalt exkl*|ekskl*|eksl*|taxable amount|"
     "total taxable*"},
    {kNet, .9F,
     "htva"},
    {kWeakNet, .7F,
     "subtotal|sub total|zwischensumme|subtotale"},
    {kWeakNet, .6F,
     "positionssumme|sous total|subtotaal|sum of line*|warenwert|line total*|lines total|summe der positionen|"
     "summe positionen|total lines|delsumma|totale righe|total lignes|total lineas"},
    {kGross, 1,
     "brutto*|*brutto|bruttobetrag|bruttosumme|bruttogesamt*|gesamtbrutto|gross*|ttc|t t c|incl*|inkl*|including*|inclusive*|mit mwst|mit ust|mit umsatzsteuer|"
     "mit steuer*|with vat|with tax|con iva|com iva|tvac|iva incluid*|iva incluso|iva inclusa|iva compresa|"
     "iva inc*|tva comprise|s dph|z vat|sis*|tax inclusive*"},
    {kWhole, 1,
     "endbetrag|endsumme|gesamtbetrag|rechnungsbetrag|gesamtsumme|grand total|invoice total|summe gesamt"},
    {kWhole, .9F,
     "rechnungssumme|totale complessivo|importo totale|total general|total amount|valor total"},
    {kWhole, .95F,
     "total factura|total de la factura|importe total|totale fattura|totale documento|total facture|"
     "factuurbedrag|totaalbedrag|total invoice*|invoice amount|total da fatura|total fatura|montant total|"
     "endpreis|gesamtpreis"},
    {kTax, 1,
     "zzgl|zuzuglich|ustbetrag|plus vat|plus tax|vat|mwst*|ust|u st|umsatzsteuer*|mehrwertsteuer*|*steuer|steuer|tax|taxes|tva|iva|btw|moms|mva|dph|gst|"
     "alv*|steuerbetrag*|steuersumme|steuern|afa|ustg|sales tax|total vat|vat total|vat amount|total tax|"
     "tax amount|total tva|montant tva|total taxes|cuota*|total iva|imposta|totale imposta|totale iva|"
     "impuesto*|imposto*|podatek|kwota vat|kwota podatku|gesamt ust|ust gesamt|btw bedrag|mwst betrag|"
     "ust betrag|importe iva|taxe*|mwstbetrag|taxa|valor iva"},
    {kTaxBase, 1,
     "steuerbasis*|basisbetrag|bemessungsgrundlage|taxable*|tax base|vat base|steuerpflichtig*"},
    {kTaxBase, .9F,
     "base tva|base|tax basis*"},
    {kDue, 1,
     "due|amount due|total due|balance due|due payable|payable*|amount payable|total payable|to pay|"
     "zu zahlen*|zahlbetrag|zahlbarer betrag|falliger betrag|fallig*|offener betrag|zahlungsbetrag|restbetrag|"
     "uberweisungsbetrag|verbleibend*|a payer|net a payer|reste a payer|solde*|a pagar|total a pagar|"
     "importe a pagar|importe pendiente|pendiente*|da pagare|netto a pagare|totale da pagare|te betalen|openstaand*|balance|residual|"
     "do zaplaty|att betala|at betale|a betale|maksettava*|k uhrade|outstanding*|amount owing|a liquider|"
     "fizetendo|total de plata"},
    {kDue, .9F,
     "zahllast"},
    {kPaid, 1,
     "prepaid*|paid|*anzahlung*|acompte*|anticip*|bereits*|gezahlt*|deposit*|advance*|vorauszahlung*|"
     "vorausbezahlt*|abschlagszahlung*|erhalten*|aanbetaling*|deja*|pagado*|acconto*|zaliczk*|reglement*|"
     "payment received"},
    {kNoTotal, 1,
     "discount*|*rabatt*|abschlag*|abschlage|zuschlag*|remise*|sconto|descuento*|skonto*|versand*|shipping*|"
     "freight*|porto|charge*|allowance*|unit price|preis|price|einzelpreis|kapital*|capital*|penalite*|"
     "indemnite*|bruttopreis*|nettopreis*|bruttolistenpreis|round*|rundung*|previous*|previous balance|"
     "unpaid balance|selbstbeteiligung|fee|gebuhr*|frais*|teilzahlung*|gutschein*|menge|quantity|qty|quantite|"
     "cantidad|ausstehend*|offene*|vat id*|ust id*|steuernummer|deckung*|je|pro|saldo vor*|basis|descuentos"},
};
// clang-format on

struct Judged {
  const Amount* amount = nullptr;
  float net = 0;
  float tax = 0;
  float grand = 0;
  float due = 0;
  float paid = 0;
  float none = 0;
};

/// The strengths of the traits in a text.
std::array<float, 10> traits_of(std::string_view text) {
  if (text.size() > Sheet::kMaxLabel) text = text.substr(text.size() - Sheet::kMaxLabel);
  std::array<float, 10> traits{};
  const std::vector<std::string> words = words_of(text);
  for (const KeywordMatch& match : matches_of(words, kTraits))
    traits[match.meaning] = std::max(traits[match.meaning], match.strength);
  return traits;
}

bool says_something(const std::array<float, 10>& traits) {
  return std::ranges::any_of(traits, [](float strength) { return strength > 0; });
}

void judge(Judged& judged, const std::array<float, 10>& t, float weight) {
  const auto raise = [&](float& target, float by) { target = std::max(target, by * weight); };
  if (t[kPaid] > 0) return raise(judged.paid, t[kPaid]);
  if (t[kDue] > 0) return raise(judged.due, t[kDue]);
  if (t[kNoTotal] > 0 && t[kGross] == 0 && t[kNet] == 0) return raise(judged.none, t[kNoTotal]);
  if (t[kTaxBase] > 0) {
    raise(judged.net, 0.6F);
    return;
  }
  if (t[kNet] > 0 && t[kGross] > 0) return;  // a heading of a whole table
  if (t[kNet] > 0) return raise(judged.net, t[kNet] * (t[kSum] > 0 || t[kWhole] > 0 ? 1 : 0.9F));
  if (t[kWeakNet] > 0) return raise(judged.net, t[kWeakNet]);
  if (t[kGross] > 0) return raise(judged.grand, t[kGross] * (t[kSum] > 0 || t[kTax] > 0 ? 1 : 0.9F));
  if (t[kWhole] > 0) return raise(judged.grand, t[kWhole]);
  if (t[kTax] > 0) return raise(judged.tax, t[kTax]);
  if (t[kSum] > 0) {
    raise(judged.grand, 0.65F * t[kSum]);
    raise(judged.net, 0.25F);
  }
}

/// Nothing stands before the amount in its cell but a currency.
bool is_bare(std::string_view before) {
  const auto words = words_of(before);
  return words.empty() || (words.size() == 1 && words[0].size() <= 3 && words[0] != "ust" && words[0] != "vat");
}

/// Words before the amount in its cell, then the cell to the left; the heading of the column besides.
Judged judge_labels(const Sheet& sheet, const Amount& amount) {
  Judged judged;
  judged.amount = &amount;
  const Cell& cell = sheet.cells()[sheet.cell_at(amount.span.from)];
  const std::string_view before = sheet.before(amount.span);
  auto traits = traits_of(before);
  float weight = 1;
  if (!says_something(traits)) {
    if (const auto left = sheet.left(amount.span)) {
      traits = traits_of(sheet.folded(sheet.cells()[*left]));
      weight = 0.97F;
      // "Steuerbetrag in  EUR  1,12": a cell that says nothing between the label and the amount.
      if (!says_something(traits)) {
        if (const auto more = sheet.left(sheet.cells()[*left].span))
          traits = traits_of(sheet.folded(sheet.cells()[*more]));
      }
    }
  }
  const bool labelled = says_something(traits);
  if (labelled) judge(judged, traits, weight);
  const Span with_currency{is_bare(before) ? cell.span.from : amount.span.from, amount.span.to};
  if (const auto above = sheet.above(with_currency, 10); above && is_bare(before)) {
    const uint32_t rows = cell.row - sheet.cells()[*above].row;
    const float column_weight = (labelled ? 0.45F : 0.8F) - 0.04F * static_cast<float>(rows);
    const auto heading = traits_of(sheet.folded(sheet.cells()[*above]));
    if (says_something(heading)) judge(judged, heading, column_weight);
  }
  return judged;
}

/// Form and place: totals have two places, are no percentages, and come after the lines.
float plausibility(const Sheet& sheet, const Amount& amount) {
  if (amount.is_percent || amount.value % (kOne / 100) != 0) return 0;  // nobody is charged parts of a cent
  float factor = 1;
  if (amount.decimals != 2)
    factor = amount.decimals == 0 && amount.has_currency ? 0.9F : amount.decimals == 0 ? 0.1F : 0.3F;
  const auto row = static_cast<float>(sheet.cells()[sheet.cell_at(amount.span.from)].row);
  const auto n_rows = static_cast<float>(std::max<size_t>(sheet.rows().size(), 1));
  return factor * (0.85F + 0.15F * row / n_rows);
}

struct Scored {
  Span span;
  Micros value = 0;
  float score = 0;
};

/// The best of each value, most likely first, few enough to try all combinations.
std::vector<Scored> best_of(const Sheet& sheet, const std::vector<Judged>& all, float Judged::* kind) {
  std::vector<Scored> scored;
  for (const Judged& judged : all) {
    const float score = judged.*kind * plausibility(sheet, *judged.amount);
    if (score < 0.05F) continue;
    const auto same = std::ranges::find(scored, judged.amount->value, &Scored::value);
    if (same == scored.end()) {
      scored.push_back({judged.amount->span, judged.amount->value, score});
    } else if (score > same->score) {
      *same = {judged.amount->span, judged.amount->value, score};
    }
  }
  std::ranges::sort(scored, {}, [](const Scored& one) { return std::pair(-one.score, one.span.from); });
  if (scored.size() > 12) scored.resize(12);
  return scored;
}

bool equal(Micros a, Micros b) {
  return std::abs(a - b) <= 20'000;  // two cents: rounding of several tax rates
}

Candidates as_candidates(const std::vector<Scored>& scored, std::optional<Micros> chosen, float bonus) {
  Candidates candidates;
  for (const Scored& one : scored) {
    const bool is_chosen = chosen && one.value == *chosen;
    const float score = is_chosen ? std::min(1.0F, one.score + bonus) : one.score * (chosen ? 0.6F : 1.0F);
    candidates.push_back({one.span, format_amount(one.value), score});
  }
  sort_candidates(candidates);
  return candidates;
}

/// Sums of amounts that the text states: net + tax = grand. They say what is what where words do not.
struct Combination {
  std::optional<Micros> net;
  std::optional<Micros> tax;
  std::optional<Micros> grand;
  float score = 0;
  bool adds_up = false;
};

Combination combine(const std::vector<Scored>& nets, const std::vector<Scored>& taxes,
                    const std::vector<Scored>& grands) {
  constexpr float kAddsUp = 1.2F;
  Combination best;
  Micros largest = 0;
  for (const Scored& grand : grands)
    largest = std::max(largest, std::abs(grand.value));
  const auto consider = [&](const Scored* net, const Scored* tax, const Scored* grand) {
    Combination one;
    one.score = (net ? net->score : 0) + (tax ? tax->score : 0) + (grand ? 1.5F * grand->score : 0);
    if (net && tax && grand) {
      one.adds_up = equal(net->value + tax->value, grand->value);
      // Small numbers add up by chance: what labels say must be behind it.
      const float credible = std::clamp((net->score + tax->score + grand->score) / 1.8F, 0.25F, 1.0F);
      one.score += one.adds_up ? kAddsUp * credible : -0.4F;
      // Rows of several tax rates add up each; the row of their sums is the largest.
      if (one.adds_up && largest > 0)
        one.score += 0.9F * static_cast<float>(std::abs(grand->value)) / static_cast<float>(largest);
    } else if (net && grand && !tax) {
      // Without tax both are the same; a net sum above the gross one is none (credit notes have both below zero).
      if (std::abs(net->value) > std::abs(grand->value)) one.score -= 0.5F;
      if (net->value == grand->value) one.score += 0.5F * kAddsUp;
    }
    if (tax && grand && std::abs(tax->value) >= std::abs(grand->value) && grand->value != 0) one.score -= 0.8F;
    if (one.score <= best.score) return;
    if (net) one.net = net->value;
    if (tax) one.tax = tax->value;
    if (grand) one.grand = grand->value;
    best = one;
  };
  const auto options = [](const std::vector<Scored>& list) {
    std::vector<const Scored*> pointers = {nullptr};
    for (const Scored& one : list)
      pointers.push_back(&one);
    return pointers;
  };
  for (const Scored* grand : options(grands)) {
    for (const Scored* net : options(nets)) {
      for (const Scored* tax : options(taxes))
        consider(net, tax, grand);
    }
  }
  return best;
}

bool is_of_line(const Amount& amount, std::span<const LineReading> lines) {
  return std::ranges::any_of(lines, [&](const LineReading& line) {
    return line.total.span == amount.span || line.unit_price.span == amount.span || line.quantity.span == amount.span;
  });
}

/// The heading "Total" of a column of lines makes none of them the invoice's total.
void weaken(Judged& judged) {
  for (float Judged::* const kind : {&Judged::net, &Judged::tax, &Judged::grand, &Judged::due, &Judged::paid})
    judged.*kind *= 0.25F;
}

void add_sum_of_lines(std::span<const LineReading> lines, std::vector<Judged>& all) {
  Micros sum = 0;
  for (const LineReading& line : lines)
    sum += parse_plain_decimal(line.total.value).value_or(0);
  if (sum == 0) return;
  for (Judged& judged : all) {
    if (judged.amount->value == sum && !is_of_line(*judged.amount, lines))
      judged.net = std::max(judged.net, std::min(0.85F, judged.net + 0.3F));
  }
}

/// Where labels say nothing: the largest amount that is a sum of two others of which one is a usual share of the other.
void add_by_arithmetic(std::span<const LineReading> lines, std::vector<Judged>& all) {
  std::vector<Judged*> money;
  for (Judged& judged : all) {
    const Amount& amount = *judged.amount;
    const bool is_money = amount.decimals == 2 && !amount.is_percent && amount.value > 0;
    if (is_money && !is_of_line(amount, lines)) money.push_back(&judged);
  }
  if (money.size() > 80) money.erase(money.begin(), money.end() - 80);
  Judged* best[3] = {nullptr, nullptr, nullptr};
  for (Judged* grand : money) {
    for (Judged* net : money) {
      if (net->amount->value >= grand->amount->value) continue;
      const Micros rest = grand->amount->value - net->amount->value;
      const double rate = static_cast<double>(rest) / static_cast<double>(net->amount->value);
      if (rate < 0.02 || rate > 0.28) continue;
      const auto tax = std::ranges::find_if(money, [&](const Judged* j) { return j->amount->value == rest; });
      if (tax == money.end() || (best[0] != nullptr && best[0]->amount->value > grand->amount->value)) continue;
      best[0] = grand;
      best[1] = net;
      best[2] = *tax;
    }
  }
  if (best[0] == nullptr) return;
  best[0]->grand = std::max(best[0]->grand, 0.3F);
  best[1]->net = std::max(best[1]->net, 0.3F);
  best[2]->tax = std::max(best[2]->tax, 0.3F);
}

}  // namespace

TotalReadings read_totals(const Sheet& sheet, std::span<const Amount> amounts, std::span<const LineReading> lines) {
  std::vector<Judged> all;
  for (const Amount& amount : amounts) {
    Judged judged = judge_labels(sheet, amount);
    if (is_of_line(amount, lines)) weaken(judged);
    all.push_back(judged);
  }
  add_sum_of_lines(lines, all);
  add_by_arithmetic(lines, all);
  std::vector<Scored> dues = best_of(sheet, all, &Judged::due);
  const std::vector<Scored> nets = best_of(sheet, all, &Judged::net);
  const std::vector<Scored> taxes = best_of(sheet, all, &Judged::tax);
  const std::vector<Scored> paid = best_of(sheet, all, &Judged::paid);
  std::vector<Scored> grands = best_of(sheet, all, &Judged::grand);
  // What is to be paid is often the only total.
  for (const Scored& due : dues) {
    const auto same = std::ranges::find(grands, due.value, &Scored::value);
    if (same == grands.end()) {
      grands.push_back({due.span, due.value, due.score * 0.55F});
    } else {
      same->score = std::min(1.0F, same->score + 0.15F);
    }
  }
  const Combination best = combine(nets, taxes, grands);
  TotalReadings readings;
  readings.adds_up = best.adds_up;
  const float bonus = best.adds_up ? 0.3F : 0;
  readings.net = as_candidates(nets, best.net, bonus);
  readings.tax = as_candidates(taxes, best.tax, bonus);
  readings.grand = as_candidates(grands, best.grand, bonus);
  if (best.grand) {
    const auto is_rest = [&](const Scored& due) {
      return due.value == *best.grand || std::ranges::any_of(paid, [&](const Scored& p) {
               return equal(due.value + std::abs(p.value), *best.grand);
             });
    };
    const auto rest = std::ranges::find_if(dues, is_rest);
    if (rest != dues.end()) {
      readings.due = as_candidates(dues, rest->value, 0.2F);
    } else if (!dues.empty() && dues.front().score > 0.3F) {
      readings.due = as_candidates(dues, std::nullopt, 0);
    } else if (paid.empty() || std::ranges::all_of(paid, [](const Scored& p) { return p.value == 0; })) {
      // Nothing was paid yet and no other sum is asked for.
      readings.due = readings.grand;
      for (Candidate& candidate : readings.due)
        candidate.score *= 0.9F;
    }
  }
  return readings;
}

}  // namespace ingle::documents
