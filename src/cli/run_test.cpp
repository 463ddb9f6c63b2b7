#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/dispatch.h"
#include "cli/testing/collecting_console.h"
#include "cli/testing/echo_completer.h"

namespace ingle::cli {
namespace {

class RunTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(testing::TempDir()) / (std::string("ingle_run_") + test->name());
    std::filesystem::create_directories(folder_);
    model_ = write("model.gguf", "no model");
    console_.input = "";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) const {
    const auto path = folder_ / name;
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }

  int run(std::vector<std::string> words) {
    words.insert(words.begin(), {"run", model_});
    const auto env = [this](std::string_view name) -> std::optional<std::string> {
      if (name == "INGLE_HOME") return (folder_ / "home").string();
      return std::nullopt;
    };
    return run_command_line(words, console_, interrupts_, env,
                            [this](std::span<const base::FileDescriptor>, std::string_view,
                                   const engine::Options& options) -> Result<std::unique_ptr<chat::Completer>> {
                              options_ = options;
                              auto completer = std::make_unique<EchoCompleter>();
                              completer->has_template = has_template_;
                              completer->endless = endless_;
                              completer->takes_shapes = takes_shapes_;
                              completer->ending = ending_;
                              completer->fails = fails_;
                              completer->seen = &request_;
                              completer->was_asked = &was_asked_;
                              return completer;
                            });
  }

  std::filesystem::path folder_;
  std::string model_;
  CollectingConsole console_;
  Interrupts interrupts_;
  engine::Options options_;
  chat::CompleteRequest request_;
  std::atomic<bool> was_asked_ = false;
  bool has_template_ = true;
  bool endless_ = false;
  bool takes_shapes_ = false;
  bool fails_ = false;
  chat::Finished ending_;
};

TEST_F(RunTest, prints_the_answer_and_nothing_else) {
  EXPECT_EQ(run({"tell", "me"}), 0);
  EXPECT_EQ(console_.data, "<user>tell me\n");
  EXPECT_EQ(console_.said, "");
}

TEST_F(RunTest, appends_piped_input_to_the_prompt) {
  console_.terminal_in = false;
  console_.input = "line 1\nline 2\n";
  EXPECT_EQ(run({"Summarise"}), 0);
  EXPECT_EQ(console_.data, "<user>Summarise\n\nline 1\nline 2\n");
}

TEST_F(RunTest, an_empty_prompt_is_wrong_usage) {
  console_.terminal_in = false;
  console_.input = "\n";
  EXPECT_EQ(run({}), 2);
  EXPECT_NE(console_.said.find("nothing to answer"), std::string::npos);
}

TEST_F(RunTest, a_raw_prompt_reaches_the_engine_untouched) {
  console_.terminal_in = false;
  console_.input = "not read";
  EXPECT_EQ(run({" two  words\n", "--raw"}), 0);
  ASSERT_TRUE(std::holds_alternative<chat::RawPrompt>(request_.prompt));
  EXPECT_EQ(std::get<chat::RawPrompt>(request_.prompt).text.reveal(), " two  words\n");
}

TEST_F(RunTest, json_has_the_members_of_the_contract) {
  EXPECT_EQ(
      run({"a b", "--raw", "--json", "--logprobs", "2", "--temperature", "0", "--max-tokens", "7", "--seed", "5"}), 0);
  const auto json = nlohmann::json::parse(console_.data);
  EXPECT_EQ(json["text"], "a b");
  EXPECT_EQ(json["finish_reason"], "stop");
  EXPECT_EQ(json["usage"]["prompt_tokens"], 3);
  EXPECT_EQ(json["usage"]["completion_tokens"], 2);
  ASSERT_EQ(json["tokens"].size(), 2U);
  EXPECT_EQ(json["tokens"][0]["id"], 1);
  EXPECT_EQ(json["tokens"][0]["text"], "a");
  EXPECT_EQ(json["tokens"][0]["logprob"], -0.5);
  ASSERT_EQ(json["tokens"][0]["top"].size(), 2U);
  EXPECT_EQ(json["tokens"][0]["top"][0]["bytes"], nlohmann::json::array({255}));
  EXPECT_EQ(request_.sampling.temperature, 0.0F);
  EXPECT_EQ(request_.sampling.seed, 5U);
  EXPECT_EQ(request_.max_tokens, 7);
  EXPECT_EQ(request_.logprobs, 2);
}

TEST_F(RunTest, an_answer_that_is_not_utf8_comes_as_bytes_too) {
  EXPECT_EQ(run({"a \xE2\x82", "--raw", "--json"}), 0);
  const auto json = nlohmann::json::parse(console_.data);
  EXPECT_EQ(json["text"], "a \xEF\xBF\xBD");
  EXPECT_EQ(json["bytes"], nlohmann::json::array({0x61, 0x20, 0xE2, 0x82}));
}

