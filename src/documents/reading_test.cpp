#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "documents/document_wire.h"
#include "documents/reader.h"
#include "documents/testing/pdf_writer.h"
#include "documents/text_index.h"

namespace ingle::documents {
namespace {

using ::testing::HasSubstr;
using testing::PdfWriter;
using testing::read_in_process;

Error error_of(std::string_view bytes) {
  const auto document = read_in_process(bytes, "bill.pdf");
  EXPECT_FALSE(document);
  return document ? Error::internal("it was read") : document.error();
}

TEST(Reading, keeps_the_cells_of_a_table_row_on_one_line) {
  const std::string pdf = PdfWriter()
                              .text(60, 100, "Item")
                              .text(400, 100, "Total")
                              .text(60, 114, "Paper clips, small")
                              .text(400, 115, "12,50")
                              .text(60, 128, "Ink")
                              .text(400, 128, "7,00")
                              .bytes();
  const auto document = read_in_process(pdf, "bill.pdf");
  ASSERT_TRUE(document) << document.error().message();
  EXPECT_EQ(document->text, "Item  Total\nPaper clips, small  12,50\nInk  7,00\n");
}

TEST(Reading, sets_an_empty_line_where_the_page_leaves_a_gap_and_between_pages) {
  const std::string pdf = PdfWriter()
                              .text(60, 100, "one")
                              .text(60, 112, "two")
                              .text(60, 180, "three")
                              .new_page()
                              .text(60, 100, "four")
                              .bytes();
  const auto document = read_in_process(pdf, "bill.pdf");
  ASSERT_TRUE(document) << document.error().message();
  EXPECT_EQ(document->text, "one\ntwo\n\nthree\n\nfour\n");
  ASSERT_EQ(document->pages.size(), 2U);
  EXPECT_FLOAT_EQ(document->pages[0].width, 595);
}

TEST(Reading, finds_the_place_of_every_span) {
  const std::string pdf = PdfWriter().text(60, 100, "Grüße aus Köln").new_page().text(100, 200, "Summe 5,00 €").bytes();
  const auto document = read_in_process(pdf, "bill.pdf");
  ASSERT_TRUE(document) << document.error().message();
  const TextIndex index(document->text);
  const auto at = static_cast<uint32_t>(index.folded().find("5,00"));
  const auto place = place_of(*document, {at, at + 6});
  ASSERT_TRUE(place);
  EXPECT_EQ(index.text({at, at + 6}), "5,00 €");
  EXPECT_EQ(place->page, 1U);
  EXPECT_NEAR(place->box.y1, 200, 6);
  EXPECT_GT(place->box.x0, 120);
  EXPECT_GT(place->box.x1, place->box.x0 + 20);
  EXPECT_FALSE(place_of(*document, {index.size(), index.size() + 5}));
}

TEST(Reading, refuses_a_page_without_text_and_says_that_it_is_a_scan) {
  const auto document = read_in_process(PdfWriter().bytes(), "scan.pdf");
  ASSERT_TRUE(document) << document.error().message();
  const Status text = require_text(*document, "scan.pdf", true);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code(), ErrorCode::kRefused);
  EXPECT_THAT(text.error().message(), HasSubstr("no text layer"));
  EXPECT_THAT(text.error().hint(), HasSubstr("later version"));
}

TEST(Reading, refuses_an_encrypted_file_with_a_reason) {
  const Error error = error_of(PdfWriter().text(60, 100, "secret").encrypted().bytes());
  EXPECT_EQ(error.code(), ErrorCode::kRefused);
  EXPECT_THAT(error.message(), HasSubstr("password"));
}

TEST(Reading, refuses_what_is_neither_pdf_nor_text) {
  EXPECT_EQ(error_of("").code(), ErrorCode::kRefused);
  EXPECT_THAT(error_of(std::string("\x89PNG\r\n\x1a\n\0\0\0", 11)).message(), HasSubstr("PNG"));
  EXPECT_THAT(error_of("PK\x03\x04 office").message(), HasSubstr("ZIP"));
  EXPECT_THAT(error_of(std::string("\x7f"
                                   "ELF\0\0\0",
                                   7))
                  .message(),
              HasSubstr("neither PDF nor text"));
}

TEST(Reading, reads_or_refuses_every_way_of_cutting_a_file_short) {
  const std::string whole = PdfWriter().text(60, 100, "Invoice 77").attach("factur-x.xml", "<Invoice/>").bytes();
  for (size_t size = 9; size < whole.size(); size += whole.size() / 9) {
    const auto document = read_in_process(whole.substr(0, size), "bill.pdf");
    if (document) continue;
    EXPECT_EQ(document.error().code(), ErrorCode::kCorrupt) << document.error().message();
  }
}

TEST(Reading, survives_an_object_that_contains_itself) {
  std::string pdf = PdfWriter().text(60, 100, "Invoice 77").bytes();
  const size_t at = pdf.find("/Kids [ 4 0 R ]");
  ASSERT_NE(at, std::string::npos);
  pdf.replace(at, 15, "/Kids [ 2 0 R ]");
  const auto document = read_in_process(pdf, "bill.pdf");
  EXPECT_TRUE(!document || document->words.empty());
}

TEST(Reading, keeps_plain_text_and_gives_words_places_in_a_grid) {
  const auto document = read_in_process("Rechnung\tNr. 7\r\n\r\nSumme:  5,00 \xff\n", "bill.txt");
  ASSERT_TRUE(document) << document.error().message();
  EXPECT_EQ(document->kind, DocumentKind::kText);
  EXPECT_EQ(document->text, "Rechnung  Nr. 7\n\nSumme:  5,00 \xEF\xBF\xBD\n");
  ASSERT_EQ(document->words.size(), 6U);
  EXPECT_EQ(document->words[3].box.x0, document->words[0].box.x0);
  EXPECT_GT(document->words[3].box.y0, document->words[0].box.y1);
}

TEST(Reading, finds_the_e_invoice_among_the_attachments) {
  constexpr std::string_view kXml =
      "<Invoice xmlns:cbc='b'><cbc:ID>A-1</cbc:ID><cbc:IssueDate>2024-02-29</cbc:IssueDate></Invoice>";
  const std::string pdf =
      PdfWriter().text(60, 100, "x").attach("note.xml", "<note/>").attach("factur-x.xml", kXml).bytes();
  const auto document = read_in_process(pdf, "bill.pdf");
  ASSERT_TRUE(document) << document.error().message();
  ASSERT_TRUE(document->einvoice);
  const EInvoice::Fields expected = {{"invoice_number", "A-1"}, {"issue_date", "2024-02-29"}};
  EXPECT_EQ(document->einvoice->fields, expected);
}

TEST(Reading, reads_an_xml_file_as_the_invoice_it_is) {
  const auto document = read_in_process("<?xml version='1.0'?><CreditNote><ID>7</ID></CreditNote>", "x.xml");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->kind, DocumentKind::kXml);
  EXPECT_TRUE(document->einvoice);
}

