#include "documents/extraction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "documents/evidence.h"
#include "documents/testing/pdf_writer.h"
#include "documents/testing/scripted_completer.h"
#include "documents/text_index.h"

namespace ingle::documents {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;
using testing::ScriptedCompleter;

/// One model of one name.
class OneModel : public runtime::Models {
 public:
  explicit OneModel(ScriptedCompleter::Answer answer)
      : model_(std::make_shared<ScriptedCompleter>(std::move(answer))) {}
  Result<std::shared_ptr<chat::Completer>> acquire(std::string_view, const runtime::AcquireOptions&) override {
    return model_;
  }
  void unload(std::string_view) override {}
  void let_go(std::string_view, std::string_view) override {}
  std::vector<runtime::LoadedModel> loaded() const override { return {}; }
  size_t requests() const { return model_->requests(); }
  ScriptedCompleter& model() { return *model_; }

 private:
  std::shared_ptr<ScriptedCompleter> model_;
};

OneModel silent() {
  return OneModel([](const chat::CompleteRequest&) {
    ADD_FAILURE() << "the model was asked";
    return std::string("{}");
  });
}

Extraction by_rules(std::string_view text) {
  OneModel models = silent();
  const Document document = document_from_text(text);
  auto extraction = extract(document, {}, models, {}, {});
  EXPECT_TRUE(extraction);
  return extraction ? *extraction : Extraction{};
}

std::string value_of(const Extraction& extraction, std::string_view name) {
  const Leaf* leaf = find_leaf(extraction, name);
  return leaf != nullptr && leaf->value ? *leaf->value : "";
}

constexpr std::string_view kGerman =
    "Möbelhaus Nord GmbH · Hafenstraße 3 · 20457 Hamburg\n"
    "\n"
    "Kunde:\n"
    "Praxis Dr. Sommer\n"
    "Lindenallee 12\n"
    "04109 Leipzig\n"
    "\n"
    "Rechnung Nr. MN-2024/0815 vom 29.02.2024\n"
    "Kundennummer: 77120    Bestellung: B-4711 vom 12.02.2024\n"
    "\n"
    "Pos  Bezeichnung      Menge  Einzelpreis  Gesamt\n"
    "1    Schreibtisch     2      450,00       900,00\n"
    "2    Bürostuhl        4      120,50       482,00\n"
    "\n"
    "                      Nettobetrag         1.382,00 €\n"
    "                      zzgl. 19 % USt.       262,58 €\n"
    "                      Rechnungsbetrag     1.644,58 €\n"
    "\n"
    "Zahlbar bis 30.03.2024. IBAN DE89 3704 0044 0532 0130 00   USt-IdNr. DE136695976\n";

TEST(Extraction, reads_a_german_invoice_with_a_place_for_every_value) {
  const Extraction extraction = by_rules(kGerman);
  EXPECT_EQ(value_of(extraction, "invoice_number"), "MN-2024/0815");
  EXPECT_EQ(value_of(extraction, "issue_date"), "2024-02-29");
  EXPECT_EQ(value_of(extraction, "due_date"), "2024-03-30");
  EXPECT_EQ(value_of(extraction, "seller_name"), "Möbelhaus Nord GmbH");
  EXPECT_EQ(value_of(extraction, "buyer_name"), "Praxis Dr. Sommer");
  EXPECT_EQ(value_of(extraction, "net_total"), "1382.00");
  EXPECT_EQ(value_of(extraction, "tax_total"), "262.58");
  EXPECT_EQ(value_of(extraction, "grand_total"), "1644.58");
  EXPECT_EQ(value_of(extraction, "currency"), "EUR");
  EXPECT_EQ(value_of(extraction, "iban"), "DE89370400440532013000");
  EXPECT_EQ(value_of(extraction, "seller_vat_id"), "DE136695976");
  const TextIndex index(document_from_text(kGerman).text);
  for (const auto& [name, value] : extraction.fields) {
    const auto* leaf = std::get_if<Leaf>(&value.content);
    if (leaf == nullptr || !leaf->value) continue;
    ASSERT_TRUE(leaf->span) << name;
    EXPECT_TRUE(says(name, *leaf->value, index.view(*leaf->span))) << name << ": " << index.view(*leaf->span);
  }
}

TEST(Extraction, reads_the_lines_of_the_table) {
  const Extraction extraction = by_rules(kGerman);
  const Document document = document_from_text(kGerman);
  const Json json = Json::parse(to_json(extraction, document, "a.txt"));
  const Json& lines = json.at("fields").at("lines");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[1].at("description").at("value"), "Bürostuhl");
  EXPECT_EQ(lines[1].at("quantity").at("value"), "4");
  EXPECT_EQ(lines[1].at("unit_price").at("value"), "120.50");
  EXPECT_EQ(lines[1].at("total").at("value"), "482.00");
}

