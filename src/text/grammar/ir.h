// What a JSON Schema says, reduced to the few things that can be enforced byte by byte. Plain data, built by schema.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "text/grammar/language.h"
#include "text/grammar/program.h"

namespace ingle::text::grammar {

using NodeId = uint32_t;

/// A decimal number without exponent, as digits: what bounds are compared with, digit by digit.
struct Decimal {
  bool negative = false;
  std::string whole = "0";  // no leading zeros but one
  std::string fraction;     // no trailing zeros
};

struct Bound {
  Decimal value;
  bool exclusive = false;
};

struct Node {
  enum class Kind : uint8_t { kNothing, kLiteral, kNumber, kInteger, kString, kCopy, kArray, kObject, kUnion };
  struct Property {
    std::string key;  // JSON text, with quotes
    NodeId value = 0;
    bool required = false;
  };
  /// Members that are not among the properties. The groups of an object have no name in common.
  struct Others {
    Language names = Language::any();  // it holds no property's name
    NodeId value = 0;
  };
  /// `min` to `max` elements are counted: they stand for the elements of `parts` and `rest` at their places.
  struct Counted {
    std::vector<NodeId> parts;  // as many as Node::parts
    NodeId rest = kNone;
    uint32_t min = 0;
    uint32_t max = kUnlimited;
  };
  static constexpr NodeId kNone = UINT32_MAX;

  Kind kind = Kind::kNothing;
  std::string text = {};  // kLiteral: JSON text of a scalar
  uint32_t min = 0;       // characters of a string, elements of an array, members of an object
  uint32_t max = kUnlimited;
  // kString: what it may be, min and max included. kNumber, kInteger: how it is written, where that is more than bounds.
  std::optional<Language> language = {};
  std::optional<Bound> least = {};
  std::optional<Bound> most = {};
  std::optional<Decimal> multiple_of = {};  // kNumber, kInteger
  bool fractional = false;                  // kNumber: no whole number
  uint32_t copy = 0;                        // kCopy: index of the source
  std::vector<NodeId> parts = {};           // kUnion: alternatives; kArray: the first elements
  NodeId rest = kNone;                      // kArray: all further elements; kNone: there are none
  std::optional<Counted> counted = {};      // kArray: `contains`
  std::vector<Property> properties = {};    // kObject, in the order in which they are written
  std::vector<Others> others = {};          // kObject: after the properties
};

/// What the automaton leaves to a check of the finished document.
struct Unenforced {
  std::string keyword;
  std::string path;  // JSON pointer of the keyword
  std::string why;
  /// "'uniqueItems' cannot be enforced at #/items: ..."
  std::string message() const;
};

struct SchemaTree {
  std::vector<Node> nodes;  // may refer to each other in circles: $ref
  NodeId root = 0;
  std::vector<Unenforced> unenforced;  // empty: the automaton takes the documents of the schema and no others
  std::vector<std::string> ignored;    // paths of keywords that no draft knows: they are annotations
};

}  // namespace ingle::text::grammar
