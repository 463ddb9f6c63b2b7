#include "api/compat.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "api/json_input.h"
#include "api/registry.h"
#include "base/files.h"

namespace ingle::api {
namespace {

TEST(Compat, the_page_in_the_repository_is_what_the_tables_say) {
  const std::filesystem::path file = std::filesystem::path(INGLE_TEST_DATA).parent_path() / "COMPAT.md";
  if (std::getenv("INGLE_WRITE") != nullptr) {
    ASSERT_TRUE(base::write_file_atomic(file, compat_page()));
  }
  const auto text = base::read_file(file, 1 << 22);
  ASSERT_TRUE(text.has_value());
  // Not EXPECT_EQ, which would print both.
  EXPECT_TRUE(*text == compat_page()) << "COMPAT.md is stale: INGLE_WRITE=1 writes it anew";
}

TEST(Compat, every_route_says_what_it_is_for_and_what_its_body_holds) {
  for (const Route& route : routes()) {
    EXPECT_FALSE(route.about.empty()) << route.pattern;
    // Any object, and a list that has to be empty.
    const bool takes_anything = route.pattern == "/ingle/v1/chats/*" || route.pattern == "/lora-adapters";
    if (route.handle != nullptr && route.body != BodyKind::kNone && route.body != BodyKind::kBytes && !takes_anything) {
      EXPECT_NE(route.fields, nullptr) << route.pattern;
    }
  }
}

TEST(OpenApi, has_every_route_and_nothing_else) {
  const Json document = Json::parse(openapi_document("1.2.3"));
  EXPECT_EQ(document.at("openapi"), "3.1.0");
  EXPECT_EQ(document.at("info").at("version"), "1.2.3");
  std::set<std::string> listed;
  for (const auto& [path, operations] : document.at("paths").items())
    for (const auto& [method, operation] : operations.items()) {
      listed.insert(method + " " + path);
      EXPECT_TRUE(operation.contains("responses")) << path;
    }
  std::set<std::string> served;
  for (const Route& route : routes()) {
    std::string method(route.method);
    for (char& c : method)
      c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const std::string path = path_with(route.pattern, "{name}");
    EXPECT_TRUE(served.insert(method + " " + path).second) << path << " has two rows";
  }
  EXPECT_EQ(listed, served);
}

TEST(OpenApi, operations_have_names_of_their_own_error_forms_and_say_who_may) {
  const Json document = Json::parse(openapi_document("1.2.3"));
  std::set<std::string> ids;
  for (const auto& [path, operations] : document.at("paths").items())
    for (const auto& [method, operation] : operations.items()) {
      const auto id = operation.at("operationId").get<std::string>();
      EXPECT_TRUE(ids.insert(id).second) << id;
      EXPECT_EQ(id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"), std::string::npos) << id;
      const Json& answers = operation.at("responses");
      const auto form = answers.at(answers.contains("501") ? "501" : "default").at("$ref").get<std::string>();
      EXPECT_TRUE(document.contains(Json::json_pointer(form.substr(1)))) << form;
    }
  const auto security = [&](const char* path, const char* method) {
    return document.at("paths").at(path).at(method).value("security", Json()).dump();
  };
  EXPECT_EQ(security("/health", "get"), "null");
  EXPECT_EQ(security("/api/chat", "post"), R"([{},{"bearer":[]},{"x-api-key":[]}])");
  EXPECT_EQ(security("/ingle/v1/status", "get"), R"([{"bearer":[]},{"x-api-key":[]}])");
}

TEST(OpenApi, types_become_schemas) {
  const Json document = Json::parse(openapi_document(""));
  const Json& schema = document.at("paths")
                           .at("/completion")
                           .at("post")
                           .at("requestBody")
                           .at("content")
                           .at("application/json")
                           .at("schema");
  EXPECT_EQ(schema.at("required"), Json({"prompt"}));
  const Json& prompt = schema.at("properties").at("prompt").at("anyOf");
  ASSERT_EQ(prompt.size(), 3U);
  EXPECT_EQ(prompt[0], Json::parse(R"({"type":"string"})"));
  EXPECT_EQ(prompt[1], Json::parse(R"({"type":"array","items":{}})"));
  EXPECT_EQ(prompt[2].at("properties").at("prompt_string"), Json::parse(R"({"type":"string"})"));
  EXPECT_EQ(schema.at("properties").at("stream").at("anyOf"), Json::parse(R"([{"type":"boolean"},{"type":"null"}])"));
  EXPECT_FALSE(schema.at("properties").at("cache_prompt").contains("type"));
}

}  // namespace
}  // namespace ingle::api
