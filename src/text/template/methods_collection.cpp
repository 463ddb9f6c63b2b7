// The methods of list, dict and loop. Those that change a list or dict work, although transformers' sandbox refuses
// them: templates written for other engines use them, and one that works there cannot tell the difference.
#include <fmt/format.h>

#include <algorithm>

#include "text/template/arguments.h"
#include "text/template/evaluator.h"
#include "text/template/natives.h"
#include "text/template/operators.h"

namespace ingle::text::jinja {
namespace collection_method {
namespace {

std::vector<Value>& elements(const Call& call) {
  return call.self.list->items;
}
Dict& dict(const Call& call) {
  return *call.self.dict;
}

Result<Value> append(Call& call) {
  INGLE_TRY_VOID(call.heap.spend_bytes(sizeof(Value)));
  elements(call).push_back(*call.arg[0]);
  return Value::none();
}

Result<Value> extend(Call& call) {
  INGLE_TRY(const std::vector<Value> more, call.eval.items(*call.arg[0]));
  INGLE_TRY_VOID(call.heap.spend_bytes(more.size() * sizeof(Value)));
  elements(call).insert(elements(call).end(), more.begin(), more.end());
  return Value::none();
}

// Where insert and pop act: negative counts from the end.
int64_t from_end(const Call& call, int64_t index) {
  return index < 0 ? index + static_cast<int64_t>(elements(call).size()) : index;
}

Result<Value> insert(Call& call) {
  INGLE_TRY(const int64_t index, int_arg(call, 0, 0));
  INGLE_TRY_VOID(call.heap.spend(1 + elements(call).size() / 16));
  call.heap.hold(sizeof(Value));
  const auto at = std::clamp<int64_t>(from_end(call, index), 0, static_cast<int64_t>(elements(call).size()));
  elements(call).insert(elements(call).begin() + at, *call.arg[1]);
  return Value::none();
}

Result<Value> pop(Call& call) {
  INGLE_TRY(const int64_t index, int_arg(call, 0, -1));
  INGLE_TRY_VOID(call.heap.spend(1 + elements(call).size() / 16));
  const int64_t at = from_end(call, index);
  if (at < 0 || at >= static_cast<int64_t>(elements(call).size())) {
    return std::unexpected(Error::corrupt("pop: index out of range"));
  }
  const Value value = elements(call)[static_cast<size_t>(at)];
  elements(call).erase(elements(call).begin() + at);
  return value;
}

Result<Value> position(Call& call) {
  for (size_t i = 0; i < elements(call).size(); ++i) {
    INGLE_TRY(const bool same, equal(call.heap, elements(call)[i], *call.arg[0]));
    if (same) return Value::of(static_cast<int64_t>(i));
  }
  return std::unexpected(Error::corrupt("index: the value is not in the list"));
}

Result<Value> count(Call& call) {
  int64_t found = 0;
  for (const Value& element : elements(call)) {
    INGLE_TRY(const bool same, equal(call.heap, element, *call.arg[0]));
    if (same) ++found;
  }
  return Value::of(found);
}

Result<Value> copy_list(Call& call) {
  INGLE_TRY(std::vector<Value> items, call.eval.items(call.self));
  return Value::of(call.heap.list(List::Type::kList, std::move(items)));
}

Result<Value> get(Call& call) {
  INGLE_TRY_VOID(check_hashable(*call.arg[0]));
  INGLE_TRY_VOID(call.heap.spend(call.arg[0]->is_str() ? 1 : 1 + dict(call).entries.size()));
  if (const Value* found = dict(call).find(*call.arg[0]); found != nullptr) return *found;
  return call.arg[1] != nullptr ? *call.arg[1] : Value::none();
}

Result<Value> view(Call& call, List::Type type) {
  INGLE_TRY_VOID(call.heap.spend_bytes(dict(call).entries.size() * sizeof(Value)));
  List* list = call.heap.list(type);
  for (const Dict::Entry& entry : dict(call).entries) {
    list->items.push_back(type == List::Type::kKeys     ? entry.key
                          : type == List::Type::kValues ? entry.value
                                                        : call.heap.pair(entry.key, entry.value));
  }
  return Value::of(list);
}
Result<Value> keys(Call& call) {
  return view(call, List::Type::kKeys);
}
Result<Value> values(Call& call) {
  return view(call, List::Type::kValues);
}
Result<Value> items(Call& call) {
  return view(call, List::Type::kItems);
}

Result<Value> pop_key(Call& call) {
  INGLE_TRY_VOID(check_hashable(*call.arg[0]));
  INGLE_TRY_VOID(call.heap.spend(1 + dict(call).entries.size()));
  if (const Value* found = dict(call).find(*call.arg[0]); found != nullptr) {
    const Value value = *found;
    dict(call).erase(*call.arg[0]);
    return value;
  }
  if (call.arg[1] == nullptr) return std::unexpected(Error::corrupt("pop: no such key"));
  return *call.arg[1];
}

Result<Value> update(Call& call) {
  for (const Value& source : call.positional) {
    if (!source.is(Kind::kDict)) return wrong_type(source, "a mapping");
    const std::vector<Dict::Entry> entries = source.dict->entries;  // it may be the same dict
    for (const Dict::Entry& entry : entries)
      INGLE_TRY_VOID(put(call.heap, dict(call), entry.key, entry.value));
  }
  for (const NamedValue& entry : call.named) {
    INGLE_TRY_VOID(put(call.heap, dict(call), Value::of(entry.name), entry.value));
  }
  return Value::none();
}

Result<Value> set_default(Call& call) {
  INGLE_TRY_VOID(check_hashable(*call.arg[0]));
  if (const Value* found = dict(call).find(*call.arg[0]); found != nullptr) return *found;
  const Value value = call.arg[1] != nullptr ? *call.arg[1] : Value::none();
  INGLE_TRY_VOID(put(call.heap, dict(call), *call.arg[0], value));
  return value;
}

Result<Value> copy_dict(Call& call) {
  Dict* copy = call.heap.dict();
  for (const Dict::Entry& entry : dict(call).entries) {
    INGLE_TRY_VOID(put(call.heap, *copy, entry.key, entry.value));
  }
  return Value::of(copy);
}

Result<Value> cycle(Call& call) {
  if (call.positional.empty()) return std::unexpected(type_error("cycle has no items"));
  return call.positional[call.self.loop->index % call.positional.size()];
}

Result<Value> changed(Call& call) {
  Loop& loop = *call.self.loop;
  bool same = loop.changed_asked && loop.last_changed.size() == call.positional.size();
  for (size_t i = 0; same && i < call.positional.size(); ++i) {
    INGLE_TRY(same, equal(call.heap, loop.last_changed[i], call.positional[i]));
  }
  loop.changed_asked = true;
  loop.last_changed.assign(call.positional.begin(), call.positional.end());
  return Value::of(!same);
}

constexpr Native kListMethods[] = {
    {"append", append, {"object"}, 1}, {"copy", copy_list},
    {"count", count, {"value"}, 1},    {"extend", extend, {"iterable"}, 1},
    {"index", position, {"value"}, 1}, {"insert", insert, {"index", "object"}, 2},
    {"pop", pop, {"index"}},
};

constexpr Native kDictMethods[] = {
    {"copy", copy_dict},
    {"get", get, {"key", "default"}, 1},
    {"items", items},
    {"keys", keys},
    {"pop", pop_key, {"key", "default"}, 1},
    {"setdefault", set_default, {"key", "default"}, 1},
    {"update", update, {}, 0, true},
    {"values", values},
};

constexpr Native kLoopMethods[] = {
    {"changed", changed, {}, 0, true},
    {"cycle", cycle, {}, 0, true},
};

}  // namespace
}  // namespace collection_method

const Native* find_list_method(std::string_view name) {
  return find_in(collection_method::kListMethods, name);
}
const Native* find_dict_method(std::string_view name) {
  return find_in(collection_method::kDictMethods, name);
}
const Native* find_loop_method(std::string_view name) {
  return find_in(collection_method::kLoopMethods, name);
}

}  // namespace ingle::text::jinja
