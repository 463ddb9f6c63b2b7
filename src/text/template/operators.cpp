#include "text/template/operators.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "text/template/format.h"
#include "text/template/printing.h"
#include "text/template/text_search.h"

namespace ingle::text::jinja {
namespace {

constexpr size_t kMaxKeyTuple = 64;  // elements; bounds what comparing two keys costs

std::unexpected<Error> unsupported(std::string_view op, const Value& a, const Value& b) {
  if (a.is_undefined()) return std::unexpected(undefined_error(a));
  if (b.is_undefined()) return std::unexpected(undefined_error(b));
  return std::unexpected(
      type_error(fmt::format("unsupported operand types for {}: '{}' and '{}'", op, type_name(a), type_name(b))));
}

std::unexpected<Error> too_large() {
  return std::unexpected(Error::corrupt("an integer outgrows 64 bits"));
}

bool hashable(const Value& key, int depth) {
  switch (key.kind) {
    case Kind::kDict:
      return false;
    case Kind::kList:
      return key.list->type == List::Type::kTuple && depth < 2 && key.list->items.size() <= kMaxKeyTuple &&
             std::all_of(
                 key.list->items.begin(), key.list->items.end(),
                 [&](const Value& item) { return hashable(item, depth + 1); });
    default:
      return true;
  }
}

int three_way(long double a, long double b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

// Wide enough for every int64 and every double at once on the machines we run on.
long double number_of(const Value& value) {
  return value.is(Kind::kFloat) ? static_cast<long double>(value.real) : static_cast<long double>(value.as_integer());
}

bool ordered_list(const Value& value) {
  return value.is(Kind::kList) && (value.list->type == List::Type::kList || value.list->type == List::Type::kTuple);
}

Result<Value> integer_op(BinaryOp op, int64_t a, int64_t b) {
  int64_t result = 0;
  switch (op) {
    case BinaryOp::kAdd:
      if (__builtin_add_overflow(a, b, &result)) return too_large();
      return Value::of(result);
    case BinaryOp::kSub:
      if (__builtin_sub_overflow(a, b, &result)) return too_large();
      return Value::of(result);
    case BinaryOp::kMul:
      if (__builtin_mul_overflow(a, b, &result)) return too_large();
      return Value::of(result);
    case BinaryOp::kFloorDiv:
    case BinaryOp::kMod: {
      if (b == 0) return std::unexpected(Error::corrupt("integer division or modulo by zero"));
      if (b == -1) return op == BinaryOp::kMod ? Value::of(int64_t{0}) : integer_op(BinaryOp::kSub, 0, a);
      int64_t rest = a % b;
      const bool adjust = rest != 0 && (rest < 0) != (b < 0);  // Python rounds towards minus infinity
      if (op == BinaryOp::kMod) return Value::of(adjust ? rest + b : rest);
      return Value::of(a / b - (adjust ? 1 : 0));
    }
    default:
      break;
  }
  int64_t base = a;
  result = 1;
  for (int64_t exponent = b; exponent > 0; exponent >>= 1) {
    if ((exponent & 1) != 0 && __builtin_mul_overflow(result, base, &result)) return too_large();
    if (exponent > 1 && __builtin_mul_overflow(base, base, &base)) return too_large();
  }
  return Value::of(result);
}

Result<Value> real_op(BinaryOp op, double a, double b) {
  switch (op) {
    case BinaryOp::kAdd:
      return Value::of(a + b);
    case BinaryOp::kSub:
      return Value::of(a - b);
    case BinaryOp::kMul:
      return Value::of(a * b);
    case BinaryOp::kPow: {
      if (a == 0 && b < 0) return std::unexpected(Error::corrupt("0.0 cannot be raised to a negative power"));
      const double result = std::pow(a, b);
      if (std::isnan(result) && !std::isnan(a) && !std::isnan(b)) {
        return std::unexpected(Error::corrupt("a negative number cannot be raised to a fractional power"));
      }
      if (std::isinf(result) && std::isfinite(a) && std::isfinite(b)) {
        return std::unexpected(Error::corrupt("the result of ** is too large"));
      }
      return Value::of(result);
    }
    default:
      break;
  }
  if (b == 0) return std::unexpected(Error::corrupt("division by zero"));
  if (op == BinaryOp::kDiv) return Value::of(a / b);
  double rest = std::fmod(a, b);
  double quotient = (a - rest) / b;
  if (rest != 0) {
    if ((b < 0) != (rest < 0)) {
      rest += b;
      quotient -= 1;
    }
  } else {
    rest = std::copysign(0.0, b);
  }
  if (op == BinaryOp::kMod) return Value::of(rest);
  if (quotient == 0) return Value::of(std::copysign(0.0, a / b));
  double whole = std::floor(quotient);
  if (quotient - whole > 0.5) whole += 1;
  return Value::of(whole);
}

Result<Value> number_op(BinaryOp op, const Value& a, const Value& b) {
  const bool real =
      a.is(Kind::kFloat) || b.is(Kind::kFloat) || op == BinaryOp::kDiv || (op == BinaryOp::kPow && b.as_integer() < 0);
  return real ? real_op(op, a.as_real(), b.as_real()) : integer_op(op, a.as_integer(), b.as_integer());
}

Result<Value> repeat(Heap& heap, const Value& sequence, int64_t times) {
  const auto count = static_cast<uint64_t>(std::max<int64_t>(times, 0));
  const uint64_t size = sequence.is_str() ? sequence.bytes().size() : sequence.list->items.size();
  uint64_t total = 0;
  if (__builtin_mul_overflow(count, size, &total)) total = std::numeric_limits<uint64_t>::max();
  if (sequence.is_str()) {
    INGLE_TRY_VOID(heap.spend_bytes(total));
    INGLE_TRY_VOID(heap.spend(size == 0 ? 0 : count * sequence.str->text.untrusted().size()));
    MarkedText text;
    for (uint64_t i = 0; size > 0 && i < count; ++i)
      text.append(sequence.str->text);
    return heap.text(std::move(text));
  }
  if (__builtin_mul_overflow(total, sizeof(Value), &total)) total = std::numeric_limits<uint64_t>::max();
  INGLE_TRY_VOID(heap.spend_bytes(total));
  List* list = heap.list(sequence.list->type);
  list->items.reserve(total / sizeof(Value));
  for (uint64_t i = 0; size > 0 && i < count; ++i) {
    list->items.insert(list->items.end(), sequence.list->items.begin(), sequence.list->items.end());
  }
  return Value::of(list);
}

Result<Value> add(Heap& heap, const Value& a, const Value& b) {
  if (a.is_str() && b.is_str()) {
    INGLE_TRY_VOID(heap.spend_bytes(a.bytes().size() + b.bytes().size()));
    const bool markup = a.markup || b.markup;
    MarkedText text;
    // What `safe` returned is Markup in jinja2: added to plain text, it escapes the plain text.
    const auto put_side = [&](const Value& side) {
      if (markup && !side.markup) {
        append_escaped(text, side.str->text);
      } else {
        text.append(side.str->text);
      }
    };
    put_side(a);
    put_side(b);
    Value sum = heap.text(std::move(text));
    sum.markup = markup;
    return sum;
  }
  if (ordered_list(a) && ordered_list(b) && a.list->type == b.list->type) {
    INGLE_TRY_VOID(heap.spend_bytes((a.list->items.size() + b.list->items.size()) * sizeof(Value)));
    std::vector<Value> items = a.list->items;
    items.insert(items.end(), b.list->items.begin(), b.list->items.end());
    return Value::of(heap.list(a.list->type, std::move(items)));
  }
  return unsupported("+", a, b);
}

bool same_list_items(const Value& a, const Value& b) {
  return a.list->items.size() == b.list->items.size() &&
         std::equal(a.list->items.begin(), a.list->items.end(), b.list->items.begin(), same_key);
}

}  // namespace

Error nested_too_deeply() {
  return Error::exhausted("a value is nested more than 200 levels deep");
}

bool same_key(const Value& a, const Value& b) {
  if (a.is_str() && b.is_str()) return a.bytes() == b.bytes();
  if (a.is_number() && b.is_number()) return number_of(a) == number_of(b);
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case Kind::kUndefined:
    case Kind::kNone:
      return true;
    case Kind::kList:
      return a.list == b.list ||
             (a.list->type == b.list->type && a.list->type == List::Type::kTuple && same_list_items(a, b));
    case Kind::kFunction:
      return a.function == b.function;
    case Kind::kLoop:
      return a.loop == b.loop;
    default:
      return a.dict == b.dict;
  }
}

Status check_hashable(const Value& key) {
  if (hashable(key, 0)) return {};
  return std::unexpected(type_error(fmt::format("unhashable type: '{}'", type_name(key))));
}

Status put(Heap& heap, Dict& dict, const Value& key, const Value& value) {
  INGLE_TRY_VOID(check_hashable(key));
  INGLE_TRY_VOID(heap.spend(key.is_str() ? 1 : 1 + dict.entries.size()));
  heap.hold(2 * sizeof(Dict::Entry));  // an entry, and its place in the index
  dict.set(key, value);
  return {};
}

Result<bool> equal(Heap& heap, const Value& a, const Value& b, int depth) {
  if (depth > kMaxValueDepth) return std::unexpected(nested_too_deeply());
  INGLE_TRY_VOID(heap.spend(1));
  if (a.is_str() && b.is_str()) {
    INGLE_TRY_VOID(heap.spend_bytes(std::min(a.bytes().size(), b.bytes().size()) / 4));
  }
  if (a.is(Kind::kList) && b.is(Kind::kList) && a.list != b.list) {
    if (a.list->type != b.list->type || a.list->items.size() != b.list->items.size()) return false;
    if (a.list->type == List::Type::kGenerator || a.list->type == List::Type::kValues) return false;
    for (size_t i = 0; i < a.list->items.size(); ++i) {
      INGLE_TRY(const bool same, equal(heap, a.list->items[i], b.list->items[i], depth + 1));
      if (!same) return false;
    }
    return true;
  }
  if (a.is(Kind::kDict) && b.is(Kind::kDict) && a.dict != b.dict) {
    if (a.dict->entries.size() != b.dict->entries.size()) return false;
    for (const Dict::Entry& entry : a.dict->entries) {
      INGLE_TRY_VOID(heap.spend(entry.key.is_str() ? 1 : 1 + b.dict->entries.size()));
      const Value* other = b.dict->find(entry.key);
      if (other == nullptr) return false;
      INGLE_TRY(const bool same, equal(heap, entry.value, *other, depth + 1));
      if (!same) return false;
    }
    return true;
  }
  return same_key(a, b);
}

Result<bool> less(Heap& heap, const Value& a, const Value& b, int depth) {
  if (depth > kMaxValueDepth) return std::unexpected(nested_too_deeply());
  INGLE_TRY_VOID(heap.spend(1));
  if (a.is_number() && b.is_number()) return three_way(number_of(a), number_of(b)) < 0;
  if (a.is_str() && b.is_str()) {
    INGLE_TRY_VOID(heap.spend_bytes(std::min(a.bytes().size(), b.bytes().size()) / 4));
    return a.bytes() < b.bytes();  // the order of UTF-8 bytes is that of code points
  }
  if (ordered_list(a) && ordered_list(b) && a.list->type == b.list->type) {
    const size_t common = std::min(a.list->items.size(), b.list->items.size());
    for (size_t i = 0; i < common; ++i) {
      INGLE_TRY(const bool same, equal(heap, a.list->items[i], b.list->items[i], depth + 1));
      if (!same) return less(heap, a.list->items[i], b.list->items[i], depth + 1);
    }
    return a.list->items.size() < b.list->items.size();
  }
  return unsupported("<", a, b);
}

Result<bool> compare(Heap& heap, CompareOp op, const Value& a, const Value& b) {
  switch (op) {
    case CompareOp::kEqual:
      return equal(heap, a, b);
    case CompareOp::kNotEqual: {
      INGLE_TRY(const bool same, equal(heap, a, b));
      return !same;
    }
    case CompareOp::kLess:
      return less(heap, a, b);
    case CompareOp::kGreater:
      return less(heap, b, a);
    case CompareOp::kLessEqual:
    case CompareOp::kGreaterEqual: {
      INGLE_TRY(const bool strict, op == CompareOp::kLessEqual ? less(heap, a, b) : less(heap, b, a));
      if (strict) return true;
      return equal(heap, a, b);
    }
    case CompareOp::kIn:
      return contains(heap, b, a);
    case CompareOp::kNotIn:
      break;
  }
  INGLE_TRY(const bool found, contains(heap, b, a));
  return !found;
}

Result<bool> contains(Heap& heap, const Value& container, const Value& item) {
  switch (container.kind) {
    case Kind::kUndefined:
      return false;
    case Kind::kStr: {
      if (!item.is_str()) {
        if (item.is_undefined()) return std::unexpected(undefined_error(item));
        return std::unexpected(
            type_error(fmt::format("'in <string>' requires string as left operand, not {}", type_name(item))));
      }
      if (item.bytes().empty()) return true;
      INGLE_TRY_VOID(heap.spend_bytes(container.bytes().size() + item.bytes().size()));
      return Finder(item.bytes()).find(container.bytes(), 0) != Finder::kNone;
    }
    case Kind::kDict: {
      INGLE_TRY_VOID(check_hashable(item));
      INGLE_TRY_VOID(heap.spend(item.is_str() ? 1 : 1 + container.dict->entries.size()));
      return container.dict->find(item) != nullptr;
    }
    case Kind::kList: {
      for (const Value& candidate : container.list->items) {
        INGLE_TRY(const bool same, equal(heap, candidate, item));
        if (same) return true;
      }
      return false;
    }
    default:
      return std::unexpected(type_error(fmt::format("'{}' is not iterable", type_name(container))));
  }
}

Result<Value> binary(Heap& heap, BinaryOp op, const Value& a, const Value& b) {
  if (a.is_undefined()) return std::unexpected(undefined_error(a));
  if (a.is_number() && b.is_number()) return number_op(op, a, b);
  if (op == BinaryOp::kMod && a.is_str()) return format_percent(heap, a, b);
  if (op == BinaryOp::kAdd) return add(heap, a, b);
  if (op == BinaryOp::kMul) {
    if ((a.is_str() || ordered_list(a)) && b.is_integer()) return repeat(heap, a, b.as_integer());
    if ((b.is_str() || ordered_list(b)) && a.is_integer()) return repeat(heap, b, a.as_integer());
  }
  constexpr std::string_view kSigns[] = {"+", "-", "*", "/", "//", "%", "**"};
  return unsupported(kSigns[static_cast<size_t>(op)], a, b);
}

Result<Value> negate(const Value& value) {
  if (value.is(Kind::kFloat)) return Value::of(-value.real);
  if (value.is_integer()) return integer_op(BinaryOp::kSub, 0, value.as_integer());
  if (value.is_undefined()) return std::unexpected(undefined_error(value));
  return std::unexpected(type_error(fmt::format("bad operand type for unary -: '{}'", type_name(value))));
}

Result<std::vector<size_t>> sorted_order(Heap& heap, const std::vector<Value>& keys, bool reverse) {
  INGLE_TRY_VOID(heap.spend(keys.size()));
  std::vector<size_t> order(keys.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::vector<size_t> merged(keys.size());
  // Our own merge sort: the comparison can fail, and need not be an order at all (NaN).
  for (size_t width = 1; width < keys.size(); width *= 2) {
    for (size_t begin = 0; begin < keys.size(); begin += 2 * width) {
      const size_t middle = std::min(begin + width, keys.size());
      const size_t end = std::min(begin + 2 * width, keys.size());
      size_t left = begin;
      size_t right = middle;
      for (size_t out = begin; out < end; ++out) {
        bool take_right = left == middle;
        if (!take_right && right < end) {
          const Value& l = keys[order[left]];
          const Value& r = keys[order[right]];
          INGLE_TRY(take_right, reverse ? less(heap, l, r) : less(heap, r, l));
        }
        merged[out] = order[take_right ? right++ : left++];
      }
    }
    order.swap(merged);
  }
  return order;
}

}  // namespace ingle::text::jinja
