#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/grammar/compile.h"
#include "text/grammar/testing/cases.h"

namespace ingle::text::grammar {
namespace {

using testing::accepts;
using testing::check;
using testing::compiled;
using ::testing::HasSubstr;

TEST(Grammar, types_take_their_values_and_no_others) {
  check({
      {R"({"type":"null"})", {"null"}, {"nul", "nulll", "true", ""}},
      {R"({"type":"boolean"})", {"true", "false"}, {"null", "0", "True"}},
      {R"({"type":"integer"})",
       {"0", "7", "-1", "123456789012345678"},
       {"1.0", "01", "-0", "-", "+1", "1e3", "1234567890123456789", " 1", "1 "}},
      {R"({"type":"number"})",
       {"0", "-0.5", "1.25", "1e5", "2E-10", "1e+199", "-12.500"},
       {".5", "1.", "01", "1e", "1e1000", "1e200", "NaN", "--1"}},
      {R"({"type":"string"})",
       {R"("")", R"("a")", R"("é€😀")", R"("\"\\\/\b\f\n\r\t")", R"("\u00e9\ud83d\ude00\u0000")"},
       {R"("a)", "a", "\"\n\"", R"("\x")", R"("\ud83d")", R"("\ude00")", R"("\ud83dx")", "\"\xC3\"", "\"\xED\xA0\x80\"",
        "\"\xC0\x80\"", "\"\xF4\x90\x80\x80\"", "\"\xE0\x80\x80\""}},
      {R"({"type":["string","null"]})", {"null", R"("x")"}, {"1"}},
      {R"({"type":["integer","number"]})", {"1", "1.5"}, {}},
  });
}

TEST(Grammar, lengths_are_counted_in_code_points) {
  check({
      {R"({"type":"string","minLength":2})", {R"("éé")", R"("abc")", R"("\n\n")"}, {R"("é")", R"("")"}},
      {R"({"type":"string","maxLength":2})", {R"("")", R"("😀😀")", R"("\ud83d\ude00a")"}, {R"("abc")"}},
      {R"({"type":"string","minLength":1,"maxLength":1})", {R"("a")"}, {R"("")", R"("ab")"}},
      {R"({"type":"string","maxLength":0})", {R"("")"}, {R"("a")"}},
  });
}

TEST(Grammar, bounds_of_numbers_hold_digit_by_digit) {
  check({
      {R"({"type":"integer","minimum":0,"maximum":130})", {"0", "9", "99", "100", "130"}, {"131", "-1", "200", "1000"}},
      {R"({"type":"integer","minimum":-12,"exclusiveMaximum":-3})", {"-12", "-4", "-10"}, {"-3", "-13", "0", "5"}},
      {R"({"type":"integer","minimum":95})", {"95", "100", "1234"}, {"94", "9", "-95"}},
      {R"({"type":"integer","maximum":-5})", {"-5", "-6", "-1234"}, {"-4", "0", "5"}},
      {R"({"type":"integer","minimum":1.5,"maximum":3.5})", {"2", "3"}, {"1", "4"}},
      {R"({"type":"number","minimum":1.5,"maximum":3.25})",
       {"1.5", "1.50", "2", "3", "3.25", "3.0", "3.2499", "1.51"},
       {"1.49", "1", "3.26", "3.251", "4", "-2", "2e0"}},
      {R"({"type":"number","exclusiveMinimum":0})", {"0.1", "1", "0.001", "15"}, {"0", "0.0", "-1", "0.00"}},
      {R"({"type":"number","exclusiveMaximum":2})", {"1.999", "-5.5", "0", "1"}, {"2", "2.0", "2.1", "10"}},
      {R"({"type":"number","minimum":-1.5,"maximum":0.5})",
       {"-1.5", "-0.25", "0", "0.5"},
       {"-1.51", "0.51", "-2", "1"}},
      {R"({"type":"integer","minimum":-9223372036854775808,"maximum":9223372036854775807})", {"0", "-7"}, {"1.5"}},
  });
}

TEST(Grammar, objects_have_their_members_in_order) {
  check({
      {R"({"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"null"}},"required":["a","b"],
          "additionalProperties":false})",
       {R"({"a": 1, "b": null})"},
       {R"({"b": null, "a": 1})", R"({"a": 1})", R"({"a": 1, "b": null, "c": 1})", R"({"a": 1 , "b": null})",
        R"({"a":1, "b": null})", R"({"a": 1,"b": null})", R"({"a":  1, "b": null})", R"({ "a": 1, "b": null})"}},
      {R"({"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"integer"},"c":{"type":"integer"}},
          "required":["b"],"additionalProperties":false})",
       {R"({"b": 1})", R"({"a": 1, "b": 1})", R"({"b": 1, "c": 1})", R"({"a": 1, "b": 1, "c": 1})"},
       {R"({})", R"({"a": 1})", R"({"a": 1, "c": 1})", R"({, "b": 1})", R"({"b": 1, })", R"({"b": 1, "b": 1})"}},
      {R"({"type":"object","properties":{"a":{"type":"integer"}},"additionalProperties":{"type":"string"}})",
       {"{}", R"({"a": 1})", R"({"a": 1, "x": "y"})", R"({"x": "y", "z": ""})", R"({"aa": "y"})", R"({"": "y"})",
        R"({"é": "y"})"},
       {R"({"a": "y"})", R"({"x": "y", "a": 1})", R"({"x": 1})", R"({"a": 1, "a": "y"})"}},
      {R"({"type":"object","properties":{"é":{"type":"integer"},"è":{"type":"integer"}},"additionalProperties":{"type":"null"}})",
       {R"({"é": 1, "è": 2, "ê": null})", R"({"ab": null})"},
       {R"({"é": null})", R"({"è": null})"}},
      {R"({"type":"object","required":["q"],"additionalProperties":{"type":"integer"}})",
       {R"({"q": 1})", R"({"q": 1, "r": 2})"},
       {R"({})", R"({"r": 2})"}},
      {R"({"type":"object","properties":{"a":false,"b":{"type":"null"}},"additionalProperties":false})",
       {"{}", R"({"b": null})"},
       {R"({"a": 1})"}},
  });
}

