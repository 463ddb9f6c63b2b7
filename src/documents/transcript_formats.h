// The forms of a transcript, one function each, and what tells them apart. Used by parse_transcript, which has checked
// size and encoding and checks the result; lines may end in LF or CRLF.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "documents/transcript.h"

namespace ingle::documents {

bool looks_like_json(std::string_view text);
bool looks_like_subtitles(std::string_view text);

/// An array of objects, objects a line, or one object with such an array (QMSum's `meeting_transcripts`, Whisper's
/// `segments`). The text is called "content" or "text", the speaker "speaker" or "name".
Result<Transcript> parse_json_transcript(std::string_view text, const TranscriptLimits& limits);
/// A cue is a turn. The speaker is the voice tag's, or stands before a colon.
Result<Transcript> parse_subtitles(std::string_view text, const TranscriptLimits& limits);
/// A line without a speaker continues the turn. A file without any speaker has a turn a paragraph.
Result<Transcript> parse_speaker_lines(std::string_view text, const TranscriptLimits& limits);

/// The "Speaker" of "Speaker: text", without a time before or after it; empty when the line does not begin with one.
/// `rest` is set to what follows the colon.
std::string speaker_of_line(std::string_view line, std::string_view& rest);

/// The next line without its end; `text` loses it.
std::string_view take_line(std::string_view& text);
std::string_view trim(std::string_view text);

}  // namespace ingle::documents