TEST_F(RunTest, every_sampling_flag_reaches_the_engine) {
  EXPECT_EQ(run({"x",   "--top-k",       "7", "--top-p",       "0.5", "--min-p",      "0.25",   "--repeat-penalty",
                 "1.5", "--mirostat",    "2", "--stop",        "END", "--logit-bias", "9=-inf", "--dry-last-n",
                 "99",  "--dry-breaker", ";", "--dry-breaker", "||"}),
            0);
  EXPECT_EQ(request_.sampling.dry_last_n, 99);
  EXPECT_EQ(request_.sampling.dry_breakers, (std::vector<std::string>{";", "||"}));
  EXPECT_EQ(request_.sampling.top_k, 7);
  EXPECT_EQ(request_.sampling.top_p, 0.5F);
  EXPECT_EQ(request_.sampling.min_p, 0.25F);
  EXPECT_EQ(request_.sampling.repeat_penalty, 1.5F);
  EXPECT_TRUE(request_.sampling.mirostat);
  EXPECT_EQ(request_.stop, std::vector<std::string>{"END"});
  ASSERT_EQ(request_.sampling.logit_bias.size(), 1U);
  EXPECT_EQ(request_.sampling.logit_bias[0].first, 9);
}

TEST_F(RunTest, options_that_could_do_nothing_are_wrong_usage) {
  EXPECT_EQ(run({"x", "--logprobs", "2"}), 2);
  EXPECT_EQ(run({"x", "--stop", ""}), 2);
}

TEST_F(RunTest, bytes_that_are_no_text_are_noted_or_refused) {
  EXPECT_EQ(run({"caf\xe9"}), 0);
  EXPECT_NE(console_.said.find("not UTF-8"), std::string::npos);
  console_.terminal_in = false;
  console_.input = std::string("a\0b", 3);
  EXPECT_EQ(run({"x"}), 3);
  EXPECT_NE(console_.said.find("NUL"), std::string::npos);
}

TEST_F(RunTest, engine_flags_win_over_the_settings) {
  EXPECT_EQ(run({"x", "-t", "3", "--ctx", "512", "--isa", "scalar", "--reference"}), 0);
  EXPECT_EQ(options_.threads, 3U);
  EXPECT_EQ(options_.context, 512U);
  EXPECT_EQ(options_.isa, "scalar");
  EXPECT_TRUE(options_.reference);
}

TEST_F(RunTest, a_model_without_a_template_completes_and_says_so) {
  has_template_ = false;
  EXPECT_EQ(run({"Once", "upon"}), 0);
  EXPECT_EQ(console_.data, "Once upon\n");
  EXPECT_NE(console_.said.find("no chat template"), std::string::npos);
}

TEST_F(RunTest, messages_come_from_a_file_and_a_dry_run_prints_the_rendered_prompt) {
  const std::string file = write("m.json", R"([{"role": "system", "content": "S"}, {"role": "user", "content": "U"}])");
  EXPECT_EQ(run({"--messages", file, "--dry-run"}), 0);
  EXPECT_EQ(console_.data, "<system>S<user>U");
}

TEST_F(RunTest, broken_messages_are_refused_with_the_place) {
  const std::string nested(100000, '[');
  for (const std::string& bad :
       {std::string("{"), std::string("[1]"), std::string(R"([{"content": "x"}])"),
        std::string(R"([{"role": "user", "content": 5}])"), std::string("[]"), std::string(R"({"messages": []})"),
        std::string(R"([{"role": "user"}])"), std::string(R"([{"role": "king", "content": "x"}])"), nested}) {
    console_.said.clear();
    EXPECT_EQ(run({"--messages", write("bad.json", bad)}), 3) << bad.substr(0, 40);
    EXPECT_NE(console_.said.find("bad.json"), std::string::npos) << console_.said.substr(0, 200);
  }
}

TEST_F(RunTest, broken_messages_are_told_by_line_and_by_message) {
  const std::pair<std::string, std::string> cases[] = {
      {"[\n {\"role\": \"user\"},\n oops]", "line 3, byte 2: this is not JSON"},
      {"[\n", "line 2: the JSON ends too early"},
      {R"([{"role": "user"}])", "message 1: \"content\" is missing"},
      {R"([{"role": "user", "content": "a"}, {"content": "b"}])", "message 2: \"role\" is missing"},
      {R"([{"role": "king", "content": "x"}])", "message 1: there is no role 'king'"},
  };
  for (const auto& [text, told] : cases) {
    console_.said.clear();
    EXPECT_EQ(run({"--messages", write("bad.json", text)}), 3);
    EXPECT_NE(console_.said.find(told), std::string::npos) << console_.said;
  }
}

TEST_F(RunTest, a_constraint_that_the_engine_cannot_honour_is_refused) {
  EXPECT_EQ(run({"x", "--schema", write("s.json", "{}")}), 3);
  EXPECT_EQ(run({"x", "--grammar", write("g.gbnf", "root ::= \"a\"")}), 3);
}

TEST_F(RunTest, a_file_that_shapes_the_answer_is_named_once) {
  const std::string schema = write("s.json", "{}");
  for (const char* flag : {"--schema", "--grammar"}) {
    console_.said.clear();
    EXPECT_EQ(run({"x", flag, ""}), 2);
    EXPECT_NE(console_.said.find(std::string(flag) + " has an empty name"), std::string::npos) << console_.said;
    EXPECT_EQ(run({"x", flag, schema, flag, schema}), 2);
    EXPECT_NE(console_.said.find(std::string(flag) + " is given twice"), std::string::npos) << console_.said;
  }
}

