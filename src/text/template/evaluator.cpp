#include "text/template/evaluator.h"

#include <fmt/format.h>

#include <algorithm>

#include "text/template/natives.h"
#include "text/template/operators.h"
#include "text/template/printing.h"
#include "text/template/unicode.h"

namespace ingle::text::jinja {
namespace {

Value function_of(Heap& heap, const Native* native, const Value& self) {
  return Value::of(heap.function({.native = native, .self = self}));
}

// [start, stop) in steps, as Python's slice.indices gives them for `length` items.
struct SliceRange {
  int64_t start;
  int64_t stop;
  int64_t step;
};

Result<SliceRange> slice_range(const Value* bounds, int64_t length) {
  const auto bound = [&](size_t i) -> Result<int64_t> {
    if (bounds[i].is_integer()) return bounds[i].as_integer();
    return std::unexpected(type_error("slice indices must be integers or None"));
  };
  SliceRange range{0, length, 1};
  if (!bounds[2].is_none()) {
    INGLE_TRY(range.step, bound(2));
    if (range.step == 0) return std::unexpected(Error::corrupt("slice step cannot be zero"));
    range.step = std::clamp(range.step, -length - 1, length + 1);
  }
  const bool back = range.step < 0;
  const int64_t lowest = back ? -1 : 0;
  const int64_t highest = back ? length - 1 : length;
  const auto clamped = [&](int64_t value) {
    if (value < 0) value = std::max(value, -length - 1) + length;
    return std::clamp(value, lowest, highest);
  };
  range.start = back ? highest : lowest;
  range.stop = back ? lowest : highest;
  if (!bounds[0].is_none()) {
    INGLE_TRY(const int64_t start, bound(0));
    range.start = clamped(start);
  }
  if (!bounds[1].is_none()) {
    INGLE_TRY(const int64_t stop, bound(1));
    range.stop = clamped(stop);
  }
  return range;
}

bool more(const SliceRange& range, int64_t at) {
  return range.step > 0 ? at < range.stop : at > range.stop;
}

}  // namespace

Result<Value> Evaluator::eval(const Expr& expr) {
  if (expr.kind == ExprKind::kConst) return expr.value;
  INGLE_TRY_VOID(heap_.spend(1));
  line_ = expr.line;
  if (nesting_ >= kMaxNesting) {
    return std::unexpected(Error::exhausted("the chat template is nested too deeply (1000 levels)"));
  }
  ++nesting_;
  auto result = eval_branch(expr);
  --nesting_;
  return result;
}

Result<Value> Evaluator::eval_branch(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kConst:
      return expr.value;
    case ExprKind::kName:
      return eval_name(expr.name);
    case ExprKind::kNamespaced:
      break;
    case ExprKind::kAttribute: {
      INGLE_TRY(const Value object, eval(*expr.children[0]));
      return attribute(object, *expr.value.str);
    }
    case ExprKind::kItem: {
      INGLE_TRY(const Value object, eval(*expr.children[0]));
      INGLE_TRY(const Value key, eval(*expr.children[1]));
      return item(object, key);
    }
    case ExprKind::kSlice:
      return eval_slice(expr);
    case ExprKind::kCall:
      return eval_call(expr);
    case ExprKind::kFilter:
      return eval_filter(expr);
    case ExprKind::kTest:
      return eval_test(expr);
    case ExprKind::kNegate:
    case ExprKind::kPlus:
    case ExprKind::kNot:
      return eval_unary(expr);
    case ExprKind::kBinary:
      return eval_binary(expr);
    case ExprKind::kAnd:
    case ExprKind::kOr:
      return eval_logic(expr);
    case ExprKind::kCompare:
      return eval_compare(expr);
    case ExprKind::kConcat:
      return eval_concat(expr);
    case ExprKind::kIf:
      return eval_if(expr);
    case ExprKind::kList:
    case ExprKind::kTuple:
      return eval_sequence(expr);
    case ExprKind::kDict:
      return eval_dict(expr);
  }
  return std::unexpected(Error::internal("the chat template holds an expression that has no value"));
}

