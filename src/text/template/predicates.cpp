// Tests: what stands after `is`.
#include "text/template/arguments.h"
#include "text/template/evaluator.h"
#include "text/template/natives.h"
#include "text/template/operators.h"
#include "text/template/unicode.h"

namespace ingle::text::jinja {
namespace predicate {
namespace {

Result<Value> yes(bool value) {
  return Value::of(value);
}

Result<Value> is_odd(Call& call) {
  INGLE_TRY(const Value rest, binary(call.heap, BinaryOp::kMod, call.self, Value::of(int64_t{2})));
  return yes(rest.is_number() && rest.as_real() == 1);
}
Result<Value> is_even(Call& call) {
  INGLE_TRY(const Value rest, binary(call.heap, BinaryOp::kMod, call.self, Value::of(int64_t{2})));
  return yes(rest.is_number() && rest.as_real() == 0);
}
Result<Value> is_divisible(Call& call) {
  INGLE_TRY(const Value rest, binary(call.heap, BinaryOp::kMod, call.self, *call.arg[0]));
  return yes(rest.is_number() && rest.as_real() == 0);
}

Result<Value> is_defined(Call& call) {
  return yes(!call.self.is_undefined());
}
Result<Value> is_undefined(Call& call) {
  return yes(call.self.is_undefined());
}
Result<Value> is_none(Call& call) {
  return yes(call.self.is_none());
}
Result<Value> is_boolean(Call& call) {
  return yes(call.self.is(Kind::kBool));
}
Result<Value> is_true(Call& call) {
  return yes(call.self.is(Kind::kBool) && call.self.boolean);
}
Result<Value> is_false(Call& call) {
  return yes(call.self.is(Kind::kBool) && !call.self.boolean);
}
Result<Value> is_integer(Call& call) {
  return yes(call.self.is(Kind::kInt));
}
Result<Value> is_float(Call& call) {
  return yes(call.self.is(Kind::kFloat));
}
Result<Value> is_number(Call& call) {
  return yes(call.self.is_number());
}
Result<Value> is_string(Call& call) {
  return yes(call.self.is_str());
}
Result<Value> is_mapping(Call& call) {
  return yes(call.self.is(Kind::kDict));
}
Result<Value> is_escaped(Call& call) {
  return yes(call.self.is_str() && call.self.markup);
}

Result<Value> is_callable(Call& call) {
  return yes(call.self.is(Kind::kFunction) || call.self.is(Kind::kLoop) || call.self.is_undefined());
}

// An undefined value has a length and can be iterated in jinja2, so it is a sequence.
Result<Value> is_sequence(Call& call) {
  const Value& value = call.self;
  if (value.is(Kind::kList)) {
    const List::Type type = value.list->type;
    return yes(type == List::Type::kList || type == List::Type::kTuple || type == List::Type::kRange);
  }
  return yes(value.is_str() || value.is(Kind::kDict) || value.is_undefined());
}

Result<Value> is_iterable(Call& call) {
  const Value& value = call.self;
  return yes(value.is_str() || value.is(Kind::kDict) || value.is(Kind::kList) || value.is(Kind::kLoop) ||
             value.is_undefined());
}

template <typename Has>
Result<Value> all_cased(Call& call, Has has_case) {
  INGLE_TRY(const Value text, to_str(call.heap, call.self));
  INGLE_TRY_VOID(call.heap.spend_bytes(text.bytes().size()));
  bool some = false;
  for (size_t at = 0; at < text.bytes().size();) {
    const CodePoint c = code_point_at(text.bytes(), at);
    if (is_cased(c.value) && !has_case(c.value)) return yes(false);
    some = some || is_cased(c.value);
    at += c.size;
  }
  return yes(some);
}
Result<Value> is_lower_text(Call& call) {
  return all_cased(call, is_lower);
}
Result<Value> is_upper_text(Call& call) {
  return all_cased(call, is_upper);
}

Result<Value> is_same(Call& call) {
  const Value& a = call.self;
  const Value& b = *call.arg[0];
  if (a.kind != b.kind) return yes(false);
  switch (a.kind) {
    case Kind::kUndefined:
      return yes(false);
    case Kind::kNone:
      return yes(true);
    case Kind::kBool:
      return yes(a.boolean == b.boolean);
    case Kind::kInt:
      return yes(a.integer == b.integer);
    case Kind::kFloat:
      return yes(a.real == b.real);
    case Kind::kStr:
      return yes(a.str == b.str);
    case Kind::kList:
      return yes(a.list == b.list);
    case Kind::kFunction:
      return yes(a.function == b.function);
    case Kind::kLoop:
      return yes(a.loop == b.loop);
    case Kind::kDict:
    case Kind::kNamespace:
      break;
  }
  return yes(a.dict == b.dict);
}

Result<Value> is_filter(Call& call) {
  return yes(call.self.is_str() && find_filter(call.self.bytes()) != nullptr);
}
Result<Value> is_test(Call& call) {
  return yes(call.self.is_str() && find_test(call.self.bytes()) != nullptr);
}

template <CompareOp kOp>
Result<Value> compares(Call& call) {
  INGLE_TRY(const bool holds, compare(call.heap, kOp, call.self, *call.arg[0]));
  return yes(holds);
}

constexpr Native kTests[] = {
    {"!=", compares<CompareOp::kNotEqual>, {"other"}, 1},
    {"<", compares<CompareOp::kLess>, {"other"}, 1},
    {"<=", compares<CompareOp::kLessEqual>, {"other"}, 1},
    {"==", compares<CompareOp::kEqual>, {"other"}, 1},
    {">", compares<CompareOp::kGreater>, {"other"}, 1},
    {">=", compares<CompareOp::kGreaterEqual>, {"other"}, 1},
    {"boolean", is_boolean},
    {"callable", is_callable},
    {"defined", is_defined},
    {"divisibleby", is_divisible, {"num"}, 1},
    {"eq", compares<CompareOp::kEqual>, {"other"}, 1},
    {"equalto", compares<CompareOp::kEqual>, {"other"}, 1},
    {"escaped", is_escaped},
    {"even", is_even},
    {"false", is_false},
    {"filter", is_filter},
    {"float", is_float},
    {"ge", compares<CompareOp::kGreaterEqual>, {"other"}, 1},
    {"greaterthan", compares<CompareOp::kGreater>, {"other"}, 1},
    {"gt", compares<CompareOp::kGreater>, {"other"}, 1},
    {"in", compares<CompareOp::kIn>, {"seq"}, 1},
    {"integer", is_integer},
    {"iterable", is_iterable},
    {"le", compares<CompareOp::kLessEqual>, {"other"}, 1},
    {"lessthan", compares<CompareOp::kLess>, {"other"}, 1},
    {"lower", is_lower_text},
    {"lt", compares<CompareOp::kLess>, {"other"}, 1},
    {"mapping", is_mapping},
    {"ne", compares<CompareOp::kNotEqual>, {"other"}, 1},
    {"none", is_none},
    {"number", is_number},
    {"odd", is_odd},
    {"sameas", is_same, {"other"}, 1},
    {"sequence", is_sequence},
    {"string", is_string},
    {"test", is_test},
    {"true", is_true},
    {"undefined", is_undefined},
    {"upper", is_upper_text},
};

}  // namespace
}  // namespace predicate

const Native* find_test(std::string_view name) {
  return find_in(predicate::kTests, name);
}

}  // namespace ingle::text::jinja
