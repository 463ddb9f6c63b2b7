#include "cli/dispatch.h"

#include <gtest/gtest.h>

#include <cerrno>

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