Result<Value> Evaluator::eval_name(NameId name) {
  for (const Scope* scope = scope_; scope != nullptr; scope = scope->parent) {
    INGLE_TRY_VOID(heap_.spend(scope->variables.size() / 32));
    if (const Value* found = find(*scope, name); found != nullptr) return *found;
  }
  return Value::undefined(tree_.name_text(name));
}

Result<Value> Evaluator::eval_slice(const Expr& expr) {
  INGLE_TRY(const Value object, eval(*expr.children[0]));
  Value bounds[3];
  for (size_t i = 0; i < 3; ++i) {
    bounds[i] = Value::none();
    if (expr.children[i + 1] != nullptr) {
      INGLE_TRY(bounds[i], eval(*expr.children[i + 1]));
    }
  }
  return slice(object, bounds);
}

Result<Value> Evaluator::slice(const Value& object, const Value* bounds) {
  if (object.is_undefined()) return std::unexpected(undefined_error(object));
  if (object.is_str()) {
    const Str& text = *object.str;
    INGLE_TRY(const SliceRange range, slice_range(bounds, static_cast<int64_t>(text.length)));
    INGLE_TRY_VOID(heap_.spend_bytes(2 * text.text.size()));
    MarkedText out;
    if (text.ascii() && range.step == 1) {
      if (range.start < range.stop) {
        out = text.text.slice(static_cast<size_t>(range.start), static_cast<size_t>(range.stop));
      }
    } else {
      std::vector<size_t> starts;
      for (size_t at = 0; at < text.text.size(); at += code_point_at(text.text.bytes(), at).size)
        starts.push_back(at);
      starts.push_back(text.text.size());
      for (int64_t at = range.start; more(range, at); at += range.step) {
        INGLE_TRY_VOID(heap_.spend(1));
        out.append(text.text, starts[static_cast<size_t>(at)], starts[static_cast<size_t>(at) + 1]);
      }
    }
    Value result = heap_.text(std::move(out));
    result.markup = object.markup;
    return result;
  }
  const bool sliceable =
      object.is(Kind::kList) && (object.list->type == List::Type::kList || object.list->type == List::Type::kTuple ||
                                 object.list->type == List::Type::kRange);
  if (!sliceable) {
    return std::unexpected(type_error(fmt::format("'{}' object cannot be sliced", type_name(object))));
  }
  INGLE_TRY(const SliceRange range, slice_range(bounds, static_cast<int64_t>(object.list->items.size())));
  std::vector<Value> items;
  for (int64_t at = range.start; more(range, at); at += range.step) {
    INGLE_TRY_VOID(heap_.spend(1));
    items.push_back(object.list->items[static_cast<size_t>(at)]);
  }
  return Value::of(heap_.list(object.list->type, std::move(items)));
}

Result<Evaluator::Arguments> Evaluator::eval_arguments(const std::vector<Argument>& arguments) {
  Arguments result;
  for (const Argument& argument : arguments) {
    INGLE_TRY(const Value value, eval(*argument.value));
    if (argument.type == Argument::Type::kPositional) {
      result.positional.push_back(value);
    } else if (argument.type == Argument::Type::kNamed) {
      result.named.push_back({argument.name, value});
    } else if (argument.type == Argument::Type::kList) {
      INGLE_TRY(const std::vector<Value> more_values, items(value));
      result.positional.insert(result.positional.end(), more_values.begin(), more_values.end());
    } else {
      if (!value.is(Kind::kDict)) return std::unexpected(type_error("the argument after ** must be a mapping"));
      INGLE_TRY_VOID(heap_.spend(value.dict->entries.size()));
      for (const Dict::Entry& entry : value.dict->entries) {
        if (!entry.key.is_str()) return std::unexpected(type_error("keywords must be strings"));
        result.named.push_back({entry.key.str, entry.value});
      }
    }
  }
  return result;
}

Result<Value> Evaluator::eval_call(const Expr& expr) {
  INGLE_TRY(const Value callee, eval(*expr.children[0]));
  INGLE_TRY(const Arguments arguments, eval_arguments(expr.arguments));
  line_ = expr.line;
  return call(callee, arguments.positional, arguments.named);
}

