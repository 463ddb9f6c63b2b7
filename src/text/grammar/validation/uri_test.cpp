#include "text/grammar/validation/uri.h"

#include <gtest/gtest.h>

namespace ingle::text::grammar::validation {
namespace {

TEST(Uri, references_are_resolved_as_rfc_3986_shows_them) {
  const std::pair<const char*, const char*> cases[] = {
      {"g", "http://a/b/c/g"},        {"./g", "http://a/b/c/g"},    {"g/", "http://a/b/c/g/"},
      {"/g", "http://a/g"},           {"//g", "http://g"},          {"?y", "http://a/b/c/d;p?y"},
      {"#s", "http://a/b/c/d;p?q#s"}, {"", "http://a/b/c/d;p?q"},   {"..", "http://a/b/"},
      {"../../g", "http://a/g"},      {"../../../g", "http://a/g"}, {"g;x=1/../y", "http://a/b/c/y"},
      {"urn:x:y", "urn:x:y"},
  };
  for (const auto& [reference, expected] : cases)
    EXPECT_EQ(resolve_uri("http://a/b/c/d;p?q", reference), expected) << reference;
  EXPECT_EQ(split_fragment("a#b%41%2g"), std::make_pair(std::string("a"), std::string("bA%2g")));
}

}  // namespace
}  // namespace ingle::text::grammar::validation
