#include "api/web_assets.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

namespace ingle::api {
namespace {

#ifdef INGLE_WITH_WEB
std::string unzipped(std::string_view packed, size_t size) {
  std::string bytes(size + 1, '\0');
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  bytes.resize(stream.total_out);
  inflateEnd(&stream);
  return bytes;
}

TEST(WebAssets, the_root_is_the_page_and_its_gzip_form_is_the_same_page) {
  const WebAsset* page = web_asset("/");
  ASSERT_NE(page, nullptr);
  EXPECT_EQ(page, web_asset("/index.html"));
  EXPECT_EQ(page->content_type, "text/html; charset=utf-8");
  EXPECT_NE(page->bytes.find("<div id=\"root\">"), std::string_view::npos);
  EXPECT_FALSE(page->immutable);
  ASSERT_FALSE(page->gzip.empty());
  EXPECT_EQ(unzipped(page->gzip, page->bytes.size()), page->bytes);
}

TEST(WebAssets, every_file_that_the_page_names_is_there_and_named_by_its_content) {
  const WebAsset* page = web_asset("/");
  ASSERT_NE(page, nullptr);
  size_t found = 0;
  for (size_t at = page->bytes.find("\"/assets/"); at != std::string_view::npos;
       at = page->bytes.find("\"/assets/", at + 1)) {
    const std::string_view path = page->bytes.substr(at + 1, page->bytes.find('"', at + 1) - at - 1);
    const WebAsset* asset = web_asset(path);
    ASSERT_NE(asset, nullptr) << path;
    EXPECT_TRUE(asset->immutable) << path;
    ASSERT_FALSE(asset->gzip.empty()) << path;
    EXPECT_EQ(unzipped(asset->gzip, asset->bytes.size()), asset->bytes) << path;
    ++found;
  }
  EXPECT_GE(found, 2u);
}

TEST(WebAssets, the_page_has_neither_inline_script_nor_inline_style) {
  const WebAsset* page = web_asset("/");
  ASSERT_NE(page, nullptr);
  EXPECT_EQ(page->bytes.find("<script>"), std::string_view::npos);
  EXPECT_EQ(page->bytes.find("<style"), std::string_view::npos);
  EXPECT_EQ(page->bytes.find(" style="), std::string_view::npos);
}
#endif

TEST(WebAssets, what_is_not_a_file_is_not_found) {
  EXPECT_EQ(web_asset("/nothing"), nullptr);
  EXPECT_EQ(web_asset(""), nullptr);
  EXPECT_EQ(web_asset("/../index.html"), nullptr);
}

}  // namespace
}  // namespace ingle::api
