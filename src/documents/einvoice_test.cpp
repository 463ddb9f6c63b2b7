#include "documents/einvoice.h"

#include <gtest/gtest.h>

namespace ingle::documents {
namespace {

constexpr std::string_view kCii = R"(<?xml version="1.0"?>
<r:CrossIndustryInvoice xmlns:r="r" xmlns:a="a" xmlns:u="u">
 <r:ExchangedDocument><a:ID> R-7 </a:ID><a:IssueDateTime><u:DateTimeString format="102">20240229</u:DateTimeString></a:IssueDateTime></r:ExchangedDocument>
 <r:SupplyChainTradeTransaction>
  <a:IncludedSupplyChainTradeLineItem>
   <a:SpecifiedTradeProduct><a:Name>Paper
     A4</a:Name></a:SpecifiedTradeProduct>
   <a:SpecifiedLineTradeAgreement><a:NetPriceProductTradePrice><a:ChargeAmount>9.90</a:ChargeAmount><a:BasisQuantity>10</a:BasisQuantity></a:NetPriceProductTradePrice></a:SpecifiedLineTradeAgreement>
   <a:SpecifiedLineTradeDelivery><a:BilledQuantity>20.0000</a:BilledQuantity></a:SpecifiedLineTradeDelivery>
   <a:SpecifiedLineTradeSettlement><a:SpecifiedTradeSettlementLineMonetarySummation><a:LineTotalAmount>19.8</a:LineTotalAmount></a:SpecifiedTradeSettlementLineMonetarySummation></a:SpecifiedLineTradeSettlement>
  </a:IncludedSupplyChainTradeLineItem>
  <a:ApplicableHeaderTradeAgreement>
   <a:SellerTradeParty><a:Name>Kraxi GmbH</a:Name>
    <a:SpecifiedTaxRegistration><a:ID schemeID="FC">201/1</a:ID></a:SpecifiedTaxRegistration>
    <a:SpecifiedTaxRegistration><a:ID schemeID="VA">DE123456789</a:ID></a:SpecifiedTaxRegistration></a:SellerTradeParty>
   <a:BuyerTradeParty><a:Name>Kunden &amp; Co</a:Name></a:BuyerTradeParty>
  </a:ApplicableHeaderTradeAgreement>
  <a:ApplicableHeaderTradeSettlement><a:InvoiceCurrencyCode>EUR</a:InvoiceCurrencyCode>
   <a:SpecifiedTradeSettlementPaymentMeans><a:PayeePartyCreditorFinancialAccount><a:IBANID>DE89 3704 0044 0532 0130 00</a:IBANID></a:PayeePartyCreditorFinancialAccount></a:SpecifiedTradeSettlementPaymentMeans>
   <a:SpecifiedTradeSettlementHeaderMonetarySummation><a:TaxBasisTotalAmount>19.80</a:TaxBasisTotalAmount>
    <a:TaxTotalAmount currencyID="PLN">15.00</a:TaxTotalAmount><a:TaxTotalAmount currencyID="EUR">3.76</a:TaxTotalAmount>
    <a:GrandTotalAmount>23.56</a:GrandTotalAmount><a:DuePayableAmount>23.56</a:DuePayableAmount></a:SpecifiedTradeSettlementHeaderMonetarySummation>
  </a:ApplicableHeaderTradeSettlement>
 </r:SupplyChainTradeTransaction>
</r:CrossIndustryInvoice>)";

TEST(EInvoice, reads_cross_industry_invoices) {
  const auto invoice = parse_einvoice(kCii);
  ASSERT_TRUE(invoice) << invoice.error().message();
  const EInvoice::Fields fields = {{"invoice_number", "R-7"},
                                   {"issue_date", "2024-02-29"},
                                   {"seller_name", "Kraxi GmbH"},
                                   {"seller_vat_id", "DE123456789"},
                                   {"buyer_name", "Kunden & Co"},
                                   {"currency", "EUR"},
                                   {"net_total", "19.80"},
                                   {"tax_total", "3.76"},
                                   {"grand_total", "23.56"},
                                   {"due_payable", "23.56"},
                                   {"iban", "DE89370400440532013000"}};
  EXPECT_EQ(invoice->fields, fields);
  const std::vector<EInvoice::Fields> lines = {
      {{"description", "Paper A4"}, {"quantity", "20"}, {"unit_price", "0.99"}, {"total", "19.80"}}};
  EXPECT_EQ(invoice->lines, lines);
}

TEST(EInvoice, reads_ubl_invoices) {
  const auto invoice = parse_einvoice(
      "<i:Invoice xmlns:i='i' xmlns:b='b' xmlns:c='c'><b:ID>9</b:ID><b:IssueDate>2024-01-02</b:IssueDate>"
      "<b:DocumentCurrencyCode>EUR</b:DocumentCurrencyCode><c:AccountingSupplierParty><c:Party><c:PartyName><b:Name>Brand"
      "</b:Name></c:PartyName><c:PartyTaxScheme><b:CompanyID>ATU12345678</b:CompanyID><c:TaxScheme><b:ID>VAT</b:ID>"
      "</c:TaxScheme></c:PartyTaxScheme><c:PartyLegalEntity><b:RegistrationName>Legal AG</b:RegistrationName>"
      "</c:PartyLegalEntity></c:Party></c:AccountingSupplierParty><c:LegalMonetaryTotal><b:TaxInclusiveAmount>-5"
      "</b:TaxInclusiveAmount></c:LegalMonetaryTotal></i:Invoice>");
  ASSERT_TRUE(invoice) << invoice.error().message();
  const EInvoice::Fields fields = {{"invoice_number", "9"},     {"issue_date", "2024-01-02"},
                                   {"seller_name", "Legal AG"}, {"seller_vat_id", "ATU12345678"},
                                   {"currency", "EUR"},         {"grand_total", "-5.00"}};
  EXPECT_EQ(invoice->fields, fields);
}

TEST(EInvoice, refuses_other_xml_broken_xml_and_deep_xml) {
  EXPECT_EQ(parse_einvoice("<order/>").error().code(), ErrorCode::kUnsupported);
  EXPECT_EQ(parse_einvoice("<Invoice>").error().code(), ErrorCode::kCorrupt);
  EXPECT_EQ(parse_einvoice("").error().code(), ErrorCode::kCorrupt);
  std::string deep;
  for (int i = 0; i < 1000; ++i)
    deep += "<Invoice>";
  for (int i = 0; i < 1000; ++i)
    deep += "</Invoice>";
  EXPECT_EQ(parse_einvoice(deep).error().code(), ErrorCode::kRefused);
}

TEST(EInvoice, expands_no_entity_of_its_own) {
  const auto invoice =
      parse_einvoice("<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><Invoice><ID>&x;</ID></Invoice>");
  ASSERT_TRUE(invoice) << invoice.error().message();
  EXPECT_EQ(invoice->fields.at(0).second, "&x;");
}

TEST(EInvoice, every_prefix_is_read_or_refused) {
  for (size_t size = 0; size < kCii.size(); size += 7)
    EXPECT_FALSE(parse_einvoice(kCii.substr(0, size)));
}

}  // namespace
}  // namespace ingle::documents
