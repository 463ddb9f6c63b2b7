#include "text/grammar/record.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <unordered_set>

#include "text/grammar/decimal.h"

namespace ingle::text::grammar {

void join(Goal& goal, const Item& item) {
  if (item.schema->is_boolean() && item.schema->get<bool>() != item.is_negated) return;  // true says nothing
  if (std::ranges::find(goal, item) == goal.end()) goal.push_back(item);
}

void join(Goal& goal, const Goal& other) {
  for (const Item& item : other)
    join(goal, item);
}

size_t entries_of(const Record& record) {
  size_t n = 1 + (record.values ? record.values->size() : 0) + record.excluded.size() + record.multiples.size() +
             record.languages.size() + record.contains.size() + record.demands.size() + record.required.size() +
             record.forbidden.size() + record.unenforced.size();
  for (const ArrayRule& rule : record.arrays)
    n += 1 + rule.first.size();
  for (const ObjectRule& rule : record.objects)
    n += 1 + rule.named.size() + rule.patterns.size();
  return n;
}

bool is_impossible(Record& record) {
  if (record.values) {
    std::erase_if(*record.values, [&](const auto* value) { return (type_of(*value) & record.types) == 0; });
    Types types = 0;
    for (const auto* value : *record.values)
      types |= type_of(*value);
    record.types &= types;
  }
  if (record.least && record.most) {
    const int order = compare(record.least->value, record.most->value);
    if (order > 0 || (order == 0 && (record.least->exclusive || record.most->exclusive))) record.types &= ~kNumberTypes;
  }
  if (record.min_length > record.max_length) record.types &= ~kStringType;
  if (record.min_items > record.max_items) record.types &= ~kArrayType;
  const std::unordered_set<std::string_view> forbidden(record.forbidden.begin(), record.forbidden.end());
  const bool is_torn = !forbidden.empty() && std::ranges::any_of(record.required, [&](const std::string& name) {
    return forbidden.contains(name);
  });
  if (is_torn || record.min_properties > record.max_properties) record.types &= ~kObjectType;
  return record.types == 0;
}

}  // namespace ingle::text::grammar
