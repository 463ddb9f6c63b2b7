#include <gtest/gtest.h>

#include "text/thinking/format.h"
#include "text/thinking/splitter.h"

namespace ingle::text::thinking {
namespace {

const Format& kThink = formats().front();

struct Split {
  std::string thinking;
  std::string answer;
};

/// The text in pieces of `size` bytes.
Split split(Start start, std::string_view text, size_t size) {
  Splitter splitter(kThink, start);
  Split all;
  const auto add = [&](const Splitter::Piece& piece) {
    all.thinking += piece.thinking;
    all.answer += piece.answer;
  };
  for (size_t at = 0; at < text.size(); at += size)
    add(splitter.push(text.substr(at, size)));
  add(splitter.finish());
  return all;
}

TEST(Thinking, is_told_from_the_answer_however_the_text_is_cut) {
  for (size_t size = 1; size < 40; ++size) {
    const Split own = split(Start::kMayThink, "<think>\nSo < 5 </thin>?\n</think>\n\nIt is 4.\n", size);
    EXPECT_EQ(own.thinking, "So < 5 </thin>?") << size;
    EXPECT_EQ(own.answer, "It is 4.\n") << size;
    const Split opened = split(Start::kThinks, "\nhm \n\n</think> 4", size);
    EXPECT_EQ(opened.thinking, "hm") << size;
    EXPECT_EQ(opened.answer, "4") << size;
  }
}

TEST(Thinking, an_answer_that_does_not_begin_with_the_mark_has_none) {
  for (size_t size = 1; size < 20; ++size) {
    EXPECT_EQ(split(Start::kMayThink, " <thing> <think>x</think>", size).answer, " <thing> <think>x</think>");
    EXPECT_EQ(split(Start::kAnswers, "<think>x", size).answer, "<think>x");
    EXPECT_EQ(split(Start::kMayThink, "<thin", size).answer, "<thin");
    EXPECT_EQ(split(Start::kMayThink, "", size).answer, "");
  }
}

TEST(Thinking, that_is_cut_off_keeps_all_its_words) {
  for (size_t size = 1; size < 20; ++size) {
    EXPECT_EQ(split(Start::kThinks, "one </thi", size).thinking, "one </thi");
    EXPECT_EQ(split(Start::kMayThink, "<think>one", size).thinking, "one");
    EXPECT_EQ(split(Start::kThinks, "one</think>\n", size).answer, "");
  }
}

TEST(Thinking, an_empty_one_is_none) {
  const Split empty = split(Start::kMayThink, "<think>\n\n</think>\n\nyes", 3);
  EXPECT_EQ(empty.thinking, "");
  EXPECT_EQ(empty.answer, "yes");
}

TEST(Thinking, the_template_says_how_it_is_marked) {
  const auto name = [](std::string_view source) {
    const Format* format = format_of(source);
    return format == nullptr ? std::string_view("none") : format->name;
  };
  EXPECT_EQ(name("{% if enable_thinking is defined and not enable_thinking %}<think>\n\n</think>\n\n{% endif %}"),
            "think");
  EXPECT_EQ(name("{% if thinking %}Respond in <think> and <response>{% endif %}"), "think-granite");
  EXPECT_EQ(name("{% if add_generation_prompt %}<|assistant|><think>\n{% endif %}"), "think-always");
  EXPECT_EQ(name("[THINK]{{ m.thinking }}[/THINK]"), "mistral");
  EXPECT_EQ(name("{% set content = content.split('</think>')[-1] %}"), "none");
  EXPECT_EQ(name("{{ messages }}"), "none");
}

TEST(Thinking, the_end_of_the_prompt_says_where_the_answer_begins) {
  EXPECT_EQ(start_of(kThink, "<|im_start|>assistant\n<think>\n"), Start::kThinks);
  EXPECT_EQ(start_of(kThink, "assistant\n<think>\n\n</think>\n\n"), Start::kAnswers);
  EXPECT_EQ(start_of(kThink, "assistant\n"), Start::kMayThink);
  EXPECT_EQ(ending_without_thinking(kThink, Start::kThinks, true), "\n</think>\n\n");
  EXPECT_EQ(ending_without_thinking(kThink, Start::kMayThink, false), "<think>\n\n</think>\n\n");
  EXPECT_EQ(ending_without_thinking(kThink, Start::kMayThink, true), "");
  EXPECT_EQ(ending_without_thinking(kThink, Start::kAnswers, true), "");
}

}  // namespace
}  // namespace ingle::text::thinking
