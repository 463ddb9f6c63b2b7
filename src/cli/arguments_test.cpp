#include "cli/arguments.h"

#include <gtest/gtest.h>

namespace ingle::cli {
namespace {

struct Parsed {
  bool json = false;
  std::string model;
  std::vector<std::string> prompt;
  std::optional<double> temperature;
  std::optional<int64_t> top_k;
  std::vector<int64_t> batches;
  std::vector<std::string> stops;
  bool help_wanted = false;
};

Status parse(Parsed& parsed, std::vector<std::string> words) {
  Arguments arguments;
  arguments.positional(parsed.model, "MODEL", "the model");
  arguments.positionals(parsed.prompt, "PROMPT", "the prompt");
  arguments.flag(parsed.json, "--json", "JSON");
  arguments.value(parsed.temperature, "--temperature", "T", "temperature", 0, 5);
  arguments.value(parsed.top_k, "-k,--top-k", "N", "top-k", -1, 1000);
  arguments.values(parsed.batches, "-b", "N,...", "batch sizes", 1, 64);
  arguments.values(parsed.stops, "--stop", "TEXT", "stop text");
  return parse_arguments(arguments, "run", words, parsed.help_wanted);
}

TEST(Arguments, fill_the_declared_variables_in_any_order) {
  Parsed parsed;
  ASSERT_TRUE(parse(parsed, {"m:1b", "--temperature", "0.5", "tell", "me", "--json", "-k", "-1", "more"}));
  EXPECT_EQ(parsed.model, "m:1b");
  EXPECT_EQ(parsed.prompt, (std::vector<std::string>{"tell", "me", "more"}));
  EXPECT_TRUE(parsed.json);
  EXPECT_EQ(parsed.temperature, 0.5);
  EXPECT_EQ(parsed.top_k, -1);
}

TEST(Arguments, take_lists_by_comma_and_by_repetition) {
  Parsed parsed;
  ASSERT_TRUE(parse(parsed, {"m", "-b", "1,8", "--stop", "a,b", "--stop", "c"}));
  EXPECT_EQ(parsed.batches, (std::vector<int64_t>{1, 8}));
  EXPECT_EQ(parsed.stops, (std::vector<std::string>{"a,b", "c"}));
}

TEST(Arguments, everything_after_two_dashes_is_text) {
  Parsed parsed;
  ASSERT_TRUE(parse(parsed, {"m", "--", "--json", "-k"}));
  EXPECT_FALSE(parsed.json);
  EXPECT_EQ(parsed.prompt, (std::vector<std::string>{"--json", "-k"}));
}

TEST(Arguments, text_keeps_brackets_quotes_and_line_breaks) {
  Parsed parsed;
  ASSERT_TRUE(parse(parsed, {"m", "[a, b]", "\"quoted\"", "two\nlines", "", "{}"}));
  EXPECT_EQ(parsed.prompt, (std::vector<std::string>{"[a, b]", "\"quoted\"", "two\nlines", "", "{}"}));
}

TEST(Arguments, an_unknown_option_names_the_one_that_was_meant) {
  Parsed parsed;
  const Status status = parse(parsed, {"m", "--temprature", "1"});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code(), ErrorCode::kUsage);
  EXPECT_EQ(status.error().hint(), "did you mean --temperature?");
}

TEST(Arguments, a_number_out_of_range_is_refused_with_the_range) {
  for (const char* bad : {"-0.5", "6", "nan", "1e999", "warm", "1 "}) {
    Parsed parsed;
    const Status status = parse(parsed, {"m", "--temperature", bad});
    ASSERT_FALSE(status) << bad;
    EXPECT_EQ(status.error().code(), ErrorCode::kUsage);
    EXPECT_NE(status.error().message().find("0 to 5"), std::string::npos) << status.error().message();
  }
}

TEST(Arguments, an_option_without_its_value_says_what_it_wants) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"m", "--top-k"}, {"m", "-k"}}) {
    Parsed parsed;
    const Status status = parse(parsed, words);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code(), ErrorCode::kUsage);
    EXPECT_EQ(status.error().message(), words[1] + " wants N after it");
  }
}

TEST(Arguments, a_missing_positional_is_named) {
  Parsed parsed;
  const Status status = parse(parsed, {"--json"});
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message().find("MODEL is missing"), std::string::npos);
}

TEST(Arguments, help_wins_over_what_is_missing_or_wrong) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"--help"}, {"-h", "--nonsense"}}) {
    Parsed parsed;
    EXPECT_TRUE(parse(parsed, words));
    EXPECT_TRUE(parsed.help_wanted);
  }
}

}  // namespace
}  // namespace ingle::cli
