#include "text/grammar/check.h"

#include <gtest/gtest.h>

namespace ingle::text::grammar {
namespace {

bool fits(std::string_view schema, std::string_view instance) {
  const auto result = fits_schema(schema, instance);
  EXPECT_TRUE(result.has_value()) << result.error().message();
  return result.value_or(false);
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

TEST(Check, what_is_no_json_is_told_apart_from_what_is_no_schema) {
  EXPECT_EQ(fits_schema("{}", "{").error().code(), ErrorCode::kCorrupt);
  EXPECT_EQ(fits_schema("{}", std::string(1000, '[')).error().code(), ErrorCode::kCorrupt);
  EXPECT_EQ(fits_schema(R"({"not":{}})", "1").error().code(), ErrorCode::kRefused);
}

}  // namespace
}  // namespace ingle::text::grammar
