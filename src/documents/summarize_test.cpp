#include "documents/summarize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "documents/summarize_outcomes.h"
#include "documents/summarize_windows.h"
#include "documents/testing/scripted_completer.h"
#include "documents/transcript_words.h"

namespace ingle::documents {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ScriptedCompleter;

Transcript meeting() {
  return {
      .heading = {},
      .turns = {{"Anna", "Okay, the heater in the hall. It broke again last night."},
                {"Ben", "I called the plumber. A new heater costs 900 euros, plus 120 for taking the old one away."},
                {"Carl", "The old one is from 1998, I would not repair it. Spare parts are hard to find."},
                {"Anna", "Agreed then, we buy a new heater. Ben, can you order it by Friday?"},
                {"Ben", "Yes, I will order the heater tomorrow and send the invoice to Carl."},
                {"Carl", "Do we know whether the insurance pays for the water damage?"},
                {"Anna", "No, I don't know."}}};
}

/// Answers notes with `note` and everything else with nothing that could be used.
ScriptedCompleter::Answer always(std::string note) {
  return [note = std::move(note)](const chat::CompleteRequest& request) {
    const bool is_note = request.json_schema.find("topic") != std::string::npos;
    return is_note ? nlohmann::json{{"summary", note}, {"topic", "New heater"}}.dump() : std::string("{}");
  };
}

TEST(Summarize, keeps_what_the_turns_say_and_cites_them) {
  ScriptedCompleter model(always("Ben said that a new heater costs 900 euros."));
  const auto summary = summarize(meeting(), {}, model, {}, {});
  ASSERT_TRUE(summary.has_value()) << summary.error().message();
  ASSERT_FALSE(summary->summary.empty());
  EXPECT_EQ(summary->summary[0].text, "Ben said that a new heater costs 900 euros.");
  EXPECT_THAT(summary->summary[0].cites, ElementsAre(1));
  ASSERT_FALSE(summary->topics.empty());
}

TEST(Summarize, asks_once_more_and_then_quotes_where_the_model_invents) {
  ScriptedCompleter model(always("Ben said that a new heater costs 5000 euros."));
  const auto summary = summarize(meeting(), {}, model, {}, {});
  ASSERT_TRUE(summary.has_value()) << summary.error().message();
  ASSERT_FALSE(summary->summary.empty());
  for (const SummaryPoint& point : summary->summary) {
    EXPECT_TRUE(point.quotation);
    EXPECT_THAT(point.text, Not(HasSubstr("5000")));
  }
  EXPECT_EQ(summary->rejected, 2 * summary->windows);
}

TEST(Summarize, survives_a_model_that_answers_with_anything) {
  for (const char* answer :
       {"", "{", "null", "[1]", "{\"summary\":3}", "{\"summary\":\"\xff\xff\"}", "{\"sentence\":{}}"}) {
    ScriptedCompleter model([&](const chat::CompleteRequest&) { return std::string(answer); });
    const auto summary = summarize(meeting(), {}, model, {}, {});
    ASSERT_TRUE(summary.has_value()) << answer;
    EXPECT_TRUE(nlohmann::json::parse(summary_json(*summary, "f"), nullptr, false).is_object());
  }
}

TEST(Summarize, finds_decisions_actions_with_owner_and_date_and_open_questions) {
  ScriptedCompleter model(always(""));
  const auto summary = summarize(meeting(), {.model = {}, .style = SummaryStyle::kActions, .query = {}}, model, {}, {});
  ASSERT_TRUE(summary.has_value());
  EXPECT_TRUE(summary->summary.empty());
  ASSERT_EQ(summary->decisions.size(), 1U);
  EXPECT_THAT(summary->decisions[0].cites, ElementsAre(3));
  ASSERT_FALSE(summary->actions.empty());
  const SummaryAction& order = summary->actions.back();
  EXPECT_EQ(order.point.text, "Ben will order the heater tomorrow and send the invoice to Carl.");
  EXPECT_EQ(order.owner, "Ben");
  EXPECT_EQ(order.due, "tomorrow");
  ASSERT_EQ(summary->questions.size(), 1U);
  EXPECT_THAT(summary->questions[0].cites, ElementsAre(5));
}

TEST(Summarize, writes_the_json_of_the_contract) {
  ScriptedCompleter model(always("Ben said that a new heater costs 900 euros."));
  const auto summary = summarize(meeting(), {}, model, {}, {});
  ASSERT_TRUE(summary.has_value());
  const auto json = nlohmann::ordered_json::parse(summary_json(*summary, "m.txt"));
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items())
    keys.push_back(key);
  EXPECT_THAT(keys, ElementsAre("file", "topics", "summary", "decisions", "actions", "questions"));
  EXPECT_TRUE(json["actions"][0].contains("due"));
  EXPECT_EQ(json["summary"][0]["cites"][0], 1);
}

