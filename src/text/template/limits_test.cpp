// Templates that try to cost more than they may, and text that tries to be trusted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/utf8.h"
#include "text/template/chat_template.h"

namespace ingle::text {
namespace {

using testing::HasSubstr;

constexpr std::string_view kMessages = R"([{"role": "user", "content": "hello hello hello"}])";

Result<std::vector<RenderedSegment>> render(const std::string& source, std::string_view messages = kMessages,
                                            const TemplateLimits& limits = {}) {
  INGLE_TRY(const auto compiled, ChatTemplate::compile(source));
  ChatTemplate::Inputs inputs;
  inputs.messages_json = messages;
  return compiled->render(inputs, limits);
}

std::string repeated(std::string_view text, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i)
    out += text;
  return out;
}

TEST(TemplateLimits, stops_whatever_costs_more_than_the_fuel) {
  const std::vector<std::string> sources = {
      "{{ 'a' * 1000000000 }}",
      "{{ 'a' * 9223372036854775807 }}",
      "{{ [1] * 1000000000 }}",
      "{{ range(1000000000) }}",
      "{{ range(-9223372036854775807, 9223372036854775807) }}",
      "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}{% endfor %}{% endfor %}{% endfor %}",
      "{% set n = namespace(x='ab') %}{% for i in range(99999) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
      "{% set n = namespace(x=['ab']) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x|tojson }}",
      "{% set n = namespace(x=['ab']) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }}",
      "{% set n = namespace(x=[1], y=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% set n.y = [n.y, n.y] %}"
      "{% endfor %}{{ n.x == n.y }}",
      "{% set n = namespace(x=[1]) %}{% for i in range(9999) %}{% set n.x = [n.x] %}{% endfor %}{{ n.x }}",
      "{% set l = [] %}{% set _ = l.append(l) %}{{ l }}",
      "{% set l = [1] %}{% for i in range(99999) %}{% set _ = l.extend(l) %}{% endfor %}",
      "{% set n = namespace() %}{% set n.me = n %}{{ n }}",
      "{{ 'x'|center(1000000000) }}",
      "{{ 'x'.ljust(1000000000) }}",
      "{{ 'x'|indent(1000000000) }}",
      "{{ [[1]]|tojson(indent=1000000000) }}",
      "{{ '%1000000000d' % 1 }}",
      "{{ '%*d' % (1000000000, 1) }}",
      "{{ '{:1000000000}'.format(1) }}",
      "{{ 'x'.zfill(1000000000) }}",
      "{{ ('a' * 9999)|replace('a', 'b' * 99999) }}",
      "{{ ('a' * 9999)|replace('', 'b' * 99999) }}",
      "{{ ('b' * 99999).join('a' * 9999) }}",
      "{{ ('a' * 9999)|list|join('b' * 99999) }}",
      "{{ [1]|batch(1000000000, 0)|list }}",
      "{{ [1]|slice(1000000000)|list }}",
      "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
      "{% macro m(x) %}{{ m(x ~ x) }}{% endmacro %}{{ m('a') }}",
      "{% for x in [[1]] recursive %}{{ loop([x]) }}{% endfor %}",
      "{% set n = namespace(f=none) %}{% macro a() %}{{ n.f() }}{% endmacro %}{% set n.f = a %}{{ a() }}",
      "{% set x = 'a' * 999 %}{% for i in range(99999) %}{{ x }}{{ x|upper|lower|title }}{% endfor %}",
      "{% for i in range(99999) %}{% for k in ('ab' * 999)|list|sort %}{% endfor %}{% endfor %}",
      "{{ " + repeated("[", 90) + "1" + repeated("]", 90) + " * 9999999999 }}",
  };
  for (const std::string& source : sources) {
    // Less than the defaults, so that the test is quick.
    const TemplateLimits limits{.fuel = 2'000'000, .max_memory_bytes = 16'000'000};
    const auto result = render(source, kMessages, limits);
    ASSERT_FALSE(result) << source;
    EXPECT_EQ(result.error().code(), ErrorCode::kExhausted) << source << ": " << result.error().message();
    EXPECT_THAT(result.error().message(), HasSubstr("chat template, line 1")) << source;
  }
}

TEST(TemplateLimits, stops_an_output_that_is_too_large_even_with_fuel_left) {
  const auto compiled = ChatTemplate::compile("{% for i in range(100) %}0123456789{% endfor %}");
  ASSERT_TRUE(compiled);
  const ChatTemplate::Inputs inputs{
      .messages_json = "[]", .tools_json = {}, .extra_json = {}, .bos_token = {}, .eos_token = {}};
  TemplateLimits limits;
  limits.max_output_bytes = 900;
  const auto result = (*compiled)->render(inputs, limits);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), ErrorCode::kExhausted);
  EXPECT_THAT(result.error().message(), HasSubstr("output"));
  limits.max_output_bytes = 1000;
  EXPECT_TRUE((*compiled)->render(inputs, limits));
}

