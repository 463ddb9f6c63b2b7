#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/batch_engine.h"
#include "engine/completion.h"
#include "engine/mailbox.h"
#include "engine/testing/toy_engine.h"
#include "text/grammar/gbnf.h"
#include "text/tokenizer/testing/vocabs.h"

namespace ingle::engine {
namespace {

using testing::anything;
using ::testing::HasSubstr;
using testing::ToyExecutor;
using Json = nlohmann::json;

std::unique_ptr<BatchEngine> make_engine(uint32_t n_pages = 512, uint32_t context = 512) {
  return testing::make_toy_engine(
             {.logits = testing::anything, .n_pages = n_pages, .context = context, .max_sequences = 4})
      .engine;
}

constexpr const char* kPerson =
    R"({"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer","minimum":0,"maximum":130},
        "tags":{"type":"array","items":{"type":"string"}}},"required":["name","age","tags"],
        "additionalProperties":false})";
constexpr int32_t kShortestPerson = 34;  // {"name": "", "age": 0, "tags": []}

chat::CompleteRequest constrained(std::string schema, int32_t max_tokens, uint64_t seed = 0) {
  chat::CompleteRequest request;
  request.prompt = chat::RawPrompt{chat::Private("go")};
  request.sampling.temperature = 1.5F;
  request.sampling.seed = seed;
  request.max_tokens = max_tokens;
  request.json_schema = std::move(schema);
  return request;
}

struct Answer {
  std::string text;
  std::vector<chat::TokenInfo> tokens;
  Result<chat::Finished> finished = std::unexpected(Error::internal("no end"));
};

Answer run(BatchEngine& engine, chat::CompleteRequest request) {
  Answer answer;
  answer.finished = chat::complete_and_wait(engine, std::move(request), [&](const chat::Event& event) {
    const auto* delta = std::get_if<chat::Delta>(&event);
    if (delta == nullptr) return;
    answer.text += delta->text;
    answer.tokens.insert(answer.tokens.end(), delta->tokens.begin(), delta->tokens.end());
  });
  return answer;
}

bool is_person(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  return json.is_object() && json.size() == 3 && json["name"].is_string() && json["age"].is_number_integer() &&
         json["age"] >= 0 && json["age"] <= 130 && json["tags"].is_array();
}

TEST(Constrained, an_answer_is_whole_and_valid_within_any_budget_that_holds_the_shortest) {
  const auto engine = make_engine();
  bool was_cut = false;
  bool was_whole = false;
  for (int32_t budget = kShortestPerson; budget < 120; ++budget) {
    const Answer answer = run(*engine, constrained(kPerson, budget, static_cast<uint64_t>(budget)));
    ASSERT_TRUE(answer.finished.has_value()) << answer.finished.error().message();
    EXPECT_TRUE(is_person(answer.text)) << answer.text;
    EXPECT_LE(answer.finished->usage.completion_tokens, static_cast<uint32_t>(budget));
    was_cut |= answer.finished->reason == chat::FinishReason::kLength;
    was_whole |= answer.finished->reason == chat::FinishReason::kStop;
  }
  EXPECT_TRUE(was_cut);
  EXPECT_TRUE(was_whole);
}

TEST(Constrained, the_end_of_the_context_is_a_budget_too) {
  const auto engine = make_engine(512, 40);
  const Answer answer = run(*engine, constrained(R"({"type":"array","items":{"type":"string"},"minItems":5})", -1));
  ASSERT_TRUE(answer.finished.has_value());
  EXPECT_GE(Json::parse(answer.text).size(), 5U);
}

TEST(Constrained, a_budget_below_the_shortest_document_is_refused_with_the_number) {
  const auto engine = make_engine();
  const auto refused = run(*engine, constrained(kPerson, kShortestPerson - 1)).finished;
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), ErrorCode::kRefused);
  EXPECT_THAT(refused.error().message(), HasSubstr("34"));
  const auto small = make_engine(512, 20);
  EXPECT_THAT(run(*small, constrained(kPerson, -1)).finished.error().message(), HasSubstr("34"));
}

