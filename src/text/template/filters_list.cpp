// Filters over sequences and mappings.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "text/template/arguments.h"
#include "text/template/evaluator.h"
#include "text/template/natives.h"
#include "text/template/operators.h"
#include "text/template/text_ops.h"

namespace ingle::text::jinja {
namespace list_filter {
namespace {

Value list_of(Call& call, std::vector<Value> items, List::Type type = List::Type::kList) {
  return Value::of(call.heap.list(type, std::move(items)));
}

bool is_sized(const Value& value) {
  return value.is_str() || value.is(Kind::kDict) || value.is_undefined() ||
         (value.is(Kind::kList) && value.list->type != List::Type::kGenerator) || value.is(Kind::kLoop);
}

Result<Value> length(Call& call) {
  if (!is_sized(call.self)) {
    return std::unexpected(type_error(fmt::format("object of type '{}' has no len()", type_name(call.self))));
  }
  size_t size = 0;
  if (call.self.is_str()) size = call.self.str->length;
  if (call.self.is(Kind::kDict)) size = call.self.dict->entries.size();
  if (call.self.is(Kind::kList)) size = call.self.list->items.size();
  if (call.self.is(Kind::kLoop)) size = call.self.loop->items.size();
  return Value::of(static_cast<int64_t>(size));
}

// "a.b.0": attribute paths as jinja2's filters take them.
Result<Value> at_path(Call& call, Value value, const Value& path, const Value* fallback) {
  if (!path.is_str()) return call.eval.item(value, path);
  const std::string_view text = path.bytes();
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('.', begin), text.size());
    const std::string_view part = text.substr(begin, end - begin);
    int64_t index = 0;
    const auto [stop, error] = std::from_chars(part.data(), part.data() + part.size(), index);
    const bool numeric = !part.empty() && part[0] != '-' && error == std::errc() && stop == part.data() + part.size();
    INGLE_TRY(value, call.eval.item(value, numeric ? Value::of(index) : call.heap.text(part)));
    if (fallback != nullptr && value.is_undefined()) value = *fallback;
    begin = end + 1;
  }
  return value;
}

Value ignore_case(Call& call, const Value& value) {
  return value.is_str() ? call.heap.text(change_case(value.str->text, Case::kLower)) : value;
}

// What to sort, group or compare by: the values, or an attribute of each; strings without their case.
Result<std::vector<Value>> keys_of(Call& call, const std::vector<Value>& items, const Value* path,
                                   bool case_sensitive) {
  std::vector<Value> keys;
  for (const Value& item : items) {
    Value key = item;
    if (path != nullptr && !path->is_none()) {
      INGLE_TRY(key, at_path(call, item, *path, nullptr));
    }
    if (!case_sensitive && key.is_str()) {
      INGLE_TRY_VOID(call.heap.spend_bytes(4 * key.bytes().size()));
      key = ignore_case(call, key);
    }
    keys.push_back(key);
  }
  return keys;
}

Result<Value> list(Call& call) {
  INGLE_TRY(std::vector<Value> items, call.eval.items(call.self));
  return list_of(call, std::move(items));
}

Result<Value> first(Call& call) {
  INGLE_TRY(const std::vector<Value> items, call.eval.items(call.self));
  return items.empty() ? Value::undefined() : items.front();
}

Result<Value> last(Call& call) {
  if (call.self.is(Kind::kList) && call.self.list->type == List::Type::kGenerator) {
    return std::unexpected(type_error("'generator' object is not reversible"));
  }
  INGLE_TRY(const std::vector<Value> items, call.eval.items(call.self));
  return items.empty() ? Value::undefined() : items.back();
}

Result<Value> join(Call& call) {
  INGLE_TRY(const std::vector<Value> items, call.eval.items(call.self));
  const Value empty = call.heap.text("");
  INGLE_TRY(const Value separator, to_str(call.heap, call.arg[0] != nullptr ? *call.arg[0] : empty));
  MarkedText out;
  for (size_t i = 0; i < items.size(); ++i) {
    Value item = items[i];
    if (call.has(1)) {
      INGLE_TRY(item, at_path(call, item, *call.arg[1], nullptr));
    }
    if (i > 0) INGLE_TRY_VOID(write_str(call.heap, out, separator));
    INGLE_TRY_VOID(write_str(call.heap, out, item));
  }
  return call.heap.text(std::move(out));
}

// map, select and reject take what is false for empty: none, too.
Result<std::vector<Value>> items_if_any(Call& call) {
  if (!truthy(call.self)) return std::vector<Value>();
  return call.eval.items(call.self);
}

Result<Value> map(Call& call) {
  INGLE_TRY(const std::vector<Value> items, items_if_any(call));
  std::vector<Value> out;
  const Native* filter = nullptr;
  const Value* path = nullptr;
  const Value* fallback = nullptr;
  if (call.positional.empty()) {
    for (const NamedValue& entry : call.named) {
      if (entry.name->text.bytes() == "attribute") path = &entry.value;
      if (entry.name->text.bytes() == "default") fallback = &entry.value;
    }
    if (path == nullptr) return std::unexpected(type_error("map wants a filter or attribute=..."));
  } else {
    if (!call.positional[0].is_str()) return wrong_type(call.positional[0], "the name of a filter");
    filter = find_filter(call.positional[0].bytes());
    if (filter == nullptr) return std::unexpected(Error::corrupt("map: no filter has that name"));
  }
  for (const Value& item : items) {
    INGLE_TRY_VOID(call.heap.spend(1));
    INGLE_TRY(const Value value, filter != nullptr
                                     ? call.eval.call_native(*filter, item, call.positional.subspan(1), call.named)
                                     : at_path(call, item, *path, fallback));
    out.push_back(value);
  }
  return list_of(call, std::move(out), List::Type::kGenerator);
}

Result<Value> select_by(Call& call, bool by_attribute, bool wanted) {
  INGLE_TRY(const std::vector<Value> items, items_if_any(call));
  const size_t offset = by_attribute ? 1 : 0;
  if (call.positional.size() < offset) return std::unexpected(type_error("the name of an attribute is missing"));
  const Native* test = nullptr;
  if (call.positional.size() > offset) {
    const Value& name = call.positional[offset];
    if (!name.is_str()) return wrong_type(name, "the name of a test");
    test = find_test(name.bytes());
    if (test == nullptr) return std::unexpected(Error::corrupt("no test has that name"));
  }
  std::vector<Value> out;
  for (const Value& item : items) {
    INGLE_TRY_VOID(call.heap.spend(1));
    Value value = item;
    if (by_attribute) {
      INGLE_TRY(value, at_path(call, item, call.positional[0], nullptr));
    }
    if (test != nullptr) {
      INGLE_TRY(value, call.eval.call_native(*test, value, call.positional.subspan(offset + 1), call.named));
    }
    if (truthy(value) == wanted) out.push_back(item);
  }
  return list_of(call, std::move(out), List::Type::kGenerator);
}

Result<Value> select(Call& call) {
  return select_by(call, false, true);
}
Result<Value> reject(Call& call) {
  return select_by(call, false, false);
}
Result<Value> select_attribute(Call& call) {
  return select_by(call, true, true);
}
Result<Value> reject_attribute(Call& call) {
  return select_by(call, true, false);
}

// By one attribute or several with commas between; as in jinja2 the keys are lists, which matters for undefined ones.
Result<Value> sort(Call& call) {
  INGLE_TRY(const std::vector<Value> items, call.eval.items(call.self));
  std::vector<Value> paths = {call.has(2) ? *call.arg[2] : Value::none()};
  if (paths[0].is_str()) {
    INGLE_TRY(paths, split(call.heap, paths[0].str->text, ",", -1));
  }
  std::vector<std::vector<Value>> parts(items.size());
  for (const Value& path : paths) {
    INGLE_TRY(const std::vector<Value> keys, keys_of(call, items, &path, bool_arg(call, 1, false)));
    for (size_t i = 0; i < items.size(); ++i)
      parts[i].push_back(keys[i]);
  }
  std::vector<Value> keys;
  for (std::vector<Value>& part : parts)
    keys.push_back(list_of(call, std::move(part)));
  INGLE_TRY(const std::vector<size_t> order, sorted_order(call.heap, keys, bool_arg(call, 0, false)));
  std::vector<Value> out;
  for (const size_t i : order)
    out.push_back(items[i]);
  return list_of(call, std::move(out));
}

Result<Value> unique(Call& call) {
  INGLE_TRY(const std::vector<Value> items, call.eval.items(call.self));
  INGLE_TRY(const std::vector<Value> keys, keys_of(call, items, call.arg[1], bool_arg(call, 0, false)));
  Dict seen;
  std::vector<Value> out;
  for (size_t i = 0; i < items.size(); ++i) {
    INGLE_TRY_VOID(check_hashable(keys[i]));
    if (seen.find(keys[i]) != nullptr) continue;
    INGLE_TRY_VOID(put(call.heap, seen, keys[i], Value::none()));
    out.push_back(items[i]);
  }
  return list_of(call, std::move(out), List::Type::kGenerator);
}

Result<Value> extreme(Call& call, bool largest) {
  INGLE_TRY(const std::vector<Value> items, call.eval.items(call.self));
  if (items.empty()) return Value::undefined();
  INGLE_TRY(const std::vector<Value> keys, keys_of(call, items, call.arg[1], bool_arg(call, 0, false)));
  size_t best = 0;
  for (size_t i = 1; i < items.size(); ++i) {
    INGLE_TRY(const bool better, largest ? less(call.heap, keys[best], keys[i]) : less(call.heap, keys[i], keys[best]));
    if (better) best = i;
  }
  return items[best];
}

Result<Value> min(Call& call) {
  return extreme(call, false);
}
Result<Value> max(Call& call) {
  return extreme(call, true);
}

Result<Value> sum(Call& call) {
  INGLE_TRY(const std::vector<Value> items, call.eval.items(call.self));
  Value total = call.arg[1] != nullptr ? *call.arg[1] : Value::of(int64_t{0});
  if (total.is_str()) return std::unexpected(type_error("sum cannot add strings; use join"));
  for (const Value& item : items) {
    Value value = item;
    if (call.has(0)) {
      INGLE_TRY(value, at_path(call, item, *call.arg[0], nullptr));
    }
    INGLE_TRY_VOID(call.heap.spend(1));
    INGLE_TRY(total, binary(call.heap, BinaryOp::kAdd, total, value));
  }
  return total;
}

Result<Value> reverse(Call& call) {
  if (call.self.is_str()) {
    const Value bounds[] = {Value::none(), Value::none(), Value::of(int64_t{-1})};
    return call.eval.slice(call.self, bounds);
  }
  INGLE_TRY(std::vector<Value> items, call.eval.items(call.self));
  std::reverse(items.begin(), items.end());
  return list_of(call, std::move(items), List::Type::kGenerator);
}

Result<Value> items_filter(Call& call) {
  if (call.self.is_undefined()) return list_of(call, {}, List::Type::kGenerator);
  if (!call.self.is(Kind::kDict)) return std::unexpected(type_error("can only get item pairs from a mapping"));
  std::vector<Value> out;
  for (const Dict::Entry& entry : call.self.dict->entries) {
    INGLE_TRY_VOID(call.heap.spend(1));
    out.push_back(call.heap.pair(entry.key, entry.value));
  }
  return list_of(call, std::move(out), List::Type::kGenerator);
}

Result<Value> dict_sort(Call& call) {
  if (!call.self.is(Kind::kDict)) return wrong_type(call.self, "a mapping");
  INGLE_TRY(const auto by, text_arg(call, 1));
  if (by && *by != "key" && *by != "value") {
    return std::unexpected(Error::corrupt("dictsort: by must be 'key' or 'value'"));
  }
  std::vector<Value> by_what;
  for (const Dict::Entry& entry : call.self.dict->entries) {
    by_what.push_back(by && *by == "value" ? entry.value : entry.key);
  }
  INGLE_TRY(const std::vector<Value> keys, keys_of(call, by_what, nullptr, bool_arg(call, 0, false)));
  INGLE_TRY(const std::vector<size_t> order, sorted_order(call.heap, keys, bool_arg(call, 2, false)));
  std::vector<Value> out;
  for (const size_t i : order) {
    const Dict::Entry& entry = call.self.dict->entries[i];
    out.push_back(call.heap.pair(entry.key, entry.value));
  }
  return list_of(call, std::move(out));
}

constexpr uint64_t kMaxBatch = 1'000'000;  // size of a batch, number of slices

Result<Value> batch(Call& call) {
  INGLE_TRY(const std::vector<Value> items, call.eval.items(call.self));
  INGLE_TRY(const int64_t size, int_arg(call, 0, 1));
  if (size < 1) return std::unexpected(Error::corrupt("batch: the size must be positive"));
  std::vector<Value> out;
  for (size_t begin = 0; begin < items.size();) {
    const size_t end = begin + std::min<uint64_t>(static_cast<uint64_t>(size), items.size() - begin);
    std::vector<Value> row(items.begin() + static_cast<std::ptrdiff_t>(begin),
                           items.begin() + static_cast<std::ptrdiff_t>(end));
    if (call.has(1) && row.size() < static_cast<uint64_t>(size)) {
      if (static_cast<uint64_t>(size) > kMaxBatch)
        return std::unexpected(Error::exhausted("batch: the size is too large"));
      INGLE_TRY_VOID(call.heap.spend_bytes(static_cast<uint64_t>(size) * sizeof(Value)));
      row.resize(static_cast<size_t>(size), *call.arg[1]);
    }
    out.push_back(list_of(call, std::move(row)));
    begin = end;
  }
  return list_of(call, std::move(out), List::Type::kGenerator);
}

Result<Value> slices(Call& call) {
  INGLE_TRY(const std::vector<Value> items, call.eval.items(call.self));
  INGLE_TRY(const int64_t wanted, int_arg(call, 0, 1));
  if (wanted < 1) return std::unexpected(Error::corrupt("slice: the number of slices must be positive"));
  const auto count = static_cast<uint64_t>(wanted);
  if (count > kMaxBatch) return std::unexpected(Error::exhausted("slice: too many slices"));
  INGLE_TRY_VOID(call.heap.spend_bytes(count * sizeof(List)));
  std::vector<Value> out;
  size_t begin = 0;
  for (uint64_t i = 0; i < count; ++i) {
    const bool extra = i < items.size() % count;
    const size_t end = begin + items.size() / count + (extra ? 1 : 0);
    std::vector<Value> row(items.begin() + static_cast<std::ptrdiff_t>(begin),
                           items.begin() + static_cast<std::ptrdiff_t>(end));
    if (call.has(1) && !extra) row.push_back(*call.arg[1]);
    out.push_back(list_of(call, std::move(row)));
    begin = end;
  }
  return list_of(call, std::move(out), List::Type::kGenerator);
}

Result<Value> group_by(Call& call) {
  INGLE_TRY(const std::vector<Value> items, call.eval.items(call.self));
  const Value* fallback = call.has(1) ? call.arg[1] : nullptr;
  std::vector<Value> shown;
  for (const Value& item : items) {
    INGLE_TRY(const Value key, at_path(call, item, *call.arg[0], fallback));
    shown.push_back(key);
  }
  INGLE_TRY(const std::vector<Value> keys, keys_of(call, shown, nullptr, bool_arg(call, 2, false)));
  INGLE_TRY(const std::vector<size_t> order, sorted_order(call.heap, keys, false));
  std::vector<Value> out;
  for (size_t i = 0; i < order.size();) {
    const size_t begin = i;
    std::vector<Value> group;
    for (bool same = true; same && i < order.size();) {
      group.push_back(items[order[i]]);
      if (++i == order.size()) break;
      INGLE_TRY(same, equal(call.heap, keys[order[begin]], keys[order[i]]));
    }
    out.push_back(call.heap.pair(shown[order[begin]], list_of(call, std::move(group))));
  }
  return list_of(call, std::move(out));
}

constexpr Native kListFilters[] = {
    {"batch", batch, {"linecount", "fill_with"}, 1},
    {"count", length},
    {"dictsort", dict_sort, {"case_sensitive", "by", "reverse"}},
    {"first", first},
    {"groupby", group_by, {"attribute", "default", "case_sensitive"}, 1},
    {"items", items_filter},
    {"join", join, {"d", "attribute"}},
    {"last", last},
    {"length", length},
    {"list", list},
    {"map", map, {}, 0, true},
    {"max", max, {"case_sensitive", "attribute"}},
    {"min", min, {"case_sensitive", "attribute"}},
    {"reject", reject, {}, 0, true},
    {"rejectattr", reject_attribute, {}, 0, true},
    {"reverse", reverse},
    {"select", select, {}, 0, true},
    {"selectattr", select_attribute, {}, 0, true},
    {"slice", slices, {"slices", "fill_with"}, 1},
    {"sort", sort, {"reverse", "case_sensitive", "attribute"}},
    {"sum", sum, {"attribute", "start"}},
    {"unique", unique, {"case_sensitive", "attribute"}},
};

}  // namespace
}  // namespace list_filter

std::span<const Native> list_filters() {
  return list_filter::kListFilters;
}

}  // namespace ingle::text::jinja
