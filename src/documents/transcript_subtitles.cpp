#include <array>
#include <utility>

#include "documents/transcript_formats.h"

namespace ingle::documents {
namespace {

constexpr std::string_view kArrow = "-->";

void append_unescaped(std::string& out, std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kEntities = {{{"&amp;", "&"},
                                                                                              {"&lt;", "<"},
                                                                                              {"&gt;", ">"},
                                                                                              {"&nbsp;", " "},
                                                                                              {"&quot;", "\""},
                                                                                              {"&apos;", "'"},
                                                                                              {"&#39;", "'"},
                                                                                              {"&lrm;", ""},
                                                                                              {"&rlm;", ""}}};
  while (!text.empty()) {
    bool found = false;
    if (text.front() == '&') {
      for (const auto& [entity, meaning] : kEntities) {
        if (!text.starts_with(entity)) continue;
        out += meaning;
        text.remove_prefix(entity.size());
        found = true;
        break;
      }
    }
    if (found) continue;
    out += text.front();
    text.remove_prefix(1);
  }
}

/// Text without <tags> and {\settings}; the first voice tag's annotation is the speaker.
std::string plain_text(std::string_view payload, std::string& speaker) {
  std::string out;
  while (!payload.empty()) {
    const size_t open = payload.find_first_of("<{");
    append_unescaped(out, payload.substr(0, open));
    if (open == std::string_view::npos) break;
    payload.remove_prefix(open);
    const bool tag = payload.front() == '<';
    const size_t close = payload.find(tag ? '>' : '}');
    const bool is_setting = !tag && payload.starts_with("{\\");
    if (close == std::string_view::npos || (!tag && !is_setting)) {
      out += payload.front();
      payload.remove_prefix(1);
      continue;
    }
    const std::string_view name = payload.substr(1, close - 1);
    if (tag && speaker.empty() && (name.starts_with("v ") || name.starts_with("v."))) {
      if (const size_t space = name.find(' '); space != std::string_view::npos)
        append_unescaped(speaker, trim(name.substr(space)));
    }
    payload.remove_prefix(close + 1);
  }
  return out;
}

Turn turn_of_cue(std::string_view payload) {
  Turn turn;
  std::string text = plain_text(payload, turn.speaker);
  std::string_view trimmed = trim(text);
  if (trimmed.starts_with("- ")) trimmed = trim(trimmed.substr(2));
  if (turn.speaker.empty()) {
    std::string_view rest;
    if (std::string speaker = speaker_of_line(trimmed, rest); !speaker.empty()) {
      turn.speaker = std::move(speaker);
      trimmed = rest;
    }
  }
  turn.text = trimmed;
  return turn;
}

}  // namespace

bool looks_like_subtitles(std::string_view text) {
  for (int line = 0; line < 4 && !text.empty();) {
    const std::string_view current = trim(take_line(text));
    if (current.empty()) continue;
    if (current.find(kArrow) != std::string_view::npos) return true;
    ++line;
  }
  return false;
}

Result<Transcript> parse_subtitles(std::string_view text, const TranscriptLimits& limits) {
  Transcript transcript;
  while (!text.empty() && transcript.turns.size() <= limits.max_turns) {
    // A block ends at an empty line. Whatever stands before its timing (a number, a name) is no text; a block without
    // timing is a header, a note or a style.
    bool timed = false;
    std::string payload;
    while (!text.empty()) {
      const std::string_view line = take_line(text);
      if (trim(line).empty()) break;
      if (!timed && line.find(kArrow) != std::string_view::npos) {
        timed = true;
        continue;
      }
      if (!timed) continue;
      if (!payload.empty()) payload += ' ';
      payload += trim(line);
    }
    if (timed) transcript.turns.push_back(turn_of_cue(payload));
  }
  if (transcript.turns.empty())
    return std::unexpected(Error::corrupt("the subtitle file holds no cue").hint("a cue has a line 'start --> end'"));
  return transcript;
}

}  // namespace ingle::documents
