// What a JSON Schema says, reduced to the few things that can be enforced byte by byte. Plain data, built by schema.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

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
  static constexpr NodeId kNone = UINT32_MAX;

  Kind kind = Kind::kNothing;
  std::string text = {};  // kLiteral: JSON text of a scalar; kString: a pattern, "" = none
  uint32_t min = 0;       // characters of a string, elements of an array
  uint32_t max = kUnlimited;
  std::optional<Bound> least = {};
  std::optional<Bound> most = {};
  uint32_t copy = 0;               // kCopy: index of the source
  std::vector<NodeId> parts = {};  // kUnion: alternatives; kArray: the first elements
  NodeId rest = kNone;             // kArray: all further elements; kObject: further members; kNone: there are none
  std::vector<Property> properties = {};  // kObject, in the order in which they are written
};

struct SchemaTree {
  std::vector<Node> nodes;  // may refer to each other in circles: $ref
  NodeId root = 0;
};

}  // namespace ingle::text::grammar
