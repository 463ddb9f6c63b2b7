#include "text/grammar/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/grammar/compile.h"
#include "text/grammar/testing/cases.h"
#include "text/grammar/validator.h"

namespace ingle::text::grammar {
namespace {

using testing::accepts;
using testing::check;
using testing::compiled;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

SchemaTree checked(std::string_view schema) {
  auto tree = parse_schema(schema, {}, {.may_check = true});
  EXPECT_TRUE(tree.has_value()) << schema << ": " << tree.error().message();
  return tree.value_or(SchemaTree{});
}

/// The documents that the automaton of a schema takes when the rest may be checked.
bool takes(std::string_view schema, std::string_view text) {
  const auto made = compile_schema(schema, {}, ByteSet().set(), {.may_check = true});
  EXPECT_TRUE(made.has_value()) << schema << ": " << made.error().message();
  return made && accepts(made->program, text);
}

TEST(Schema, all_of_is_everything_at_once) {
  check({
      {R"({"allOf":[{"type":"integer"},{"minimum":3},{"maximum":5}]})", {"3", "5"}, {"2", "6", "3.5", R"("a")"}},
      {R"({"allOf":[{"properties":{"a":{"type":"integer"}},"required":["a"]},
                    {"properties":{"a":{"minimum":2},"b":{"type":"null"}}}],"type":"object"})",
       {R"({"a": 2})", R"({"a": 2, "b": null})", R"({"a": 2, "c": 1})"},
       {R"({"a": 1})", R"({"b": null})", R"({"a": 2, "b": 1})", R"("a")"}},
      {R"({"allOf":[{"type":"string","minLength":2},{"pattern":"^[a-c]+$"},{"maxLength":3}]})",
       {R"("ab")", R"("abc")"},
       {R"("a")", R"("abca")", R"("xy")"}},
      {R"({"allOf":[{"type":["string","integer"]},{"type":["integer","null"]}]})", {"1"}, {"null", R"("a")"}},
      {R"({"type":"array","allOf":[{"items":{"type":"integer"}},{"prefixItems":[{"minimum":3}]},{"minItems":1}]})",
       {"[3]", "[4, 1]"},
       {"[]", "[2]", "[3, null]"}},
      {R"({"allOf":[{"multipleOf":2},{"multipleOf":3}],"type":"integer","minimum":1})", {"6", "12"}, {"2", "3", "0"}},
  });
}

TEST(Schema, alternatives_stand_beside_other_keywords) {
  check({
      {R"({"type":"integer","anyOf":[{"maximum":2},{"minimum":7}]})", {"1", "7"}, {"3", "null"}},
      {R"({"type":"object","properties":{"a":{"type":"null"},"b":{"type":"null"}},"additionalProperties":false,
           "anyOf":[{"required":["a"]},{"required":["b"]}]})",
       {R"({"a": null})", R"({"b": null})", R"({"a": null, "b": null})"},
       {"{}", R"({"c": null})"}},
      {R"({"oneOf":[{"type":"integer"},{"minimum":2,"type":"number"}]})", {"1", "2.5", "-3"}, {"3", "1.5"}},
      {R"({"type":"object","oneOf":[{"required":["a"]},{"required":["b"]}],
           "properties":{"a":{"type":"null"},"b":{"type":"null"}}})",
       {R"({"a": null})", R"({"b": null, "c": 1})"},
       {R"({"a": null, "b": null})", "{}"}},
      {R"({"oneOf":[{"const":1},{"const":2},{"const":1}]})", {"2"}, {"1", "3"}},
      {R"({"enum":[1,"a",null,[2]],"type":["string","array"]})", {R"("a")", "[2]"}, {"1", "null"}},
      {R"({"enum":["ab","b",{"k":1},{"k":"x"}],"minLength":2,"properties":{"k":{"type":"integer"}}})",
       {R"("ab")", R"({"k": 1})"},
       {R"("b")", R"({"k": "x"})"}},
      {R"({"const":{"b":1,"a":2}})", {R"({"b": 1, "a": 2})"}, {R"({"a": 2, "b": 1})", R"({"b": 1})"}},
  });
}

