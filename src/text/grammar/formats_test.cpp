#include "text/grammar/formats.h"

#include <gtest/gtest.h>

namespace ingle::text::grammar {
namespace {

struct Case {
  std::string format;
  std::vector<std::string> good;
  std::vector<std::string> bad;
};

TEST(Formats, take_what_their_standard_takes) {
  const std::vector<Case> cases = {
      {"date", {"2024-02-29", "2000-02-29"}, {"2023-02-29", "1900-02-29", "2024-04-31", "24-01-01", "2024-1-01"}},
      {"time",
       {"12:30:00Z", "12:30:00.123456+05:30", "23:59:60z", "05:29:60+05:30"},
       {"12:30:00", "24:00:00Z", "12:30:60Z", "23:59:60+05:30", "12:30:00+24:00"}},
      {"date-time",
       {"2024-02-29T12:00:00Z", "2024-02-29t12:00:00-08:00"},
       {"2024-02-29 12:00:00Z", "2023-02-29T12:00:00Z"}},
      {"duration", {"P3Y6M4DT12H30M5S", "PT36H", "P4W"}, {"P", "PT", "P1Y2D", "P1W2D", "PT1.5S"}},
      {"ipv4", {"10.0.0.255"}, {"10.0.0.256", "10.0.0", "010.0.0.1"}},
      {"ipv6",
       {"::", "2001:db8::8:800:200c:417a", "1:2:3:4:5:6:7::", "::ffff:10.1.2.3", "1::5:6:7:8"},
       {"1:2:3:4:5:6:7", "1::2::3", "12345::", "::1%eth0", "1:2:3:4:5:6:7:8::"}},
      {"email",
       {"a.b+c@example.org", "\"a b\"@x.de", "x@[10.1.2.3]"},
       {"a@", "@b.de", "a..b@c.de", "a b@c.de", "a@-b.de"}},
      {"idn-email", {"müller@bücher.example"}, {"müller"}},
      {"hostname", {"a.b-c.example", "1a"}, {"-a", "a-", "a_b", "a..b", std::string(64, 'a'), ""}},
      {"idn-hostname", {"bücher.example", "例え。テスト"}, {"-a", "a..b", "a b", "ab--c"}},
      {"uri",
       {"https://user@example.org:80/p?q#f", "urn:isbn:0", "http://[::1]/"},
       {"/p", "http://a b", "1a:b", "http://[::1"}},
      {"uri-reference", {"", "../a?b", "//host/p", "a:b", "#"}, {"a\\b", "%zz", "é"}},
      {"iri", {"https://bücher.example/ä?ö#ü"}, {"/ä", "https://a b"}},
      {"iri-reference", {"ä", "#ü"}, {"\\ä"}},
      {"uri-template", {"/a/{b}/{?c,d*}{e:3}", ""}, {"{", "{}", "{a:0}", "a b"}},
      {"uuid", {"123e4567-E89B-12d3-a456-426614174000"}, {"123e4567e89b12d3a456426614174000"}},
      {"json-pointer", {"", "/a~1b/0", "/"}, {"a", "/~2", "/~"}},
      {"relative-json-pointer", {"0", "1/a", "2#", "0-1/b"}, {"-1", "01", "/a"}},
      {"regex", {"^a+$", "(a)\\1"}, {"(", "a**"}},
  };
  for (const Case& c : cases) {
    ASSERT_NE(format_fit(c.format), FormatFit::kUnknown) << c.format;
    for (const std::string& text : c.good) {
      EXPECT_TRUE(fits_format(c.format, text)) << c.format << " must take " << text;
      EXPECT_TRUE(language_of_format(c.format)->contains(text)) << c.format << " must take " << text;
    }
    for (const std::string& text : c.bad)
      EXPECT_FALSE(fits_format(c.format, text)) << c.format << " must not take " << text;
  }
}

TEST(Formats, that_nobody_knows_say_nothing) {
  EXPECT_EQ(format_fit("colour"), FormatFit::kUnknown);
  EXPECT_FALSE(language_of_format("colour").has_value());
  EXPECT_TRUE(fits_format("colour", "anything"));
}

}  // namespace
}  // namespace ingle::text::grammar
