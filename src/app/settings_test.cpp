#include "app/settings.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
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

TEST(Settings, ollamas_values_are_read_without_the_quotes_of_unit_files) {
  const auto settings = Settings::resolve(
      environment({{"OLLAMA_MODELS", " '~/gguf' "}, {"OLLAMA_HOST", "\"0.0.0.0:80\""}, {"OLLAMA_KEEP_ALIVE", "\"\""}}),
      "", "");
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->models, "/home/ada/gguf");
  EXPECT_EQ(settings->host, "0.0.0.0:80");
  EXPECT_EQ(settings->keep_alive, "5m");
  EXPECT_EQ(settings->origin("keep_alive"), Origin::kDefault);
  EXPECT_TRUE(settings->notes.empty());
}

TEST(Settings, ollamas_values_that_mean_nothing_here_are_told_and_left_aside_ours_are_mistakes) {
  const auto settings = Settings::resolve(environment({{"OLLAMA_KV_CACHE_TYPE", "q4_0"},
                                                       {"OLLAMA_NUM_PARALLEL", "many"},
                                                       {"OLLAMA_MAX_QUEUE", "7"},
                                                       {"OLLAMA_KEEP_ALIVE", "soon"}}),
                                          "kv_type = \"f32\"", "config.toml");
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->kv_type, "f32");
  EXPECT_EQ(settings->origin("kv_type"), Origin::kFile);
  EXPECT_EQ(settings->origin("parallel"), Origin::kDefault);
  EXPECT_EQ(settings->max_queue, 7U);
  EXPECT_EQ(settings->keep_alive, "5m");
  ASSERT_EQ(settings->notes.size(), 3U);
  EXPECT_NE(settings->notes[0].find("OLLAMA_NUM_PARALLEL: 'many'"), std::string::npos) << settings->notes[0];
  EXPECT_NE(settings->notes[1].find("OLLAMA_KV_CACHE_TYPE: 'q4_0'"), std::string::npos) << settings->notes[1];
  EXPECT_NE(settings->notes[2].find("OLLAMA_KEEP_ALIVE: 'soon'"), std::string::npos) << settings->notes[2];
  EXPECT_FALSE(Settings::resolve(environment({{"INGLE_KV_TYPE", "q4_0"}}), "", ""));
  EXPECT_FALSE(Settings::resolve(environment({{"INGLE_KEEP_ALIVE", "soon"}}), "", ""));
}

TEST(Settings, ollamas_variables_turn_pruning_and_history_off_unless_a_setting_of_ours_says_otherwise) {
  for (const char* on : {"1", "true", "'1'", "whatever"}) {
    const auto settings = Settings::resolve(environment({{"OLLAMA_NOPRUNE", on}, {"OLLAMA_NOHISTORY", on}}), "", "");
    ASSERT_TRUE(settings);
    EXPECT_FALSE(settings->prune || settings->history) << on;
    EXPECT_EQ(settings->origin_detail("prune"), "OLLAMA_NOPRUNE");
  }
  for (const char* off : {"", "0", "\"false\"", "F"}) {
    const auto settings = Settings::resolve(environment({{"OLLAMA_NOPRUNE", off}, {"OLLAMA_NOHISTORY", off}}), "", "");
    ASSERT_TRUE(settings);
    EXPECT_TRUE(settings->prune && settings->history) << off;
  }
  const auto ours = Settings::resolve(environment({{"OLLAMA_NOPRUNE", "1"}, {"INGLE_PRUNE", "true"}}), "", "");
  ASSERT_TRUE(ours);
  EXPECT_TRUE(ours->prune);
}

TEST(Settings, a_mistake_in_the_file_names_line_and_remedy) {
  const auto unknown = Settings::resolve(environment({}), "\ntreads = 2", "config.toml");
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().message().find("line 2"), std::string::npos) << unknown.error().message();
  EXPECT_EQ(unknown.error().hint(), "did you mean 'threads'?");

  const auto wrong = Settings::resolve(environment({}), "\nkeep_alive = \"7x\"", "config.toml");
  ASSERT_FALSE(wrong);
  EXPECT_TRUE(wrong.error().message().starts_with("config.toml, line 2, keep_alive: ")) << wrong.error().message();

  for (const char* bad : {"memory = \"much\"", "threads = \"two\"", "threads = -1", "threads = 99999", "offline = 1",
                          "kv_type = \"q4\"", "isa = 5", "threads =", "host = \"::1\\u0000\""}) {
    const auto settings = Settings::resolve(environment({}), bad, "config.toml");
    ASSERT_FALSE(settings) << bad;
    EXPECT_EQ(settings.error().code(), ErrorCode::kUsage) << bad;
  }
}

TEST(Settings, each_has_the_variable_of_its_name) {
  for (const SettingRow& row : setting_rows()) {
    std::string name = "INGLE_" + std::string(row.name);
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    EXPECT_EQ(variables_of(row).front(), name);
  }
  for (const char* name : {"INGLE_MEMORY", "INGLE_MEMORY_LIMIT"}) {
    const auto settings = Settings::resolve(environment({{name, "300MB"}}), "", "");
    ASSERT_TRUE(settings) << name;
    EXPECT_EQ(settings->memory, "300MB");
    EXPECT_EQ(settings->origin_detail("memory"), name);
    EXPECT_FALSE(Settings::resolve(environment({{name, "banana"}}), "", "")) << name;
  }
}

TEST(Settings, a_misspelt_variable_is_told_with_what_may_have_been_meant) {
  const std::string names[] = {"INGLE_PARALEL",     "PATH",       "INGLE_HOME", "INGLE_MEMORY_LIMIT",
                               "INGLE_ROLE_STDERR", "INGLE_DEBUG"};
  const auto notes = notes_on_variables(names);
  ASSERT_EQ(notes.size(), 2U);
  EXPECT_EQ(notes[0], "INGLE_PARALEL is no setting: did you mean INGLE_PARALLEL?");
  EXPECT_TRUE(notes[1].starts_with("INGLE_DEBUG is no setting; ")) << notes[1];
}

TEST(Settings, a_text_without_quotes_in_the_file_is_told_how_to_write_it) {
  for (const char* bare : {"memory = 300", "memory = 300MB"}) {
    const auto settings = Settings::resolve(environment({}), bare, "config.toml");
    ASSERT_FALSE(settings) << bare;
    EXPECT_NE(settings.error().hint().find("quotes: memory = \"8GB\""), std::string::npos) << settings.error().hint();
  }
  const auto choice = Settings::resolve(environment({{"INGLE_TLS", "yes"}}), "", "");
  ASSERT_FALSE(choice);
  EXPECT_EQ(choice.error().message(), "INGLE_TLS: 'yes' is unknown: it may be local");
}

TEST(Settings, without_a_home_folder_the_error_says_what_to_set) {
  const auto settings =
      Settings::resolve([](std::string_view) -> std::optional<std::string> { return std::nullopt; }, "", "");
  ASSERT_FALSE(settings);
  EXPECT_NE(settings.error().hint().find("INGLE_HOME"), std::string::npos);
}

}  // namespace
}  // namespace ingle::app