TEST(Schema, what_must_not_hold_is_turned_round) {
  check({
      {R"({"not":{"type":["object","array","string","number"]}})", {"null", "true"}, {"1", "{}", R"("")"}},
      {R"({"not":{"type":"integer"}})", {"1.5", "null", "-0.25", R"("1")"}, {"1", "1.0", "2.00"}},
      {R"({"type":"integer","not":{"minimum":3}})", {"2", "-7"}, {"3", "8"}},
      {R"({"type":"integer","not":{"enum":[2,4]}})", {"1", "3", "5"}, {"2", "4"}},
      {R"({"type":"string","not":{"const":"ab"}})", {R"("a")", R"("abc")", R"("")"}, {R"("ab")"}},
      {R"({"type":"string","not":{"pattern":"x"}})", {R"("abc")"}, {R"("axb")"}},
      {R"({"type":"string","not":{"minLength":2}})", {R"("a")", R"("")"}, {R"("ab")"}},
      {R"({"type":"object","not":{"required":["a","b"]}})", {R"({"a": 1})", "{}"}, {R"({"a": 1, "b": 2})"}},
      {R"({"type":"object","not":{"properties":{"a":{"type":"integer"}}}})", {R"({"a": "x"})"}, {R"({"a": 1})", "{}"}},
      {R"({"type":"array","not":{"items":{"type":"integer"}}})", {"[1, null]"}, {"[]", "[1, 2]"}},
      {R"({"type":"boolean","not":{"const":true}})", {"false"}, {"true"}},
      {R"({"not":{"not":{"type":"null"}}})", {"null"}, {"1"}},
      {R"({"type":"object","properties":{"a":{"type":"null"},"b":{"type":"null"}},"additionalProperties":false,
           "not":{"properties":{"a":true},"additionalProperties":false}})",
       {R"({"b": null})", R"({"a": null, "b": null})"},
       {"{}", R"({"a": null})"}},
      {R"({"oneOf":[{"type":"object","properties":{"a":{"type":"integer"}},"additionalProperties":false},
                    {"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"null"}},"additionalProperties":false}]})",
       {R"({"b": null})", R"({"a": 1, "b": null})"},
       {"{}", R"({"a": 1})", R"({"c": 1})"}},
      {R"({"type":"object","properties":{"xa":true,"b":true},"additionalProperties":false,
           "not":{"patternProperties":{"^x":{"type":"integer"}}}})",
       {R"({"xa": null})", R"({"xa": "", "b": 1})"},
       {"{}", R"({"xa": 1})", R"({"b": null})"}},
      {R"({"type":"integer","not":{"anyOf":[{"minimum":5},{"maximum":2}]}})", {"3", "4"}, {"2", "5"}},
  });
}

TEST(Schema, conditions_choose_between_then_and_else) {
  check({
      {R"({"type":"object","properties":{"kind":{"enum":["a","b"]},"n":{"type":"integer"}},"required":["kind"],
           "additionalProperties":false,
           "if":{"properties":{"kind":{"const":"a"}}},"then":{"required":["n"]},"else":{"properties":{"n":false}}})",
       {R"({"kind": "a", "n": 1})", R"({"kind": "b"})"},
       {R"({"kind": "a"})", R"({"kind": "b", "n": 1})"}},
      {R"({"type":"integer","if":{"maximum":0},"then":{"minimum":-3}})", {"-3", "5"}, {"-4"}},
      {R"({"type":"integer","then":{"minimum":3},"else":{"maximum":3}})", {"2", "4"}, {}},
      {R"({"$schema":"http://json-schema.org/draft-06/schema#","type":"integer","if":true,"then":false})", {"1"}, {}},
  });
}

TEST(Schema, dependencies_ask_for_more_where_a_member_is) {
  check({
      {R"({"type":"object","dependentRequired":{"a":["b","c"]}})",
       {"{}", R"({"b": 1})", R"({"a": 1, "b": 2, "c": 3})"},
       {R"({"a": 1, "b": 2})"}},
      {R"({"type":"object","properties":{"a":true},"dependentSchemas":{"a":{"properties":{"b":{"type":"null"}}}}})",
       {R"({"a": 1, "b": null})", R"({"b": 1})"},
       {R"({"a": 1, "b": 2})"}},
      {R"({"$schema":"http://json-schema.org/draft-07/schema#","type":"object",
           "dependencies":{"a":["b"],"c":{"minProperties":2}}})",
       {R"({"a": 1, "b": 2})", R"({"c": 1, "d": 2})"},
       {R"({"a": 1})", R"({"c": 1})"}},
  });
}

