#include "cli/dispatch.h"

#include <gtest/gtest.h>

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
  for (const Verb& verb : verbs())
    EXPECT_NE(outcome.data.find(".SS " + std::string(verb.name)), std::string::npos) << verb.name;
}

}  // namespace
}  // namespace ingle::cli