Result<Value> Evaluator::eval_filter(const Expr& expr) {
  Value piped = block_text_;
  if (expr.children[0] != nullptr) {
    INGLE_TRY(piped, eval(*expr.children[0]));
  }
  if (expr.native == nullptr) {
    return std::unexpected(Error::corrupt(fmt::format("no filter is named '{}'", expr.value.bytes())));
  }
  INGLE_TRY(const Arguments arguments, eval_arguments(expr.arguments));
  line_ = expr.line;
  return call_native(*expr.native, piped, arguments.positional, arguments.named);
}

Result<Value> Evaluator::eval_test(const Expr& expr) {
  if (expr.native == nullptr) {
    return std::unexpected(Error::corrupt(fmt::format("no test is named '{}'", expr.value.bytes())));
  }
  INGLE_TRY(const Value value, eval(*expr.children[0]));
  INGLE_TRY(const Arguments arguments, eval_arguments(expr.arguments));
  return call_native(*expr.native, value, arguments.positional, arguments.named);
}

Result<Value> Evaluator::eval_unary(const Expr& expr) {
  INGLE_TRY(const Value value, eval(*expr.children[0]));
  if (expr.kind == ExprKind::kNot) return Value::of(!truthy(value));
  if (expr.kind == ExprKind::kNegate) return negate(value);
  if (value.is(Kind::kFloat)) return value;
  if (value.is_integer()) return Value::of(value.as_integer());
  if (value.is_undefined()) return std::unexpected(undefined_error(value));
  return std::unexpected(type_error(fmt::format("bad operand type for unary +: '{}'", type_name(value))));
}

// a + b + c is a chain to the left: walked without recursion, as templates join dozens of strings this way.
Result<Value> Evaluator::eval_binary(const Expr& expr) {
  std::vector<const Expr*> chain = {&expr};
  while (chain.back()->children[0]->kind == ExprKind::kBinary)
    chain.push_back(chain.back()->children[0]);
  INGLE_TRY_VOID(heap_.spend(chain.size()));
  INGLE_TRY(Value left, eval(*chain.back()->children[0]));
  for (auto node = chain.rbegin(); node != chain.rend(); ++node) {
    INGLE_TRY(const Value right, eval(*(*node)->children[1]));
    line_ = (*node)->line;
    INGLE_TRY(left, binary(heap_, (*node)->op, left, right));
  }
  return left;
}

Result<Value> Evaluator::eval_logic(const Expr& expr) {
  const bool stop_at = expr.kind == ExprKind::kOr;
  Value value;
  for (const Expr* term : expr.children) {
    INGLE_TRY(value, eval(*term));
    if (truthy(value) == stop_at) break;
  }
  return value;
}

Result<Value> Evaluator::eval_compare(const Expr& expr) {
  INGLE_TRY(Value left, eval(*expr.children[0]));
  for (size_t i = 0; i < expr.compare.size(); ++i) {
    INGLE_TRY(const Value right, eval(*expr.children[i + 1]));
    INGLE_TRY(const bool holds, compare(heap_, expr.compare[i], left, right));
    if (!holds) return Value::of(false);
    left = right;
  }
  return Value::of(true);
}

Result<Value> Evaluator::eval_concat(const Expr& expr) {
  MarkedText text;
  for (const Expr* term : expr.children) {
    INGLE_TRY(const Value value, eval(*term));
    INGLE_TRY_VOID(write_str(heap_, text, value));
  }
  return heap_.text(std::move(text));
}

Result<Value> Evaluator::eval_if(const Expr& expr) {
  INGLE_TRY(const Value test, eval(*expr.children[0]));
  const Expr* chosen = expr.children[truthy(test) ? 1 : 2];
  if (chosen == nullptr) return Value::undefined();
  return eval(*chosen);
}

Result<Value> Evaluator::eval_sequence(const Expr& expr) {
  List* list = heap_.list(expr.kind == ExprKind::kList ? List::Type::kList : List::Type::kTuple);
  for (const Expr* child : expr.children) {
    INGLE_TRY(const Value value, eval(*child));
    heap_.hold(sizeof(Value));
    list->items.push_back(value);
  }
  return Value::of(list);
}