TEST(Schema, members_are_told_apart_by_their_names) {
  check({
      {R"({"type":"object","patternProperties":{"^x":{"type":"integer"},"y$":{"minimum":5}},"additionalProperties":false})",
       {"{}", R"({"xa": 1})", R"({"xy": 5})", R"({"y": "a"})"},
       {R"({"xa": "a"})", R"({"xy": 4})", R"({"a": 1})", R"({"xy": "a"})"}},
      {R"({"type":"object","properties":{"ab":{"type":"integer"}},"patternProperties":{"b":{"minimum":3}},
           "additionalProperties":{"type":"null"}})",
       {R"({"ab": 3})", R"({"b": "z"})", R"({"c": null})", R"({"ab": 4, "cb": 3, "c": null})"},
       {R"({"ab": 2})", R"({"c": 1})", R"({"b": 1})", R"({"ab": 3, "ab": 3})"}},
      {R"({"type":"object","propertyNames":{"maxLength":2,"pattern":"^[ab]"}})",
       {"{}", R"({"a": 1, "bx": 2})"},
       {R"({"abc": 1})", R"({"c": 1})"}},
      {R"({"type":"object","propertyNames":{"enum":["a","b"]},"required":["b"]})",
       {R"({"b": 1})", R"({"b": 1, "a": 2})"},
       {R"({"a": 1})", R"({"b": 1, "c": 1})"}},
      {R"({"type":"object","properties":{"a\"b":{"type":"null"}},"additionalProperties":{"type":"integer"}})",
       {R"({"a\"b": null, "c\"d": 1, "\n": 2})"},
       {R"({"a\"b": 1})"}},
  });
}

TEST(Schema, members_are_counted) {
  check({
      {R"({"type":"object","minProperties":1})", {R"({"a": 1})", R"({"a": 1, "b": 2})"}, {"{}"}},
      {R"({"type":"object","maxProperties":1})", {"{}", R"({"a": 1})"}, {R"({"a": 1, "b": 2})"}},
      {R"({"type":"object","properties":{"a":{"type":"null"},"b":{"type":"null"},"c":{"type":"null"}},
           "additionalProperties":false,"minProperties":2,"maxProperties":2})",
       {R"({"a": null, "b": null})", R"({"a": null, "c": null})", R"({"b": null, "c": null})"},
       {"{}", R"({"a": null})", R"({"a": null, "b": null, "c": null})"}},
      {R"({"type":"object","properties":{"a":{"type":"null"}},"required":["a"],"minProperties":2,"maxProperties":4})",
       {R"({"a": null, "x": 1})", R"({"a": null, "x": 1, "y": 2, "z": 3})"},
       {R"({"a": null})", R"({"a": null, "x": 1, "y": 2, "z": 3, "w": 4})", R"({"x": 1, "y": 2, "z": 3})"}},
      {R"({"type":"object","maxProperties":0})", {"{}"}, {R"({"a": 1})"}},
  });
}

TEST(Schema, elements_that_must_be_contained_are_counted) {
  check({
      {R"({"type":"array","contains":{"type":"integer"}})", {"[1]", "[null, 1, null]"}, {"[]", "[null]", "[1.5]"}},
      {R"({"type":"array","items":{"type":"integer"},"contains":{"minimum":5},"minContains":2,"maxContains":2})",
       {"[5, 6]", "[1, 5, 2, 7]"},
       {"[5]", "[5, 6, 7]", "[]", "[5, null, 6]"}},
      {R"({"type":"array","contains":{"type":"null"},"minContains":0,"maxContains":1})",
       {"[]", "[1, null]", "[2]"},
       {"[null, null]"}},
      {R"({"type":"array","prefixItems":[{"type":"null"},{"type":"integer"}],"items":false,"contains":{"const":3}})",
       {"[null, 3]"},
       {"[null]", "[null, 4]", "[3]"}},
      {R"({"type":"array","contains":{"const":1},"minItems":2,"maxItems":3})",
       {"[1, 1]", "[2, 2, 1]"},
       {"[1]", "[2, 2]", "[1, 1, 1, 1]"}},
      {R"({"type":"array","not":{"contains":{"type":"null"}}})", {"[]", "[1]"}, {"[null]", "[1, null]"}},
  });
}

TEST(Schema, different_elements_of_few_values_are_enumerated) {
  check({
      {R"({"type":"array","items":{"enum":["a","b","c"]},"uniqueItems":true,"minItems":1})",
       {R"(["a"])", R"(["c", "a"])", R"(["b", "c", "a"])"},
       {"[]", R"(["a", "a"])", R"(["a", "b", "a"])"}},
      {R"({"type":"array","prefixItems":[{"type":"boolean"},{"type":"boolean"}],"items":false,"uniqueItems":true})",
       {"[]", "[true]", "[true, false]"},
       {"[true, true]"}},
      {R"({"type":"array","uniqueItems":true,"maxItems":1})", {"[1]", "[]"}, {"[1, 1]"}},
      {R"({"type":"array","uniqueItems":false,"items":{"type":"null"}})", {"[null, null]"}, {}},
  });
}