TEST(Extraction, reads_other_languages_and_both_orders_of_dates) {
  const Extraction english = by_rules(
      "Invoice\nInvoice #: 9981\nDate: 03/14/2024\nDue date: 04/02/2024\nBill to: Ann Lee\nSubtotal  $1,250.00\nSales tax  $100.00\nTotal  $1,350.00\n");
  EXPECT_EQ(value_of(english, "invoice_number"), "9981");
  EXPECT_EQ(value_of(english, "issue_date"), "2024-03-14");
  EXPECT_EQ(value_of(english, "due_date"), "2024-04-02");
  EXPECT_EQ(value_of(english, "grand_total"), "1350.00");
  EXPECT_EQ(value_of(english, "currency"), "USD");
  const Extraction french = by_rules(
      "FACTURE N° : F-88\nDate de facture : 3 mars 2024\nDate d'échéance : 02/04/2024\nTotal HT  1 250,00 €\nTVA 20 %  250,00 €\nTotal TTC  1 500,00 €\n");
  EXPECT_EQ(value_of(french, "invoice_number"), "F-88");
  EXPECT_EQ(value_of(french, "issue_date"), "2024-03-03");
  EXPECT_EQ(value_of(french, "due_date"), "2024-04-02");
  EXPECT_EQ(value_of(french, "net_total"), "1250.00");
  EXPECT_EQ(value_of(french, "grand_total"), "1500.00");
}

TEST(Extraction, says_that_a_field_is_not_there_instead_of_guessing) {
  const Extraction extraction = by_rules("Rechnung\nDatum: 01.02.2024\nGesamtbetrag 50,00 EUR\n");
  EXPECT_EQ(value_of(extraction, "invoice_number"), "");
  EXPECT_EQ(value_of(extraction, "iban"), "");
  EXPECT_EQ(extraction.verdict, Verdict::kEscalate);
  EXPECT_THAT(extraction.reasons, ::testing::Contains("invoice_number was not found"));
}

TEST(Extraction, an_iban_with_a_wrong_digit_is_shown_and_doubted) {
  const Extraction extraction =
      by_rules("Rechnung Nr. 7 vom 01.02.2024\nIBAN DE88 3704 0044 0532 0130 00 BIC COBADEFFXXX\n");
  EXPECT_EQ(value_of(extraction, "iban"), "DE88370400440532013000");
  EXPECT_LT(find_leaf(extraction, "iban")->confidence, 0.8F);
  EXPECT_THAT(extraction.reasons, ::testing::Contains("the check digits of the IBAN are wrong"));
}

TEST(Extraction, totals_that_contradict_each_other_are_for_a_person) {
  const Extraction extraction = by_rules(
      "Rechnungsnummer: 5\nRechnungsdatum: 01.02.2024\nNettobetrag 100,00 EUR\nUmsatzsteuer 19,00 EUR\nRechnungsbetrag 120,00 EUR\n");
  EXPECT_NE(extraction.verdict, Verdict::kAccept);
  EXPECT_THAT(extraction.reasons, ::testing::Contains(HasSubstr("do not add up")));
}

constexpr std::string_view kItems =
    "\nDescription                  Qty     Unit     Amount\n"
    "Chisel set, 6 pcs              4    38.50     154.00\n"
    "Sharpening stone               2    24.00      48.00\n"
    "\nSubtotal   GBP 202.00\nVAT 20%   GBP 40.40\nTotal due   GBP 242.40\n";

TEST(Extraction, a_party_with_its_address_in_one_line_is_the_name_alone) {
  const std::string head =
      "Harbour Tools Ltd\n12 Quay Street, Bristol BS1 4QQ\n\nInvoice No: 5\nDate: 14 April 2026\n\n";
  for (const char* label : {"Bill to: ", "Bill to:\n"}) {
    for (const auto& [line, name] :
         {std::pair{"Northgate Joinery GmbH, Lindenstr. 4, 10969 Berlin", "Northgate Joinery GmbH"},
          std::pair{"Orchard House, Mill Lane, Bath", "Orchard House"},
          std::pair{"Miller, Smith & Co, 4 Mill Lane, Bath", "Miller, Smith & Co"}, std::pair{"Ann Lee", "Ann Lee"}}) {
      const Extraction extraction = by_rules(head + label + line + "\n" + std::string(kItems));
      EXPECT_EQ(value_of(extraction, "seller_name"), "Harbour Tools Ltd") << label << line;
      EXPECT_EQ(value_of(extraction, "buyer_name"), name) << label << line;
    }
  }
  const Extraction both = by_rules(
      "INVOICE\nQuarry Bindery Ltd - 14 Hill Street, Bristol\nInvoice number: 5\nInvoice date: 3 March 2026\n\n"
      "Bill to: The Long Room, 2 Castle Hill, Bath\n" +
      std::string(kItems));
  EXPECT_EQ(value_of(both, "seller_name"), "Quarry Bindery Ltd");
  EXPECT_EQ(value_of(both, "buyer_name"), "The Long Room");
}

