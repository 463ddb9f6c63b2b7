#include "text/grammar/check.h"

#include <gtest/gtest.h>

namespace ingle::text::grammar {
namespace {

Result<Checker::Outcome> outcome_of(std::string_view schema, std::string_view instance) {
  INGLE_TRY(Checker checker, Checker::create(schema));
  return checker.check(instance);
}

bool fits(std::string_view schema, std::string_view instance) {
  const auto outcome = outcome_of(schema, instance);
  EXPECT_TRUE(outcome.has_value()) << outcome.error().message();
  return outcome && outcome->accepted;
}

TEST(Check, members_may_come_in_any_order) {
  constexpr const char* kSchema =
      R"({"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"object","properties":{"x":{"type":"null"},
          "y":{"type":"null"}}}},"required":["a"]})";
  EXPECT_TRUE(fits(kSchema, R"({ "b": {"z": 1, "y": null, "x": null}, "c": [1, 2], "a": 1 })"));
  EXPECT_FALSE(fits(kSchema, R"({"b": {"y": 1}, "a": 1})"));
  EXPECT_FALSE(fits(kSchema, R"({"b": {}})"));
}

TEST(Check, alternatives_may_order_their_members_differently) {
  constexpr const char* kSchema =
      R"({"type":"array","items":{"anyOf":[
          {"type":"object","properties":{"a":{"const":1},"b":{"type":"null"}},"required":["a","b"],"additionalProperties":false},
          {"type":"object","properties":{"b":{"type":"integer"},"a":{"const":2}},"required":["a","b"],"additionalProperties":false}]}})";
  EXPECT_TRUE(fits(kSchema, R"([{"a":1,"b":null},{"a":2,"b":3}])"));
  EXPECT_FALSE(fits(kSchema, R"([{"a":1,"b":3}])"));
  EXPECT_FALSE(fits(kSchema, R"([{"a":2,"b":null}])"));
}

TEST(Check, numbers_are_compared_by_value) {
  EXPECT_TRUE(fits(R"({"type":"integer"})", "1.0"));
  EXPECT_TRUE(fits(R"({"type":"integer"})", "1e2"));
  EXPECT_FALSE(fits(R"({"type":"integer"})", "1.5"));
  EXPECT_TRUE(fits(R"({"const":2})", "2.0"));
  EXPECT_TRUE(fits(R"({"type":"number","maximum":0.001})", "1e-7"));
}

TEST(Check, escapes_are_decoded_first) {
  EXPECT_TRUE(fits(R"({"const":"\u00e9/"})", R"("é\/")"));
  EXPECT_TRUE(fits(R"({"type":"object","properties":{"a\"b":{"type":"null"}},"additionalProperties":false})",
                   R"({"\u0061\"b":null})"));
}

TEST(Check, the_document_is_written_as_generation_writes_it) {
  const auto outcome = outcome_of(R"({"properties":{"b":{"type":"array"},"a":{"type":"number"}},"required":["b"]})",
                                  R"({"z":1e2,"a":0.50,"b":[1,{"y":0}]})");
  EXPECT_EQ(outcome->text, R"({"b": [1, {"y": 0}], "a": 0.5, "z": 100})");
}

TEST(Check, what_the_masks_cannot_enforce_is_judged_by_the_validator) {
  constexpr const char* kSchema = R"({"type":"object","properties":{"a":{"type":"array","uniqueItems":true}}})";
  auto checker = Checker::create(kSchema).value();
  ASSERT_EQ(checker.unenforced().size(), 1);
  EXPECT_NE(checker.unenforced()[0].find("uniqueItems"), std::string::npos);
  EXPECT_TRUE(checker.check(R"({"a":[1,2]})")->accepted);
  const auto outcome = checker.check(R"({"a":[1,1.0]})");
  EXPECT_FALSE(outcome->accepted);
  EXPECT_EQ(outcome->violation->message(), "'uniqueItems' does not hold at /a");
  EXPECT_FALSE(checker.check("[]")->accepted);
  EXPECT_EQ(Checker::create(kSchema, {.strict = true}).error().code(), ErrorCode::kRefused);
}