TEST(Schema, what_is_not_evaluated_is_known_from_everything_that_holds) {
  check({
      {R"({"type":"object","allOf":[{"properties":{"a":{"type":"null"}}}],"properties":{"b":{"type":"null"}},
           "unevaluatedProperties":false})",
       {R"({"a": null, "b": null})", "{}"},
       {R"({"c": null})", R"({"a": 1})"}},
      {R"({"type":"object","anyOf":[{"properties":{"a":{"type":"null"}},"required":["a"]},
                                    {"properties":{"b":{"type":"null"}},"required":["b"]}],
           "unevaluatedProperties":false})",
       {R"({"a": null})", R"({"b": null})", R"({"a": null, "b": null})"},
       {"{}", R"({"a": null, "b": 1})", R"({"a": null, "c": 1})"}},
      {R"({"type":"object","if":{"required":["a"],"properties":{"a":{"const":1}}},"then":{"properties":{"b":true}},
           "unevaluatedProperties":{"type":"null"}})",
       {R"({"a": 1, "b": 7})", R"({"b": null})"},
       {R"({"b": 7})", R"({"a": 2, "b": 7})"}},
      {R"({"type":"array","allOf":[{"prefixItems":[{"type":"integer"}]}],"unevaluatedItems":{"type":"null"}})",
       {"[1]", "[1, null]", "[]"},
       {"[1, 2]", "[null]"}},
      {R"({"$defs":{"base":{"properties":{"a":true}}},"type":"object","$ref":"#/$defs/base",
           "unevaluatedProperties":false})",
       {R"({"a": 1})"},
       {R"({"b": 1})"}},
  });
}

TEST(Schema, references_are_resolved_against_the_identifiers_around_them) {
  check({
      {R"({"$id":"http://x.example/root.json","$defs":{"a":{"$id":"other.json","type":"integer"},
           "b":{"$anchor":"there","type":"null"},"c%/d":{"const":"x"}},"anyOf":[{"$ref":"other.json"},{"$ref":"#there"},
           {"$ref":"http://x.example/root.json#/$defs/c%25~1d"}]})",
       {"1", "null", R"("x")"},
       {"true", R"("y")"}},
      {R"({"$schema":"http://json-schema.org/draft-07/schema#","definitions":{"a":{"$id":"#a","type":"integer"}},
           "$ref":"#a","type":"string"})",
       {"1"},
       {R"("x")"}},
      {R"({"$defs":{"a":{"type":"integer"}},"$ref":"#/$defs/a","minimum":3})", {"3"}, {"2", "null"}},
      {R"({"$schema":"http://json-schema.org/draft-04/schema#","id":"http://x.example/r","definitions":{
           "a":{"id":"sub","type":"integer"}},"type":"array","items":{"$ref":"sub"}})",
       {"[1]"},
       {"[null]"}},
      {R"({"$defs":{"n":{"$dynamicAnchor":"n","type":"object","properties":{"k":{"$dynamicRef":"#n"}},
           "additionalProperties":false}},"$ref":"#/$defs/n"})",
       {R"({"k": {"k": {}}})"},
       {R"({"k": 1})"}},
  });
}

TEST(Schema, older_drafts_mean_what_they_meant) {
  check({
      {R"({"$schema":"http://json-schema.org/draft-04/schema#","type":"integer","minimum":3,"exclusiveMinimum":true,
           "maximum":5,"exclusiveMaximum":false})",
       {"4", "5"},
       {"3", "6"}},
      {R"({"$schema":"http://json-schema.org/draft-07/schema#","type":"array","items":[{"type":"integer"}],
           "additionalItems":{"type":"null"}})",
       {"[]", "[1]", "[1, null]"},
       {"[null]", "[1, 1]"}},
      {R"({"$schema":"http://json-schema.org/draft-04/schema#","const":3,"type":"integer"})", {"4"}, {}},
      {R"({"$schema":"https://json-schema.org/draft/2019-09/schema","type":"array","items":[{"type":"integer"}],
           "unevaluatedItems":false})",
       {"[1]"},
       {"[1, 2]"}},
  });
}