Result<Value> Evaluator::eval_dict(const Expr& expr) {
  Dict* dict = heap_.dict();
  for (size_t i = 0; i < expr.children.size(); i += 2) {
    INGLE_TRY(const Value key, eval(*expr.children[i]));
    INGLE_TRY(const Value value, eval(*expr.children[i + 1]));
    INGLE_TRY_VOID(put(heap_, *dict, key, value));
  }
  return Value::of(dict);
}

Result<Value> Evaluator::call(const Value& callee, std::span<const Value> positional,
                              std::span<const NamedValue> named) {
  if (callee.is(Kind::kLoop)) return call_loop(*callee.loop, positional);
  if (callee.is(Kind::kFunction)) {
    const Function& function = *callee.function;
    if (function.macro != nullptr) return call_macro(function, positional, named);
    return call_native(*function.native, function.self, positional, named);
  }
  if (callee.is_undefined()) return std::unexpected(undefined_error(callee));
  return std::unexpected(type_error(fmt::format("'{}' is not callable", type_name(callee))));
}

Result<Value> Evaluator::call_native(const Native& native, const Value& self, std::span<const Value> positional,
                                     std::span<const NamedValue> named) {
  Call call{.eval = *this, .heap = heap_, .self = self, .positional = positional, .named = named};
  INGLE_TRY_VOID(heap_.spend(1 + positional.size() + named.size()));
  if (native.variadic) return native.run(call);
  size_t count = 0;
  while (count < native.params.size() && !native.params[count].empty())
    ++count;
  if (positional.size() > count) {
    return std::unexpected(
        type_error(fmt::format("{} takes at most {} arguments, {} were given", native.name, count, positional.size())));
  }
  for (size_t i = 0; i < positional.size(); ++i)
    call.arg[i] = &positional[i];
  for (const NamedValue& entry : named) {
    const std::string_view wanted = entry.name->text.bytes();
    size_t at = 0;
    while (at < count && native.params[at] != wanted)
      ++at;
    if (at == count || call.arg[at] != nullptr) {
      return std::unexpected(
          type_error(fmt::format("{} got an unexpected argument '{}'", native.name, wanted.substr(0, 40))));
    }
    call.arg[at] = &entry.value;
  }
  for (size_t i = 0; i < native.required; ++i) {
    if (call.arg[i] == nullptr) {
      return std::unexpected(type_error(fmt::format("{} misses its argument '{}'", native.name, native.params[i])));
    }
  }
  return native.run(call);
}

Result<std::vector<Value>> Evaluator::items(const Value& value) {
  std::vector<Value> result;
  switch (value.kind) {
    case Kind::kUndefined:
      return result;
    case Kind::kList:
      INGLE_TRY_VOID(heap_.spend(value.list->items.size()));
      if (value.list->type == List::Type::kGenerator) return std::exchange(value.list->items, {});
      return value.list->items;
    case Kind::kDict:
      INGLE_TRY_VOID(heap_.spend(value.dict->entries.size()));
      for (const Dict::Entry& entry : value.dict->entries)
        result.push_back(entry.key);
      return result;
    case Kind::kStr: {
      const std::string_view bytes = value.bytes();
      INGLE_TRY_VOID(heap_.spend(2 * value.str->length));
      for (size_t at = 0; at < bytes.size();) {
        const size_t size = code_point_at(bytes, at).size;
        result.push_back(heap_.text(value.str->text.slice(at, at + size)));
        at += size;
      }
      return result;
    }
    default:
      return std::unexpected(type_error(fmt::format("'{}' object is not iterable", type_name(value))));
  }
}

Result<Value> Evaluator::method_or_undefined(const Value& object, const Str& name) {
  const std::string_view text = name.text.bytes();
  const Native* method = nullptr;
  if (object.is_str()) method = find_str_method(text);
  if (object.is(Kind::kDict)) method = find_dict_method(text);
  if (object.is(Kind::kList) && object.list->type == List::Type::kList) method = find_list_method(text);
  if (object.is(Kind::kList) && object.list->type == List::Type::kTuple && (text == "index" || text == "count")) {
    method = find_list_method(text);
  }
  if (method != nullptr) return function_of(heap_, method, object);
  return Value::undefined(&name, object.kind);
}

