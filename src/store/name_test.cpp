#include "store/name.h"

#include <gtest/gtest.h>

namespace ingle::store {
namespace {

struct Case {
  const char* text;
  const char* full;
  const char* display;
};

TEST(ModelName, fills_missing_parts_with_the_defaults_of_ollama) {
  const Case cases[] = {
      {"smollm2", "registry.ollama.ai/library/smollm2:latest", "smollm2:latest"},
      {"smollm2:135m", "registry.ollama.ai/library/smollm2:135m", "smollm2:135m"},
      {"someone/model:tag", "registry.ollama.ai/someone/model:tag", "someone/model:tag"},
      {"hf.co/user/repo-GGUF:Q4_K_M", "hf.co/user/repo-GGUF:Q4_K_M", "hf.co/user/repo-GGUF:Q4_K_M"},
      {"localhost:5000/a/b", "localhost:5000/a/b:latest", "localhost:5000/a/b:latest"},
      {"https://hf.co/user/repo", "hf.co/user/repo:latest", "hf.co/user/repo:latest"},
      {"qwen2.5-coder:0.5b", "registry.ollama.ai/library/qwen2.5-coder:0.5b", "qwen2.5-coder:0.5b"},
  };
  for (const Case& c : cases) {
    const auto name = ModelName::parse(c.text);
    ASSERT_TRUE(name) << c.text;
    EXPECT_EQ(name->full(), c.full);
    EXPECT_EQ(name->display(), c.display);
    const auto back = ModelName::from_manifest_path(name->manifest_path());
    ASSERT_TRUE(back) << c.text;
    EXPECT_EQ(*back, *name);
  }
}

TEST(ModelName, refuses_what_could_leave_the_manifests_folder) {
  for (const char* text : {"", ":", "a:", "../x", "a/../b", "..", ".", "/etc/passwd", "a//b", "a/b/c/d", "./model.gguf",
                           "x:../../y", "model:tag/up", "na me", "a\\b", "-x", "sp.ace/model", "a:b:c", "mod\nel"}) {
    const auto name = ModelName::parse(text);
    ASSERT_FALSE(name) << text;
    EXPECT_EQ(name.error().code(), ErrorCode::kUsage);
  }
  EXPECT_FALSE(ModelName::parse(std::string_view("a\0b", 3)));
  EXPECT_FALSE(ModelName::parse(std::string(81, 'a')));
  EXPECT_TRUE(ModelName::parse(std::string(80, 'a')));
}

TEST(ModelName, compares_without_case_but_keeps_the_spelling) {
  const auto a = ModelName::parse("HF.co/User/Repo:q4_k_m");
  const auto b = ModelName::parse("hf.co/user/repo:Q4_K_M");
  EXPECT_TRUE(a->same_as(*b));
  EXPECT_FALSE(*a == *b);
  EXPECT_FALSE(a->same_as(*ModelName::parse("hf.co/user/repo:Q8_0")));
}

TEST(ModelName, reads_only_paths_of_four_parts) {
  EXPECT_FALSE(ModelName::from_manifest_path("host/space/model"));
  EXPECT_FALSE(ModelName::from_manifest_path("host/space/model/tag/more"));
  EXPECT_FALSE(ModelName::from_manifest_path("host/space/model/.DS_Store"));
}

}  // namespace
}  // namespace ingle::store
