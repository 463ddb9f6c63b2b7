// Element names: UN/CEFACT SCRDM CII D16B and D22B, ZUGFeRD 1.0's CrossIndustryDocument, OASIS UBL 2.1; what they mean:
// EN 16931-1 (BT numbers), EN 16931-3-2 and 3-3 (bindings). Namespaces' prefixes are free, so local names are compared.
#include "documents/einvoice.h"

#include <algorithm>
#include <initializer_list>
#include <limits>
#include <pugixml.hpp>
#include <string>

#include "base/utf8.h"
#include "documents/values.h"

namespace ingle::documents {
namespace {

constexpr size_t kMaxXmlBytes = size_t{32} << 20;
constexpr size_t kMaxLines = 10'000;
constexpr size_t kMaxValueBytes = 4096;
constexpr int kMaxDepth = 64;

using Node = pugi::xml_node;

std::string_view local_name(const Node& node) {
  const std::string_view name = node.name();
  const size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

Node child(const Node& node, std::string_view name) {
  for (const Node& c : node.children()) {
    if (local_name(c) == name) return c;
  }
  return {};
}

/// The first element below `node` of that name, wherever it stands.
Node find(const Node& node, std::string_view name) {
  return node.find_node([&](const Node& n) { return local_name(n) == name; });
}

Node path(Node node, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names)
    node = child(node, name);
  return node;
}

/// Text with its white space made single spaces.
std::string text_of(const Node& node) {
  std::string out;
  bool gap = false;
  for (const char c : std::string_view(node.text().get())) {
    if (c == ' ' || c == '\n' || c == '\r' || c == '\t') {
      gap = !out.empty();
    } else {
      if (gap) out += ' ';
      gap = false;
      out += c;
    }
    if (out.size() >= kMaxValueBytes) break;
  }
  return base::to_valid_utf8(out);
}

void add(EInvoice::Fields& fields, std::string_view name, std::string value) {
  if (!value.empty()) fields.emplace_back(name, std::move(value));
}

void add_number(EInvoice::Fields& fields, std::string_view name, const Node& node,
                std::string (*format)(Micros) = format_amount) {
  if (const auto value = parse_plain_decimal(text_of(node))) fields.emplace_back(name, format(*value));
}

void add_date(EInvoice::Fields& fields, std::string_view name, const Node& node) {
  if (const auto date = parse_iso_date(text_of(node))) fields.emplace_back(name, format_date(*date));
}

/// Price of one: the stated price over the quantity that it is for.
void add_price(EInvoice::Fields& fields, const Node& price, const Node& base_quantity) {
  const auto value = parse_plain_decimal(text_of(price));
  if (!value) return;
  const auto per = parse_plain_decimal(text_of(base_quantity)).value_or(kOne);
  if (per <= 0 || *value > std::numeric_limits<Micros>::max() / kOne ||
      *value < std::numeric_limits<Micros>::min() / kOne) {
    fields.emplace_back("unit_price", format_price(*value));
  } else {
    fields.emplace_back("unit_price", format_price(*value * kOne / per));
  }
}

/// Of several amounts the one in the invoice's currency (a second one is for the tax office).
Node in_currency(const Node& parent, std::string_view name, std::string_view currency) {
  Node first;
  for (const Node& node : parent.children()) {
    if (local_name(node) != name) continue;
    const std::string_view own = node.attribute("currencyID").value();
    if (own.empty() || own == currency) return node;
    if (!first) first = node;
  }
  return first;
}

std::string cii_vat_id(const Node& party) {
  for (const Node& registration : party.children()) {
    if (local_name(registration) != "SpecifiedTaxRegistration") continue;
    const Node id = child(registration, "ID");
    if (std::string_view(id.attribute("schemeID").value()) == "VA") return text_of(id);
  }
  return {};
}

/// Of the ways to pay the first that names an account by its IBAN: the seller's, or with a direct debit the buyer's.
std::string cii_iban(const Node& settlement) {
  for (const std::string_view role : {"PayeePartyCreditorFinancialAccount", "PayerPartyDebtorFinancialAccount"}) {
    for (const Node& means : settlement.children()) {
      const Node account = child(means, role);
      if (std::string iban = compact(text_of(child(account, "IBANID"))); !iban.empty()) return iban;
    }
  }
  return {};
}

EInvoice::Fields cii_line(const Node& item) {
  EInvoice::Fields line;
  add(line, "description", text_of(child(find(item, "SpecifiedTradeProduct"), "Name")));
  add_number(line, "quantity", find(item, "BilledQuantity"), format_quantity);
  const Node price = find(item, "NetPriceProductTradePrice");
  add_price(line, child(price, "ChargeAmount"), child(price, "BasisQuantity"));
  add_number(line, "total", find(item, "LineTotalAmount"));
  return line;
}

EInvoice read_cii(const Node& root) {
  EInvoice invoice;
  EInvoice::Fields& fields = invoice.fields;
  Node head = child(root, "ExchangedDocument");
  if (!head) head = child(root, "HeaderExchangedDocument");
  Node settlement = find(root, "ApplicableHeaderTradeSettlement");
  if (!settlement) settlement = find(root, "ApplicableSupplyChainTradeSettlement");
  Node sums = child(settlement, "SpecifiedTradeSettlementHeaderMonetarySummation");
  if (!sums) sums = child(settlement, "SpecifiedTradeSettlementMonetarySummation");
  const Node seller = find(root, "SellerTradeParty");
  const Node buyer = find(root, "BuyerTradeParty");
  const std::string currency = text_of(child(settlement, "InvoiceCurrencyCode"));

  add(fields, "invoice_number", text_of(child(head, "ID")));
  add_date(fields, "issue_date", find(child(head, "IssueDateTime"), "DateTimeString"));
  add_date(fields, "due_date", find(find(settlement, "DueDateDateTime"), "DateTimeString"));
  add(fields, "seller_name", text_of(child(seller, "Name")));
  add(fields, "seller_vat_id", cii_vat_id(seller));
  add(fields, "buyer_name", text_of(child(buyer, "Name")));
  add(fields, "buyer_vat_id", cii_vat_id(buyer));
  add(fields, "currency", currency);
  add_number(fields, "net_total", in_currency(sums, "TaxBasisTotalAmount", currency));
  add_number(fields, "tax_total", in_currency(sums, "TaxTotalAmount", currency));
  add_number(fields, "grand_total", in_currency(sums, "GrandTotalAmount", currency));
  add_number(fields, "due_payable", in_currency(sums, "DuePayableAmount", currency));
  add(fields, "iban", cii_iban(settlement));
  Node transaction = child(root, "SupplyChainTradeTransaction");
  if (!transaction) transaction = child(root, "SpecifiedSupplyChainTradeTransaction");
  for (const Node& item : transaction.children()) {
    if (local_name(item) != "IncludedSupplyChainTradeLineItem" || invoice.lines.size() >= kMaxLines) continue;
    invoice.lines.push_back(cii_line(item));
  }
  return invoice;
}

Node ubl_party(const Node& root, std::string_view role) {
  return path(root, {role, "Party"});
}

std::string ubl_name(const Node& party) {
  const std::string legal = text_of(path(party, {"PartyLegalEntity", "RegistrationName"}));
  return legal.empty() ? text_of(path(party, {"PartyName", "Name"})) : legal;
}

std::string ubl_vat_id(const Node& party) {
  for (const Node& scheme : party.children()) {
    if (local_name(scheme) != "PartyTaxScheme") continue;
    if (text_of(path(scheme, {"TaxScheme", "ID"})) == "VAT") return text_of(child(scheme, "CompanyID"));
  }
  return {};
}

EInvoice::Fields ubl_line(const Node& item) {
  EInvoice::Fields line;
  add(line, "description", text_of(path(item, {"Item", "Name"})));
  Node quantity = child(item, "InvoicedQuantity");
  if (!quantity) quantity = child(item, "CreditedQuantity");
  add_number(line, "quantity", quantity, format_quantity);
  const Node price = child(item, "Price");
  add_price(line, child(price, "PriceAmount"), child(price, "BaseQuantity"));
  add_number(line, "total", child(item, "LineExtensionAmount"));
  return line;
}

EInvoice read_ubl(const Node& root) {
  EInvoice invoice;
  EInvoice::Fields& fields = invoice.fields;
  const Node seller = ubl_party(root, "AccountingSupplierParty");
  const Node buyer = ubl_party(root, "AccountingCustomerParty");
  const Node sums = child(root, "LegalMonetaryTotal");
  const std::string currency = text_of(child(root, "DocumentCurrencyCode"));
  Node due_date = child(root, "DueDate");
  if (!due_date) due_date = path(root, {"PaymentMeans", "PaymentDueDate"});
  Node tax;
  for (const Node& total : root.children()) {
    if (local_name(total) != "TaxTotal") continue;
    const Node amount = child(total, "TaxAmount");
    if (!tax || std::string_view(amount.attribute("currencyID").value()) == currency) tax = amount;
  }

  add(fields, "invoice_number", text_of(child(root, "ID")));
  add_date(fields, "issue_date", child(root, "IssueDate"));
  add_date(fields, "due_date", due_date);
  add(fields, "seller_name", ubl_name(seller));
  add(fields, "seller_vat_id", ubl_vat_id(seller));
  add(fields, "buyer_name", ubl_name(buyer));
  add(fields, "buyer_vat_id", ubl_vat_id(buyer));
  add(fields, "currency", currency);
  add_number(fields, "net_total", child(sums, "TaxExclusiveAmount"));
  add_number(fields, "tax_total", tax);
  add_number(fields, "grand_total", child(sums, "TaxInclusiveAmount"));
  add_number(fields, "due_payable", child(sums, "PayableAmount"));
  for (const Node& means : root.children()) {
    if (local_name(means) != "PaymentMeans") continue;
    const std::string account = compact(text_of(path(means, {"PayeeFinancialAccount", "ID"})));
    if (!is_valid_iban(account)) continue;
    add(fields, "iban", account);
    break;
  }
  for (const Node& item : root.children()) {
    const std::string_view name = local_name(item);
    if ((name != "InvoiceLine" && name != "CreditNoteLine") || invoice.lines.size() >= kMaxLines) continue;
    invoice.lines.push_back(ubl_line(item));
  }
  return invoice;
}

/// find_node() recurses: a document that nests deeper than any invoice does is refused first.
class DepthCheck : public pugi::xml_tree_walker {
 public:
  bool for_each(Node&) override { return depth() < kMaxDepth; }
};

}  // namespace

Result<EInvoice> parse_einvoice(std::string_view xml) {
  if (xml.size() > kMaxXmlBytes) return std::unexpected(Error::refused("the e-invoice's XML is larger than 32 MiB"));
  pugi::xml_document document;
  // No document type is ever looked at: entities other than XML's own five stay as they are written.
  const pugi::xml_parse_result parsed =
      document.load_buffer(xml.data(), xml.size(), pugi::parse_default & ~pugi::parse_doctype);
  if (!parsed)
    return std::unexpected(Error::corrupt("the e-invoice's XML is broken at byte " + std::to_string(parsed.offset) +
                                          ": " + parsed.description()));
  DepthCheck depth;
  if (!document.traverse(depth)) return std::unexpected(Error::refused("the e-invoice's XML is nested too deeply"));
  const Node root = document.document_element();
  const std::string_view name = local_name(root);
  if (name == "CrossIndustryInvoice" || name == "CrossIndustryDocument") return read_cii(root);
  if (name == "Invoice" || name == "CreditNote") return read_ubl(root);
  return std::unexpected(Error::unsupported("the XML is not an invoice: its root is '" + std::string(name) + "'"));
}

}  // namespace ingle::documents
