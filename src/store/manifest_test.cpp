#include "store/manifest.h"

#include <gtest/gtest.h>

namespace ingle::store {
namespace {

const std::string kHex(64, 'a');

std::string layer(const std::string& digest, const std::string& size) {
  return R"({"mediaType":"application/vnd.ollama.image.model","digest":")" + digest + R"(","size":)" + size + "}";
}

std::string manifest(const std::string& layers) {
  return R"({"schemaVersion":2,"layers":[)" + layers + "]}";
}

TEST(Digest, accepts_the_three_spellings_and_nothing_else) {
  for (const std::string& text : {kHex, "sha256:" + kHex, "sha256-" + kHex}) {
    const auto digest = Digest::parse(text);
    ASSERT_TRUE(digest) << text;
    EXPECT_EQ(digest->file_name(), "sha256-" + kHex);
    EXPECT_EQ(digest->text(), "sha256:" + kHex);
  }
  for (const std::string& text : {std::string(), std::string("sha256:"), "sha512:" + kHex, kHex + "0", kHex.substr(1),
                                  std::string(64, 'A'), std::string(64, 'g'), "sha256:../" + kHex.substr(3)}) {
    EXPECT_FALSE(Digest::parse(text)) << text;
  }
}

TEST(Manifest, survives_writing_and_reading) {
  Manifest written;
  written.config = {std::string(kConfigType), *Digest::parse(std::string(64, 'b')), 12};
  written.layers = {{std::string(kModelLayer), *Digest::parse(kHex), 98362432},
                    {std::string(kLicenseLayer), *Digest::parse(std::string(64, 'c')), 7}};
  const auto read = Manifest::parse(written.to_json(), "test");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->config.digest, written.config.digest);
  ASSERT_EQ(read->layers.size(), 2U);
  ASSERT_NE(read->find(kModelLayer), nullptr);
  EXPECT_EQ(read->find(kModelLayer)->size, 98362432U);
  EXPECT_EQ(read->find("application/other"), nullptr);
}

TEST(Manifest, refuses_hostile_texts_with_the_place_of_the_fault) {
  const std::string cases[] = {
      "",
      "[]",
      "{}",
      R"({"layers":{}})",
      manifest("1"),
      manifest("{}"),
      manifest(layer("sha256:../../../etc/passwd", "1")),
      manifest(layer("sha256:" + kHex, "-1")),
      manifest(layer("sha256:" + kHex, "1e30")),
      manifest(layer("sha256:" + kHex, "\"1\"")),
      std::string(100000, '['),
  };
  for (const std::string& text : cases) {
    const auto parsed = Manifest::parse(text, "the manifest");
    ASSERT_FALSE(parsed) << text.substr(0, 80);
    EXPECT_NE(parsed.error().message().find("the manifest"), std::string::npos);
  }
  std::string many = layer("sha256:" + kHex, "1");
  for (int i = 0; i < 300; ++i)
    many += "," + layer("sha256:" + kHex, "1");
  EXPECT_FALSE(Manifest::parse(manifest(many), "the manifest"));
}

}  // namespace
}  // namespace ingle::store
