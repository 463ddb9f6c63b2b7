#include "text/grammar/validator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "text/grammar/code_point_set.h"

namespace ingle::text::grammar {
namespace {

using ::testing::HasSubstr;

struct Case {
  std::string schema;
  std::vector<std::string> good;
  std::vector<std::string> bad;
};

void check(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    const auto validator = Validator::create(c.schema);
    ASSERT_TRUE(validator.has_value()) << c.schema << ": " << validator.error().message();
    const auto verdict = [&](const std::string& text) {
      const auto found = validator->validate(text);
      EXPECT_TRUE(found.has_value()) << c.schema << " " << text << ": " << found.error().message();
      return found.has_value() && !found->has_value();
    };
    for (const std::string& text : c.good)
      EXPECT_TRUE(verdict(text)) << c.schema << " must take " << text;
    for (const std::string& text : c.bad)
      EXPECT_FALSE(verdict(text)) << c.schema << " must not take " << text;
  }
}

/// `schema` with the name of a draft in front.
std::string in_draft(const char* draft, const std::string& schema) {
  return std::string(R"({"$schema":")") + draft + "\"," + schema.substr(1);
}
constexpr const char* kDraft4 = "http://json-schema.org/draft-04/schema#";
constexpr const char* kDraft7 = "http://json-schema.org/draft-07/schema#";
constexpr const char* k2019 = "https://json-schema.org/draft/2019-09/schema";
constexpr const char* k2020 = "https://json-schema.org/draft/2020-12/schema";

TEST(Validator, numbers_are_values_not_spellings) {
  check({
      {R"({"type":"integer"})", {"1", "1.0", "-10e-1", "0.0"}, {"1.5", "1e-1", "\"1\""}},
      {R"({"const":10})", {"10.00", "1e1"}, {"10.000000000000000000001", "11"}},
      {R"({"enum":[12345678901234567890123]})", {"12345678901234567890123"}, {"12345678901234567890124"}},
      {R"({"minimum":0.1,"exclusiveMaximum":0.3})",
       {"0.1", "0.29999999999999999999"},
       {"0.3", "0.09999999999999999999"}},
      {R"({"maximum":-5})", {"-5", "-5.01", "-1e9"}, {"-4.99", "0", "3"}},
      {R"({"multipleOf":0.01})", {"0", "4.35", "1.1", "19.99", "1e300", "-0.07"}, {"4.355", "1e-3"}},
      {R"({"multipleOf":2.5})", {"5", "7.5", "1e1"}, {"6", "0.5"}},
      {R"({"multipleOf":1e-8})", {"123456789012.12345678"}, {"1e-9"}},
  });
}

TEST(Validator, strings_are_measured_in_code_points) {
  check({
      {R"({"minLength":2,"maxLength":3.0})", {R"("éé")", R"("😀😀😀")", "7"}, {R"("é")", R"("abcd")"}},
      {R"({"pattern":"a+$"})", {R"("bca")", "1"}, {R"("ab")", R"("a\n")"}},
      {R"({"pattern":"^\\d\\s\\W$"})", {R"("1\u00a0é")"}, {R"("١ -")", R"("1 a")"}},
      {R"({"pattern":"^.$"})", {R"("😀")"}, {R"("\r")", R"("\u2028")"}},
      {R"({"pattern":"^\\p{Letter}{2}[\\-\\w[:]$"})", {R"("äb[")", R"("ab-")", R"("ab:")"}, {R"("a1:")", R"("ab]")"}},
      {R"({"pattern":"^(?=.*1)(?<x>a)\\k<x>"})", {R"("aa1")"}, {R"("aa")", R"("a1")"}},
      {R"({"pattern":"^[^]\\u{1F600}\\cA\\v\\/$"})", {R"("\n😀\u0001\u000b/")"}, {R"("😀\u0001\u000b/")"}},
      {R"({"pattern":"^x{,2}]$"})", {R"("x{,2}]")"}, {R"("xx]")"}},
      {R"({"format":"date"})", {R"("2024-02-29")", "1"}, {R"("2023-02-29")"}},
  });
}

