#include <algorithm>
#include <array>

#include "documents/transcript_formats.h"

namespace ingle::documents {
namespace {

constexpr size_t kMaxLabelBytes = 100;
constexpr size_t kMaxLabelWords = 12;
constexpr size_t kMaxLowerCaseLabel = 24;

bool is_space(char c) {
  return static_cast<unsigned char>(c) <= ' ';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}

/// "00:01:02", "1:02.5", "[00:01]", "(12:30)": only digits, colons, points, commas and brackets, and a colon among them.
bool is_time(std::string_view word) {
  bool colon = false;
  bool digit = false;
  for (const char c : word) {
    if (is_digit(c))
      digit = true;
    else if (c == ':')
      colon = true;
    else if (std::string_view("[]().,-").find(c) == std::string_view::npos)
      return false;
  }
  return colon && digit;
}

std::string_view without_times(std::string_view text) {
  text = trim(text);
  while (true) {
    const size_t space = text.find(' ');
    if (!is_time(text.substr(0, space)) || space == std::string_view::npos) break;
    text = trim(text.substr(space));
    if (text.starts_with("- ")) text = trim(text.substr(2));
  }
  while (true) {
    const size_t space = text.rfind(' ');
    if (space == std::string_view::npos || !is_time(text.substr(space + 1))) break;
    text = trim(text.substr(0, space));
  }
  return text;
}

bool is_particle(std::string_view word) {
  static constexpr std::array<std::string_view, 18> kParticles = {
      "of", "the", "and", "for", "to", "in", "van", "von", "zu", "de", "der", "den", "la", "le", "du", "di", "da", "y"};
  return std::ranges::find(kParticles, word) != kParticles.end();
}

/// A name, a role, or "speaker 1": words with capitals, or one short word. A sentence with a colon in it is none.
bool is_label(std::string_view label) {
  if (label.empty() || label.size() > kMaxLabelBytes) return false;
  if (label.find_first_of("?!;\"") != std::string_view::npos) return false;
  if (label.find(' ') == std::string_view::npos) {
    const bool number = std::ranges::all_of(label, [](char c) { return is_digit(c) || c == '.'; });
    return !number && label.size() <= (is_lower(label[0]) ? kMaxLowerCaseLabel : kMaxLabelBytes);
  }
  const bool diarized = label.starts_with("speaker ") || label.starts_with("sprecher ");
  size_t n_words = 0;
  int depth = 0;
  for (std::string_view rest = label; !rest.empty();) {
    const size_t space = rest.find(' ');
    const std::string_view word = rest.substr(0, space);
    rest = space == std::string_view::npos ? "" : trim(rest.substr(space));
    const bool in_brackets = depth > 0 || word.starts_with('(') || word.starts_with('[');
    depth += static_cast<int>(std::ranges::count(word, '(')) - static_cast<int>(std::ranges::count(word, ')'));
    if (++n_words > kMaxLabelWords) return false;
    if (!in_brackets && !diarized && is_lower(word[0]) && !is_particle(word)) return false;
  }
  return true;
}

}  // namespace

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_space(text.back()))
    text.remove_suffix(1);
  return text;
}

std::string_view take_line(std::string_view& text) {
  const size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string speaker_of_line(std::string_view line, std::string_view& rest) {
  line = trim(line);
  for (size_t colon = line.find(':'); colon != std::string_view::npos && colon <= kMaxLabelBytes + 20;
       colon = line.find(':', colon + 1)) {
    if (colon + 1 < line.size() && !is_space(line[colon + 1])) continue;  // a time, an address
    std::string_view label = without_times(line.substr(0, colon));
    if (label.size() > 4 && label.starts_with("**") && label.ends_with("**")) label = label.substr(2, label.size() - 4);
    if (!is_label(label) || is_time(label)) return {};
    rest = trim(line.substr(colon + 1));
    return std::string(label);
  }
  return {};
}

Result<Transcript> parse_speaker_lines(std::string_view text, const TranscriptLimits& limits) {
  Transcript transcript;
  std::vector<Turn> paragraphs;
  bool paragraph_open = false;
  while (!text.empty() && transcript.turns.size() <= limits.max_turns && paragraphs.size() <= limits.max_turns) {
    const std::string_view line = trim(take_line(text));
    if (line.empty()) {
      paragraph_open = false;
      continue;
    }
    std::string_view rest;
    if (std::string speaker = speaker_of_line(line, rest); !speaker.empty()) {
      transcript.turns.push_back({std::move(speaker), std::string(rest)});
      continue;
    }
    if (!transcript.turns.empty()) {
      std::string& turn = transcript.turns.back().text;
      if (!turn.empty()) turn += ' ';
      turn += line;
      continue;
    }
    if (!transcript.heading.empty()) transcript.heading += '\n';
    transcript.heading += line;
    if (!paragraph_open) paragraphs.emplace_back();
    paragraph_open = true;
    if (!paragraphs.back().text.empty()) paragraphs.back().text += ' ';
    paragraphs.back().text += line;
  }
  if (transcript.turns.empty()) {
    transcript.heading.clear();
    transcript.turns = std::move(paragraphs);
  }
  return transcript;
}

}  // namespace ingle::documents
