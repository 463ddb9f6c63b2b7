#include "eval/tools.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/testing/temp_folder.h"

namespace ingle::eval {
namespace {

ToolCase row() {
  return {
      .id = "r",
      .group = "simple",
      .messages_json = "[]",
      .tools_json = "[]",
      .functions_json =
          R"([{"name": "geo.area", "parameters": {"type": "dict", "properties": {"base": {"type": "integer"}, "scale": {"type": "float"}, "unit": {"type": "string"}, "points": {"type": "array"}, "shape": {"type": "dict"}}, "required": ["base"]}}])",
      .truth_json =
          R"({"geo.area": {"base": [10], "scale": [2.0, ""], "unit": ["sq. m", ""], "points": [[1, "A b"], ""], "shape": [{"kind": ["flat", ""], "n": [3]}, ""]}})"};
}

std::string verdict(const std::string& arguments, const std::string& name = "geo_area") {
  return judge_reply(row(), {.calls = {{name, arguments}}, .content = {}});
}

TEST(JudgeReply, follows_the_rules_of_bfcl) {
  EXPECT_EQ(verdict(R"({"base": 10})"), "");
  EXPECT_EQ(verdict(R"({"base": 10, "scale": 2, "unit": "SQ M"})"), "");
  EXPECT_EQ(verdict(R"({"base": 10, "points": [1.0, "ab"]})"), "");
  EXPECT_EQ(verdict(R"({"base": 10, "shape": {"n": 3}})"), "");
  EXPECT_EQ(verdict(R"({"base": 10})", "area"), "name");
  EXPECT_EQ(verdict(R"({"scale": 2})"), "missing base");
  EXPECT_EQ(verdict(R"({"base": 11})"), "value of base");
  EXPECT_EQ(verdict(R"({"base": 10.0})"), "type of base");
  EXPECT_EQ(verdict(R"({"base": "10"})"), "value of base");
  EXPECT_EQ(verdict(R"({"base": 10, "more": 1})"), "unknown more");
  EXPECT_EQ(verdict(R"({"base": 10, "points": [1]})"), "value of points");
  EXPECT_EQ(verdict(R"({"base": 10, "shape": {"kind": "flat"}})"), "value of shape");
  EXPECT_EQ(verdict("{"), "unparsable arguments");
  EXPECT_EQ(judge_reply(row(), {}), "0 calls");
  EXPECT_EQ(judge_reply(row(), {.calls = {{"a", "{}"}, {"a", "{}"}}, .content = {}}), "2 calls");
}

TEST(JudgeReply, misses_a_parameter_that_the_truth_needs) {
  ToolCase needed = row();
  needed.truth_json = R"({"geo.area": {"base": [10], "unit": ["m"]}})";
  EXPECT_EQ(judge_reply(needed, {.calls = {{"geo_area", R"({"base": 10})"}}, .content = {}}), "needed unit");
}

TEST(ReadToolCases, makes_json_schema_of_bfcls_types) {
  const base::testing::TempFolder folder;
  std::filesystem::create_directories(folder.path() / "possible_answer");
  for (const char* file : {"BFCL_v4_simple_python.json", "BFCL_v4_multiple.json"}) {
    std::ofstream(folder.path() / file)
        << R"({"id": "a", "question": [[{"role": "user", "content": "hi"}]], "function": [{"name": "x.y", "description": "d", "parameters": {"type": "dict", "properties": {"p": {"type": "tuple", "items": {"type": "float"}}, "q": {"type": "any", "optional": true}}, "required": ["p"]}}]})"
        << "\n";
    std::ofstream(folder.path() / "possible_answer" / file) << R"({"id": "a", "ground_truth": [{"x.y": {"p": [[1]]}}]})"
                                                            << "\n";
  }
  const auto cases = read_tool_cases(folder.path(), 0);
  ASSERT_TRUE(cases.has_value()) << cases.error().message();
  ASSERT_EQ(cases->size(), 2U);
  EXPECT_EQ((*cases)[1].group, "multiple");
  EXPECT_EQ(
      cases->front().tools_json,
      R"([{"type":"function","function":{"name":"x_y","description":"d","parameters":{"type":"object","properties":{"p":{"type":"array","items":{"type":"number"}},"q":{}},"required":["p"]}}}])");
}

TEST(ReadingText, finds_the_call_that_a_server_left_in_its_text) {
  ToolCase asked = row();
  asked.tools_json = R"([{"name": "geo_area"}])";
  const auto ask = reading_text([](const ToolCase&) -> Result<ToolReply> {
    return ToolReply{.content = "```json\n{\n  \"name\": \"geo_area\",\n  \"arguments\": {\"base\": 10}\n}\n```"};
  });
  EXPECT_EQ(judge_reply(asked, *ask(asked)), "");
}

TEST(AskFile, finds_each_rows_answer) {
  const base::testing::TempFolder folder;
  base::testing::write(
      folder / "answers",
      R"({"id": "r", "content": null, "calls": [{"function": {"name": "geo_area", "arguments": "{\"base\": 10}"}}]})"
      "\n");
  const auto ask = ask_file(folder / "answers");
  ASSERT_TRUE(ask.has_value());
  EXPECT_EQ(judge_reply(row(), *(*ask)(row())), "");
  ToolCase other = row();
  other.id = "s";
  EXPECT_FALSE((*ask)(other).has_value());
}

TEST(CompareTools, pairs_rows_by_id) {
  const std::vector<ToolVerdict> first = {{.id = "1"}, {.id = "2"}, {.id = "3", .wrong = "name"}, {.id = "4"}};
  const std::vector<ToolVerdict> second = {{.id = "4", .wrong = "name"}, {.id = "1"}, {.id = "2", .wrong = "0 calls"}};
  const PairedDifference difference = compare_tools(first, second);
  EXPECT_EQ(difference.rows, 3U);
  EXPECT_EQ(difference.only_first, 2U);
  EXPECT_EQ(difference.only_second, 0U);
  EXPECT_DOUBLE_EQ(difference.value, 2.0 / 3);
  EXPECT_LE(difference.low, difference.value);
  EXPECT_GE(difference.high, difference.value);
}

TEST(ShareOf, has_wilsons_interval) {
  std::vector<ToolVerdict> rows(10, {.group = "simple"});
  rows[0].wrong = "name";
  rows[1].wrong = "unparsable arguments";
  const Share share = share_of(rows, "simple");
  EXPECT_EQ(share.right, 8U);
  EXPECT_NEAR(share.low, 0.490, 0.001);
  EXPECT_NEAR(share.high, 0.943, 0.001);
  EXPECT_EQ(count_unparsable(rows), 1U);
  EXPECT_EQ(share_of(rows, "multiple").total, 0U);
}

}  // namespace
}  // namespace ingle::eval
