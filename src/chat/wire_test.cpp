#include "chat/wire.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace ingle::chat {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();

CompleteRequest full_request() {
  CompleteRequest request;
  request.id = "id-1";
  ChatPrompt prompt;
  prompt.messages = {{"user", Private("what is\0this\xFF"), {}, "", "bob"},
                     {"assistant", Private(""), {{"c", "f", Private("{}")}}, "", "", Private("hm")}};
  prompt.tools_json = Private("[]");
  prompt.tool_choice = {.mode = ToolChoice::Mode::kNamed, .name = "f", .parallel = false};
  prompt.add_generation_prompt = false;
  prompt.now_unix = -1;
  prompt.think = false;
  prompt.effort = "low";
  prompt.chat_template = "{{ messages }}";
  prompt.brings_template = true;
  prompt.before = {3, 4};
  request.prompt = prompt;
  request.sampling.temperature = 0.1F;
  request.sampling.logit_bias = {{7, -kInf}, {8, 0.5F}};
  request.sampling.seed = ~uint64_t{0};
  request.sampling.mirostat = true;
  request.max_tokens = 12;
  request.max_thinking_tokens = 3;
  request.return_tokens = true;
  request.stop = {"a", "", "\xE2\x82"};
  request.logprobs = 5;
  request.ignore_eos = true;
  request.json_schema = "{}";
  request.check_schema = true;
  request.grammar = "g";
  request.copy_sources = {{"page", Private("Invoice 7")}};
  request.continue_from = "sequence-1";
  request.client = "token-1";
  request.priority = Priority::kBackground;
  return request;
}

std::vector<Event> all_events() {
  Delta delta{"text",
              {{{1, "\xFF", -0.5F}, {{1, "\xFF", -0.5F}, {2, "", -kInf}}}},
              "te\xFF",
              {{1, "call_1", "f", "{"}, {1, "", "", "}"}},
              "hm"};
  Finished finished{FinishReason::kToolCalls, "stop", {1, 2, 3, 4, 5, 0.125, 0.25, 1e300, 6}, "", true, {5, 6}};
  return {Prefill{1, 2}, delta, finished, Failed{Error::corrupt("bad").hint("pull again")}};
}

TEST(Wire, a_request_arrives_as_it_was_sent) {
  const CompleteRequest sent = full_request();
  const auto received = decode<CompleteRequest>(encode(sent));
  ASSERT_TRUE(received.has_value());
  EXPECT_EQ(encode(*received), encode(sent));
  EXPECT_EQ(std::get<ChatPrompt>(received->prompt).messages, std::get<ChatPrompt>(sent.prompt).messages);
  EXPECT_EQ(received->sampling.logit_bias, sent.sampling.logit_bias);
  EXPECT_EQ(received->stop, sent.stop);
  EXPECT_EQ(received->continue_from, "sequence-1");
  EXPECT_EQ(received->client, "token-1");
  EXPECT_EQ(received->priority, Priority::kBackground);
  EXPECT_TRUE(received->ignore_eos);
  EXPECT_TRUE(received->check_schema);
  EXPECT_EQ(std::get<ChatPrompt>(received->prompt).tool_choice, std::get<ChatPrompt>(sent.prompt).tool_choice);
  EXPECT_EQ(std::get<ChatPrompt>(received->prompt).think, std::optional(false));
  EXPECT_EQ(std::get<ChatPrompt>(received->prompt).effort, "low");
  EXPECT_EQ(received->max_thinking_tokens, 3);
  EXPECT_TRUE(received->return_tokens);
  EXPECT_EQ(std::get<ChatPrompt>(received->prompt).chat_template, "{{ messages }}");
  EXPECT_TRUE(std::get<ChatPrompt>(received->prompt).brings_template);
  EXPECT_EQ(std::get<ChatPrompt>(received->prompt).before, (std::vector<int32_t>{3, 4}));
}

TEST(Wire, every_form_of_prompt_and_event_arrives) {
  CompleteRequest request;
  request.prompt = TokenPrompt{{1, -2, 3}};
  EXPECT_EQ(std::get<TokenPrompt>(decode<CompleteRequest>(encode(request))->prompt).tokens, (std::vector{1, -2, 3}));
  request.prompt = RawPrompt{Private("raw")};
  EXPECT_EQ(std::get<RawPrompt>(decode<CompleteRequest>(encode(request))->prompt).text.reveal(), "raw");
  for (const Event& event : all_events()) {
    const auto received = decode<Event>(encode(event));
    ASSERT_TRUE(received.has_value());
    EXPECT_EQ(received->index(), event.index());
    EXPECT_EQ(encode(*received), encode(event));
  }
  EXPECT_EQ(std::get<Delta>(*decode<Event>(encode(all_events()[1]))).bytes, "te\xFF");
  EXPECT_EQ(std::get<Delta>(*decode<Event>(encode(all_events()[1]))).tool_calls,
            std::get<Delta>(all_events()[1]).tool_calls);
  EXPECT_EQ(std::get<Failed>(*decode<Event>(encode(all_events()[3]))).error, Error::corrupt("bad").hint("pull again"));
}