TEST(Check, what_the_masks_reject_is_explained_by_the_validator) {
  constexpr const char* kSchema =
      R"({"type":"object","properties":{"age":{"type":"integer","maximum":130}},"required":["age"]})";
  const auto outcome = outcome_of(kSchema, R"({"age": 300})");
  EXPECT_TRUE(outcome->by_masks);
  EXPECT_EQ(outcome->reason, "'maximum' does not hold at /age");
  EXPECT_EQ(outcome->violation->schema_path, "/properties/age/maximum");
  EXPECT_EQ(outcome_of(kSchema, "{}")->reason, "'required' does not hold at the top");
  EXPECT_EQ(outcome_of("false", "1")->reason, "'false schema' does not hold at the top");
  EXPECT_EQ(outcome_of(kSchema, R"({"age": 3})")->reason, "");
}

TEST(Check, a_valid_document_that_is_never_written_is_told_as_that) {
  const auto whole = outcome_of(R"({"items":{"type":"integer"}})", "[1, 12345678901234567890123]");
  EXPECT_FALSE(whole->accepted);
  EXPECT_FALSE(whole->violation);
  EXPECT_EQ(whole->reason, "it fits, but Inglenook does not write whole numbers of more than 18 digits");
  const auto small = outcome_of(R"({"exclusiveMinimum":0,"exclusiveMaximum":1e-25})", "1e-26");
  EXPECT_EQ(small->reason, "it fits, but Inglenook does not write more than 18 digits behind the point");
}

TEST(Check, a_schema_that_generation_refuses_is_refused) {
  EXPECT_EQ(Checker::create(R"({"type":"array","minItems":1000000000})").error().code(), ErrorCode::kRefused);
  EXPECT_EQ(Checker::create(R"({"type":"integer","minimum":1000000000000000000000})").error().code(),
            ErrorCode::kRefused);
  const auto nothing = Checker::create(R"({"type":"integer","enum":["a"]})");
  ASSERT_TRUE(nothing.has_value());
  EXPECT_FALSE(nothing->has_documents());
}

TEST(Check, keywords_that_no_draft_knows_are_listed) {
  const auto checker = Checker::create(R"({"propertes":{},"format":"emial"})").value();
  EXPECT_EQ(checker.ignored(), (std::vector<std::string>{"#/format", "#/propertes"}));
  EXPECT_TRUE(checker.has_documents());
}

TEST(Check, alternatives_inside_alternatives_stay_few_ways) {
  std::string schema = R"({"anyOf":[{"type":"null"},
      {"type":"object","properties":{"a":{"$ref":"#"},"b":{"type":"null"}},"required":["a","b"],"additionalProperties":false},
      {"type":"object","properties":{"b":{"type":"null"},"a":{"$ref":"#"}},"required":["a","b"],"additionalProperties":false}]})";
  std::string instance = "null";
  for (int i = 0; i < 6; ++i)
    instance = R"({"a": )" + instance + R"(, "b": null})";
  EXPECT_TRUE(fits(schema, instance));
  instance = "null";
  for (int i = 0; i < 30; ++i)
    instance = R"({"a": )" + instance + R"(, "b": null})";
  const auto outcome = outcome_of(schema, instance);
  EXPECT_TRUE(outcome ? outcome->accepted : outcome.error().code() == ErrorCode::kRefused);
}

TEST(Check, what_is_no_json_is_told_apart_from_what_is_no_schema) {
  EXPECT_EQ(outcome_of("{}", "{").error().code(), ErrorCode::kCorrupt);
  EXPECT_EQ(outcome_of("{}", std::string(1000, '[')).error().code(), ErrorCode::kCorrupt);
  EXPECT_EQ(outcome_of(R"({"$ref":"http://e.org/x"})", "1").error().code(), ErrorCode::kRefused);
  EXPECT_EQ(outcome_of(R"({"type":7})", "1").error().code(), ErrorCode::kUsage);
}

}  // namespace
}  // namespace ingle::text::grammar
