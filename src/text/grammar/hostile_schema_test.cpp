// Schemas made to cost much: each is enforced with few operations, or left to a check, or refused, and every one at once. No
// time is looked at; what is not bounded would keep these tests from ending.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "text/grammar/compile.h"
#include "text/grammar/testing/cases.h"

namespace ingle::text::grammar {
namespace {

using testing::accepts;
using ::testing::HasSubstr;

Result<CompiledSchema> compiled_or_refused(std::string_view schema) {
  return compile_schema(schema, {}, ByteSet().set(), {.may_check = true});
}

/// `n` of them, with commas in between.
std::string list(size_t n, const std::function<std::string(size_t)>& element) {
  std::string out;
  for (size_t i = 0; i < n; ++i)
    out += (i == 0 ? "" : ",") + element(i);
  return out;
}

std::string named(size_t n, std::string_view value) {
  return list(n, [&](size_t i) { return fmt::format(R"("{:x}":{})", i, value); });
}

std::string names(size_t n) {
  return list(n, [](size_t i) { return fmt::format(R"("{:x}")", i); });
}

std::string numbers(size_t n) {
  return list(n, [](size_t i) { return std::to_string(i); });
}

std::string copies(size_t n, std::string_view text) {
  return list(n, [&](size_t) { return std::string(text); });
}

TEST(HostileSchema, a_bound_costs_nothing_however_large_it_is) {
  for (const char* schema : {
           R"({"type":"object","maxProperties":1000000000})",
           R"({"type":"object","maxProperties":1e300})",
           R"({"type":"object","minProperties":100000000})",
           R"({"type":"object","properties":{"a":{"type":"string"}},"maxProperties":1000000000})",
           R"({"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"minProperties":70000000})",
           R"({"type":"object","properties":{"a":{},"b":{}},"minProperties":1,"maxProperties":1000000000})",
           R"({"type":"object","not":{"maxProperties":10000000}})",
           R"({"not":{"minProperties":1000000000}})",
           R"({"type":"object","patternProperties":{"^a":{}},"maxProperties":1000000000})",
           R"({"type":"object","propertyNames":{"maxLength":3},"maxProperties":1000000000})",
           R"({"type":"object","additionalProperties":{"maxProperties":1000000000},"maxProperties":1000000000})",
           R"({"type":"array","minItems":90000000,"maxItems":1000000000})",
           R"({"type":"array","prefixItems":[{},{}],"maxItems":1000000000})",
           R"({"type":"array","contains":{"type":"null"},"minContains":1000000000})",
           R"({"type":"array","contains":{"type":"null"},"maxContains":1000000000,"maxItems":1000000000})",
           R"({"type":"string","minLength":900000000,"maxLength":1000000000})",
           R"({"type":"string","pattern":"^a","maxLength":1000000000})",
           R"({"type":"string","pattern":"^(a{1000000}){1000000}$"})",
           R"({"type":"string","pattern":"^((a{1,100}){1,100}){1,100}$"})",
           R"({"type":"number","multipleOf":1e-300})",
           R"({"type":"integer","multipleOf":999999999999999989,"maximum":1e300})",
       }) {
    const auto made = compiled_or_refused(schema);
    ASSERT_TRUE(made) << schema << ": " << made.error().message();
    EXPECT_LT(made->program->ops.size(), 20'000U) << schema;
  }
}

TEST(HostileSchema, members_are_counted_as_far_as_there_are_properties_and_no_further) {
  const auto made = compiled_or_refused(
      R"({"type":"object","properties":{"a":{"type":"null"},"b":{"type":"null"}},"minProperties":3,"maxProperties":100000})");
  ASSERT_TRUE(made);
  EXPECT_FALSE(accepts(made->program, R"({"a": null, "b": null})"));
  EXPECT_TRUE(accepts(made->program, R"({"a": null, "b": null, "c": 1})"));
  EXPECT_FALSE(accepts(made->program, R"({"b": null, "c": 1})"));
  EXPECT_TRUE(accepts(made->program, R"({"b": null, "c": 1, "d": 2, "e": 3})"));
}

TEST(HostileSchema, what_multiplies_is_counted) {
  constexpr const char* kProperties = R"({{"properties":{{{}}}}})";
  const std::pair<const char*, std::string> cases[] = {
      {"a hundred thousand required names", fmt::format(R"({{"required":[{}]}})", names(100'000))},
      {"names that are required and depend",
       fmt::format(R"({{"required":[{}],"dependentRequired":{{{}}}}})", names(60'000), named(48, R"(["y"])"))},
      {"alternatives beside many properties",
       fmt::format(R"({{"properties":{{{}}},"anyOf":[{}]}})", named(6'000, "{}"),
                   list(1'000, [](size_t i) { return fmt::format(R"({{"required":["{:x}"]}})", i); }))},
      {"members that must break a rule",
       fmt::format(R"({{"type":"object","properties":{{{}}},"additionalProperties":false,"allOf":[{}]}})",
                   named(1'000, "{}"),
                   list(24,
                        [](size_t i) {
                          return fmt::format(R"({{"not":{{"additionalProperties":{}}}}})",
                                             i % 2 == 0 ? R"({"type":"null"})" : R"({"type":"string"})");
                        }))},
      {"empty schemas that all hold", fmt::format(R"({{"allOf":[{}]}})", copies(340'000, "{}"))},
      {"values in two lists", fmt::format(R"({{"allOf":[{{"enum":[{0}]}},{{"enum":[{0}]}}]}})", numbers(70'000))},
      {"values that are excluded", fmt::format(R"({{"enum":[{0}],"not":{{"enum":[{0}]}}}})", numbers(70'000))},
      {"lists as values", fmt::format(R"({{"enum":[{}]}})", copies(200'000, "[]"))},
      {"values beside many properties",
       fmt::format(R"({{"properties":{{{}}},"enum":[{}]}})", named(6'000, "{}"), copies(20'000, R"({"a":1})"))},
      {"first elements", fmt::format(R"({{"prefixItems":[{}]}})", copies(300'000, "{}"))},
      {"first elements that must not be",
       fmt::format(R"({{"not":{{"prefixItems":[{}]}}}})", copies(60'000, R"({"type":"null"})"))},
      {"pairs of alternatives that must not be", fmt::format(R"({{"not":{{"oneOf":[{}]}}}})", copies(100'000, "{}"))},
      {"different elements of few values",
       fmt::format(kProperties, named(6'000, R"({"items":{"enum":[1,2,3,4,5]},"uniqueItems":true})"))},
      {"contained elements of a long text",
       fmt::format(R"({{"contains":{{"const":"{}"}},"maxContains":1,"maxItems":2000}})", std::string(500'000, 'a'))},
      {"contained elements in many lists",
       fmt::format(kProperties, named(6'000, R"({"contains":{"type":"null"},"maxContains":1,"maxItems":2000})"))},
      {"long keys that are counted",
       fmt::format(R"({{"properties":{{{}}},"maxProperties":200}})",
                   list(400, [](size_t i) { return fmt::format(R"("{}{}":{{}})", std::string(2'000, 'k'), i); }))},
      {"lengths beside a pattern",
       fmt::format(kProperties, list(6'000,
                                     [](size_t i) {
                                       return fmt::format(R"("{0}":{{"pattern":"^a","maxLength":{1}}})", i, 50'000 - i);
                                     }))},
      {"lengths beside an excluded text",
       fmt::format(kProperties, list(6'000,
                                     [](size_t i) {
                                       return fmt::format(
                                           R"("{0}":{{"type":"string","not":{{"const":"x"}},"minLength":{1}}})", i, i);
                                     }))},
      {"formats that must not be",
       fmt::format(kProperties, list(6'000,
                                     [](size_t i) {
                                       return fmt::format(
                                           R"("{0}":{{"format":"uri","not":{{"format":"email"}},"minLength":{0}}})", i);
                                     }))},
      {"patterns of all letters",
       fmt::format(
           kProperties,
           list(6'000, [](size_t i) { return fmt::format(R"("{0}":{{"pattern":"^\\p{{L}}{{1,60}}{0}$"}})", i); }))},
      {"multiples within bounds",
       fmt::format(kProperties, list(6'000,
                                     [](size_t i) {
                                       return fmt::format(
                                           R"("{0}":{{"type":"number","multipleOf":{1},"minimum":-{0}}})", i,
                                           9'001 + 2 * i);
                                     }))},
      {"dependencies beside many properties", fmt::format(R"({{"properties":{{{}}},"dependentSchemas":{{{}}}}})",
                                                          named(6'000, "{}"), named(48, R"({"required":["y"]})"))},
      {"references into a long list of members",
       fmt::format(R"({{"$defs":{{"a":{{{}}}}},"properties":{{{}}}}})", named(6'000, "{}"),
                   named(6'000, R"({"allOf":[{"$ref":"#/$defs/a/176f"},{"$ref":"#/$defs/a/176e"}]})"))},
  };
  for (const auto& [what, schema] : cases) {
    const auto made = compiled_or_refused(schema);
    EXPECT_TRUE(made || made.error().code() == ErrorCode::kRefused) << what << ": " << made.error().message();
  }
}

TEST(HostileSchema, a_refusal_says_what_there_is_too_much_of) {
  const auto endless = compiled_or_refused(R"({"type":"object","minProperties":1000000000})");
  ASSERT_FALSE(endless);
  EXPECT_THAT(endless.error().message(), HasSubstr("its shortest document has more than 1000000000 bytes"));
  const auto made =
      compiled_or_refused(fmt::format(R"({{"allOf":[{{"enum":[{0}]}},{{"enum":[{0}]}}]}})", numbers(20'000)));
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message(), HasSubstr("copies and compares more than"));
}

}  // namespace
}  // namespace ingle::text::grammar