TEST(Summarize, asks_only_the_parts_that_speak_of_the_query) {
  Transcript transcript;
  for (int i = 0; i < 200; ++i)
    transcript.turns.push_back(
        {"Anna", i == 120 ? "The insurance pays for the water damage of the garage roof."
                          : "Flowers and trees of the garden grow well in this season " + std::to_string(i)});
  size_t asked_elsewhere = 0;
  ScriptedCompleter model([&](const chat::CompleteRequest& request) {
    const std::string text = ScriptedCompleter::user_text(request);
    asked_elsewhere += text.find("insurance pays") == std::string::npos;
    return std::string(R"({"summary":"Anna said that the insurance pays for the water damage.","topic":"Insurance"})");
  });
  const auto summary = summarize(transcript, {.model = {}, .style = {}, .query = "insurance"}, model, {}, {});
  ASSERT_TRUE(summary.has_value());
  EXPECT_EQ(asked_elsewhere, 0U);
  ASSERT_EQ(summary->summary.size(), 1U);
  EXPECT_THAT(summary->summary[0].cites, ElementsAre(120));
}

TEST(Summarize, of_what_nobody_speaks_of_says_nothing_and_leaves_out_what_was_not_asked) {
  ScriptedCompleter model(always("Ben said that a new heater costs 900 euros."));
  const auto nothing = summarize(meeting(), {.model = {}, .style = {}, .query = "the capital of Peru"}, model, {}, {});
  ASSERT_TRUE(nothing.has_value()) << nothing.error().message();
  EXPECT_TRUE(nothing->topics.empty() && nothing->summary.empty() && nothing->decisions.empty() &&
              nothing->actions.empty() && nothing->questions.empty());
  EXPECT_EQ(model.requests(), 0U);
  // "plan" alone is a word of any report; beside no other word of the query it is what is asked for.
  Transcript plan = meeting();
  plan.turns.push_back({"Ben", "For pricing, we decided last week on 19 euros a month for the team plan."});
  const auto price =
      summarize(plan, {.model = {}, .style = {}, .query = "What is the fee of the team plan?"}, model, {}, {});
  ASSERT_TRUE(price.has_value());
  ASSERT_EQ(price->decisions.size(), 1U);
  EXPECT_THAT(price->decisions[0].cites, ElementsAre(7));
  const auto damage = summarize(meeting(), {.model = {}, .style = {}, .query = "water damage"}, model, {}, {});
  ASSERT_TRUE(damage.has_value());
  EXPECT_TRUE(damage->decisions.empty());
  EXPECT_TRUE(damage->actions.empty());
  EXPECT_EQ(damage->questions.size(), 1U);
}

TEST(Summarize, a_topic_is_a_phrase_of_the_model_and_never_a_list_of_words) {
  for (const char* topic : {"Heater, plumber, euros", "Quarterly budget"}) {
    ScriptedCompleter model([&](const chat::CompleteRequest&) {
      return nlohmann::json{{"summary", "Ben said that a new heater costs 900 euros."}, {"topic", topic}}.dump();
    });
    const auto summary = summarize(meeting(), {}, model, {}, {});
    ASSERT_TRUE(summary.has_value());
    EXPECT_FALSE(summary->summary.empty());
    EXPECT_TRUE(summary->topics.empty()) << topic;
  }
}

TEST(Summarize, a_proposal_that_somebody_agrees_to_is_a_decision) {
  ScriptedCompleter model(always(""));
  const auto decided = [&](const char* proposal, const char* reply) {
    const Transcript transcript{.heading = {},
                                .turns = {{"Anna", "The text of the page is ready since yesterday."},
                                          {"Anna", proposal},
                                          {"Ben", reply},
                                          {"Carl", "And the lamp in the hall is broken again."}}};
    const auto summary = summarize(transcript, {}, model, {}, {});
    return summary && summary->decisions.size() == 1 && summary->decisions[0].cites == std::vector<uint32_t>{1};
  };
  EXPECT_TRUE(decided("Then we launch the new page on 2 December. Agreed?", "Agreed."));
  EXPECT_TRUE(decided("I propose eight o'clock from next Monday for the library.", "Agreed, thanks."));
  EXPECT_FALSE(decided("Then we launch the new page on 2 December. Agreed?", "Hm, let me think about that."));
  EXPECT_FALSE(decided("The new page has three large pictures.", "Agreed."));
}

