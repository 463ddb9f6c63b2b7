#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "documents/transcript_formats.h"

namespace ingle::documents {
namespace {

using nlohmann::json;

/// Of brackets outside strings. The parser builds what it reads, so that depth is checked before it runs.
int bracket_depth(std::string_view text) {
  int depth = 0;
  int deepest = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return deepest;
}

const json* member(const json& object, std::string_view first, std::string_view second) {
  if (const auto it = object.find(first); it != object.end()) return &*it;
  if (const auto it = object.find(second); it != object.end()) return &*it;
  return nullptr;
}

Result<Turn> turn_of(const json& value, size_t index) {
  if (!value.is_object()) return std::unexpected(Error::corrupt(fmt::format("turn {} is no JSON object", index)));
  const json* content = member(value, "content", "text");
  if (content == nullptr || !content->is_string())
    return std::unexpected(Error::corrupt(fmt::format("turn {} has no string 'content'", index)));
  const json* speaker = member(value, "speaker", "name");
  if (speaker != nullptr && !speaker->is_string() && !speaker->is_null())
    return std::unexpected(Error::corrupt(fmt::format("'speaker' of turn {} is no string", index)));
  Turn turn;
  if (speaker != nullptr && speaker->is_string()) turn.speaker = trim(speaker->get_ref<const std::string&>());
  turn.text = trim(content->get_ref<const std::string&>());
  return turn;
}

Result<Transcript> from_array(const json& array, const TranscriptLimits& limits) {
  if (array.size() > limits.max_turns) {
    return std::unexpected(Error::refused(
        fmt::format("the transcript has {} turns; at most {} are read", array.size(), limits.max_turns)));
  }
  Transcript transcript;
  for (size_t i = 0; i < array.size(); ++i) {
    INGLE_TRY(Turn turn, turn_of(array[i], i));
    transcript.turns.push_back(std::move(turn));
  }
  return transcript;
}

/// The array of turns that an object with a whole meeting holds.
const json* turns_within(const json& object) {
  static constexpr std::array<std::string_view, 5> kNames = {"meeting_transcripts", "turns", "segments", "utterances",
                                                             "transcript"};
  for (const std::string_view name : kNames) {
    if (const auto it = object.find(name); it != object.end() && it->is_array()) return &*it;
  }
  return nullptr;
}

Result<Transcript> from_lines(std::string_view text, const TranscriptLimits& limits) {
  Transcript transcript;
  size_t n_lines = 0;
  size_t n_meetings = 0;
  while (!text.empty()) {
    const std::string_view line = trim(take_line(text));
    ++n_lines;
    if (line.empty()) continue;
    const json value = json::parse(line, nullptr, false);
    if (value.is_discarded()) return std::unexpected(Error::corrupt(fmt::format("line {} is no JSON", n_lines)));
    if (value.is_object() && turns_within(value) != nullptr) {
      ++n_meetings;
      continue;
    }
    if (transcript.turns.size() >= limits.max_turns) {
      return std::unexpected(Error::refused(fmt::format("the transcript has more than {} turns", limits.max_turns)));
    }
    INGLE_TRY(Turn turn, turn_of(value, transcript.turns.size()));
    transcript.turns.push_back(std::move(turn));
  }
  if (n_meetings > 0) {
    return std::unexpected(Error::usage(fmt::format("the file holds {} meetings, a line each", n_meetings))
                               .hint("give one of them: head -n 1 FILE > meeting.json"));
  }
  return transcript;
}

}  // namespace

bool looks_like_json(std::string_view text) {
  text = trim(text);
  if (text.starts_with('{')) return true;
  if (!text.starts_with('[')) return false;
  const std::string_view rest = trim(text.substr(1));  // "[00:01] Anna: ..." begins with a bracket, too
  return rest.starts_with('{') || rest.starts_with(']') || rest.starts_with('[') || rest.starts_with('"');
}

Result<Transcript> parse_json_transcript(std::string_view text, const TranscriptLimits& limits) {
  if (const int depth = bracket_depth(text); depth > limits.max_json_depth) {
    return std::unexpected(
        Error::refused(fmt::format("the JSON is nested {} deep; at most {}", depth, limits.max_json_depth)));
  }
  const json whole = json::parse(text, nullptr, false);
  if (whole.is_discarded()) {
    std::string_view rest = trim(text);
    const std::string_view first = take_line(rest);
    if (!trim(rest).empty() && !json::parse(first, nullptr, false).is_discarded()) return from_lines(text, limits);
    return std::unexpected(Error::corrupt("the file begins like JSON and is none"));
  }
  if (whole.is_array()) return from_array(whole, limits);
  if (const json* turns = turns_within(whole)) return from_array(*turns, limits);
  INGLE_TRY(Turn turn, turn_of(whole, 0));
  return Transcript{.heading = {}, .turns = {std::move(turn)}};
}

}  // namespace ingle::documents