TEST(Constrained, a_limit_that_holds_the_document_in_longer_tokens_is_kept) {
  // "[]}" is a token: it reaches across three things that the schema asks for one after the other.
  const auto engine = testing::make_toy_engine({.logits = testing::anything,
                                                .n_pages = 512,
                                                .context = 512,
                                                .max_sequences = 4,
                                                .merges = {"[ ]", "[] }"},
                                                .n_vocab = 259})
                          .engine;
  constexpr const char* kEmpty =
      R"({"type":"object","properties":{"a":{"type":"array","maxItems":0}},"required":["a"],"additionalProperties":false})";
  for (const int32_t logprobs : {-1, 0}) {
    auto request = constrained(kEmpty, 7);
    request.logprobs = logprobs;
    const Answer whole = run(*engine, request);
    ASSERT_TRUE(whole.finished.has_value()) << whole.finished.error().message();
    EXPECT_EQ(whole.text, R"({"a": []})");
    EXPECT_EQ(whole.finished->usage.completion_tokens, 7U);
    EXPECT_EQ(whole.finished->reason, chat::FinishReason::kStop);  // nothing else could be said
  }
  const auto refused = run(*engine, constrained(kEmpty, 6)).finished;
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message(), HasSubstr("7"));
  // Where something else could be said it is not: the answer was cut.
  const Answer open =
      run(*engine, constrained(R"({"type":"object","properties":{"a":{"type":"array"}},"required":["a"]})", 7));
  ASSERT_TRUE(open.finished.has_value()) << open.finished.error().message();
  EXPECT_EQ(open.text, R"({"a": []})");
  EXPECT_EQ(open.finished->reason, chat::FinishReason::kLength);
  auto banned = constrained(kEmpty, 7);
  banned.sampling.logit_bias = {{257, -std::numeric_limits<float>::infinity()}};
  EXPECT_FALSE(run(*engine, banned).finished.has_value());
}

TEST(Constrained, greedy_without_an_end_token_stops_where_nothing_can_follow) {
  const auto engine = make_engine();
  auto request = constrained(kPerson, 200);
  request.sampling.temperature = 0;
  request.ignore_eos = true;
  const Answer answer = run(*engine, request);
  ASSERT_TRUE(answer.finished.has_value());
  EXPECT_TRUE(is_person(answer.text)) << answer.text;
  // A number can go on until its digits are used up.
  auto number = constrained(R"({"type":"integer"})", 200);
  number.ignore_eos = true;
  EXPECT_TRUE(Json::parse(run(*engine, number).text).is_number_integer());
}

TEST(Constrained, a_stop_string_ends_a_document_early_because_the_client_named_it) {
  const auto engine = make_engine();
  auto request = constrained(kPerson, 200);
  request.stop = {"\"age\""};
  const Answer answer = run(*engine, request);
  ASSERT_TRUE(answer.finished.has_value());
  EXPECT_EQ(answer.finished->stop_text, "\"age\"");
  EXPECT_EQ(answer.finished->reason, chat::FinishReason::kLength);  // it is no whole document
  EXPECT_THAT(answer.text, HasSubstr("\"name\""));
}

TEST(Constrained, a_stop_string_after_a_whole_document_is_a_stop_and_within_one_a_cut) {
  const auto engine = make_engine();
  const auto reason = [&](std::string grammar, std::string stop) {
    auto request = constrained("", 200);
    request.grammar = std::move(grammar);
    request.stop = {stop};
    const Answer answer = run(*engine, request);
    EXPECT_TRUE(answer.finished.has_value());
    if (!answer.finished) return chat::FinishReason::kCancelled;
    EXPECT_EQ(answer.finished->stop_text, stop) << answer.text;
    return answer.finished->reason;
  };
  EXPECT_EQ(reason(R"(root ::= "one" (" and two")? " and three")", " and"), chat::FinishReason::kLength);
  EXPECT_EQ(reason(R"(root ::= "one" | "one" " two")", " tw"), chat::FinishReason::kStop);
  EXPECT_EQ(reason(R"(root ::= "[" [a-z]{4} "]")", "]"), chat::FinishReason::kLength);
  EXPECT_EQ(reason(R"(root ::= [a-z]+ ";" [a-z]*)", ";"), chat::FinishReason::kLength);
  EXPECT_EQ(reason(R"(root ::= [a-z]{3} (";" [a-z]{3})*)", ";"), chat::FinishReason::kStop);
}