TEST(Schema, a_draft_that_is_not_named_is_told_by_its_words) {
  check({
      {R"({"type":"object","definitions":{"a":{"type":"integer"}},"properties":{"k":{"$ref":"#/definitions/a","minimum":3}}})",
       {R"({"k": 1})"},
       {R"({"k": null})"}},
      {R"({"type":"object","$defs":{"a":{"type":"integer"}},"properties":{"k":{"$ref":"#/$defs/a","minimum":3}}})",
       {R"({"k": 3})"},
       {R"({"k": 1})"}},
      {R"({"type":"integer","minimum":3,"exclusiveMinimum":true})", {"4"}, {"3"}},
      {R"({"type":"array","items":[{"type":"integer"}]})", {"[1]", "[1, null]"}, {"[null]"}},
  });
}

TEST(Schema, schemas_that_refer_to_themselves_are_merged_too) {
  check({
      {R"({"$defs":{"t":{"type":"object","properties":{"v":{"type":"integer"},"l":{"$ref":"#/$defs/t"}},
           "required":["v"],"additionalProperties":false},
           "s":{"properties":{"v":{"minimum":5},"l":{"$ref":"#/$defs/s"}}}},
           "allOf":[{"$ref":"#/$defs/t"},{"$ref":"#/$defs/s"}]})",
       {R"({"v": 5, "l": {"v": 6}})", R"({"v": 7})"},
       {R"({"v": 4})", R"({"v": 5, "l": {"v": 4}})", R"({"v": 5, "l": {}})"}},
  });
}

TEST(Schema, what_is_left_out_is_told_and_only_widens) {
  struct Left {
    std::string schema;
    std::string keyword;
    std::string path;
    std::string taken;  // fits the schema without the keyword
  };
  const std::vector<Left> cases = {
      {R"({"type":"object","properties":{"a":{"type":"array","uniqueItems":true}}})", "uniqueItems",
       "#/properties/a/uniqueItems", R"({"a": [1, 1]})"},
      {R"({"type":"string","pattern":"^(a*)\\1$"})", "pattern", "#/pattern", R"("b")"},
      {R"({"type":"object","patternProperties":{"(a)\\1":{"type":"null"}},"additionalProperties":false})",
       "patternProperties", "#/patternProperties/(a)\\1", R"({"aa": null})"},
      {R"({"type":"array","contains":{"const":1},"unevaluatedItems":false})", "unevaluatedItems", "#/unevaluatedItems",
       "[1, 2]"},
      {R"({"type":"array","not":{"uniqueItems":true}})", "uniqueItems", "#/not/uniqueItems", "[1]"},
      {R"({"type":"object","minProperties":2})", "minProperties", "#", R"({"a": 1, "a": 1})"},
  };
  for (const Left& c : cases) {
    const SchemaTree tree = checked(c.schema);
    ASSERT_FALSE(tree.unenforced.empty()) << c.schema;
    EXPECT_EQ(tree.unenforced.front().keyword, c.keyword) << c.schema;
    EXPECT_EQ(tree.unenforced.front().path, c.path) << c.schema;
    EXPECT_TRUE(takes(c.schema, c.taken)) << c.schema;
    const auto strict = parse_schema(c.schema, {});
    ASSERT_FALSE(strict.has_value()) << c.schema;
    EXPECT_EQ(strict.error().code(), ErrorCode::kRefused);
    EXPECT_THAT(strict.error().message(), HasSubstr(c.path)) << c.schema;
  }
}

