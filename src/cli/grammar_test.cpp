#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "cli/dispatch.h"
#include "cli/testing/collecting_console.h"

namespace ingle::cli {
namespace {

class GrammarTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(testing::TempDir()) / (std::string("ingle_grammar_") + test->name());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) const {
    const auto path = folder_ / name;
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }

  int check(std::vector<std::string> words) {
    words.insert(words.begin(), {"grammar", "check"});
    console_.data.clear();
    console_.said.clear();
    return run_command_line(words, console_, interrupts_, [](std::string_view) { return std::nullopt; }, Machinery{});
  }
  int check_schema(const std::string& schema) { return check({"--schema", write("s.json", schema)}); }
  int check_grammar(const std::string& grammar) { return check({"--grammar", write("g.gbnf", grammar)}); }

  std::filesystem::path folder_;
  CollectingConsole console_;
  Interrupts interrupts_;
};

TEST_F(GrammarTest, a_schema_or_a_grammar_alone_is_accepted_or_refused) {
  EXPECT_EQ(check_schema("{}"), 0);
  EXPECT_EQ(console_.data, "accepted\n");
  EXPECT_EQ(check_schema(R"({"type": "array", "uniqueItems": true})"), 0);
  EXPECT_NE(console_.said.find("checked, not enforced: 'uniqueItems'"), std::string::npos) << console_.said;
  EXPECT_EQ(check_grammar("root ::= \"a\"+"), 0);
  EXPECT_EQ(console_.data, "accepted\n");
}

TEST_F(GrammarTest, every_fault_of_a_schema_or_grammar_has_one_exit_code) {
  for (const char* schema : {"{", R"({"type": 7})", R"({"$ref": "http://e.org/x"})", R"({"pattern": "("})", "false",
                             R"({"type": "array", "minItems": 1000000000})"}) {
    EXPECT_EQ(check_schema(schema), 3) << schema;
    EXPECT_EQ(console_.data, "refused\n") << schema;
    EXPECT_NE(console_.said, "") << schema;
  }
  for (const char* grammar : {"root ::=  (", "root ::= root \"a\"", "root ::= b", "b ::= \"x\""}) {
    EXPECT_EQ(check_grammar(grammar), 3) << grammar;
    EXPECT_EQ(console_.data, "refused\n") << grammar;
  }
}

TEST_F(GrammarTest, a_rejected_document_has_its_keyword_and_place) {
  const std::string schema = write("s.json", R"({"properties": {"age": {"type": "integer", "maximum": 130}}})");
  EXPECT_EQ(check({"--schema", schema, "--instance", write("i.json", R"({"age": 300})")}), 1);
  EXPECT_EQ(console_.data, "rejected\n");
  EXPECT_EQ(console_.said, "'maximum' does not hold at /age\n");
}

TEST_F(GrammarTest, a_schema_without_documents_rejects_each_and_says_so) {
  EXPECT_EQ(check({"--schema", write("s.json", "false"), "--instance", write("i.json", "1")}), 1);
  EXPECT_NE(console_.said.find("no document fits the schema"), std::string::npos) << console_.said;
}

TEST_F(GrammarTest, keywords_that_no_draft_knows_are_told) {
  EXPECT_EQ(check_schema(R"({"properties": {"a": {"requried": []}}})"), 0);
  EXPECT_EQ(console_.said, "ignored, no draft knows it: #/properties/a/requried\n");
}

TEST_F(GrammarTest, what_does_not_belong_together_is_wrong_usage) {
  const std::string file = write("x", "{}");
  EXPECT_EQ(check({}), 2);
  EXPECT_EQ(check({"--schema", file, "--text", file}), 2);
  EXPECT_NE(console_.said.find("a --text is checked against a --grammar"), std::string::npos) << console_.said;
  EXPECT_EQ(check({"--grammar", file, "--instance", file}), 2);
  EXPECT_EQ(check({"--schema", "", "--instance", file}), 2);
  EXPECT_EQ(check({"--grammar", ""}), 2);
}

}  // namespace
}  // namespace ingle::cli
