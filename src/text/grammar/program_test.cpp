#include "text/grammar/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <random>
#include <set>

#include "text/grammar/automaton.h"
#include "text/grammar/testing/walk.h"

namespace ingle::text::grammar {
namespace {

using testing::accepts;
using ::testing::HasSubstr;

constexpr OpId kReturn = ProgramBuilder::kReturnOp;
constexpr OpId kNever = ProgramBuilder::kNever;

ProgramBuilder builder() {
  return ProgramBuilder(ByteSet().set());
}

std::shared_ptr<const Program> finished(ProgramBuilder builder, OpId start) {
  auto made = std::move(builder).finish(start, "test");
  EXPECT_TRUE(made.has_value()) << made.error().message();
  return std::move(made).value();
}

TEST(Program, rules_may_call_each_other_in_circles) {
  ProgramBuilder b = builder();
  const OpId list = b.declare("list");
  const OpId item = b.declare("item");
  b.define(item, b.choice({b.byte('x', kReturn), b.call(list, kReturn)}));
  const OpId close = b.byte(')', kReturn);
  b.define(list, b.byte('(', b.repeat({b.call(item, kReturn), 0, 3}, close)));
  const auto program = finished(std::move(b), list);
  for (const char* good : {"()", "(x)", "(x(x)x)", "((()))", "(()()x)"})
    EXPECT_TRUE(accepts(program, good)) << good;
  for (const char* bad : {"", "x", "(", "(xxxx)", "())", "(y)", "(xx(x)x)"})
    EXPECT_FALSE(accepts(program, bad)) << bad;
}

TEST(Program, thousands_of_texts_share_their_beginnings) {
  std::vector<std::string> texts = {"", "value", "value-00001x"};
  for (int i = 0; i < 6000; ++i)
    texts.push_back("value-" + std::to_string(100'000 + i));
  ProgramBuilder b = builder();
  const OpId start = b.byte('<', b.literals({texts.begin(), texts.end()}, b.byte('>', kReturn)));
  const auto program = finished(std::move(b), start);
  for (const std::string& text : texts)
    EXPECT_TRUE(accepts(program, "<" + text + ">")) << text;
  for (const char* bad : {"<v>", "<value->", "<value-106000>", "<value-00001>", "<x>"})
    EXPECT_FALSE(accepts(program, bad)) << bad;
  EXPECT_EQ(builder().literals({}, kReturn), kNever);
}

TEST(Program, recursion_at_the_end_of_a_rule_needs_no_frame) {
  ProgramBuilder b = builder();
  const OpId line = b.declare("line");
  b.define(line, b.choice({b.byte('a', b.call(line, kReturn)), b.byte('.', kReturn)}));
  EXPECT_TRUE(accepts(finished(std::move(b), line), std::string(5000, 'a') + "."));
}

TEST(Program, nothing_is_begun_that_would_need_more_frames_than_there_are) {
  ProgramBuilder b = builder();
  const OpId nest = b.declare("nest");
  b.define(nest, b.choice({b.byte('(', b.call(nest, b.byte(')', kReturn))), b.byte('x', kReturn)}));
  const auto program = finished(std::move(b), nest);
  const auto nested = [](size_t n) { return std::string(n, '(') + "x" + std::string(n, ')'); };
  EXPECT_TRUE(accepts(program, nested(kMaxFrames)));
  EXPECT_FALSE(accepts(program, nested(kMaxFrames + 1)));
  Automaton automaton(program);
  auto state = automaton.intern(automaton.start());
  for (size_t i = 0; i < kMaxFrames; ++i)
    state = automaton.step(state, '(');
  EXPECT_EQ(automaton.distance(state), kMaxFrames + 1);
  EXPECT_EQ(automaton.step(state, '('), Automaton::kDead);
}

TEST(Program, left_recursion_is_refused_with_the_rule_also_behind_what_may_be_empty) {
  for (int hidden = 0; hidden < 3; ++hidden) {
    ProgramBuilder b = builder();
    const OpId sum = b.declare("sum");
    const OpId empty = b.declare("empty");
    b.define(empty, b.optional(b.byte(' ', kReturn), kReturn));
    const OpId again = b.call(sum, b.byte('+', kReturn));
    OpId first = again;
    if (hidden == 1) first = b.call(empty, again);
    if (hidden == 2) first = b.repeat({b.byte('-', kReturn), 0, 5}, again);
    b.define(sum, b.choice({first, b.byte('1', kReturn)}));
    const auto made = std::move(b).finish(sum, "test");
    ASSERT_FALSE(made.has_value());
    EXPECT_EQ(made.error().code(), ErrorCode::kRefused);
    EXPECT_THAT(made.error().message(), HasSubstr("'sum'"));
    EXPECT_THAT(made.error().message(), HasSubstr("left recursion"));
  }
}

TEST(Program, what_never_ends_is_left_out_and_refused_where_nothing_else_is_there) {
  ProgramBuilder b = builder();
  const OpId endless = b.declare("endless");
  b.define(endless, b.byte('a', b.call(endless, kReturn)));
  const OpId undefined = b.declare();
  const OpId start = b.choice({b.call(endless, kReturn), b.byte('b', kReturn), b.call(undefined, kReturn),
                               b.repeat({b.call(endless, kReturn), 0, 4}, b.byte('c', kReturn))});
  const auto program = finished(b, start);
  EXPECT_TRUE(accepts(program, "b"));
  EXPECT_TRUE(accepts(program, "c"));
  Automaton automaton(program);
  EXPECT_EQ(automaton.step(automaton.intern(automaton.start()), 'a'), Automaton::kDead);
  const auto none = std::move(b).finish(endless, "test");
  ASSERT_FALSE(none.has_value());
  EXPECT_THAT(none.error().message(), HasSubstr("test: no document fits it"));
}

TEST(Program, rounds_of_what_may_be_empty_are_counted_and_end) {
  for (const uint32_t max : {3U, 1'000'000'000U, kUnlimited}) {
    ProgramBuilder b = builder();
    const OpId body = b.optional(b.byte('a', kReturn), kReturn);
    const auto program = finished(b, b.repeat({body, 2, max}, b.byte('.', kReturn)));
    for (size_t n = 0; n < 6; ++n)
      EXPECT_EQ(accepts(program, std::string(n, 'a') + "."), n <= max) << n;
  }
  // A loop of loops of what may be empty.
  ProgramBuilder b = builder();
  const OpId a = b.repeat({b.byte('a', kReturn), 0, kUnlimited}, kReturn);
  const OpId aa = b.repeat({a, 0, kUnlimited}, kReturn);
  const auto program = finished(b, b.repeat({aa, 5, 9}, b.byte('.', kReturn)));
  EXPECT_TRUE(accepts(program, "."));
  EXPECT_TRUE(accepts(program, "aaaaaaaaaaaaaaaaaaaaaaa."));
}

TEST(Program, many_ways_to_nothing_do_not_multiply_the_work) {
  // Each rule is twice the next one, and all may be empty: 2^60 ways to read nothing.
  ProgramBuilder b = builder();
  OpId rule = b.optional(b.byte('a', kReturn), kReturn);
  for (int i = 0; i < 60; ++i) {
    const OpId twice = b.declare();
    b.define(twice, b.call(rule, b.call(rule, kReturn)));
    rule = twice;
  }
  const auto program = finished(b, b.call(rule, b.byte('.', kReturn)));
  Automaton automaton(program);
  auto state = automaton.intern(automaton.start());
  EXPECT_EQ(automaton.distance(state), 1U);
  state = automaton.step(automaton.step(state, 'a'), 'a');
  EXPECT_EQ(automaton.distance(state), 1U);
  EXPECT_TRUE(automaton.is_complete(automaton.step(state, '.')));
}

TEST(Program, a_text_of_a_language_stands_in_json_or_plain) {
  const Language words = Language::from_pattern("^(a\"|é+|\n)?$").value();
  for (const Spelling spelling : {Spelling::kJsonString, Spelling::kPlain}) {
    ProgramBuilder b = builder();
    const auto program = finished(b, b.byte('<', b.language(words, spelling, b.byte('>', kReturn))));
    const bool is_json = spelling == Spelling::kJsonString;
    for (const char* text : {"<>", "<é>", "<ééé>"})
      EXPECT_TRUE(accepts(program, text)) << text;
    for (const char* text : {"<a\\\">", "<\\n>"})
      EXPECT_EQ(accepts(program, text), is_json) << text;
    for (const char* text : {"<a\">", "<\n>"})
      EXPECT_EQ(accepts(program, text), !is_json) << text;
    for (const char* text : {"<a>", "<e>", "<\xC3>", "<", "<\\u00e9>"})
      EXPECT_FALSE(accepts(program, text)) << text;
    Automaton automaton(program);
    const auto begun = automaton.step(automaton.intern(automaton.start()), '<');
    EXPECT_EQ(automaton.distance(begun), 1U);
    EXPECT_EQ(automaton.distance(automaton.step(begun, 0xC3)), 2U);
    EXPECT_EQ(automaton.step(begun, 0xC4), Automaton::kDead);
  }
}

TEST(Program, free_text_goes_on_until_the_first_marker) {
  ProgramBuilder b = builder();
  const OpId call = b.literal("42", kReturn);
  const OpId text = b.free_text({{"<tool>", call}, {"<<", b.literal("!", kReturn)}}, kReturn);
  const auto program = finished(std::move(b), text);
  for (const char* good : {"", "hello", "<tool", "<to<tool>42", "a < b <", "<tool>42", "x<<!", "\xC3", "é\n"})
    EXPECT_TRUE(accepts(program, good)) << good;
  for (const char* bad : {"<tool>", "<tool>4", "<tool>42x", "<tool>41", "a<<", "a<<tool>42", "\xFF"})
    EXPECT_FALSE(accepts(program, bad)) << bad;
  Automaton automaton(program);
  auto state = automaton.intern(automaton.start());
  EXPECT_EQ(automaton.distance(state), 0U);
  for (const char c : std::string("so <tool>"))
    state = automaton.step(state, static_cast<uint8_t>(c));
  EXPECT_EQ(automaton.distance(state), 2U);
}

TEST(Program, free_text_without_another_end_is_steered_to_its_nearest_marker) {
  ProgramBuilder b = builder();
  const OpId text = b.free_text({{"abc", kReturn}, {"abab", b.literal("x", kReturn)}, {"zzzz", b.declare()}}, kNever);
  const auto program = finished(std::move(b), text);
  Automaton automaton(program);
  auto state = automaton.intern(automaton.start());
  EXPECT_EQ(automaton.distance(state), 3U);
  for (const auto& [byte, distance] : std::vector<std::pair<char, uint32_t>>{{'q', 3},
                                                                             {'a', 2},
                                                                             {'b', 1},
                                                                             {'a', 2},
                                                                             {'a', 2},
                                                                             {'b', 1},
                                                                             {'z', 3},
                                                                             {'z', 3},
                                                                             {'z', 3},
                                                                             {'a', 2},
                                                                             {'b', 1},
                                                                             {'c', 0}}) {
    state = automaton.step(state, static_cast<uint8_t>(byte));
    EXPECT_EQ(automaton.distance(state), distance) << byte;
  }
  EXPECT_TRUE(automaton.is_complete(state));
  EXPECT_FALSE(accepts(program, "zzzz"));
  EXPECT_TRUE(accepts(program, "zababx"));
}

TEST(Program, a_control_token_is_one_token_and_nothing_else) {
  const ControlSpellings controls = {"[CALL]"};
  ProgramBuilder b{ByteSet().set().reset(0xFF)};
  b.set_controls(&controls);
  const OpId text = b.free_text({{"\xFF[CALL]", b.literal("1", kReturn)}}, kReturn);
  const OpId must = b.control("[CALL]", b.literal("1", kReturn));
  const auto free = finished(b, text);
  EXPECT_TRUE(accepts(free, "say \xFF[CALL]1"));
  EXPECT_TRUE(accepts(free, "[CALL]"));
  EXPECT_FALSE(accepts(free, "\xFF[CAR]1"));
  EXPECT_FALSE(accepts(free, "\xFF[CA"));
  const auto forced = finished(b, must);
  Automaton automaton(forced);
  EXPECT_EQ(automaton.distance(automaton.intern(automaton.start())), 2U);
}

TEST(Program, a_control_token_that_the_vocabulary_has_not_is_never_said) {
  const ControlSpellings controls = {"[CALL]"};
  ProgramBuilder b{ByteSet().set().reset(0xFF)};
  EXPECT_EQ(b.control("[CALL]", kReturn), ProgramBuilder::kNever);
  b.set_controls(&controls);
  EXPECT_EQ(b.control("[CAL]", kReturn), ProgramBuilder::kNever);
  EXPECT_NE(b.control("[CALL]", kReturn), ProgramBuilder::kNever);
}

/// Random rules over three letters that call each other; a rule begins with a letter, so none is left recursive.
std::optional<std::shared_ptr<const Program>> random_program(std::mt19937_64& random) {
  ProgramBuilder b = builder();
  std::vector<OpId> rules;
  const auto n_rules = 1 + random() % 4;
  for (size_t i = 0; i < n_rules; ++i)
    rules.push_back(b.declare());
  const auto sequence = [&](auto& self, int depth) -> OpId {
    OpId op = kReturn;
    for (auto n = random() % 4; n > 0; --n) {
      switch (random() % (depth > 0 ? 6 : 3)) {
        case 0:
          op = b.call(rules[random() % n_rules], op);
          break;
        case 3:
          op = b.repeat(
              {self(self, depth - 1), static_cast<uint32_t>(random() % 3), 2 + static_cast<uint32_t>(random() % 3)},
              op);
          break;
        case 4:
          op = b.repeat({self(self, depth - 1), static_cast<uint32_t>(random() % 2), kUnlimited}, op);
          break;
        case 5:
          op = b.call(b.choice({self(self, depth - 1), self(self, depth - 1)}), op);
          break;
        default:
          op = b.byte(static_cast<char>('a' + random() % 3), op);
          break;
      }
    }
    return op;
  };
  for (const OpId rule : rules)
    b.define(rule, b.byte(static_cast<char>('a' + random() % 3),
                          b.call(b.choice({sequence(sequence, 2), sequence(sequence, 2)}), kReturn)));
  auto made = std::move(b).finish(rules.front(), "test");
  if (!made) return std::nullopt;
  return std::move(made).value();
}

TEST(Program, from_every_reachable_state_the_distance_can_be_walked_to_an_end) {
  EXPECT_TRUE(rc::check([](uint64_t seed) {
    std::mt19937_64 random(seed);
    const auto program = random_program(random);
    RC_PRE(program.has_value());
    Automaton automaton(*program);
    auto state = automaton.intern(automaton.start());
    for (int i = 0; i < 40; ++i) {
      // Straight to the end from here.
      auto end = state;
      for (uint32_t left = automaton.distance(state); left > 0; --left) {
        RC_ASSERT(automaton.distance(end) == left);
        auto best = Automaton::kDead;
        for (const char c : {'a', 'b', 'c'}) {
          const auto next = automaton.step(end, static_cast<uint8_t>(c));
          if (next != Automaton::kDead && automaton.distance(next) < left) best = next;
        }
        RC_ASSERT(best != Automaton::kDead);
        end = best;
      }
      RC_ASSERT(automaton.accepts(end));
      const auto next = automaton.step(state, static_cast<uint8_t>('a' + random() % 3));
      if (next != Automaton::kDead) state = next;
    }
  }));
}

TEST(Program, the_automaton_that_forgets_arrives_where_the_others_do) {
  EXPECT_TRUE(rc::check([](uint64_t seed) {
    std::mt19937_64 random(seed);
    const auto program = random_program(random);
    RC_PRE(program.has_value());
    Automaton roomy(*program);
    Automaton tight(*program);
    auto a = roomy.intern(roomy.start());
    auto b = tight.intern(tight.start());
    for (int i = 0; i < 25 && a != Automaton::kDead; ++i) {
      const auto byte = static_cast<uint8_t>('a' + random() % 3);
      a = roomy.step(a, byte);
      b = tight.step(b, byte);
      tight.forget({&b, 1});
      RC_ASSERT(roomy.distance(a) == tight.distance(b));
      RC_ASSERT(roomy.accepts(a) == tight.accepts(b));
    }
  }));
}

}  // namespace
}  // namespace ingle::text::grammar