TEST(Constrained, log_probabilities_are_those_before_the_constraint) {
  const auto engine = make_engine();
  auto request = constrained(R"({"const":"abc"})", 20);
  request.logprobs = 1;
  const Answer answer = run(*engine, request);
  EXPECT_EQ(answer.text, "\"abc\"");
  ASSERT_EQ(answer.tokens.size(), 5U);
  int n_better = 0;
  for (const chat::TokenInfo& token : answer.tokens) {
    EXPECT_LT(token.chosen.logprob, 0);
    n_better += static_cast<int>(token.top.at(0).id != token.chosen.id);
  }
  EXPECT_GT(n_better, 0);
}

TEST(Constrained, a_string_can_only_be_copied_from_its_source) {
  const auto engine = make_engine();
  const std::string source = "Invoice INV-2024-7\nTotal:\t1.234,56 EUR \"net\"";
  for (uint64_t seed = 0; seed < 20; ++seed) {
    auto request = constrained(R"({"type":"object","properties":{"v":{"type":"string","x-ingle-copy":"doc"}},
                                   "required":["v"],"additionalProperties":false})",
                               100, seed);
    request.copy_sources = {{"doc", chat::Private(source)}};
    const Answer answer = run(*engine, request);
    ASSERT_TRUE(answer.finished.has_value()) << answer.finished.error().message();
    const std::string value = Json::parse(answer.text).at("v");
    EXPECT_FALSE(text::grammar::find_copies(source, value).empty()) << value;
  }
}

TEST(Constrained, an_unknown_copy_source_is_an_error_before_anything_starts) {
  const auto engine = make_engine();
  const auto refused = run(*engine, constrained(R"({"type":"string","x-ingle-copy":"doc"})", 50)).finished;
  EXPECT_EQ(refused.error().code(), ErrorCode::kUsage);
}

TEST(Constrained, answers_are_the_same_in_company_and_after_preemption) {
  const auto roomy = make_engine();
  std::vector<chat::CompleteRequest> requests;
  for (uint64_t seed = 0; seed < 6; ++seed) {
    requests.push_back(constrained(seed % 2 == 0 ? kPerson : "", 60, seed));
  }
  std::vector<std::string> alone;
  for (const auto& request : requests)
    alone.push_back(run(*roomy, request).text);
  const auto crowded = make_engine(40, 100);  // pages for two and a half of them
  std::vector<std::future<Answer>> answers;
  for (const auto& request : requests)
    answers.push_back(std::async(std::launch::async, [&crowded, &request] { return run(*crowded, request); }));
  for (size_t i = 0; i < answers.size(); ++i)
    EXPECT_EQ(answers[i].get().text, alone[i]);
}

TEST(Constrained, a_fork_of_an_unfinished_document_goes_on_inside_it) {
  const auto tokenizer = text::Tokenizer::create(text::testing::byte_vocab("gpt-2", {})).value();
  const auto trie = text::grammar::TokenTrie::build(*tokenizer);
  ToyExecutor executor(256, 16, anything);
  InFlight in_flight(8);
  const StepLimits limits{.max_sequences = 4,
                          .prefill_chunk = 16,
                          .max_rows = 16,
                          .max_logit_rows = 16,
                          .page_tokens = executor.page_tokens()};
  StepLoop loop(executor, {.limits = limits}, in_flight);
  StepLoop::Mailbox mailbox;
  std::stop_source stop;
  const auto settings = [&](bool constrain, size_t n_said) {
    chat::Sampling sampling;
    sampling.temperature = 1;
    Completion::Settings made{.sampler = Sampler::create(sampling, ToyExecutor::kVocab, {}).value(),
                              .stop = {},
                              .max_tokens = static_cast<uint32_t>(100 - n_said),
                              .context = 400};
    if (constrain) made.constraint = text::grammar::Constraint::from_schema(kPerson, {}, trie).value();
    return made;
  };
  std::string whole;
  std::string before;
  std::string after;
  const auto fork = [&](StepLoop& running) {
    const std::string handle = running.keep("first").value();
    before = whole;
    // The same seed and the same tokens: the fork must say what the first goes on to say.
    const auto tokens = running.tokens_of(handle).value();
    running.submit(std::make_unique<Completion>("second", tokens, settings(false, tokens.size() - 2), *tokenizer,
                                                [&](const chat::Event& event) {
                                                  if (const auto* delta = std::get_if<chat::Delta>(&event))
                                                    after += delta->text;
                                                  if (std::holds_alternative<chat::Finished>(event))
                                                    stop.request_stop();
                                                }),
                   handle);
  };
  bool forked = false;
  const auto sink = [&](const chat::Event& event) {
    const auto* delta = std::get_if<chat::Delta>(&event);
    if (delta == nullptr) return;
    whole += delta->text;
    if (!forked && whole.size() >= 12) mailbox.push(fork);
    forked |= whole.size() >= 12;
  };
  loop.submit(
      std::make_unique<Completion>("first", std::vector<int32_t>{'g', 'o'}, settings(true, 0), *tokenizer, sink), {});
  loop.run(stop.get_token(), mailbox);
  EXPECT_GE(before.size(), 12U);
  EXPECT_FALSE(after.empty());
  EXPECT_TRUE(is_person(before + after)) << before << " + " << after;
  EXPECT_EQ(before + after, whole);
}

