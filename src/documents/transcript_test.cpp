#include "documents/transcript.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ingle::documents {
namespace {

using ::testing::HasSubstr;

std::vector<Turn> turns_of(std::string_view text) {
  auto transcript = parse_transcript(text);
  EXPECT_TRUE(transcript.has_value()) << transcript.error().message();
  return transcript ? transcript->turns : std::vector<Turn>();
}

Error error_of(std::string_view text, const TranscriptLimits& limits = {}) {
  auto transcript = parse_transcript(text, limits);
  EXPECT_FALSE(transcript.has_value());
  return transcript ? Error::internal("no error") : transcript.error();
}

TEST(Transcript, lines_with_a_speaker_are_turns_and_other_lines_continue_them) {
  const auto transcript =
      parse_transcript("Weekly meeting\n\nAnna: Hello.\nDr. Hill (Chair): It costs\r\n  900 euros.\n\nAnna: Fine.");
  ASSERT_TRUE(transcript.has_value());
  EXPECT_EQ(transcript->heading, "Weekly meeting");
  EXPECT_EQ(transcript->turns,
            (std::vector<Turn>{{"Anna", "Hello."}, {"Dr. Hill (Chair)", "It costs 900 euros."}, {"Anna", "Fine."}}));
}

TEST(Transcript, a_colon_inside_a_sentence_makes_no_speaker) {
  EXPECT_EQ(turns_of("Anna: Two things\nand then he said: no way\nsee https://example.com: good").size(), 1U);
}

TEST(Transcript, times_beside_a_speaker_are_left_out) {
  EXPECT_EQ(turns_of("[00:01:02] Anna: Hi.\n00:01 Ben: Yes.\nAnna (12:30): No.\n\xef\xbb\xbf"),
            (std::vector<Turn>{{"Anna", "Hi."}, {"Ben", "Yes."}, {"Anna", "No. \xef\xbb\xbf"}}));
}

TEST(Transcript, text_in_which_nobody_speaks_is_refused_with_what_to_do) {
  const Error error = error_of("We met in the hall.\nIt was cold.\n\nThen we left.");
  EXPECT_EQ(error.code(), ErrorCode::kRefused);
  EXPECT_THAT(error.hint(), HasSubstr("Speaker: text"));
}

TEST(Transcript, cues_of_web_subtitles_are_turns_of_their_voice) {
  EXPECT_EQ(turns_of("WEBVTT - title\n\nNOTE nothing\n\n1\n00:00:01.000 --> 00:00:02.000 align:start\n"
                     "<v.loud Anna Berg>It costs <i>900</i> &amp; more\n\n00:03.000 --> 00:04.000\nBen: Why?\n\n"
                     "STYLE\n::cue { color: red }\n\n00:05.000 --> 00:06.000\njust text\nin two lines\n"),
            (std::vector<Turn>{{"Anna Berg", "It costs 900 & more"}, {"Ben", "Why?"}, {"", "just text in two lines"}}));
}

TEST(Transcript, cues_of_srt_files_are_turns) {
  EXPECT_EQ(turns_of("1\r\n00:00:01,000 --> 00:00:02,000\r\n{\\an8}Anna: Hi <b>all</b>\r\n\r\n2\r\n00:00:03,000 --> "
                     "00:00:04,000\r\n- 5 < 6\r\n"),
            (std::vector<Turn>{{"Anna", "Hi all"}, {"", "5 < 6"}}));
}

TEST(Transcript, json_objects_are_turns_in_an_array_a_line_each_or_in_a_meeting) {
  const std::vector<Turn> expected = {{"Anna", "Hi."}, {"", "Yes: \xc3\xa4"}};
  EXPECT_EQ(turns_of(R"([{"speaker":"Anna","content":"Hi."},{"content":"Yes: \u00e4"}])"), expected);
  EXPECT_EQ(
      turns_of("{\"speaker\":\"Anna\",\"content\":\"Hi.\"}\n\n{\"speaker\":null,\"content\":\"Yes: \xc3\xa4\"}\n"),
      expected);
  EXPECT_EQ(turns_of(R"({"id":"x","meeting_transcripts":[{"speaker":"Anna","content":"Hi."},{"content":"Yes: ä"}]})"),
            expected);
  EXPECT_EQ(turns_of(R"({"segments":[{"speaker":"Anna","text":" Hi."},{"text":"Yes: ä"}]})"), expected);
}

TEST(Transcript, a_bracketed_time_is_no_json) {
  EXPECT_EQ(turns_of("[12:30] Anna: Hi."), (std::vector<Turn>{{"Anna", "Hi."}}));
}

TEST(Transcript, a_file_of_several_meetings_is_refused_and_says_what_to_do) {
  const std::string meeting = R"({"meeting_transcripts":[{"speaker":"A","content":"x"}]})";
  const Error error = error_of(meeting + "\n" + meeting + "\n");
  EXPECT_EQ(error.code(), ErrorCode::kUsage);
  EXPECT_THAT(error.message(), HasSubstr("2 meetings"));
}

TEST(Transcript, what_is_no_transcript_is_an_error_that_says_why) {
  EXPECT_EQ(error_of("").code(), ErrorCode::kUsage);
  EXPECT_EQ(error_of(" \n\t\n").code(), ErrorCode::kUsage);
  EXPECT_EQ(error_of("WEBVTT\n\nNOTE only\n").code(), ErrorCode::kCorrupt);
  EXPECT_EQ(error_of(std::string("Anna: a\0b", 9)).code(), ErrorCode::kUnsupported);
  EXPECT_THAT(error_of("\xff\xfe"
                       "A\x01")
                  .message(),
              HasSubstr("UTF-16"));
  EXPECT_EQ(error_of("[{\"speaker\":\"A\"}]").code(), ErrorCode::kCorrupt);
  EXPECT_EQ(error_of("[{\"speaker\":3,\"content\":\"x\"}]").code(), ErrorCode::kCorrupt);
  EXPECT_EQ(error_of("{\"speaker\":\"A\",").code(), ErrorCode::kCorrupt);
  EXPECT_EQ(error_of("[]").code(), ErrorCode::kUsage);
  EXPECT_THAT(error_of("{\"speaker\":\"A\",\"content\":\"x\"}\nnonsense\n").message(), HasSubstr("line 2"));
}

TEST(Transcript, limits_are_errors_that_name_them) {
  TranscriptLimits limits;
  limits.max_turns = 2;
  EXPECT_EQ(error_of("A: x\nB: y\nA: z\n", limits).code(), ErrorCode::kRefused);
  EXPECT_EQ(error_of("[{\"content\":\"a\"},{\"content\":\"b\"},{\"content\":\"c\"}]", limits).code(),
            ErrorCode::kRefused);
  limits = {};
  limits.max_words = 3;
  EXPECT_THAT(error_of("A: one two three four", limits).message(), HasSubstr("4 words"));
  limits = {};
  limits.max_bytes = 10;
  EXPECT_EQ(error_of("A: one two three", limits).code(), ErrorCode::kRefused);
  EXPECT_THAT(error_of(std::string(100'000, '[')).message(), HasSubstr("deep"));
}

TEST(Transcript, bytes_that_are_no_text_become_replacement_characters) {
  EXPECT_EQ(turns_of("Anna: a\xff z"), (std::vector<Turn>{{"Anna", "a\xef\xbf\xbd z"}}));
}

}  // namespace
}  // namespace ingle::documents
