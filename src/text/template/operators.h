// Python's operators on values: arithmetic, comparison, membership, concatenation.
#pragma once

#include "base/result.h"
#include "text/template/ast.h"
#include "text/template/value.h"

namespace ingle::text::jinja {

/// How deep a value may nest for whoever walks it; deeper is kExhausted.
inline constexpr int kMaxValueDepth = 200;
Error nested_too_deeply();

/// Equality of two hashable values, as keys of a dict.
bool same_key(const Value& a, const Value& b);
/// An error unless `key` can be the key of a dict.
Status check_hashable(const Value& key);
/// dict[key] = value, checked and paid for.
Status put(Heap& heap, Dict& dict, const Value& key, const Value& value);

Result<bool> equal(Heap& heap, const Value& a, const Value& b, int depth = 0);
/// a < b; an error for types that Python does not order.
Result<bool> less(Heap& heap, const Value& a, const Value& b, int depth = 0);
Result<bool> compare(Heap& heap, CompareOp op, const Value& a, const Value& b);
Result<bool> contains(Heap& heap, const Value& container, const Value& item);

Result<Value> binary(Heap& heap, BinaryOp op, const Value& a, const Value& b);
Result<Value> negate(const Value& value);
/// Stable; `less_than` decides, reversed order keeps equal items in place as well.
Result<std::vector<size_t>> sorted_order(Heap& heap, const std::vector<Value>& keys, bool reverse);

}  // namespace ingle::text::jinja
