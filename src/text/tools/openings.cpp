#include "text/tools/openings.h"

#include <algorithm>

namespace ingle::text::tools {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

}  // namespace

Openings::Openings(const Syntax& syntax, std::span<const std::string> names, bool only_sure) {
  names_.push_back({});
  for (size_t i = 0; i < names.size(); ++i)
    add_name(names[i], static_cast<int32_t>(i));
  for (uint32_t i = 0; i < syntax.wrappings.size(); ++i) {
    if (i == 0 || syntax.wrappings[i].sure || !only_sure) add_pattern(syntax, i);
  }
  alphabet_ = " \n\t\r";
  alphabet_ += kControlByte;
  for (const Pattern& pattern : patterns_) {
    for (const Element& element : pattern.elements) {
      if (element.kind == Element::Kind::kByte) alphabet_ += element.byte;
    }
  }
  for (const NameNode& node : names_)
    alphabet_ += node.byte;
  std::ranges::sort(alphabet_);
  alphabet_.erase(std::unique(alphabet_.begin(), alphabet_.end()), alphabet_.end());
}

void Openings::add_pattern(const Syntax& syntax, uint32_t wrapping) {
  const Wrapping& form = syntax.wrappings[wrapping];
  Pattern pattern{.wrapping = wrapping,
                  .line_start = !form.sure,
                  .rank = 2 * form.open.size() + (form.list ? 1 : 0),
                  .elements = {}};
  const auto add = [&](char c) { pattern.elements.push_back({Element::Kind::kByte, c}); };
  const auto add_space = [&] { pattern.elements.push_back({Element::Kind::kSpace}); };
  for (const char c : form.open)
    add(c);
  if (!form.sure) {
    add_space();
    if (form.list) {
      add('[');
      add_space();
    }
    for (const char c : syntax.head) {
      if (is_space(c)) continue;
      if (c == ':') add_space();
      add(c);
      if (c == '{' || c == ':' || c == ',') add_space();
    }
    pattern.elements.push_back({Element::Kind::kName});
    add(syntax.middle.front());
  }
  patterns_.push_back(std::move(pattern));
}

void Openings::add_name(std::string_view name, int32_t tool) {
  uint32_t node = 0;
  for (const char c : name) {
    uint32_t next = find_name(node, c);
    if (next == 0) {
      next = static_cast<uint32_t>(names_.size());
      names_.push_back({.byte = c, .sibling = names_[node].child});
      names_[node].child = next;
    }
    node = next;
  }
  names_[node].tool = tool;
}

uint32_t Openings::find_name(uint32_t node, char c) const {
  uint32_t child = names_[node].child;
  while (child != 0 && names_[child].byte != c)
    child = names_[child].sibling;
  return child;
}

bool Openings::advance(Place place, char c, std::vector<Place>& out, uint32_t& tool) const {
  const std::vector<Element>& elements = patterns_[place.pattern].elements;
  while (elements[place.element].kind == Element::Kind::kSpace) {
    if (is_space(c)) {
      const char before = place.element == 0 ? '\0' : elements[place.element - 1].byte;
      place.spaced = place.spaced || before == '{' || before == '[';
      out.push_back(place);
      return false;
    }
    ++place.element;
  }
  if (elements[place.element].kind == Element::Kind::kName) {
    if (const uint32_t next = find_name(place.name, c); next != 0) {
      place.name = next;
      out.push_back(place);
      return false;
    }
    if (names_[place.name].tool < 0) return false;
    tool = static_cast<uint32_t>(names_[place.name].tool);
    ++place.element;
  }
  if (elements[place.element].byte != c) return false;
  if (++place.element == elements.size()) return true;
  out.push_back(place);
  return false;
}

bool Openings::step(Matcher& matcher, char c, Match& match) const {
  const size_t at = matcher.offset++;
  if (c == kControlByte) {
    matcher.dead = matcher.dead || matcher.control;
    matcher.control = true;
    matcher.line_start = false;
    matcher.places.clear();
    for (uint32_t i = 0; i < patterns_.size(); ++i) {
      if (!patterns_[i].line_start) matcher.places.push_back({.pattern = i, .start = at});
    }
    matcher.dead = matcher.dead || matcher.places.empty();
    return false;
  }
  std::vector<Place> candidates = std::move(matcher.places);
  if (!matcher.control) {
    for (uint32_t i = 0; i < patterns_.size(); ++i) {
      if (!patterns_[i].line_start || matcher.line_start) candidates.push_back({.pattern = i, .start = at});
    }
  }
  matcher.places.clear();
  const Pattern* complete = nullptr;
  for (const Place& place : candidates) {
    uint32_t tool = 0;
    if (!advance(place, c, matcher.places, tool)) continue;
    // Of several that end here the one that began first: a fence before the object in it. States of a grammar know no
    // beginnings, so it is told by what the patterns begin with.
    const Pattern& pattern = patterns_[place.pattern];
    if (complete != nullptr && complete->rank >= pattern.rank) continue;
    complete = &pattern;
    match = {.wrapping = pattern.wrapping, .tool = tool, .start = place.start, .spaced = place.spaced};
  }
  if (complete != nullptr) return true;
  std::ranges::sort(matcher.places);
  const auto same = [](const Place& a, const Place& b) {
    return a.pattern == b.pattern && a.element == b.element && a.name == b.name && a.spaced == b.spaced;
  };
  matcher.places.erase(std::unique(matcher.places.begin(), matcher.places.end(), same), matcher.places.end());
  matcher.dead = matcher.dead || (matcher.control && matcher.places.empty());
  matcher.line_start = c == '\n' || (matcher.line_start && is_space(c));
  return false;
}

}  // namespace ingle::text::tools