TEST(Grammar, arrays_have_their_elements_and_their_number) {
  check({
      {R"({"type":"array","items":{"type":"integer"}})",
       {"[]", "[1]", "[1, 2, 3]"},
       {"[1, ]", "[, 1]", "[a]", "[1 , 2]", "[1,2]", "[ ]"}},
      {R"({"type":"array","items":{"type":"integer"},"minItems":2,"maxItems":3})",
       {"[1, 2]", "[1, 2, 3]"},
       {"[]", "[1]", "[1, 2, 3, 4]"}},
      {R"({"type":"array","items":{"type":"integer"},"minItems":1})", {"[1]", "[1, 2, 3, 4, 5, 6]"}, {"[]"}},
      {R"({"type":"array","items":{"type":"integer"},"maxItems":1})", {"[]", "[1]"}, {"[1, 2]"}},
      {R"({"type":"array","items":{"type":"integer"},"maxItems":0})", {"[]"}, {"[1]"}},
      {R"({"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}],"items":{"type":"null"}})",
       {"[]", "[1]", R"([1, "a"])", R"([1, "a", null, null])"},
       {R"(["a"])", R"([1, 2])", R"([1, "a", 1])"}},
      {R"({"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}],"items":false,"minItems":2})",
       {R"([1, "a"])"},
       {"[]", "[1]", R"([1, "a", null])"}},
      {R"({"type":"array","items":{"type":"array","items":{"type":"null"},"maxItems":1},"minItems":2,"maxItems":2})",
       {"[[], []]", "[[null], []]"},
       {"[[]]", "[[], [], []]", "[[null, null], []]"}},
  });
}