TEST(Validator, a_property_has_the_same_names_as_where_it_is_enforced) {
  struct Row {
    const char* property;
    const char* member;
  };
  for (const Row& row :
       {Row{"LC", "a"}, Row{"Combining_Mark", "\u0301"}, Row{"cntrl", "\\u0001"}, Row{"Format", "\u200D"},
        Row{"gc=Private_Use", "\uE000"}, Row{"Script=Greek", "α"}, Row{"scx=Hira", "ー"}, Row{"Assigned", "a"}}) {
    const std::string schema = R"({"pattern":"^\\p{)" + std::string(row.property) + R"(}$"})";
    const auto validator = Validator::create(schema);
    ASSERT_TRUE(validator.has_value()) << schema << validator.error().message();
    EXPECT_FALSE(validator->validate("\"" + std::string(row.member) + "\"")->has_value()) << schema;
    EXPECT_TRUE(validator->validate("\"-x\"")->has_value()) << schema;
    EXPECT_TRUE(code_points_with(row.property).has_value()) << row.property;
  }
  for (const char* odd : {"Nonsense", "sc:Greek", "gc=Script=Greek"}) {
    EXPECT_FALSE(Validator::create(R"({"pattern":"\\p{)" + std::string(odd) + R"(}"})").has_value()) << odd;
    EXPECT_FALSE(code_points_with(odd).has_value()) << odd;
  }
}

TEST(Validator, arrays) {
  check({
      {R"({"items":{"type":"null"},"prefixItems":[true,{"const":1}]})",
       {"[]", "[2]", "[2,1,null]", "{}"},
       {"[2,2]", "[2,1,1]"}},
      {in_draft(kDraft7, R"({"items":[{"const":1}],"additionalItems":{"const":2}})"),
       {"[1,2,2]", "[]"},
       {"[2]", "[1,1]"}},
      {in_draft(kDraft7, R"({"items":{"const":1},"additionalItems":false})"), {"[1,1]"}, {"[2]"}},
      {R"({"uniqueItems":true})",
       {"[1,2,\"1\",true,[1],{\"a\":1}]", "[0,false]"},
       {"[1,1.0]", R"([{"a":1,"b":2},{"b":2,"a":1}])", "[[null],[null]]"}},
      {R"({"uniqueItems":false})", {"[1,1]"}, {}},
      {R"({"contains":{"const":1}})", {"[2,1]"}, {"[]", "[2]"}},
      {R"({"contains":{"const":1},"minContains":2,"maxContains":3})", {"[1,1]", "[1,1,1]"}, {"[1]", "[1,1,1,1]"}},
      {R"({"contains":{"const":1},"minContains":0})", {"[]", "[2]"}, {}},
      {R"({"minItems":1,"maxItems":2})", {"[1]", "[1,2]", "\"\""}, {"[]", "[1,2,3]"}},
  });
}

TEST(Validator, objects) {
  check({
      {R"({"properties":{"a":{"type":"null"}},"patternProperties":{"^x":{"type":"integer"}},"additionalProperties":false})",
       {"{}", R"({"a":null,"x":1,"xa":2})"},
       {R"({"a":1})", R"({"x":""})", R"({"b":1})"}},
      {R"({"required":["a","b"]})", {R"({"b":1,"a":2})", "1"}, {R"({"a":1})"}},
      {R"({"propertyNames":{"maxLength":2}})", {R"({"ab":1})", "[]"}, {R"({"abc":1})"}},
      {R"({"minProperties":1,"maxProperties":2})", {R"({"a":1})"}, {"{}", R"({"a":1,"b":1,"c":1})"}},
      {R"({"dependentRequired":{"a":["b"]}})", {"{}", R"({"b":1})", R"({"a":1,"b":1})"}, {R"({"a":1})"}},
      {R"({"dependentSchemas":{"a":{"minProperties":2}}})", {R"({"a":1,"b":1})"}, {R"({"a":1})"}},
      {in_draft(kDraft4, R"({"dependencies":{"a":["b"],"c":{"minProperties":2}}})"),
       {R"({"a":1,"b":1})"},
       {R"({"a":1})", R"({"c":1})"}},
      {R"({"const":{"a":1,"b":[2]}})", {R"({"b":[2.0],"a":1})"}, {R"({"a":1})", R"({"a":1,"b":[2],"c":3})"}},
  });
}

TEST(Validator, combinations) {
  check({
      {R"({"allOf":[{"minimum":1},{"maximum":2}]})", {"1", "2"}, {"0", "3"}},
      {R"({"anyOf":[{"type":"null"},{"minimum":2}],"type":["null","integer"]})", {"null", "2"}, {"1", "\"\""}},
      {R"({"oneOf":[{"multipleOf":2},{"multipleOf":3}]})", {"2", "3"}, {"6", "1"}},
      {R"({"not":{"type":"string"}})", {"1"}, {R"("")"}},
      {R"({"if":{"minimum":10},"then":{"multipleOf":10},"else":{"maximum":5}})", {"20", "5"}, {"11", "6"}},
      {R"({"then":false})", {"1"}, {}},
      {in_draft(kDraft4, R"({"minimum":1,"exclusiveMinimum":true})"), {"2"}, {"1"}},
      {"true", {"1"}, {}},
      {"false", {}, {"1"}},
  });
}