TEST(Constrained, an_answer_follows_a_grammar_and_is_steered_to_its_end) {
  const auto engine = make_engine();
  for (int32_t budget = 6; budget < 40; ++budget) {
    auto request = constrained("", budget, static_cast<uint64_t>(budget));
    request.grammar = "root ::= \"(\" (root | [a-c]+) \") \" | \"[\" [^\\]]{2,9} \"]\"";
    const Answer answer = run(*engine, request);
    ASSERT_TRUE(answer.finished.has_value()) << answer.finished.error().message();
    const auto program = text::grammar::compile_gbnf(request.grammar, text::grammar::ByteSet().set()).value();
    text::grammar::Automaton automaton(program);
    auto state = automaton.intern(automaton.start());
    for (const char c : answer.text)
      state = automaton.step(state, static_cast<uint8_t>(c));
    EXPECT_TRUE(automaton.accepts(state)) << answer.text;
  }
  auto wrong = constrained("", 20);
  wrong.grammar = "root ::= item";
  const auto refused = run(*engine, wrong).finished;
  EXPECT_EQ(refused.error().code(), ErrorCode::kUsage);
  EXPECT_THAT(refused.error().message(), HasSubstr("line 1, column 10"));
}

TEST(Constrained, what_cannot_be_enforced_is_checked_when_the_answer_is_whole_and_may_be) {
  const auto engine = make_engine();
  constexpr const char* kSchema =
      R"({"type":"object","properties":{"names":{"type":"array","items":{"enum":["a","b","c"]},"minItems":2,"maxItems":3,
          "uniqueItems":true,"contains":{"const":"b"}}},"required":["names"],"additionalProperties":false})";
  EXPECT_EQ(run(*engine, constrained(kSchema, 200)).finished.error().code(), ErrorCode::kRefused);
  int n_broken = 0;
  int n_whole = 0;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    auto request = constrained(kSchema, 200, seed);
    request.check_schema = true;
    const Answer answer = run(*engine, request);
    const auto names = Json::parse(answer.text).at("names").get<std::vector<std::string>>();
    const bool is_unique = std::set<std::string>(names.begin(), names.end()).size() == names.size();
    const bool has_b = std::ranges::find(names, "b") != names.end();
    EXPECT_EQ(answer.finished.has_value(), is_unique && has_b) << answer.text;
    n_whole += static_cast<int>(answer.finished.has_value());
    if (answer.finished) continue;
    ++n_broken;
    EXPECT_EQ(answer.finished.error().code(), ErrorCode::kRefused);
    EXPECT_THAT(answer.finished.error().message(), HasSubstr("/properties/names"));
  }
  EXPECT_GT(n_broken, 0);
  EXPECT_GT(n_whole, 0);
}

TEST(Constrained, a_document_that_a_stop_string_cuts_is_not_checked) {
  const auto engine = make_engine();
  auto request = constrained(R"({"type":"array","items":{"enum":["a","b"]},"minItems":2,"uniqueItems":true})", 200);
  request.check_schema = true;
  request.stop = {","};
  EXPECT_EQ(run(*engine, request).finished->stop_text, ",");
}

TEST(Constrained, tokens_that_a_bias_bans_are_missing_from_the_format_too) {
  const auto engine = make_engine();
  auto request = constrained(R"({"const":1})", 20);
  request.sampling.logit_bias = {{'1', -std::numeric_limits<float>::infinity()}};
  const auto refused = run(*engine, request).finished;
  EXPECT_EQ(refused.error().code(), ErrorCode::kRefused);
  EXPECT_THAT(refused.error().message(), HasSubstr("format"));
}

}  // namespace
}  // namespace ingle::engine