TEST(Grammar, constants_alternatives_and_references) {
  check({
      {R"({"enum":["a","b\"c",1,2.5,null,{"k":[1,true]}]})",
       {R"("a")", R"("b\"c")", "1", "2.5", "null", R"({"k": [1, true]})"},
       {R"("b")", "2", R"({"k":[1,true]})", R"({"k": [1]})", R"("a)"}},
      {R"({"type":"string","enum":["a",1]})", {R"("a")"}, {"1"}},
      {R"({"const":1.0})", {"1"}, {"1.0"}},
      {R"({"anyOf":[{"type":"null"},{"type":"integer"}]})", {"null", "3"}, {R"("a")"}},
      {R"({"anyOf":[{"const":"abc"},{"const":"abd"},{"type":"string","maxLength":2}]})",
       {R"("abc")", R"("abd")", R"("ab")"},
       {R"("abe")"}},
      {R"({"oneOf":[{"type":"object","properties":{"t":{"const":"a"},"x":{"type":"integer"}},"required":["t","x"],
                     "additionalProperties":false},
                    {"type":"object","properties":{"t":{"const":"b"}},"required":["t"],"additionalProperties":false}]})",
       {R"({"t": "a", "x": 1})", R"({"t": "b"})"},
       {R"({"t": "a"})", R"({"t": "b", "x": 1})"}},
      {R"({"$defs":{"p":{"type":"integer"}},"type":"array","items":{"$ref":"#/$defs/p"}})", {"[1, 2]"}, {R"(["a"])"}},
      {R"({"$defs":{"n":{"type":"object","properties":{"v":{"type":"integer"},"next":{"anyOf":[{"$ref":"#/$defs/n"},
           {"type":"null"}]}},"required":["v","next"],"additionalProperties":false}},"$ref":"#/$defs/n"})",
       {R"({"v": 1, "next": null})", R"({"v": 1, "next": {"v": 2, "next": null}})"},
       {R"({"v": 1, "next": {}})", R"({"v": 1})"}},
      {R"({})", {"1", R"({"a": [1, {"b": null}], "c": "d"})", "[[[]]]", "true"}, {"[1", "{", R"({"a"})"}},
      {R"({"type":"object"})", {"{}", R"({"a": {"b": []}})"}, {"[]", "1"}},
      {"true", {"1"}, {""}},
  });
}

TEST(Grammar, patterns_match_the_decoded_text) {
  check({
      {R"({"type":"string","pattern":"^[A-Z]{2}[0-9]+$"})",
       {R"("AB1")", R"("XY123456")"},
       {R"("AB")", R"("A11")", R"("AB1 ")"}},
      {R"({"type":"string","pattern":"b+"})", {R"("abc")", R"("b")", R"("xxbb")"}, {R"("ac")", R"("")"}},
      {R"({"type":"string","pattern":"^(?:foo|ba[rz])?$"})",
       {R"("")", R"("foo")", R"("bar")", R"("baz")"},
       {R"("ba")"}},
      {R"({"type":"string","pattern":"^\\d{4}-\\d{2}$|^x"})", {R"("2024-01")", R"("xyz")"}, {R"("2024-1")", R"("ax")"}},
      {R"({"type":"string","pattern":"^[^a-z\"]$"})",
       {R"("A")", R"("é")", R"("😀")", R"("\n")", R"("\\")"},
       {R"("a")", R"("\"")"}},
      {R"({"type":"string","pattern":"^[\u00e0-\u017f]$"})", {R"("é")", R"("ſ")"}, {R"("e")", R"("ƀ")"}},
      {R"({"type":"string","pattern":"^\\s\\S\\w\\W.$"})", {R"("\taa-b")"}, {R"("aaa-b")", R"("\taa-\n")"}},
      {R"({"type":"string","pattern":"^(a|b){2,3}c*$"})", {R"("ab")", R"("abacc")"}, {R"("a")", R"("abab")"}},
      {R"({"type":"string","pattern":"^(a*)*b$"})", {R"("b")", R"("aaab")"}, {R"("a")"}},
      {R"({"type":"string","format":"date"})",
       {R"("2024-02-29")", R"("2023-12-31")", R"("2000-02-29")"},
       {R"("2023-02-29")", R"("1900-02-29")", R"("2024-04-31")", R"("2024-13-01")", R"("24-01-01")"}},
      {R"({"type":"string","format":"date-time"})", {R"("2024-02-29T23:59:59.5Z")"}, {R"("2024-02-29 23:59:59Z")"}},
  });
}