TEST(Validator, references_lead_to_pointers_ids_and_anchors) {
  check({
      {R"({"$ref":"#/$defs/a~1b%25","$defs":{"a/b%":{"type":"null"}}})", {"null"}, {"1"}},
      {R"({"$ref":"#x","$defs":{"a":{"$anchor":"x","const":1}}})", {"1"}, {"2"}},
      {R"({"$id":"http://e.org/root.json","$ref":"sub/a.json#/x","$defs":{"a":{"$id":"sub/a.json","x":{"const":1}}}})",
       {"1"},
       {"2"}},
      {R"({"properties":{"next":{"$ref":"#"}},"additionalProperties":false})",
       {R"({"next":{"next":{}}})"},
       {R"({"next":{"x":1}})"}},
      // Beside a reference nothing counts up to draft 7.
      {in_draft(kDraft7,
                R"({"definitions":{"a":{"type":"array"}},"properties":{"p":{"$ref":"#/definitions/a","maxItems":1}}})"),
       {R"({"p":[1,2]})"},
       {R"({"p":1})"}},
      {in_draft(k2020, R"({"$defs":{"a":{"type":"array"}},"$ref":"#/$defs/a","maxItems":1})"), {"[1]"}, {"[1,2]", "1"}},
      {in_draft(k2020,
                R"({"$id":"tree","$dynamicAnchor":"node","properties":{"kid":{"$dynamicRef":"#node"}},"$defs":{}})"),
       {R"({"kid":{"kid":{}}})"},
       {}},
      {in_draft(
           k2020,
           R"({"$id":"http://e.org/strict","$dynamicAnchor":"node","$ref":"tree","unevaluatedProperties":false,"$defs":{
          "tree":{"$id":"tree","$dynamicAnchor":"node","properties":{"kid":{"$dynamicRef":"#node"}}}}})"),
       {R"({"kid":{"kid":{}}})"},
       {R"({"kid":{"kidd":{}}})", R"({"a":1})"}},
      {in_draft(
           k2019,
           R"({"$id":"http://e.org/strict","$recursiveAnchor":true,"$ref":"tree","unevaluatedProperties":false,"$defs":{
          "tree":{"$id":"tree","$recursiveAnchor":true,"properties":{"kid":{"$recursiveRef":"#"}}}}})"),
       {R"({"kid":{"kid":{}}})"},
       {R"({"kid":{"kidd":{}}})"}},
  });
}

TEST(Validator, what_no_other_keyword_looked_at_is_unevaluated) {
  check({
      {R"({"properties":{"a":true},"anyOf":[{"properties":{"b":{"const":1}},"required":["b"]},{"required":["c"],"properties":{"c":true}}],
          "unevaluatedProperties":false})",
       {R"({"a":1,"b":1})", R"({"b":1,"c":1})"},
       {R"({"b":2,"c":1})", R"({"b":1,"x":1})"}},
      {R"({"prefixItems":[true],"contains":{"const":7},"unevaluatedItems":{"type":"null"}})",
       {"[1,7,null]"},
       {"[1,7,2]"}},
      {R"({"if":{"properties":{"a":{"const":1}},"required":["a"]},"then":{"properties":{"b":true}},"unevaluatedProperties":false})",
       {R"({"a":1,"b":2})"},
       {R"({"a":2})", R"({"b":1})"}},
      {R"({"not":{"not":{"properties":{"a":true}}},"unevaluatedProperties":false})", {"{}"}, {R"({"a":1})"}},
  });
}

