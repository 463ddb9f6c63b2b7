#include "eval/invoices.h"

#include <gtest/gtest.h>

#include "base/testing/temp_folder.h"
#include "documents/read_job.h"

namespace ingle::eval {
namespace {

using base::testing::TempFolder;
using base::testing::write;

class NoModels : public runtime::Models {
 public:
  Result<std::shared_ptr<chat::Completer>> acquire(std::string_view, const runtime::AcquireOptions&) override {
    return std::unexpected(Error::not_found("no models here"));
  }
  void unload(std::string_view) override {}
  void let_go(std::string_view, std::string_view) override {}
  std::vector<runtime::LoadedModel> loaded() const override { return {}; }
};

std::string truth(const std::string& number, const std::string& date, const std::string& total,
                  bool number_is_printed) {
  return R"({"fields":{"invoice_number":")" + number + R"(","issue_date":")" + date +
         R"(","seller_name":"A","grand_total":")" + total + R"("},"printed_in_text":{"invoice_number":)" +
         (number_is_printed ? "true" : "false") + R"(,"total":true,"seller_name":false}})";
}

Result<InvoiceScores> score(const std::filesystem::path& data, bool all_files) {
  documents::JobReader reader(documents::read_document_job);
  NoModels models;
  InvoiceOptions options;
  options.data = data;
  options.ignore_xml = true;
  options.all_files = all_files;
  return score_invoices(reader, models, options);
}

const FieldScore& field(const InvoiceScores& scores, std::string_view name) {
  for (const FieldScore& one : scores.fields) {
    if (one.field == name) return one;
  }
  ADD_FAILURE() << name;
  return scores.fields.front();
}

TEST(EvalInvoices, counts_copies_once_and_only_what_is_printed) {
  const TempFolder data;
  write(data / "a.txt", "Rechnung Nr. 17 vom 01.02.2024\nRechnungsbetrag 5,00 EUR\n");
  write(data / "a.json", truth("17", "2024-02-01", "5.00", true));
  write(data / "b.txt", "Rechnung Nr. 71 vom 1. Februar 2024\nRechnungsbetrag 5,00 EUR\n");
  write(data / "b.json", truth("17", "2024-02-01", "5.00", true));
  write(data / "c.txt", "Rechnung Nr. 3\nRechnungsbetrag 6,00 EUR\n");
  write(data / "c.json", truth("99", "2024-03-03", "7.00", false));
  const auto scores = score(data.path(), true);
  ASSERT_TRUE(scores) << scores.error().message();
  EXPECT_EQ(scores->files, 3U);
  EXPECT_EQ(scores->cases, 2U);
  EXPECT_EQ(field(*scores, "invoice_number").cases, 1U);
  EXPECT_DOUBLE_EQ(field(*scores, "invoice_number").right, 0.5);
  EXPECT_EQ(field(*scores, "issue_date").cases, 1U);
  EXPECT_DOUBLE_EQ(field(*scores, "issue_date").right, 1);
  EXPECT_EQ(field(*scores, "grand_total").cases, 2U);
  EXPECT_DOUBLE_EQ(field(*scores, "grand_total").right, 1);
  EXPECT_EQ(scores->without_evidence, 0U);
  EXPECT_GT(scores->values, 6U);

  const auto first_files = score(data.path(), false);
  ASSERT_TRUE(first_files);
  EXPECT_EQ(first_files->files, 2U);
  EXPECT_DOUBLE_EQ(field(*first_files, "invoice_number").right, 1);
}

TEST(EvalInvoices, a_folder_without_cases_and_a_broken_truth_are_errors) {
  const TempFolder data;
  EXPECT_EQ(score(data.path(), false).error().code(), ErrorCode::kNotFound);
  write(data / "a.txt", "x");
  write(data / "a.json", "{}");
  EXPECT_EQ(score(data.path(), false).error().code(), ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace ingle::eval
