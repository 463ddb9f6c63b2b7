#include "app/settings.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>

namespace ingle::app {
namespace {

EnvLookup environment(std::map<std::string, std::string, std::less<>> values) {
  values.try_emplace("HOME", "/home/ada");
  return [values = std::move(values)](std::string_view name) -> std::optional<std::string> {
    const auto at = values.find(name);
    if (at == values.end()) return std::nullopt;
    return at->second;
  };
}

TEST(Settings, a_flag_wins_over_the_environment_over_the_file_over_the_default) {
  auto settings = Settings::resolve(environment({}), "", "config.toml");
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->threads, 0U);
  EXPECT_EQ(settings->origin("threads"), Origin::kDefault);

  settings = Settings::resolve(environment({}), "threads = 2", "config.toml");
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->threads, 2U);
  EXPECT_EQ(settings->origin("threads"), Origin::kFile);

  settings = Settings::resolve(environment({{"INGLE_THREADS", "3"}}), "threads = 2", "config.toml");
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->threads, 3U);
  EXPECT_EQ(settings->origin_detail("threads"), "INGLE_THREADS");

  ASSERT_TRUE(settings->override_with_flag("threads", "4"));
  EXPECT_EQ(settings->threads, 4U);
  EXPECT_EQ(settings->origin("threads"), Origin::kFlag);
}

TEST(Settings, our_own_environment_name_wins_over_ollamas) {
  const auto settings =
      Settings::resolve(environment({{"INGLE_CONTEXT", "1024"}, {"OLLAMA_CONTEXT_LENGTH", "2048"}}), "", "");
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->context, 1024U);
  const auto theirs = Settings::resolve(environment({{"OLLAMA_CONTEXT_LENGTH", "2048"}}), "", "");
  ASSERT_TRUE(theirs);
  EXPECT_EQ(theirs->context, 2048U);
}

TEST(Settings, models_lie_in_home_unless_told_otherwise) {
  auto settings = Settings::resolve(environment({}), "", "");
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->models, "/home/ada/.ingle/models");
  settings = Settings::resolve(environment({{"INGLE_HOME", "/srv/ingle"}}), "", "");
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->models, "/srv/ingle/models");
  settings = Settings::resolve(environment({{"INGLE_HOME", "/srv/ingle"}, {"OLLAMA_MODELS", "/data/m"}}), "", "");
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->models, "/data/m");
  settings = Settings::resolve(environment({{"INGLE_HOME", "here"}, {"OLLAMA_MODELS", "m/../models"}}), "", "");
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->home, (std::filesystem::current_path() / "here").string());
  EXPECT_EQ(settings->models, (std::filesystem::current_path() / "models").string());
}

TEST(Settings, a_mistake_in_the_file_names_line_and_remedy) {
  const auto unknown = Settings::resolve(environment({}), "\ntreads = 2", "config.toml");
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().message().find("line 2"), std::string::npos) << unknown.error().message();
  EXPECT_EQ(unknown.error().hint(), "did you mean 'threads'?");

  for (const char* bad : {"threads = \"two\"", "threads = -1", "threads = 99999", "offline = 1", "kv_type = \"q4\"",
                          "isa = 5", "threads ="}) {
    const auto settings = Settings::resolve(environment({}), bad, "config.toml");
    ASSERT_FALSE(settings) << bad;
    EXPECT_EQ(settings.error().code(), ErrorCode::kUsage) << bad;
  }
}

TEST(Settings, without_a_home_folder_the_error_says_what_to_set) {
  const auto settings =
      Settings::resolve([](std::string_view) -> std::optional<std::string> { return std::nullopt; }, "", "");
  ASSERT_FALSE(settings);
  EXPECT_NE(settings.error().hint().find("INGLE_HOME"), std::string::npos);
}

}  // namespace
}  // namespace ingle::app