TEST(Wire, the_other_types_arrive) {
  Description description;
  description.name = "m";
  description.parameters = 1ULL << 40;
  description.bos = -1;
  description.generates = false;
  description.pooling = Pooling::kRank;
  description.max_embed_tokens = 512;
  description.infill.middle = 9;
  description.memory = {.weights = 1, .cache = 2, .work = 3, .wanted_context = 4};
  const auto described = decode<Description>(encode(description));
  ASSERT_TRUE(described.has_value());
  EXPECT_EQ(encode(*described), encode(description));
  EXPECT_FALSE(described->generates);
  EXPECT_EQ(described->pooling, Pooling::kRank);
  EXPECT_EQ(described->max_embed_tokens, 512U);
  EXPECT_EQ(described->infill, description.infill);
  EXPECT_EQ(described->memory, description.memory);
  EXPECT_EQ(decode<Stats>(encode(Stats{.waiting = 3, .rows = 1ULL << 40}))->rows, 1ULL << 40);
  EXPECT_EQ(decode<ScoreRequest>(encode(ScoreRequest{{1, 2}, 1}))->tokens, (std::vector{1, 2}));
  EXPECT_EQ(decode<EmbedTokens>(encode(EmbedTokens{{4}, 2})), (EmbedTokens{{4}, 2}));
  const EmbedRequest embed{.id = "e",
                           .inputs = {EmbedTokens{{4, 5}, 1}, EmbedText{Private("a"), Private("b")}, EmbedTokens{}},
                           .cut = true,
                           .client = "c"};
  const auto embeds = decode<EmbedRequest>(encode(embed));
  ASSERT_TRUE(embeds.has_value());
  EXPECT_EQ(encode(*embeds), encode(embed));
  EXPECT_EQ(std::get<EmbedTokens>(embeds->inputs.at(0)), (EmbedTokens{{4, 5}, 1}));
  EXPECT_EQ(std::get<EmbedText>(embeds->inputs.at(1)).second, Private("b"));
  EXPECT_TRUE(embeds->cut);
  EXPECT_EQ(decode<TokenizeRequest>(encode(TokenizeRequest{Private("t"), true, false}))->text.reveal(), "t");
  EXPECT_FALSE(decode<TokenizeRequest>(encode(TokenizeRequest{}))->second.has_value());
  EXPECT_EQ(decode<TokenizeRequest>(encode(TokenizeRequest{.text = {}, .second = Private("b")}))->second, Private("b"));
  EXPECT_TRUE(decode<ChatPrompt>(encode(ChatPrompt{})).has_value());
}

TEST(Wire, a_message_cut_anywhere_is_refused) {
  const std::string whole = encode(full_request());
  for (size_t n = 0; n < whole.size(); ++n) {
    const auto received = decode<CompleteRequest>(std::string_view(whole).substr(0, n));
    ASSERT_FALSE(received.has_value()) << n;
    EXPECT_EQ(received.error().code(), ErrorCode::kCorrupt);
  }
  EXPECT_FALSE(decode<CompleteRequest>(whole + '\0').has_value());
}

TEST(Wire, a_changed_byte_is_refused_or_gives_another_valid_message) {
  const std::string whole = encode(full_request());
  for (size_t i = 0; i < whole.size(); ++i) {
    for (const char change : {'\x01', '\x7F', '\xFF'}) {
      std::string changed = whole;
      changed[i] = static_cast<char>(changed[i] ^ change);
      const auto received = decode<CompleteRequest>(changed);
      if (received) {
        EXPECT_EQ(encode(*received), changed);
      }
    }
  }
}

TEST(Wire, a_message_of_another_kind_or_version_is_refused) {
  EXPECT_FALSE(decode<ScoreRequest>(encode(EmbedTokens{{4}})).has_value());
  std::string other = encode(EmbedTokens{{4}});
  other[0] = 2;
  EXPECT_FALSE(decode<EmbedTokens>(other).has_value());
}

TEST(Wire, a_count_beyond_the_message_allocates_nothing) {
  std::string lie = encode(EmbedTokens{{}});
  lie.replace(2, 4, "\xFF\xFF\xFF\xFF");
  EXPECT_FALSE(decode<EmbedTokens>(lie).has_value());
}

}  // namespace
}  // namespace ingle::chat
