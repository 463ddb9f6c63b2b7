#include "cli/dispatch.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "base/testing/temp_folder.h"
#include "cli/testing/collecting_console.h"
#include "cli/verb.h"

namespace ingle::cli {
namespace {

struct Outcome {
  int code = 0;
  std::string data;
  std::string said;
};

Outcome run(std::vector<std::string> words) {
  CollectingConsole console;
  Interrupts interrupts;
  Outcome outcome;
  const auto env = [](std::string_view name) -> std::optional<std::string> {
    if (name == "HOME") return testing::TempDir() + "ingle_no_such_home";
    return std::nullopt;
  };
  outcome.code = run_command_line(words, console, interrupts, env, app::EngineLoader());
  outcome.data = console.data;
  outcome.said = console.said;
  return outcome;
}

TEST(CommandLine, without_words_shows_the_verbs_and_is_wrong_usage) {
  const Outcome outcome = run({});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.data, "");
  EXPECT_NE(outcome.said.find("Usage: ingle VERB"), std::string::npos);
}

TEST(CommandLine, a_mistyped_verb_is_answered_with_the_one_that_was_meant) {
  const Outcome outcome = run({"cofnig"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.said.find("did you mean 'ingle config'?"), std::string::npos) << outcome.said;
}

TEST(CommandLine, what_other_programs_call_it_is_answered_with_what_does_it_here) {
  const std::pair<std::vector<std::string>, std::string> habits[] = {
      {{"-v"}, "ingle --version"},
      {{"push", "m"}, "only pulled"},
      {{"run", "m", "--format", "json", "hi"}, "--schema FILE"},
      {{"run", "m", "hi", "--keepalive", "5m"}, "keep_alive"},
      {{"serve", "--port", "8080"}, "--host 127.0.0.1:PORT"},
      {{"show", "m", "--modelfile"}, "--template"},
  };
  for (const auto& [words, hint] : habits) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 2) << words.front();
    EXPECT_NE(outcome.said.find(hint), std::string::npos) << outcome.said;
  }
}

TEST(CommandLine, the_overview_names_every_verb_once_in_one_column) {
  const std::string text = run({"help"}).data;
  for (const Verb& verb : verbs()) {
    const std::string row = "\n  " + std::string(verb.name) + std::string(15 - verb.name.size(), ' ');
    const size_t at = text.find(row + std::string(verb.summary));
    ASSERT_NE(at, std::string::npos) << verb.name;
    EXPECT_EQ(text.find(row, at + 1), std::string::npos) << verb.name;
  }
}

TEST(CommandLine, the_shapes_of_an_answer_are_offered) {
  for (const char* flag : {"--schema", "--schema-check", "--grammar"}) {
    EXPECT_NE(run({"help", "run"}).data.find(flag), std::string::npos) << flag;
    EXPECT_NE(run({"completion", "bash"}).data.find(flag), std::string::npos) << flag;
  }
}

TEST(CommandLine, every_verb_has_help_with_an_example_and_a_json_flag) {
  for (const Verb& verb : verbs()) {
    const Outcome outcome = run({std::string(verb.name), "--help"});
    EXPECT_EQ(outcome.code, 0) << verb.name;
    EXPECT_EQ(outcome.said, "") << verb.name;
    EXPECT_NE(outcome.data.find("Usage: ingle " + std::string(verb.name)), std::string::npos) << verb.name;
    EXPECT_NE(outcome.data.find("--json"), std::string::npos) << verb.name;
    EXPECT_NE(outcome.data.find("Examples:"), std::string::npos) << verb.name;
  }
}