TEST_F(RunTest, text_of_a_shape_gets_no_line_breaks_from_us) {
  takes_shapes_ = console_.terminal_out = true;
  std::string words = "word";
  for (int i = 0; i < 40; ++i)
    words += " word";
  EXPECT_EQ(run({words, "--schema", write("s.json", "{}")}), 0);
  EXPECT_EQ(console_.data, "<user>" + words + "\n");
  console_.data.clear();
  EXPECT_EQ(run({words, "--grammar", write("g.gbnf", "root ::= [a-z ]*")}), 0);
  EXPECT_EQ(console_.data, "<user>" + words + "\n");
  console_.data.clear();
  EXPECT_EQ(run({words}), 0);
  EXPECT_NE(console_.data, "<user>" + words + "\n");
}

TEST_F(RunTest, an_answer_that_was_cut_under_a_shape_is_noted) {
  takes_shapes_ = true;
  const std::string schema = write("s.json", "{}");
  const auto said = [&](std::vector<std::string> words) {
    console_.said.clear();
    EXPECT_EQ(run(std::move(words)), 0);
    return console_.said;
  };
  EXPECT_EQ(said({"x", "--schema", schema}), "");
  ending_ = {.reason = chat::FinishReason::kLength, .stop_text = "END", .usage = {}};
  EXPECT_NE(said({"x", "--schema", schema, "--stop", "END"}).find("a stop text ended"), std::string::npos);
  ending_ = {.reason = chat::FinishReason::kLength, .stop_text = {}, .usage = {}};
  EXPECT_NE(said({"x", "--schema", schema, "-n", "60"}).find("cut to fit into 60 tokens (-n)"), std::string::npos);
  EXPECT_NE(said({"x", "--schema", schema}).find("the context, 4096 tokens"), std::string::npos);
  EXPECT_EQ(said({"x", "-n", "60"}), "");
  ending_.looped = true;
  EXPECT_NE(said({"x", "--schema", schema, "-n", "60"}).find("repeated itself"), std::string::npos);
}

TEST_F(RunTest, an_answer_that_breaks_its_schema_is_no_answer) {
  takes_shapes_ = fails_ = true;
  const std::string schema = write("s.json", R"({"uniqueItems": true})");
  EXPECT_EQ(run({"x", "--schema", schema, "--schema-check"}), 3);
  EXPECT_EQ(console_.data, "");
  console_.terminal_out = true;
  EXPECT_EQ(run({"x", "--schema", schema, "--schema-check"}), 3);
  EXPECT_EQ(console_.data, "<user>x\n");
}

TEST_F(RunTest, a_keyword_that_cannot_be_enforced_leads_to_the_option_that_checks_it) {
  EXPECT_EQ(run({"x", "--schema", write("s.json", R"({"type": "array", "uniqueItems": true})")}), 3);
  EXPECT_NE(console_.said.find("--schema-check"), std::string::npos) << console_.said;
  EXPECT_EQ(console_.said.find("strict"), std::string::npos) << console_.said;
}

TEST_F(RunTest, keywords_that_no_draft_knows_are_told_when_asked_for) {
  takes_shapes_ = true;
  const std::string schema = write("s.json", R"({"propertes": {}, "format": "emial"})");
  EXPECT_EQ(run({"x", "--schema", schema, "-v"}), 0);
  EXPECT_NE(console_.said.find("ignored in the schema, no draft knows it: #/propertes"), std::string::npos);
  EXPECT_NE(console_.said.find("#/format"), std::string::npos);
  console_.said.clear();
  EXPECT_EQ(run({"x", "--schema", schema}), 0);
  EXPECT_EQ(console_.said, "");
}

TEST_F(RunTest, an_interrupt_keeps_what_was_said_and_exits_with_130) {
  endless_ = true;
  std::jthread user([this](const std::stop_token& stop) {
    // The answer arms the interrupt; until then a trigger would end the process.
    while (!stop.stop_requested() && !was_asked_)
      std::this_thread::yield();
    interrupts_.trigger();
  });
  EXPECT_EQ(run({"half", "an", "answer"}), 130);
  EXPECT_EQ(console_.data, "<user>half an answer\n");
  EXPECT_EQ(console_.said, "interrupted\n");
}

TEST_F(RunTest, a_missing_file_is_named) {
  model_ = (folder_ / "nothing.gguf").string();
  EXPECT_EQ(run({"x"}), 1);
  EXPECT_NE(console_.said.find("nothing.gguf"), std::string::npos);
}

TEST_F(RunTest, a_split_model_without_all_parts_is_refused_before_it_is_opened) {
  model_ = write("big-00001-of-00002.gguf", "x");
  EXPECT_EQ(run({"x"}), 1);
  EXPECT_NE(console_.said.find("big-00002-of-00002.gguf"), std::string::npos) << console_.said;
}

}  // namespace
}  // namespace ingle::cli
