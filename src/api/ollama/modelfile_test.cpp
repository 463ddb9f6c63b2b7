#include "api/ollama/modelfile.h"

#include <gtest/gtest.h>

namespace ingle::api::ollama {
namespace {

using Pairs = std::vector<Modelfile::Pair>;

Modelfile parsed(std::string_view text) {
  auto file = parse_modelfile(text, "Modelfile");
  EXPECT_TRUE(file.has_value()) << file.error().message();
  return file.value_or(Modelfile());
}

TEST(Modelfile, says_what_a_model_is_made_of_in_any_case_and_order) {
  const Modelfile file = parsed(
      "# a comment\n\n  system You are brief.  \nparameter Temperature 0.2\r\nPARAMETER stop \"a b\"\n\tFrom base:1\n"
      "PARAMETER stop #\nMESSAGE User \"Who are you?\"\nmessage assistant A \"model\".\nLICENSE one\nLICENSE two\n"
      "REQUIRES 0.14.0\nTEMPLATE {{ messages }}");
  EXPECT_EQ(file.from, "base:1");
  EXPECT_EQ(file.system, "You are brief.");
  EXPECT_EQ(file.chat_template, "{{ messages }}");
  EXPECT_EQ(file.requires_version, "0.14.0");
  EXPECT_EQ(file.licences, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(file.parameters, (Pairs{{"temperature", "0.2"}, {"stop", "a b"}, {"stop", "#"}}));
  EXPECT_EQ(file.messages, (Pairs{{"user", "Who are you?"}, {"assistant", "A \"model\"."}}));
}

TEST(Modelfile, quotes_hold_lines_as_they_are) {
  const auto system = [](std::string_view value) {
    return parsed("FROM b\nSYSTEM " + std::string(value) + "\nPARAMETER seed 7").system;
  };
  EXPECT_EQ(system("\"\"\"one line\"\"\""), "one line");
  EXPECT_EQ(system("\"\"\"\n# no comment\n  FROM nothing \n\n\"\"\""), "\n# no comment\n  FROM nothing \n\n");
  EXPECT_EQ(system("\"\"\"\r\nx\r\n\"\"\"  "), "\nx\n");
  EXPECT_EQ(system("\"\"\"He says \"\"\" and \"hello\".\"\"\""), "He says \"\"\" and \"hello\".");
  EXPECT_EQ(system("\"two\nlines\""), "two\nlines");
  EXPECT_EQ(system("\"\""), "");
  EXPECT_EQ(system("\"\"\"\"\"\""), "");
  EXPECT_EQ(system("it's \"quoted\""), "it's \"quoted\"");
  EXPECT_EQ(parsed("FROM b\nMESSAGE user \"\"\"a\nb\"\"\"").messages, (Pairs{{"user", "a\nb"}}));
  EXPECT_EQ(parsed("\xEF\xBB\xBF"
                   "FROM \"./my model.gguf\"")
                .from,
            "./my model.gguf");
}

TEST(Modelfile, becomes_the_request_to_create_that_says_the_same) {
  const Modelfile file = parsed(
      "FROM base\nSYSTEM s\nPARAMETER temperature 0.2\nPARAMETER num_ctx 4096\nPARAMETER stop 1\nPARAMETER stop b\n"
      "PARAMETER use_mmap TRUE\nPARAMETER seed 1\nPARAMETER seed -2\nMESSAGE user \"\xC3\xA9\"\"\nLICENSE l");
  const auto call = create_call(file, "mine", {});
  ASSERT_TRUE(call.has_value()) << call.error().error.message();
  EXPECT_EQ(call->model.name, "mine");
  EXPECT_EQ(call->model.from, "base");
  EXPECT_EQ(call->model.system, "s");
  EXPECT_EQ(call->model.licences, std::vector<std::string>{"l"});
  EXPECT_EQ(call->model.options_json,
            R"({"temperature":0.2,"num_ctx":4096,"stop":["1","b"],"use_mmap":true,"seed":-2})");
  EXPECT_EQ(call->model.messages_json, "[{\"role\":\"user\",\"content\":\"\xC3\xA9\\\"\"}]");
  const Pairs files = {{"model.gguf", "sha256:" + std::string(64, 'a')}};
  const auto of_file = create_call(file, "mine", files);
  ASSERT_TRUE(of_file.has_value()) << of_file.error().error.message();
  EXPECT_EQ(of_file->model.from, "");
  EXPECT_EQ(of_file->model.files, files);
}

TEST(Modelfile, a_value_that_a_request_could_not_have_is_refused) {
  for (const char* bad :
       {"temperature hot", "num_ctx many", "temperature nan", "temperature 1e999", "stop \"\"\nPARAMETER top_p x"}) {
    const auto call = create_call(parsed("FROM b\nPARAMETER " + std::string(bad)), "mine", {});
    EXPECT_FALSE(call.has_value()) << bad;
  }
  EXPECT_FALSE(create_call(parsed("FROM b"), "no:good:name", {}).has_value());
}

TEST(Modelfile, bad_input_is_refused_with_line_and_remedy) {
  struct Bad {
    std::string text;
    std::string_view told;
  };
  const Bad cases[] = {
      {"", "there is no FROM"},
      {"# FROM x\n", "there is no FROM"},
      {"FROM \"\"\n", "there is no FROM"},
      {"FROM\n", "line 1: 'FROM' says too little"},
      {"\nFROM b\nPARAMETER temperature\n", "line 3: 'PARAMETER temperature' says too little"},
      {"FROM b\nMESSAGE user", "line 2: 'MESSAGE user' says too little"},
      {"FROM a\nFROM b", "line 2: a second FROM"},
      {"FROM b\nRUN rm -rf /", "line 2: there is no instruction 'run'"},
      {"FROM b\nSYSTEM \"\"\"x\ny", "line 2: the value that begins with \"\"\" does not end"},
      {"FROM b\nSYSTEM \"\"\"x\"\"\" y\n\n", "line 2: the value that begins with \"\"\" does not end"},
      {"FROM b\nSYSTEM \"", "line 2: the value that begins with \" does not end"},
      {"FROM b\nMESSAGE tool x", "line 2: 'tool' is no role"},
      {"FROM b\nPARAMETER heat 3", "line 2: there is no parameter 'heat'"},
      {"FROM b\nSYSTEM \"\"\"\n\n\"\"\"\nADAPTER ./lora.gguf", "line 5: adapter: this version has no adapters"},
      {"FROM b\ndraft x", "draft: this version has no draft models"},
      {"FROM b\nRENDERER x", "renderer: prompts are rendered"},
      {"FROM b\nPARSER x", "parser: answers are read"},
      {std::string("GGUF\x03\0\0\0", 8), "no text in UTF-8"},
      {"FROM \xFF", "no text in UTF-8"},
      {std::string(kMaxModelfileBytes + 1, '\n'), "at most"},
      {std::string(70, 'x') + " y", "there is no instruction '"},
  };
  for (const Bad& bad : cases) {
    const auto file = parse_modelfile(bad.text, "Modelfile");
    ASSERT_FALSE(file.has_value()) << bad.text.substr(0, 80);
    EXPECT_NE(file.error().message().find(bad.told), std::string::npos) << file.error().message();
    EXPECT_LT(file.error().message().size(), 300U);
  }
  std::string many = "FROM b\n";
  for (size_t i = 0; i < kMaxModelfileInstructions; ++i)
    many += "LICENSE x\n";
  EXPECT_FALSE(parse_modelfile(many, "Modelfile").has_value());
  many.resize(many.size() - 10);
  EXPECT_TRUE(parse_modelfile(many, "Modelfile").has_value());
}

}  // namespace
}  // namespace ingle::api::ollama
