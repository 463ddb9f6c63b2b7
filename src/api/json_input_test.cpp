#include "api/json_input.h"

#include <gtest/gtest.h>

#include "api/limits.h"

namespace ingle::api {
namespace {

constexpr Field kInnerRows[] = {honoured("size", "integer")};
constexpr FieldTable kInner = kInnerRows;
constexpr Field kRows[] = {
    required("text", "string"),
    honoured("in", "object", "", &kInner),
    harmless("shade", "nothing here has colours"),
    rejected("twice", 501, "once is all", "1"),
};

struct Read {
  ReadNotes notes;
  std::optional<std::string> text;
};

Read read(std::string_view body) {
  Read out;
  const auto json = parse_json_object(body);
  EXPECT_TRUE(json.has_value());
  ObjectReader in(*json, "", out.notes, kRows);
  out.text = in.text("text");
  if (const Json* value = in.object("in")) {
    ObjectReader inner(*value, "in", out.notes, kInner);
    inner.integer("size", 0, 9);
  }
  return out;
}

TEST(ParseJson, refuses_an_object_that_names_a_member_twice_however_it_is_spelt) {
  const auto twice = parse_json(R"({"model":"a","n":[{"n":1}],"m\u006fdel":"b"})");
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().status, 400);
  EXPECT_EQ(twice.error().param, "model");
  EXPECT_EQ(twice.error().error.message(), "'model' stands twice in an object of the JSON");
  const auto within = parse_json(R"([{"a":{"b":1,"c":{},"b":1}}])");
  ASSERT_FALSE(within);
  EXPECT_EQ(within.error().error.message(), "'b' stands twice in an object of the JSON");
  EXPECT_TRUE(parse_json(R"([{"a":{"a":1}},{"a":[{"a":1},{"a":2}],"b":{"c":1}},{"b":{"c":2},"c":3}])"));
  EXPECT_TRUE(is_json_object(R"({"a":1,"a":2})"));
}

// A reader that looks at the whole list again for each of its objects takes 20,000,000,000 steps for this.
TEST(ParseJson, takes_as_many_objects_in_a_list_as_values_may_be) {
  std::string text = "[{}";
  for (size_t i = 1; i < kMaxJsonValues / 2 - 2; ++i)
    text += ",{}";
  const auto list = parse_json(text + "]");
  ASSERT_TRUE(list);
  EXPECT_EQ(list->size(), kMaxJsonValues / 2 - 2);
  const auto twice = parse_json(text + R"(,{"a":1,"a":2}])");
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().error.message(), "'a' stands twice in an object of the JSON");
  EXPECT_EQ(twice.error().param, "");
}

TEST(ObjectReader, names_what_the_table_does_not_list) {
  const Read out = read(R"({"text":"a","odd":1,"shade":[{}],"in":{"size":1,"depth":2},"none":null})");
  EXPECT_FALSE(out.notes.fault.has_value());
  EXPECT_EQ(out.text, "a");
  EXPECT_EQ(out.notes.ignored, (std::vector<std::string>{"odd", "in.depth"}));
}

TEST(ObjectReader, answers_a_rejected_field_from_its_row) {
  const Read out = read(R"({"text":"a","twice":2})");
  ASSERT_TRUE(out.notes.fault.has_value());
  EXPECT_EQ(out.notes.fault->status, 501);
  EXPECT_EQ(out.notes.fault->param, "twice");
  EXPECT_EQ(out.notes.fault->error.message(), "'twice': once is all");
  EXPECT_FALSE(out.text.has_value());
}

TEST(ObjectReader, a_rejected_field_that_asks_for_nothing_passes) {
  for (const char* body : {R"({"twice":1})", R"({"twice":null})", R"({"twice":false})", R"({"twice":""})",
                           R"({"twice":[]})", R"({"twice":{}})"}) {
    const Read out = read(body);
    EXPECT_FALSE(out.notes.fault.has_value()) << body;
    EXPECT_TRUE(out.notes.ignored.empty()) << body;
  }
}

TEST(ReadLog, knows_rows_that_were_read_and_names_without_one) {
  ReadLog log;
  ReadNotes notes;
  const Json json = Json::object();
  ObjectReader in(json, "", notes, kRows);
  in.any("text");
  in.any("shade");
  in.any("odd");
  EXPECT_EQ(log.rows, (std::set<const Field*>{&kRows[0], &kRows[2]}));
  EXPECT_EQ(log.unlisted, (std::set<std::string>{"odd", "shade"}));
}

}  // namespace
}  // namespace ingle::api