TEST(TemplateLimits, gives_long_conversations_the_fuel_they_need) {
  std::string messages = "[";
  for (int i = 0; i < 3000; ++i) {
    messages += R"({"role": "user", "content": ")" + repeated("some words ", 100) + R"("},)";
  }
  messages.back() = ']';
  const auto result = render(
      "{% for m in messages %}{{ '<|' + m.role + '|>' + (m.content.split('</think>')|last).strip() + '\n' }}{% endfor %}",
      messages);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(result->size(), 6001u);
}

TEST(TemplateLimits, lets_every_message_look_at_every_message) {
  std::string messages = "[";
  for (int i = 0; i < 1500; ++i)
    messages += R"({"role": "user", "content": "x"},)";
  messages.back() = ']';
  const auto result = render(
      "{% for m in messages %}{% set ns = namespace(n=0) %}{% for o in messages %}{% if o.role != 'user' %}"
      "{% set ns.n = 1 %}{% endif %}{% endfor %}{{ ns.n }}{% endfor %}",
      messages);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(result->front().text.size(), 1500u);
}

TEST(TemplateLimits, takes_nothing_from_a_loop_that_has_ended) {
  const auto result = render(
      "{% set ns = namespace(l=none) %}{% for i in [1, 2, 3] %}{% set ns.l = loop %}{% endfor %}"
      "{{ ns.l.previtem }}{{ ns.l.nextitem }}{{ ns.l.last }}{{ ns.l.cycle(7) }}{{ ns.l }}");
  ASSERT_TRUE(result) << result.error().message();
}