TEST(Extraction, goods_and_one_name_are_not_two_parties) {
  const Extraction extraction =
      by_rules("Harbour Tools Ltd\n\nInvoice No: 5\nDate: 14 April 2026\n\nBill to:\n" + std::string(kItems));
  EXPECT_EQ(value_of(extraction, "seller_name"), "Harbour Tools Ltd");
  EXPECT_EQ(value_of(extraction, "buyer_name"), "");
}

TEST(Extraction, asks_the_model_only_for_choices_among_places_of_the_text) {
  std::string schema;
  OneModel models([&](const chat::CompleteRequest& request) {
    schema = request.json_schema;
    return R"({"seller_name":"Beta Werke","buyer_name":"Alpha Handel"})";
  });
  const Document document = document_from_text(
      "Alpha Handel\nBeta Werke\nRechnungsnummer: 5\nRechnungsdatum: 01.02.2024\nRechnungsbetrag 120,00 EUR\n");
  const auto extraction = extract(document, {.schema = {}, .ignore_xml = false, .model = "m"}, models, {}, {});
  ASSERT_TRUE(extraction) << extraction.error().message();
  EXPECT_EQ(models.requests(), 1U);
  EXPECT_EQ(extraction->model, "m");
  EXPECT_EQ(value_of(*extraction, "seller_name"), "Beta Werke");
  EXPECT_EQ(value_of(*extraction, "buyer_name"), "Alpha Handel");
  for (const auto& [name, property] : Json::parse(schema).at("properties").items()) {
    for (const Json& choice : property.at("enum"))
      EXPECT_TRUE(choice.is_null() || document.text.find(choice.get<std::string>()) != std::string::npos) << name;
  }
}