TEST(Grammar, what_cannot_be_enforced_is_refused_by_name_and_path) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"type":"object","properties":{"a":{"type":"array","uniqueItems":true}}})", "#/properties/a/uniqueItems"},
      {R"({"type":"string","format":"regex"})", "'regex'"},
      {R"({"type":"string","pattern":"(a)\\1"})", "pattern"},
      {R"({"$ref":"https://example.org/x.json"})", "#/$ref"},
      {R"({"$schema":"https://example.org/own","minimum":1})", "#/$schema"},
      {R"({"$ref":"#"})", "back to itself"},
      {R"({"type":"object","properties":{"a":false},"required":["a"]})", "no document fits"},
      {R"({"type":"integer","minimum":3,"maximum":2})", "no document fits"},
      {R"({"enum":[]})", "no document fits"},
      {"false", "no document fits"},
      {R"({"type":"string","x-ingle-kopie":"a"})", "'x-ingle-kopie'"},
  };
  for (const auto& [schema, told] : cases) {
    const auto program = compiled(schema);
    ASSERT_FALSE(program.has_value()) << schema;
    EXPECT_EQ(program.error().code(), ErrorCode::kRefused) << program.error().message();
    EXPECT_THAT(program.error().message(), HasSubstr(told)) << schema;
  }
}

TEST(Grammar, what_is_no_schema_is_an_error_of_usage) {
  for (const std::string schema :
       {"", "{", "3", "[]", R"({"type":"text"})", R"({"type":7})", R"({"enum":3})", R"({"properties":[]})",
        R"({"required":"a"})", R"({"minLength":-1})", R"({"minLength":1.5})", R"({"minimum":"1"})", R"({"anyOf":[]})",
        R"({"$ref":"#/nowhere"})", R"({"$ref":3})", R"({"additionalProperties":3})", R"({"pattern":3})"}) {
    const auto program = compiled(schema);
    ASSERT_FALSE(program.has_value()) << schema;
    EXPECT_EQ(program.error().code(), ErrorCode::kUsage) << schema << ": " << program.error().message();
  }
}

TEST(Grammar, a_type_that_is_unknown_is_named_with_the_one_that_may_be_meant) {
  EXPECT_THAT(compiled(R"({"properties":{"a":{"type":"strng"}}})").error().message(),
              HasSubstr("an unknown type 'strng', did you mean 'string'? at #/properties/a"));
}

TEST(Grammar, what_refers_to_itself_nests_as_deep_as_the_automaton_goes) {
  const auto free = compiled("{}");
  ASSERT_TRUE(free.has_value());
  EXPECT_TRUE(accepts(*free, std::string(200, '[') + std::string(200, ']')));
  EXPECT_FALSE(accepts(*free, std::string(300, '[') + std::string(300, ']')));
  std::string nested = "null";
  for (int i = 0; i < 120; ++i)
    nested = R"({"a": )" + nested + "}";
  EXPECT_TRUE(accepts(*free, nested));
  // A chain whose end needs more levels than there are is not begun: every state can end.
  const auto list = compiled(R"({"$defs":{"n":{"type":"array","items":{"$ref":"#/$defs/n"},"maxItems":1}},
                                 "$ref":"#/$defs/n"})");
  ASSERT_TRUE(list.has_value());
  Automaton automaton(*list);
  auto state = automaton.intern(automaton.start());
  for (int i = 0; i < 1000 && state != Automaton::kDead; ++i) {
    EXPECT_LT(automaton.distance(state), kFar);
    const auto next = automaton.step(state, '[');
    if (next == Automaton::kDead) break;
    state = next;
  }
  for (uint32_t left = automaton.distance(state); left > 0; --left) {
    state = automaton.step(state, ']');
    EXPECT_EQ(automaton.distance(state), left - 1);
  }
  EXPECT_TRUE(automaton.is_complete(state));
}

TEST(Grammar, limits_end_what_would_not_end) {
  std::string deep;
  for (int i = 0; i < 60'000; ++i)
    deep += R"({"items":)";
  EXPECT_EQ(compiled(deep + "1").error().code(), ErrorCode::kRefused);
  std::string wide = "{\"anyOf\":[";
  for (int i = 0; i < 30'000; ++i)
    wide += R"({"type":"string"},)";
  wide += "true]}";
  EXPECT_EQ(compiled(wide).error().code(), ErrorCode::kRefused);
  EXPECT_EQ(compiled(std::string(2 << 20, ' ')).error().code(), ErrorCode::kRefused);
  EXPECT_EQ(compiled(R"({"type":"string","pattern":"^((a|aa){1,900}){1,900}$"})").error().code(), ErrorCode::kRefused);
}

}  // namespace
}  // namespace ingle::text::grammar