TEST(TemplateLimits, refuses_source_that_nests_too_deeply) {
  const std::vector<std::string> sources = {
      "{{ " + repeated("(", 100'000) + " }}",
      "{{ " + repeated("[", 100'000) + " }}",
      "{{ " + repeated("{1:", 50'000) + " }}",
      "{{ " + repeated("-", 150'000) + "1 }}",
      "{{ " + repeated("not ", 150'000) + "1 }}",
      "{{ " + repeated("1 if 1 else ", 50'000) + "1 }}",
      "{{ " + repeated("a(", 90'000) + " }}",
      "{{ " + repeated("a[", 90'000) + " }}",
      "{{ 1 is " + repeated("eq [", 90'000) + " }}",
      repeated("{% if 1 %}", 40'000),
      repeated("{% for x in y %}", 30'000),
      repeated("{% macro m() %}", 30'000),
      "{% set " + repeated("(", 100'000) + "x = 1 %}",
      repeated("{{ 1 }}", 100'000),
      std::string((size_t{1} << 20) + 1, 'x'),
  };
  for (const std::string& source : sources) {
    const auto compiled = ChatTemplate::compile(source);
    ASSERT_FALSE(compiled) << source.substr(0, 40);
    EXPECT_FALSE(compiled.error().message().empty());
  }
}

TEST(TemplateLimits, survives_long_chains_that_do_not_nest_in_the_source) {
  for (const std::string_view link :
       {" + a", ".b", "[0]", "|trim", " ~ a", " and a", "(1)", " is defined", "|default(1)"}) {
    const std::string source = "{% set a = 'x' %}{{ a" + repeated(link, 20'000) + " }}";
    const auto compiled = ChatTemplate::compile(source);
    if (!compiled) continue;
    (void)(*compiled)->render(
        {.messages_json = "[]", .tools_json = {}, .extra_json = {}, .bos_token = {}, .eos_token = {}});
  }
}

TEST(TemplateLimits, refuses_messages_that_nest_too_deeply) {
  const std::string deep = repeated("[", 100'000);
  const auto result = render("x", deep);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), ErrorCode::kExhausted);
}

// Random expressions over untrusted text made only of snowmen, which no template contains: whatever the template does
// with it, no snowman may come out trusted.
class RandomTemplate {
 public:
  explicit RandomTemplate(uint32_t seed) : random_(seed) {}

  std::string source() {
    std::string out = "{% set c = messages[0].content %}{% set t = 'Tru sted' %}{% set ns = namespace(v=c) %}";
    for (int i = 0; i < 3; ++i)
      out += statement();
    return out;
  }

 private:
  size_t pick(size_t count) { return std::uniform_int_distribution<size_t>(0, count - 1)(random_); }

  template <size_t N>
  std::string_view one_of(const std::string_view (&choices)[N]) {
    return choices[pick(N)];
  }

  std::string statement() {
    switch (pick(6)) {
      case 0:
        return "{% for x in " + expression(2) + " %}{{ x }}" + "{% endfor %}";
      case 1:
        return "{% set ns.v = " + expression(2) + " %}";
      case 2:
        return "{% filter " + std::string(one_of(kFilters)) + " %}a{{ " + expression(1) + " }}{% endfilter %}";
      case 3:
        return "{% macro m(a, b=c) %}<{{ a ~ b }}>{% endmacro %}{{ m(" + expression(1) + ") }}";
      case 4:
        return "{% set q %}" + std::string("{{ ") + expression(2) + " }}{% endset %}{{ q|upper }}";
      default:
        return "{{ " + expression(3) + " }}";
    }
  }

  std::string expression(int depth) {
    if (depth == 0) return std::string(one_of(kAtoms));
    switch (pick(8)) {
      case 0:
      case 1:
        return "(" + expression(depth - 1) + ")|" + std::string(one_of(kFilters));
      case 2:
      case 3:
        return "(" + expression(depth - 1) + ")." + std::string(one_of(kMethods));
      case 4:
        return "(" + expression(depth - 1) + ")" + std::string(one_of(kSlices));
      case 5:
        return "(" + expression(depth - 1) + " ~ " + expression(depth - 1) + ")";
      case 6:
        return std::string(one_of(kWraps)) + "(" + expression(depth - 1) + ")";
      default:
        return "[" + expression(depth - 1) + ", " + expression(depth - 1) + "]";
    }
  }

  static constexpr std::string_view kAtoms[] = {"c", "c", "t", "ns.v", "messages", "messages[0]", "{c: [t, c]}", "42"};
  static constexpr std::string_view kFilters[] = {"upper",
                                                  "lower",
                                                  "title",
                                                  "capitalize",
                                                  "trim",
                                                  "tojson",
                                                  "tojson(indent=2)",
                                                  "tojson(ensure_ascii=true)",
                                                  "string",
                                                  "list",
                                                  "join('-')",
                                                  "join(c)",
                                                  "replace('r', c)",
                                                  "replace(' ', 'x')",
                                                  "indent(2, true)",
                                                  "first",
                                                  "last",
                                                  "reverse",
                                                  "escape",
                                                  "safe",
                                                  "center(20)",
                                                  "truncate(5)",
                                                  "urlencode",
                                                  "default(c)",
                                                  "sort",
                                                  "unique|list",
                                                  "map('upper')|list",
                                                  "select|list",
                                                  "batch(2)|list",
                                                  "length",
                                                  "format(c)",
                                                  "dictsort",
                                                  "items|list",
                                                  "groupby(0)|list"};
  static constexpr std::string_view kMethods[] = {
      "upper()",        "title()",         "strip()",        "split()",           "split('r')",     "rsplit(' ', 1)",
      "splitlines()",   "replace('s', c)", "partition(' ')", "join([c, t])",      "join(c)",        "format(c, t)",
      "ljust(9, c[0])", "zfill(30)",       "swapcase()",     "removeprefix('T')", "get('content')", "items()|list",
      "values()|list",  "keys()|list",     "append(c)",      "capitalize()"};
  static constexpr std::string_view kSlices[] = {"[0]", "[-1]", "[1:]", "[::-1]", "[::2]", "[:3]", "['content']"};
  static constexpr std::string_view kWraps[] = {
      "'%s|%r' % (c, t) ~ ", "'<{0:>9}{0!r}>'.format", "'%10s' % ", "t ~ ", "'[%-8.3s]' % ", "c ~ "};
  std::mt19937 random_;
};

TEST(TemplateMarks, never_trust_what_came_from_a_user_whatever_the_template_does) {
  const std::string messages = R"([{"role": "user", "content": "☃☃ ☃\n☃ ☃☃☃"}])";
  int rendered = 0;
  for (uint32_t seed = 0; seed < 20'000; ++seed) {
    const std::string source = RandomTemplate(seed).source();
    const auto result = render(source, messages);
    if (!result) continue;  // most of the failing ones ask a list for what only text has
    ++rendered;
    for (const RenderedSegment& segment : *result) {
      ASSERT_FALSE(segment.text.empty()) << source;
      ASSERT_TRUE(base::is_valid_utf8(segment.text)) << source;
      if (!segment.trusted) continue;
      ASSERT_EQ(segment.text.find("☃"), std::string::npos) << source;
      ASSERT_EQ(segment.text.find("2603"), std::string::npos) << source;
      ASSERT_EQ(segment.text.find("%E2%98%83"), std::string::npos) << source;
    }
  }
  EXPECT_GT(rendered, 2'000);
}

}  // namespace
}  // namespace ingle::text