TEST(DocumentWire, gives_back_what_it_was_given) {
  Document document = document_from_text("a bc\n\fd");
  document.kind = DocumentKind::kPdf;
  document.einvoice = EInvoice{{{"currency", "EUR"}}, {{{"total", "1.00"}}}};
  const auto again = decode_document(encode(document));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->text, document.text);
  EXPECT_EQ(again->words, document.words);
  EXPECT_EQ(again->pages, document.pages);
  EXPECT_EQ(again->einvoice, document.einvoice);
}

TEST(DocumentWire, refuses_every_prefix_and_what_breaks_the_rules) {
  Document document = document_from_text("a bc");
  const std::string bytes = encode(document);
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_document(bytes.substr(0, size)));
  EXPECT_FALSE(decode_document(bytes + "x"));
  Document wrong = document;
  wrong.words[1].page = 1;
  EXPECT_FALSE(decode_document(encode(wrong)));
  wrong = document;
  wrong.words[1].span.to = 5;
  EXPECT_FALSE(decode_document(encode(wrong)));
  wrong = document;
  std::swap(wrong.words[0], wrong.words[1]);
  EXPECT_FALSE(decode_document(encode(wrong)));
}

TEST(TextIndex, folds_one_byte_a_code_point) {
  const TextIndex index("Nº Échéance – 5 €\u00a0ŁÓDŹ 界");
  EXPECT_EQ(index.folded(), std::string("no echeance - 5 \x01 lodz \x7f"));
  EXPECT_EQ(index.text({3, 11}), "Échéance");
}

}  // namespace
}  // namespace ingle::documents