TEST(Schema, a_keyword_that_is_null_is_absent) {
  const char* keywords[] = {"$anchor",
                            "$comment",
                            "$defs",
                            "$dynamicRef",
                            "$id",
                            "$ref",
                            "$schema",
                            "additionalItems",
                            "additionalProperties",
                            "allOf",
                            "anyOf",
                            "contains",
                            "default",
                            "definitions",
                            "dependencies",
                            "dependentRequired",
                            "dependentSchemas",
                            "description",
                            "else",
                            "enum",
                            "examples",
                            "exclusiveMaximum",
                            "exclusiveMinimum",
                            "format",
                            "if",
                            "items",
                            "maxContains",
                            "maxItems",
                            "maxLength",
                            "maxProperties",
                            "maximum",
                            "minContains",
                            "minItems",
                            "minLength",
                            "minProperties",
                            "minimum",
                            "multipleOf",
                            "not",
                            "oneOf",
                            "pattern",
                            "patternProperties",
                            "prefixItems",
                            "properties",
                            "propertyNames",
                            "required",
                            "then",
                            "title",
                            "type",
                            "unevaluatedItems",
                            "unevaluatedProperties",
                            "uniqueItems",
                            "x-ingle-copy",
                            "x-ingle-copy-as"};
  for (const std::string keyword : keywords) {
    for (const std::string& schema :
         {R"({")" + keyword + R"(":null})", R"({"properties":{"a":{")" + keyword + R"(":null}}})",
          R"({"anyOf":[{")" + keyword + R"(":null}]})", R"({"additionalProperties":{")" + keyword + R"(":null}})",
          R"({"$defs":{"a":{")" + keyword + R"(":null}},"$ref":"#/$defs/a"})"}) {
      const auto tree = parse_schema(schema, {}, {});
      ASSERT_TRUE(tree) << schema << ": " << tree.error().message();
      EXPECT_TRUE(takes(schema, R"({"a": [1, "x", null]})")) << schema;
      const auto broken = validate(schema, R"({"a":[1,"x",null]})");
      EXPECT_TRUE(broken && !*broken) << schema;
    }
  }
  // What Go's clients write for a function without arguments, and for one whose lists were not set.
  check(
      {{R"({"type":"object","properties":null,"required":null,"additionalProperties":false})", {"{}"}, {R"({"a": 1})"}},
       {R"({"type":"object","properties":{"a":{"type":"integer","enum":null}},"required":["a"],"additionalProperties":null})",
        {R"({"a": 1})", R"({"a": 1, "b": 2})"},
        {"{}", R"({"a": "x"})"}}});
}

TEST(Schema, a_null_that_is_a_value_stays_one) {
  check({
      {R"({"const":null})", {"null"}, {"1", "{}"}},
      {R"({"enum":[null,1]})", {"null", "1"}, {"2"}},
      {R"({"const":{"required":null}})", {R"({"required": null})"}, {"{}"}},
      {R"({"enum":[{"type":null}]})", {R"({"type": null})"}, {"{}"}},
      {R"({"type":"object","properties":{"required":{"type":"null"}},"required":["required"],"additionalProperties":false})",
       {R"({"required": null})"},
       {"{}"}},
  });
  EXPECT_FALSE(*validate(R"({"const":{"required":null}})", R"({"required":null})"));
  EXPECT_TRUE(*validate(R"({"const":{"required":null}})", "{}"));
  for (const char* schema : {R"({"properties":{"a":null}})", R"({"anyOf":[null]})", R"({"required":[null]})", "null"})
    EXPECT_FALSE(parse_schema(schema, {}, {.may_check = true})) << schema;
}

TEST(Schema, keywords_that_nobody_knows_are_annotations_and_told) {
  const SchemaTree tree = checked(R"({"type":"string","nullable":true,"title":"t","minLenght":3,"format":"color"})");
  EXPECT_THAT(tree.unenforced, IsEmpty());
  EXPECT_THAT(tree.ignored, ElementsAre("#/format", "#/minLenght", "#/nullable"));
}

TEST(Schema, a_value_that_is_listed_must_fit_what_stands_beside_it_at_every_depth) {
  check({
      {R"({"enum":[[1,"a"],[1],{"k":[5]},{"k":[6,7]}],"items":{"type":"integer"},
           "properties":{"k":{"type":"array","maxItems":1}}})",
       {"[1]", R"({"k": [5]})"},
       {R"([1, "a"])", R"({"k": [6, 7]})"}},
  });
  // What was left out of the listed values' schema is told, though only the values remain.
  EXPECT_EQ(checked(R"({"enum":[[1,1],[2]],"uniqueItems":true})").unenforced.size(), 1U);
}

TEST(Schema, merging_is_counted_and_ends) {
  std::string all = R"({"type":"object","allOf":[)";
  for (int i = 0; i < 30; ++i) {
    const std::string a = "a" + std::to_string(i);
    all += R"({"if":{"required":[")" + a + R"("]},"then":{"required":[")" + a + R"(x"]}},)";
  }
  all += "true]}";
  const SchemaTree tree = checked(all);
  EXPECT_FALSE(tree.unenforced.empty());
  std::string one = R"({"oneOf":[)";
  for (int i = 0; i < 60; ++i)
    one +=
        R"({"properties":{"a":{"minimum":)" + std::to_string(i) + R"(},"b":{"maxLength":)" + std::to_string(i) + "}}},";
  one += "false]}";
  EXPECT_FALSE(checked(one).unenforced.empty());
}

}  // namespace
}  // namespace ingle::text::grammar