TEST(CommandLine, the_version_is_told_as_json_too) {
  for (const char* word : {"version", "--version"}) {
    EXPECT_EQ(run({word}).data.find("ingle "), 0U);
    const Outcome outcome = run({word, "--json"});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_NE(outcome.data.find(R"("version": ")"), std::string::npos) << outcome.data;
    EXPECT_EQ(run({word, "five"}).code, 2);
  }
}

TEST(CommandLine, a_standard_output_that_cannot_be_written_is_an_error_but_a_closed_pipe_is_none) {
  CollectingConsole console;
  Interrupts interrupts;
  const std::vector<std::string> words = {"man"};
  const auto env = [](std::string_view) -> std::optional<std::string> { return std::nullopt; };
  console.write_errno = ENOSPC;
  EXPECT_EQ(run_command_line(words, console, interrupts, env, app::EngineLoader()), 1);
  EXPECT_EQ(console.said.find("error: cannot write standard output: "), 0U) << console.said;
  console.said.clear();
  console.write_errno = EPIPE;
  EXPECT_EQ(run_command_line(words, console, interrupts, env, app::EngineLoader()), 0);
  EXPECT_EQ(console.said, "");
}

TEST(CommandLine, the_doctor_reports_a_bad_setting_and_goes_on) {
  CollectingConsole console;
  Interrupts interrupts;
  const std::vector<std::string> words = {"doctor"};
  const auto env = [](std::string_view) -> std::optional<std::string> { return std::nullopt; };  // HOME too
  EXPECT_EQ(run_command_line(words, console, interrupts, env, app::EngineLoader()), 1);
  EXPECT_NE(console.data.find("BAD  settings"), std::string::npos) << console.data;
  EXPECT_NE(console.data.find("processor"), std::string::npos);
}

/// With an installation of its own.
Outcome run_at(const std::filesystem::path& home, const std::vector<std::string>& words) {
  CollectingConsole console;
  Interrupts interrupts;
  const auto env = [&](std::string_view name) -> std::optional<std::string> {
    if (name == "INGLE_HOME" || name == "HOME") return home.string();
    return std::nullopt;
  };
  const int code = run_command_line(words, console, interrupts, env, app::EngineLoader());
  return {.code = code, .data = console.data, .said = console.said};
}

TEST(CommandLine, the_offline_switch_is_what_config_and_doctor_and_the_router_tell) {
  const base::testing::TempFolder folder;
  EXPECT_EQ(run_at(folder.path(), {"config", "offline"}).data, "false\n");
  EXPECT_NE(run_at(folder.path(), {"doctor"}).data.find("used to pull models only"), std::string::npos);
  ASSERT_EQ(run_at(folder.path(), {"offline", "on"}).code, 0);
  EXPECT_EQ(run_at(folder.path(), {"config", "offline"}).data, "true\n");
  EXPECT_NE(run_at(folder.path(), {"doctor"}).data.find("never used: 'ingle offline' is on"), std::string::npos);
  EXPECT_NE(run_at(folder.path(), {"route", "policy"}).data.find("nothing can leave: 'ingle offline' is on"),
            std::string::npos);
}

TEST(CommandLine, a_policy_is_shown_with_what_it_allows_and_a_broken_one_is_named) {
  const base::testing::TempFolder folder;
  base::testing::write(folder / "policy.toml",
                       "[provider.work]\nbase_url = \"https://cloud.test/v1\"\nmodel = \"big\"\n"
                       "[route]\nthreshold = 0.25\nallow = [\"email\"]\nmax_requests_per_day = 7\n");
  const Outcome shown = run_at(folder.path(), {"route", "policy"});
  EXPECT_EQ(shown.code, 0) << shown.said;
  for (const char* part : {"https://cloud.test/v1", "big", "0.25", "email", "0 of 7 requests", "may leave, as"})
    EXPECT_NE(shown.data.find(part), std::string::npos) << part << "\n" << shown.data;
  EXPECT_NE(run_at(folder.path(), {"doctor"}).data.find("'auto' may ask work at cloud.test"), std::string::npos);

  base::testing::write(folder / "policy.toml", "[route]\ntreshold = 0.5\n");
  EXPECT_NE(run_at(folder.path(), {"doctor"}).data.find("counts as none: line 2"), std::string::npos);
  EXPECT_NE(run_at(folder.path(), {"run", "auto", "hi"}).said.find("policy.toml counts as none: line 2"),
            std::string::npos);
}

TEST(CommandLine, a_schema_that_cannot_be_enforced_is_refused_unless_it_may_be_checked) {
  const base::testing::TempFolder folder;
  const std::string file = (folder / "s.json").string();
  base::testing::write(file, R"({"type":"array","items":{"type":"integer"},"uniqueItems":true})");
  const Outcome strict = run_at(folder.path(), {"run", "no-such-model", "hi", "--schema", file});
  EXPECT_EQ(strict.code, 3);
  EXPECT_NE(strict.said.find("uniqueItems"), std::string::npos) << strict.said;
  const Outcome checked = run_at(folder.path(), {"run", "no-such-model", "hi", "--schema", file, "--schema-check"});
  EXPECT_EQ(checked.said.find("uniqueItems"), std::string::npos) << checked.said;
  EXPECT_EQ(run_at(folder.path(), {"run", "no-such-model", "hi", "--schema-check"}).code, 2);
}

TEST(CommandLine, a_broken_schema_is_named_before_a_model_is_looked_for) {
  const base::testing::TempFolder folder;
  const std::string file = (folder / "s.json").string();
  base::testing::write(file, "{\"a\"");
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"run", "no-such-model", "hi", "--schema", file},
        std::vector<std::string>{"extract", file, "--model", "no-such-model", "--schema", file}}) {
    const Outcome outcome = run_at(folder.path(), words);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.said.find("error: '" + file + "': the schema is no JSON"), 0U) << outcome.said;
  }
}

TEST(CommandLine, every_shell_completes_every_verb) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const Outcome outcome = run({"completion", shell});
    ASSERT_EQ(outcome.code, 0);
    for (const Verb& verb : verbs())
      EXPECT_NE(outcome.data.find(verb.name), std::string::npos) << shell << " " << verb.name;
  }
  EXPECT_EQ(run({"completion", "cmd"}).code, 2);
}

TEST(CommandLine, the_manual_page_has_every_verb) {
  const Outcome outcome = run({"man"});
  EXPECT_EQ(outcome.data.find(".TH INGLE 1"), 0U);
  for (const Verb& verb : verbs()) {
    std::string heading = ".SS ";
    for (const char c : verb.name)
      heading += c == '-' ? "\\-" : std::string(1, c);
    EXPECT_NE(outcome.data.find(heading), std::string::npos) << verb.name;
  }
}

}  // namespace
}  // namespace ingle::cli
