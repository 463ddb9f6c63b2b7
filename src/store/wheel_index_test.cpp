#include "store/wheel_index.h"

#include <gtest/gtest.h>

#include "base/testing/temp_folder.h"

namespace ingle::store {
namespace {

const net::Url kPage = *net::Url::parse("https://user:pass@index.example/simple/foo-bar/");
const std::string kHex(64, 'a');

TEST(WheelIndex, normalizes_names_as_pep_503_says) {
  EXPECT_EQ(normalized_package("Foo._-Bar"), "foo-bar");
  EXPECT_EQ(normalized_package("gemma3-270m-q4_k_m"), "gemma3-270m-q4-k-m");
}

TEST(WheelIndex, reads_json_pages_and_skips_what_is_malformed) {
  const std::string body = R"({"files":[
      {"filename":"x","url":"https://files.example/p/foo_bar-1.0-py3-none-any.whl","hashes":{"sha256":")" +
                           kHex + R"("},"size":12},
      {"url":"../../p/foo_bar-1.1-py3-none-any.whl","hashes":{"sha256":"short"},"size":-1},
      {"url":"https://files.example/foo_bar-1.0.tar.gz"}, {"url":5}, 7, {"url":"file:///etc/x-1-py3-none-any.whl"},
      {"url":"ht tp://x/foo_bar-1.0-py3-none-any.whl"}]})";
  const auto links = parse_index_page(body, "application/vnd.pypi.simple.v1+json", kPage);
  ASSERT_EQ(links.size(), 2U);
  EXPECT_EQ(links[0].file_name, "foo_bar-1.0-py3-none-any.whl");
  EXPECT_EQ(links[0].sha256, kHex);
  EXPECT_EQ(links[0].size, 12U);
  EXPECT_EQ(links[0].url.user_info, "");
  EXPECT_EQ(links[1].url.text(), "https://index.example/p/foo_bar-1.1-py3-none-any.whl");
  EXPECT_EQ(links[1].url.user_info, "user:pass");
  EXPECT_EQ(links[1].sha256, "");
  for (const char* broken : {"", "{", "[]", R"({"files":{}})", R"({"files":null})"}) {
    EXPECT_TRUE(parse_index_page(broken, "application/json", kPage).empty());
  }
}

TEST(WheelIndex, reads_html_pages) {
  const std::string body =
      "<!DOCTYPE html><html><body><abbr href='no.whl'></abbr>\n"
      "<a href=\"https://files.example/foo_bar-1.0-py3-none-any.whl#sha256=" +
      kHex +
      "\" data-requires-python=\"&gt;=3\">x</a>"
      "<A\nclass=x HREF = 'foo_bar-1.1-py3-none-any.whl?a=1&amp;b=2'>y</A><a data-href=\"z-1-py3-none-any.whl\">"
      "<a href=foo_bar-1.2-py3-none-any.whl>z</a><a href=\"unclosed.whl";
  const auto links = parse_index_page(body, "text/html", kPage);
  ASSERT_EQ(links.size(), 3U);
  EXPECT_EQ(links[0].sha256, kHex);
  EXPECT_EQ(links[1].url.target, "/simple/foo-bar/foo_bar-1.1-py3-none-any.whl?a=1&b=2");
  EXPECT_EQ(links[2].file_name, "foo_bar-1.2-py3-none-any.whl");
}

TEST(WheelIndex, chooses_the_exact_version_for_any_platform) {
  std::vector<WheelLink> links;
  for (const char* name :
       {"foo_bar-1.0.1-py3-none-any.whl", "other-1.0-py3-none-any.whl", "foo_bar-1.0-cp311-cp311-linux.whl",
        "Foo.Bar-1.0-py3-none-any.whl", "foo_bar.whl", "-.whl", ""}) {
    links.push_back({name, kPage, "", 0});
  }
  ASSERT_NE(choose_wheel(links, "foo-bar", "1.0"), nullptr);
  EXPECT_EQ(choose_wheel(links, "foo-bar", "1.0")->file_name, "Foo.Bar-1.0-py3-none-any.whl");
  EXPECT_EQ(choose_wheel(links, "foo-bar", "2.0"), nullptr);
  EXPECT_EQ(choose_wheel(links, "foo", "1.0"), nullptr);
}

TEST(WheelIndex, lists_folders_with_odd_names) {
  base::testing::TempFolder folder;
  const auto odd = folder.path() / "100% odd? folder";
  base::testing::write(odd / "foo_bar-1.0-py3-none-any.whl", "x");
  base::testing::write(odd / "notes.txt", "x");
  const auto links = list_wheel_folder(odd);
  ASSERT_EQ(links.size(), 1U);
  EXPECT_EQ(links[0].url.decoded_path(), (odd / "foo_bar-1.0-py3-none-any.whl").string());
  EXPECT_TRUE(list_wheel_folder(folder / "nothing").empty());
}

}  // namespace
}  // namespace ingle::store