TEST(Validator, a_schema_without_a_draft_is_read_by_its_words) {
  check({
      {R"({"definitions":{"a":{"type":"array"}},"properties":{"p":{"$ref":"#/definitions/a","maxItems":1}}})",
       {R"({"p":[1,2]})"},
       {}},
      {R"({"$defs":{"a":{"type":"array"}},"properties":{"p":{"$ref":"#/$defs/a","maxItems":1}}})",
       {},
       {R"({"p":[1,2]})"}},
      {R"({"items":[{"const":1}],"additionalItems":false})", {"[1]"}, {"[1,1]"}},
      {R"({"items":[{"$ref":"#/$defs/a"}],"additionalItems":false,"$defs":{"a":{"const":1}}})", {"[1]"}, {"[1,1]"}},
  });
}

TEST(Validator, a_violation_names_the_keyword_and_both_places) {
  const auto found =
      validate(R"({"properties":{"a/b":{"items":{"anyOf":[{"$ref":"#/$defs/n"}]}}},"$defs":{"n":{"minimum":3}}})",
               R"({"a/b":[3,2]})");
  ASSERT_TRUE(found.has_value() && found->has_value());
  EXPECT_EQ((*found)->keyword, "anyOf");
  EXPECT_EQ((*found)->instance_path, "/a~1b/1");
  EXPECT_EQ((*found)->schema_path, "/properties/a~1b/items/anyOf");
  EXPECT_EQ((*found)->message(), "'anyOf' does not hold at /a~1b/1");
  const auto named = validate(R"({"propertyNames":{"maxLength":1}})", R"({"ab":1})");
  EXPECT_EQ((*named)->message(), "'propertyNames' does not hold at the top");
  EXPECT_EQ((*validate(R"({"items":false})", "[1]"))->schema_path, "/items");
}

TEST(Validator, a_part_of_the_schema_can_be_asked_alone) {
  const auto validator =
      Validator::create(R"({"properties":{"a":{"$ref":"#/$defs/n"}},"$defs":{"n":{"minimum":3}}})").value();
  const auto fits = [&](const nlohmann::ordered_json& value, const char* at) {
    return !validator.validate_at(at, value).value().has_value();
  };
  EXPECT_TRUE(fits(3, "/properties/a"));
  EXPECT_FALSE(fits(2.5, "/properties/a"));
  EXPECT_TRUE(fits({{"a", 4}}, ""));
  EXPECT_EQ(validator.validate_at("/nowhere", 1).error().code(), ErrorCode::kUsage);
}

TEST(Validator, what_cannot_be_read_or_followed_is_an_error_with_its_place) {
  const std::pair<std::string, const char*> cases[] = {
      {R"({"$ref":"http://json-schema.org/draft-07/schema#"})", "another document"},
      {R"({"$ref":"#/nothing"})", "points to nothing at #/$ref"},
      {R"({"$ref":"#nothing"})", "anchor"},
      {R"({"$schema":"http://e.org/own"})", "dialect"},
      {R"({"properties":{"a":{"type":"text"}}})", "'type' has a value of another kind at #/properties/a/type"},
      {R"({"minLength":-1})", "minLength"},
      {R"({"multipleOf":0})", "multipleOf"},
      {R"({"allOf":[3]})", "#/allOf/0"},
      {R"({"pattern":"(a"})", "the pattern has"},
      {R"({"pattern":"(?i)a"})", "ECMA-262"},
      {R"({"pattern":"a++"})", "nothing to repeat"},
      {R"x({"pattern":"(*UTF)"})x", "nothing to repeat"},
      {R"({"pattern":"\\Qa"})", "ECMA-262"},
      {"[]", "must be an object"},
      {"{", "no JSON"},
  };
  for (const auto& [schema, why] : cases) {
    const auto made = Validator::create(schema);
    ASSERT_FALSE(made.has_value()) << schema;
    EXPECT_THAT(made.error().message(), HasSubstr(why)) << schema;
  }
  EXPECT_EQ(validate("{}", "{").error().code(), ErrorCode::kCorrupt);
}

TEST(Validator, hostile_schemas_and_documents_end_in_an_error) {
  const auto refused = [](const std::string& schema, const std::string& instance) {
    const auto found = validate(schema, instance);
    ASSERT_FALSE(found.has_value()) << schema.substr(0, 80);
    EXPECT_EQ(found.error().code(), ErrorCode::kRefused) << found.error().message();
  };
  refused(R"({"$ref":"#"})", "1");
  refused(R"({"$ref":"#/$defs/a","$defs":{"a":{"not":{"$ref":"#/$defs/b"}},"b":{"allOf":[{"$ref":"#/$defs/a"}]}}})",
          "1");
  refused(R"({"pattern":"^(a+)+$"})", "\"" + std::string(2000, 'a') + "b\"");
  refused(R"({"multipleOf":1.2345678901234567890123})", "1");
  std::string twice = R"({"$ref":"#/$defs/d0","$defs":{"d40":{"type":"object"})";
  for (int i = 0; i < 40; ++i) {
    const std::string next = R"({"$ref":"#/$defs/d)" + std::to_string(i + 1) + "\"}";
    twice +=
        ",\"d" + std::to_string(i) + R"(":{"not":{"not":{"anyOf":[{"allOf":[)" + next + ",false]}," + next + "]}}}";
  }
  refused(twice + "}}", "1");
  refused("{}", std::string(100'000, '[') + std::string(100'000, ']'));
  const std::string deep(500, '[');
  EXPECT_FALSE(validate(R"({"items":{"$ref":"#"}})", deep + std::string(500, ']')).value().has_value());
  EXPECT_FALSE(validate(std::string(100'000, '['), "1").has_value());
}

}  // namespace
}  // namespace ingle::text::grammar