TEST(Summarize, words_an_outcome_by_what_was_said_before_it) {
  bool asked = false;
  ScriptedCompleter model([&](const chat::CompleteRequest& request) {
    const std::string text = ScriptedCompleter::user_text(request);
    if (request.json_schema.find("topic") == std::string::npos && text.find("Ben will") != std::string::npos) {
      asked = true;
      EXPECT_THAT(text, HasSubstr("can you order it by Friday"));
      EXPECT_THAT(text, Not(HasSubstr("water damage")));
    }
    return std::string("{}");
  });
  ASSERT_TRUE(summarize(meeting(), {}, model, {}, {}).has_value());
  EXPECT_TRUE(asked);
}

TEST(Summarize, stops_when_it_is_asked_to) {
  std::stop_source source;
  ScriptedCompleter model([&](const chat::CompleteRequest&) {
    source.request_stop();
    return std::string("{}");
  });
  const auto summary = summarize(meeting(), {}, model, {}, source.get_token());
  ASSERT_FALSE(summary.has_value());
  EXPECT_EQ(summary.error().code(), ErrorCode::kCancelled);
  EXPECT_EQ(model.requests(), 1U);
}

TEST(Summarize, says_how_far_it_is) {
  ScriptedCompleter model(always("Ben said that a new heater costs 900 euros."));
  std::vector<std::pair<uint32_t, uint32_t>> steps;
  const auto note = [&](uint32_t done, uint32_t total) { steps.emplace_back(done, total); };
  ASSERT_TRUE(summarize(meeting(), {}, model, note, {}).has_value());
  ASSERT_FALSE(steps.empty());
  EXPECT_EQ(steps.front().first, 0U);
  EXPECT_EQ(steps.back().first, steps.back().second);
}

TEST(Summarize, refuses_what_cannot_be_summarized) {
  ScriptedCompleter model(always(""));
  EXPECT_EQ(
      summarize({.heading = {}, .turns = {{"Anna", "Yeah."}, {"Ben", "Mm-hmm."}}}, {}, model, {}, {}).error().code(),
      ErrorCode::kRefused);
  EXPECT_EQ(model.requests(), 0U);
  model.context_limit = 512;
  EXPECT_EQ(summarize(meeting(), {}, model, {}, {}).error().code(), ErrorCode::kRefused);
}

TEST(Windows, hold_all_that_was_said_in_order_and_never_too_much) {
  Transcript transcript;
  std::string lecture;
  for (int i = 0; i < 3000; ++i)
    lecture += "word" + std::to_string(i) + (i % 20 == 19 ? ". " : " ");
  transcript.turns = {
      {"Anna", "Let us begin with the long lecture."}, {"Ben", lecture}, {"Carl", std::string(20'000, 'x')}};
  constexpr size_t kLimit = 800;
  std::string shown;
  for (const Window& window : cut_windows(transcript, kLimit)) {
    size_t cost = 0;
    for (const Passage& passage : window.passages) {
      cost += estimate_tokens(passage.text);
      shown += passage.text + " ";
    }
    EXPECT_LE(cost, kLimit);
  }
  for (const int i : {0, 1, 19, 20, 1500, 2999})
    EXPECT_THAT(shown, HasSubstr("word" + std::to_string(i)));
}

TEST(DueDates, are_copied_from_the_sentence) {
  EXPECT_EQ(due_of("Send it by the end of next week, please."), "by the end of next week");
  EXPECT_EQ(due_of("I will do it on 2026-05-01."), "2026-05-01");
  EXPECT_EQ(due_of("Can you finish before 3 June?"), "before 3 June");
  EXPECT_EQ(due_of("Ich schicke es bis Freitag."), "bis Freitag");
  EXPECT_EQ(due_of("We stand by the decision."), std::nullopt);
}

}  // namespace
}  // namespace ingle::documents
