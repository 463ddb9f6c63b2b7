#include "documents/transcript.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/utf8.h"
#include "documents/transcript_formats.h"

namespace ingle::documents {
namespace {

size_t count_words(std::string_view text) {
  size_t words = 0;
  bool inside = false;
  for (const char c : text) {
    const bool space = static_cast<unsigned char>(c) <= ' ';
    words += !space && !inside;
    inside = !space;
  }
  return words;
}

Status check_size(const Transcript& transcript, const TranscriptLimits& limits) {
  if (transcript.turns.empty()) {
    return std::unexpected(Error::usage("the file holds no turns")
                               .hint("a transcript has lines 'Speaker: text', VTT or SRT cues, or JSON objects with "
                                     "'speaker' and 'content'"));
  }
  if (transcript.turns.size() > limits.max_turns) {
    return std::unexpected(Error::refused(fmt::format("the transcript has {} turns; at most {} are read",
                                                      transcript.turns.size(), limits.max_turns))
                               .hint("split it into several meetings"));
  }
  size_t words = 0;
  for (const Turn& turn : transcript.turns)
    words += count_words(turn.text);
  if (words > limits.max_words) {
    return std::unexpected(
        Error::refused(fmt::format("the transcript has {} words; at most {} are read", words, limits.max_words))
            .hint("split it into several meetings"));
  }
  return {};
}

Result<Transcript> parse_any(std::string_view text, const TranscriptLimits& limits) {
  if (looks_like_json(text)) return parse_json_transcript(text, limits);
  if (text.starts_with("WEBVTT") || looks_like_subtitles(text)) return parse_subtitles(text, limits);
  INGLE_TRY(Transcript transcript, parse_speaker_lines(text, limits));
  const bool anybody = std::ranges::any_of(transcript.turns, [](const Turn& turn) { return !turn.speaker.empty(); });
  if (!transcript.turns.empty() && !anybody) {
    return std::unexpected(
        Error::refused("nobody speaks in this text: no line begins with 'Speaker:'")
            .hint(
                "a transcript has lines 'Speaker: text', VTT or SRT cues, or JSON objects with 'speaker' and 'content'"));
  }
  return transcript;
}

}  // namespace

Result<Transcript> parse_transcript(std::string_view bytes, const TranscriptLimits& limits) {
  if (bytes.size() > limits.max_bytes) {
    return std::unexpected(Error::refused(
        fmt::format("the transcript has {} bytes; at most {} are read", bytes.size(), limits.max_bytes)));
  }
  if (bytes.starts_with("\xff\xfe") || bytes.starts_with("\xfe\xff"))
    return std::unexpected(Error::unsupported("the transcript is UTF-16").hint("save it as UTF-8"));
  if (bytes.starts_with("\xef\xbb\xbf")) bytes.remove_prefix(3);
  if (const size_t nul = bytes.find('\0'); nul != std::string_view::npos) {
    return std::unexpected(Error::unsupported(fmt::format("a zero byte at offset {}: this is no text file", nul))
                               .hint("export the transcript as text, VTT, SRT or JSON"));
  }
  const std::string text = base::to_valid_utf8(bytes);
  INGLE_TRY(Transcript transcript, parse_any(text, limits));
  INGLE_TRY_VOID(check_size(transcript, limits));
  return transcript;
}

}  // namespace ingle::documents