Result<Value> Evaluator::attribute(const Value& object, const Str& name) {
  switch (object.kind) {
    case Kind::kUndefined:
      return std::unexpected(undefined_error(object));
    case Kind::kLoop:
      return loop_attribute(object, name);
    case Kind::kNamespace: {
      const Value* found = object.dict->find(name.text.bytes());
      return found != nullptr ? *found : Value::undefined(&name, object.kind);
    }
    case Kind::kFunction:
      if (object.function->macro != nullptr && name.text.bytes() == "name") {
        return Value::of(object.function->macro->name);
      }
      return Value::undefined(&name, object.kind);
    default:
      break;
  }
  INGLE_TRY(const Value method, method_or_undefined(object, name));
  if (!method.is_undefined() || !object.is(Kind::kDict)) return method;
  const Value* found = object.dict->find(name.text.bytes());
  return found != nullptr ? *found : method;
}

Result<Value> Evaluator::loop_attribute(const Value& object, const Str& name) {
  const Loop& loop = *object.loop;
  const std::string_view text = name.text.bytes();
  const auto index = static_cast<int64_t>(loop.index);
  const auto length = static_cast<int64_t>(loop.items.size());
  if (text == "index") return Value::of(index + 1);
  if (text == "index0") return Value::of(index);
  if (text == "revindex") return Value::of(length - index);
  if (text == "revindex0") return Value::of(length - index - 1);
  if (text == "first") return Value::of(index == 0);
  if (text == "last") return Value::of(index + 1 >= length);
  if (text == "length") return Value::of(length);
  if (text == "depth") return Value::of(loop.depth + 1);
  if (text == "depth0") return Value::of(loop.depth);
  if (text == "previtem") return index > 0 ? loop.items[loop.index - 1] : Value::undefined(&name);
  if (text == "nextitem") return index + 1 < length ? loop.items[loop.index + 1] : Value::undefined(&name);
  if (const Native* method = find_loop_method(text); method != nullptr) return function_of(heap_, method, object);
  return Value::undefined(&name, object.kind);
}

Result<Value> Evaluator::index_sequence(const Value& object, int64_t index) {
  const auto length = static_cast<int64_t>(object.is_str() ? object.str->length : object.list->items.size());
  if (index < 0) index += length;
  if (index < 0 || index >= length) return Value::undefined(nullptr, object.kind);
  if (!object.is_str()) return object.list->items[static_cast<size_t>(index)];
  const MarkedText& text = object.str->text;
  size_t at = static_cast<size_t>(index);
  if (!object.str->ascii()) {
    INGLE_TRY_VOID(heap_.spend_bytes(text.size()));
    at = 0;
    for (int64_t i = 0; i < index; ++i)
      at += code_point_at(text.bytes(), at).size;
  }
  return heap_.text(text.slice(at, at + code_point_at(text.bytes(), at).size));
}

Result<Value> Evaluator::item(const Value& object, const Value& key) {
  switch (object.kind) {
    case Kind::kUndefined:
      return std::unexpected(undefined_error(object));
    case Kind::kDict: {
      if (!check_hashable(key)) return Value::undefined(nullptr, object.kind);
      INGLE_TRY_VOID(heap_.spend(key.is_str() ? 1 : 1 + object.dict->entries.size()));
      if (const Value* found = object.dict->find(key); found != nullptr) return *found;
      break;
    }
    case Kind::kStr:
    case Kind::kList: {
      const bool indexable = object.is_str() || object.list->type == List::Type::kList ||
                             object.list->type == List::Type::kTuple || object.list->type == List::Type::kRange;
      if (indexable && key.is_integer()) return index_sequence(object, key.as_integer());
      break;
    }
    default:
      if (key.is_str()) return attribute(object, *key.str);
      break;
  }
  if (key.is_str()) return method_or_undefined(object, *key.str);
  return Value::undefined(nullptr, object.kind);
}

}  // namespace ingle::text::jinja
