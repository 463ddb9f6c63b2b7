// Values as text: Python's str and repr, json.dumps, and HTML escaping, with the marks of the text inside.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "text/template/value.h"

namespace ingle::text::jinja {

Status write_str(Heap& heap, MarkedText& out, const Value& value);
Status write_repr(Heap& heap, MarkedText& out, const Value& value, int depth = 0);
/// str(value) as a value; a string stays what it is.
Result<Value> to_str(Heap& heap, const Value& value);
/// The shortest text that reads back as the same number: repr of a float.
std::string float_repr(double value);

struct JsonStyle {
  bool ascii = false;
  bool sort_keys = false;
  std::optional<MarkedText> indent;  // one step of it
  MarkedText item_separator{", ", true};
  MarkedText key_separator{": ", true};
};
Status write_json(Heap& heap, MarkedText& out, const Value& value, const JsonStyle& style, int depth = 0);

/// & < > ' " as entities.
void append_escaped(MarkedText& out, const MarkedText& text);

}  // namespace ingle::text::jinja
