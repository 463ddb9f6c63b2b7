#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/dispatch.h"
#include "cli/testing/collecting_console.h"

namespace ingle::cli {
namespace {

using Json = nlohmann::json;

class ExtractTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(testing::TempDir()) / (std::string("ingle_extract_") + test->name());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) const {
    const auto path = folder_ / name;
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }

  int run(std::vector<std::string> words) {
    words.insert(words.begin(), "extract");
    const auto env = [this](std::string_view name) -> std::optional<std::string> {
      if (name == "INGLE_HOME") return (folder_ / "home").string();
      return std::nullopt;
    };
    return run_command_line(words, console_, interrupts_, env, app::EngineLoader());
  }

  std::vector<Json> lines() const {
    std::vector<Json> out;
    std::istringstream data(console_.data);
    for (std::string line; std::getline(data, line);)
      out.push_back(Json::parse(line));
    return out;
  }

  std::filesystem::path folder_;
  CollectingConsole console_;
  Interrupts interrupts_;
};

constexpr const char* kInvoice =
    "Kraxi GmbH\nRechnungsnummer: 2014-03\nRechnungsdatum: 11. Juli 2014\nRechnungsbetrag  1.005,55 EUR\n";

TEST_F(ExtractTest, the_router_is_not_asked_about_documents) {
  EXPECT_EQ(run({write("good.txt", kInvoice), "--model", "auto"}), 2);
  EXPECT_NE(console_.said.find("documents are read on this machine"), std::string::npos);
}

TEST_F(ExtractTest, prints_an_object_a_file_and_goes_on_after_one_that_fails) {
  const std::string good = write("good.txt", kInvoice);
  const std::string empty = write("empty.txt", "");
  EXPECT_EQ(run({good, empty, good, "--json"}), 3);
  const auto objects = lines();
  ASSERT_EQ(objects.size(), 3U);
  EXPECT_EQ(objects[0].at("file"), good);
  const Json& number = objects[0].at("fields").at("invoice_number");
  EXPECT_EQ(number.at("value"), "2014-03");
  EXPECT_EQ(number.at("span"), Json::array({28, 35}));
  EXPECT_EQ(number.at("page"), 1);
  EXPECT_EQ(number.at("box"), nullptr);
  EXPECT_EQ(objects[0].at("fields").at("grand_total").at("value"), "1005.55");
  EXPECT_EQ(objects[1].at("error").at("type"), "refused");
  EXPECT_EQ(objects[2], objects[0]);
  EXPECT_NE(console_.said.find("empty.txt"), std::string::npos);
}

TEST_F(ExtractTest, prints_a_table_with_the_place_of_each_value) {
  EXPECT_EQ(run({write("a.txt", kInvoice)}), 0);
  EXPECT_NE(console_.data.find("Rechnungsdatum: 11. Juli 2014"), std::string::npos) << console_.data;
  EXPECT_NE(console_.data.find("2014-07-11"), std::string::npos);
  EXPECT_NE(console_.data.find("not found"), std::string::npos);
}

TEST_F(ExtractTest, prints_the_text_that_spans_refer_to) {
  EXPECT_EQ(run({write("a.txt", "one\ttwo\r\n"), "--text"}), 0);
  EXPECT_EQ(console_.data, "one  two\n");
}

TEST_F(ExtractTest, an_xml_invoice_is_read_unless_it_is_to_be_ignored) {
  const std::string file = write("a.xml", "<Invoice><ID>X-1</ID></Invoice>");
  EXPECT_EQ(run({file, "--json"}), 0);
  EXPECT_EQ(lines().at(0).at("fields").at("invoice_number").at("source"), "xml");
}

TEST_F(ExtractTest, what_does_not_fit_together_is_wrong_usage) {
  const std::string file = write("a.txt", kInvoice);
  EXPECT_EQ(run({file, "--preset", "receipt"}), 2);
  EXPECT_EQ(run({file, "--schema", write("s.json", R"({"properties":{"a":{"type":"string"}}})")}), 2);
  EXPECT_NE(console_.said.find("needs a model"), std::string::npos) << console_.said;
  EXPECT_EQ(run({}), 2);
}

}  // namespace
}  // namespace ingle::cli
