// Openings: where in free text a call begins, for the grammar (as operations) and for the parser (byte by byte) alike.
//
// Some texts alone say that a call follows (`<tool_call>`); others do only as the beginning of a line and with the name of a
// known tool (`{"name": "get_weather"`, the same in a fence). White space between the parts of the latter is free.
// Immutable; a Matcher is a plain value.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/tools/format.h"

namespace ingle::text::tools {

/// Begins the spelling of a control token; in no text.
inline constexpr char kControlByte = '\xFF';

class Openings {
 public:
  /// `only_sure`: where a document may stand instead, only what says so alone opens a call, and the first wrapping.
  Openings(const Syntax& syntax, std::span<const std::string> names, bool only_sure);

  struct Match {
    uint32_t wrapping = 0;
    uint32_t tool = 0;    // index of the name, where the wrapping is not sure
    size_t start = 0;     // offset at which the opening began
    bool spaced = false;  // white space follows its braces and brackets
  };

  /// A pattern that is being read: its next element, and where it began.
  struct Place {
    uint32_t pattern = 0;
    uint32_t element = 0;
    uint32_t name = 0;  // node of the tree of names
    bool spaced = false;
    size_t start = 0;
    friend auto operator<=>(const Place&, const Place&) = default;
  };

  struct Matcher {
    std::vector<Place> places = {};
    bool line_start = true;
    bool control = false;  // inside the spelling of a control token
    bool dead = false;     // that no opening has
    size_t offset = 0;
    friend auto operator<=>(const Matcher&, const Matcher&) = default;
  };

  /// Reads a byte. True: an opening is complete, told in `match`.
  bool step(Matcher& matcher, char c, Match& match) const;

  /// Bytes that some pattern tells apart from the others.
  const std::string& alphabet() const { return alphabet_; }

 private:
  struct Element {
    enum class Kind : uint8_t { kByte, kSpace, kName } kind = Kind::kByte;
    char byte = 0;
  };
  struct Pattern {
    uint32_t wrapping = 0;
    bool line_start = false;
    size_t rank = 0;  // of two that end together the higher one counts
    std::vector<Element> elements;
  };
  struct NameNode {
    char byte = 0;
    uint32_t child = 0;  // 0: none
    uint32_t sibling = 0;
    int32_t tool = -1;
  };

  void add_pattern(const Syntax& syntax, uint32_t wrapping);
  void add_name(std::string_view name, int32_t tool);
  uint32_t find_name(uint32_t node, char c) const;
  /// Where `place` may be after `c`; true: its pattern is complete.
  bool advance(Place place, char c, std::vector<Place>& out, uint32_t& tool) const;

  std::vector<Pattern> patterns_;
  std::vector<NameNode> names_;
  std::string alphabet_;
};

}  // namespace ingle::text::tools