TEST(Extraction, a_model_that_is_small_or_disagrees_makes_no_look_needless) {
  const std::string text =
      "Harbour Tools Ltd\n12 Quay Street, Bristol BS1 4QQ\n\nInvoice No: 5\nDate: 14 April 2026\n\n"
      "Bill to:\nNorthgate Joinery GmbH, Lindenstr. 4, 10969 Berlin\n" +
      std::string(kItems);
  ASSERT_EQ(by_rules(text).verdict, Verdict::kReview);
  const Document document = document_from_text(text);
  const auto ask = [&](std::string_view seller, uint64_t parameters) {
    OneModel models([&](const chat::CompleteRequest&) {
      return Json{{"seller_name", seller}, {"buyer_name", "Northgate Joinery GmbH"}}.dump();
    });
    models.model().parameters = parameters;
    auto extraction = extract(document, {.schema = {}, .ignore_xml = false, .model = "m"}, models, {}, {});
    return extraction ? *extraction : Extraction{};
  };
  EXPECT_EQ(ask("Harbour Tools Ltd", 1'500'000'000).verdict, Verdict::kAccept);
  EXPECT_EQ(ask("Harbour Tools Ltd", 270'000'000).verdict, Verdict::kReview);
  EXPECT_EQ(ask("Northgate Joinery GmbH", 1'500'000'000).verdict, Verdict::kReview);
}

TEST(Extraction, a_buyer_that_is_hardly_found_is_for_a_person) {
  const Extraction extraction = by_rules(
      "Northgate Joinery\nLindenstr. 4\n10969 Berlin\n\nSeller: Harbour Tools Ltd\nInvoice No: 5\nDate: 14 April 2026\n" +
      std::string(kItems));
  EXPECT_EQ(value_of(extraction, "buyer_name"), "Northgate Joinery");
  EXPECT_EQ(extraction.verdict, Verdict::kReview);
  EXPECT_THAT(extraction.reasons, ::testing::Contains(HasSubstr("buyer_name is not sure")));
}

TEST(Extraction, of_an_e_invoice_comes_from_the_xml_alone) {
  OneModel models = silent();
  Document document = document_from_text("Rechnung Nr. 1");
  document.einvoice = EInvoice{{{"invoice_number", "2"}, {"grand_total", "5.00"}}, {}};
  const auto extraction = extract(document, {.schema = {}, .ignore_xml = false, .model = "m"}, models, {}, {});
  ASSERT_TRUE(extraction);
  const Json json = Json::parse(to_json(*extraction, document, "a.pdf"));
  const Json expected = {{"value", "2"},   {"found", true},   {"confidence", 1.0}, {"page", nullptr},
                         {"box", nullptr}, {"span", nullptr}, {"source", "xml"}};
  EXPECT_EQ(json.at("fields").at("invoice_number"), expected);
  EXPECT_EQ(json.at("fields").at("iban").at("value"), nullptr);
  EXPECT_EQ(json.at("fields").at("iban").at("found"), false);
}

TEST(Extraction, of_a_pdf_has_page_and_box) {
  const std::string pdf =
      testing::PdfWriter().text(50, 60, "Hello").new_page().text(50, 100, "Invoice no. 4711-B").bytes();
  const auto document = testing::read_in_process(pdf, "a.pdf");
  ASSERT_TRUE(document) << document.error().message();
  OneModel models = silent();
  const auto extraction = extract(*document, {}, models, {}, {});
  ASSERT_TRUE(extraction);
  const Json json = Json::parse(to_json(*extraction, *document, "a.pdf", {.with_text = true}));
  const Json& number = json.at("fields").at("invoice_number");
  EXPECT_EQ(number.at("value"), "4711-B");
  EXPECT_EQ(number.at("page"), 2);
  EXPECT_EQ(number.at("source"), "text");
  EXPECT_NEAR(number.at("box")[3].get<double>(), 100, 5);
  EXPECT_GT(number.at("box")[0].get<double>(), 90);
  EXPECT_EQ(json.at("pages").size(), 2U);
  EXPECT_EQ(json.at("text"), document->text);
}

TEST(Extraction, fills_a_schema_by_copying) {
  std::string schema;
  OneModel models([&](const chat::CompleteRequest& request) {
    schema = request.json_schema;
    EXPECT_EQ(request.copy_sources.size(), 1U);
    return R"({"tenant":"Mia Kern","rent":"780,50 Euro","pets":null,"rooms":[{"name":"Küche"}]})";
  });
  const Document document =
      document_from_text("Mieterin ist Mia Kern. Die Miete beträgt 780,50 Euro. Küche vorhanden.");
  const auto extraction = extract(
      document,
      {.schema =
           R"({"type":"object","properties":{"tenant":{"type":"string"},"rent":{"type":"number"},"pets":{"type":"string"},
         "rooms":{"type":"array","items":{"type":"object","properties":{"name":{"type":"string"}}}}}})",
       .ignore_xml = false,
       .model = "m"},
      models, {}, {});
  ASSERT_TRUE(extraction) << extraction.error().message();
  EXPECT_EQ(Json::parse(schema).at("properties").at("rent").at("x-ingle-copy"), "document");
  const Json fields = Json::parse(to_json(*extraction, document, "a.txt")).at("fields");
  EXPECT_EQ(fields.at("tenant").at("value"), "Mia Kern");
  EXPECT_EQ(fields.at("tenant").at("span"), Json::array({13, 21}));
  EXPECT_EQ(fields.at("rent").at("value"), "780.5");
  EXPECT_EQ(fields.at("pets").at("value"), nullptr);
  EXPECT_EQ(fields.at("rooms")[0].at("name").at("value"), "Küche");
}

TEST(Extraction, refuses_a_schema_that_is_none) {
  OneModel models = silent();
  const Document document = document_from_text("text");
  for (const char* schema :
       {"{", "[]", R"({"type":"string"})", R"({"type":"object"})", R"({"properties":{"a":{"type":"list"}}})"}) {
    const auto extraction = extract(document, {.schema = schema, .ignore_xml = false, .model = "m"}, models, {}, {});
    ASSERT_FALSE(extraction) << schema;
    EXPECT_EQ(extraction.error().code(), ErrorCode::kUsage) << schema;
  }
}

TEST(Extraction, takes_no_parts_of_a_cent_for_a_total_and_no_accents_for_an_identifier) {
  const Extraction extraction =
      by_rules("Rechnung Nr. 7 vom 01.02.2024\nUmsatzsteuer 15,2161 EUR\nUSt-IdNr. DE12345ç789\n");
  EXPECT_EQ(value_of(extraction, "tax_total"), "");
  EXPECT_EQ(value_of(extraction, "seller_vat_id"), "");
}

TEST(Extraction, survives_texts_that_are_no_invoice) {
  for (const std::string& text :
       {std::string("x"), std::string("1"), std::string(5000, '9'), std::string("\n\n:::\n- - -\n"),
        std::string("%%%%%\n1,1,1 1.1.1 ././."), std::string("Rechnung Nr.\n"), std::string("Total\nTotal\nTotal\n")})
    by_rules(text);
}

}  // namespace
}  // namespace ingle::documents
