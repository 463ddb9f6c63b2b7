#include "cli/json_writer.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace ingle::cli {
namespace {

TEST(JsonWriter, puts_commas_where_they_belong) {
  JsonWriter json;
  json.begin_object().member("a", 1).key("b").begin_array().number(2).string("x").begin_object().end_object();
  json.end_array().member("c", true).key("d").null().end_object();
  EXPECT_EQ(json.str(), R"({"a": 1, "b": [2, "x", {}], "c": true, "d": null})");
}

TEST(JsonWriter, any_bytes_come_out_as_valid_json_that_reads_back) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte)
    all += static_cast<char>(byte);
  JsonWriter json;
  json.begin_object().text("text", all).end_object();
  const auto read = nlohmann::json::parse(json.str());
  ASSERT_TRUE(read.contains("bytes"));
  std::string bytes;
  for (const auto& byte : read["bytes"])
    bytes += static_cast<char>(byte.get<int>());
  EXPECT_EQ(bytes, all);
}

TEST(JsonWriter, valid_text_has_no_bytes_beside_it) {
  JsonWriter json;
  json.begin_object().text("text", "gr\xc3\xbc\xc3\x9f \"dich\"\n").end_object();
  const auto read = nlohmann::json::parse(json.str());
  EXPECT_EQ(read["text"], "gr\xc3\xbc\xc3\x9f \"dich\"\n");
  EXPECT_FALSE(read.contains("bytes"));
}

TEST(JsonWriter, numbers_read_back_to_the_same_bits) {
  for (const float value : {0.1F, -1.7014118e38F, 1e-45F, -0.0F}) {
    JsonWriter json;
    json.number(value);
    EXPECT_EQ(std::strtof(json.str().c_str(), nullptr), value) << json.str();
  }
}

TEST(JsonWriter, what_is_no_number_is_null) {
  JsonWriter json;
  json.begin_array().number(std::numeric_limits<double>::infinity()).number(std::nanf("")).end_array();
  EXPECT_EQ(json.str(), "[null, null]");
}

}  // namespace
}  // namespace ingle::cli
