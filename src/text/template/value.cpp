#include "text/template/value.h"

#include <fmt/format.h>

#include <algorithm>

#include "text/template/operators.h"
#include "text/template/unicode.h"

namespace ingle::text::jinja {
namespace {

constexpr size_t kIndexFrom = 8;  // entries; below, a scan is faster than hashing

}  // namespace

Value Value::of_kind(Kind kind) {
  Value value;
  value.kind = kind;
  return value;
}
Value Value::of(bool boolean) {
  Value value = of_kind(Kind::kBool);
  value.boolean = boolean;
  return value;
}
Value Value::of(int64_t integer) {
  Value value = of_kind(Kind::kInt);
  value.integer = integer;
  return value;
}
Value Value::of(double real) {
  Value value = of_kind(Kind::kFloat);
  value.real = real;
  return value;
}
Value Value::of(const Str* str) {
  Value value = of_kind(Kind::kStr);
  value.str = str;
  return value;
}
Value Value::of(List* list) {
  Value value = of_kind(Kind::kList);
  value.list = list;
  return value;
}
Value Value::of(Dict* dict) {
  Value value = of_kind(Kind::kDict);
  value.dict = dict;
  return value;
}
Value Value::of(Function* function) {
  Value value = of_kind(Kind::kFunction);
  value.function = function;
  return value;
}
Value Value::of(Loop* loop) {
  Value value = of_kind(Kind::kLoop);
  value.loop = loop;
  return value;
}
Value Value::namespace_of(Dict* dict) {
  Value value = of_kind(Kind::kNamespace);
  value.dict = dict;
  return value;
}
Value Value::undefined(const Str* name, Kind owner) {
  Value value;
  value.str = name;
  value.owner = owner;
  return value;
}

Str::Str(MarkedText marked) : text(std::move(marked)), length(count_code_points(text.bytes())) {}

size_t Dict::position(const Value& key) const {
  if (key.is_str() && !index_.empty()) {
    const auto found = index_.find(key.bytes());
    return found == index_.end() ? entries.size() : found->second;
  }
  const auto same = [&](const Entry& entry) { return same_key(entry.key, key); };
  return static_cast<size_t>(std::find_if(entries.begin(), entries.end(), same) - entries.begin());
}

void Dict::index_all() {
  index_.clear();
  if (entries.size() < kIndexFrom) return;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].key.is_str()) index_.emplace(entries[i].key.bytes(), i);
  }
}

const Value* Dict::find(std::string_view key) const {
  if (!index_.empty()) {
    const auto found = index_.find(key);
    return found == index_.end() ? nullptr : &entries[found->second].value;
  }
  for (const Entry& entry : entries) {
    if (entry.key.is_str() && entry.key.bytes() == key) return &entry.value;
  }
  return nullptr;
}

const Value* Dict::find(const Value& key) const {
  const size_t at = position(key);
  return at == entries.size() ? nullptr : &entries[at].value;
}

void Dict::set(const Value& key, const Value& value) {
  const size_t at = position(key);
  if (at < entries.size()) {
    entries[at].value = value;
    return;
  }
  entries.push_back({key, value});
  if (!index_.empty()) {
    if (key.is_str()) index_.emplace(key.bytes(), at);
  } else if (entries.size() >= kIndexFrom) {
    index_all();
  }
}

bool Dict::erase(const Value& key) {
  const size_t at = position(key);
  if (at == entries.size()) return false;
  entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(at));
  index_all();
  return true;
}

namespace {

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::kUndefined:
      return "Undefined";
    case Kind::kNone:
      return "NoneType";
    case Kind::kBool:
      return "bool";
    case Kind::kInt:
      return "int";
    case Kind::kFloat:
      return "float";
    case Kind::kStr:
      return "str";
    case Kind::kList:
      return "list";
    case Kind::kDict:
      return "dict";
    case Kind::kNamespace:
      return "Namespace";
    case Kind::kFunction:
      return "function";
    case Kind::kLoop:
      return "LoopContext";
  }
  return "object";
}

}  // namespace

std::string_view type_name(const Value& value) {
  constexpr std::string_view kListNames[] = {"list",        "tuple",      "generator", "dict_keys",
                                             "dict_values", "dict_items", "range"};
  if (value.is(Kind::kList)) return kListNames[static_cast<size_t>(value.list->type)];
  return kind_name(value.kind);
}

bool truthy(const Value& value) {
  switch (value.kind) {
    case Kind::kUndefined:
    case Kind::kNone:
      return false;
    case Kind::kBool:
      return value.boolean;
    case Kind::kInt:
      return value.integer != 0;
    case Kind::kFloat:
      return value.real != 0;
    case Kind::kStr:
      return !value.bytes().empty();
    case Kind::kList:
      return value.list->type == List::Type::kGenerator || !value.list->items.empty();
    case Kind::kDict:
      return !value.dict->entries.empty();
    case Kind::kNamespace:
    case Kind::kFunction:
    case Kind::kLoop:
      return true;
  }
  return false;
}

Error undefined_error(const Value& value) {
  constexpr size_t kShown = 80;  // a name can be user text of any length
  const std::string name(value.str == nullptr ? "item" : value.str->text.bytes().substr(0, kShown));
  if (value.owner == Kind::kUndefined) return Error::corrupt(fmt::format("'{}' is undefined", name));
  return Error::corrupt(fmt::format("'{} object' has no attribute '{}'", kind_name(value.owner), name));
}

Error type_error(std::string message) {
  return Error::corrupt(std::move(message));
}

Status Heap::spend(uint64_t steps) {
  if (out_of_memory_) {
    return std::unexpected(Error::exhausted("the chat template needs more memory than its limit")
                               .hint("use another template, or raise the limit if you trust this one"));
  }
  if (steps >= fuel_) {
    fuel_ = 0;
    return std::unexpected(Error::exhausted("the chat template ran out of fuel: it computes too much for its input")
                               .hint("use another template, or raise the limit if you trust this one"));
  }
  fuel_ -= steps;
  return {};
}

Value Heap::text(MarkedText text) {
  hold(sizeof(Str) + text.size() + text.untrusted().size() * sizeof(MarkedText::Run));
  return Value::of(&strings_.emplace_back(std::move(text)));
}

List* Heap::list(List::Type type, std::vector<Value> items) {
  hold(sizeof(List) + items.size() * sizeof(Value));
  return &lists_.emplace_back(List{type, std::move(items)});
}

Value Heap::pair(const Value& first, const Value& second) {
  return Value::of(list(List::Type::kTuple, {first, second}));
}

Dict* Heap::dict() {
  hold(sizeof(Dict));
  return &dicts_.emplace_back();
}

Function* Heap::function(Function function) {
  hold(sizeof(Function));
  return &functions_.emplace_back(function);
}

Loop* Heap::loop(Loop loop) {
  hold(sizeof(Loop) + loop.items.size() * sizeof(Value));
  return &loops_.emplace_back(std::move(loop));
}

Scope* Heap::scope(Scope* parent) {
  if (!free_scopes_.empty()) {
    Scope* scope = free_scopes_.back();
    free_scopes_.pop_back();
    scope->parent = parent;
    return scope;
  }
  hold(sizeof(Scope) + 64);
  Scope& scope = scopes_.emplace_back();
  scope.parent = parent;
  return &scope;
}

void Heap::release(Loop& loop) {
  memory_ += loop.items.size() * sizeof(Value);
  loop.items = {};
  loop.index = 0;
}

void Heap::release(Scope* scope) {
  if (scope->captured) return;
  scope->variables.clear();
  free_scopes_.push_back(scope);
}

}  // namespace ingle::text::jinja
