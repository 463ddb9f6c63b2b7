// TreeBuilder: arrays and objects of a record, all rules about them put together.
#include <fmt/format.h>

#include <algorithm>

#include "text/grammar/json_text.h"
#include "text/grammar/tree_builder.h"

namespace ingle::text::grammar {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMaxRegions = 64;      // groups of names that patterns tell apart
constexpr uint32_t kMaxCounted = 4096;  // places times counted elements of `contains`
constexpr size_t kMaxDifferent = 5;     // values of elements that are enumerated for uniqueItems
constexpr size_t kMaxEnumerated = 400;

const Json kNever = false;

/// What putting together the goal of one member or element costs, of so many rules: each is compared with those before it.
uint64_t joined(uint64_t n_rules) {
  constexpr uint64_t kGoal = 8;  // it is looked up, and its node made
  return kGoal + n_rules + n_rules * n_rules / kGoal;
}

/// A rule about names, made quick to ask.
class NameRule {
 public:
  explicit NameRule(const ObjectRule& rule) : rule_(rule) {
    for (const auto& [name, goal] : rule.named)
      named_.emplace(name, &goal);
  }

  void add_to(Goal& goal, const std::string& name) const {
    bool is_other = true;
    if (const auto own = named_.find(name); own != named_.end()) {
      join(goal, *own->second);
      is_other = false;
    }
    for (const auto& [language, more] : rule_.patterns) {
      if (!language.contains(name)) continue;
      join(goal, more);
      is_other = false;
    }
    if (is_other) join(goal, rule_.others);
  }

 private:
  const ObjectRule& rule_;
  std::unordered_map<std::string_view, const Goal*> named_;
};

/// Names that have the same goal.
struct Region {
  Language names;
  Goal goal;
};

/// Cuts the regions along the patterns of a rule; nothing where that takes too much.
std::optional<std::vector<Region>> cut(std::vector<Region> regions, const ObjectRule& rule, Budget& budget) {
  struct Piece {
    Region region;
    bool is_other;
  };
  std::vector<Piece> pieces;
  for (Region& region : regions)
    pieces.push_back({std::move(region), true});
  for (const auto& [language, goal] : rule.patterns) {
    std::vector<Piece> next;
    for (Piece& piece : pieces) {
      auto inside = piece.region.names.intersect(language, &budget);
      auto outside = piece.region.names.without(language, &budget);
      if (!inside || !outside || next.size() + 2 > kMaxRegions) return std::nullopt;
      if (!outside->is_empty()) next.push_back({{std::move(*outside), piece.region.goal}, piece.is_other});
      if (inside->is_empty()) continue;
      Piece matched{{std::move(*inside), std::move(piece.region.goal)}, false};
      join(matched.region.goal, goal);
      next.push_back(std::move(matched));
    }
    pieces = std::move(next);
  }
  std::vector<Region> out;
  for (Piece& piece : pieces) {
    if (piece.is_other) join(piece.region.goal, rule.others);
    out.push_back(std::move(piece.region));
  }
  return out;
}

}  // namespace

Status TreeBuilder::append_array(const Record& record, Parts& parts, Question& question) {
  Node node{.kind = Node::Kind::kArray, .min = record.min_items, .max = record.max_items};
  for (const Json* value : record.excluded) {
    if (!value->is_array()) continue;
    if (value->empty()) {
      node.min = std::max(node.min, 1U);
    } else {
      question.unenforced.push_back({"not", "#", "an array cannot be left out"});
    }
  }
  size_t n_first = 0;
  for (const ArrayRule& rule : record.arrays)
    n_first = std::max(n_first, rule.first.size());
  INGLE_TRY_VOID(expander_.spend((1 + std::min<uint64_t>(n_first, node.max)) * joined(record.arrays.size())));
  Goal rest;
  for (const ArrayRule& rule : record.arrays)
    join(rest, rule.rest);
  for (size_t i = 0; i < n_first && i < node.max; ++i) {
    Goal goal;
    for (const ArrayRule& rule : record.arrays)
      join(goal, i < rule.first.size() ? rule.first[i] : rule.rest);
    INGLE_TRY(const NodeId part, node_of(goal));
    bool is_impossible = part == nothing_;
    if (!is_impossible && i < node.min) {
      INGLE_TRY(is_impossible, is_nothing(part));
    }
    if (is_impossible) {
      node.max = std::min(node.max, static_cast<uint32_t>(i));
      break;
    }
    node.parts.push_back(part);
  }
  INGLE_TRY(node.rest, node_of(rest));
  if (node.rest == nothing_ || node.max <= node.parts.size()) {
    node.max = std::min(node.max, static_cast<uint32_t>(node.parts.size()));
    node.rest = Node::kNone;
  } else if (node.min > node.parts.size()) {
    INGLE_TRY(const bool is_impossible, is_nothing(node.rest));
    if (is_impossible) return {};
  }
  if (node.min > node.max) return {};
  if (!record.contains.empty()) INGLE_TRY_VOID(count_elements(record, node, question));
  if (!record.unique_path.empty() && node.max > 1) return append_unique(record, std::move(node), parts, question);
  INGLE_TRY(const NodeId id, add(std::move(node)));
  parts.push_back(id);
  return {};
}

/// The first rule of `contains` is enforced, others are left to a check.
Status TreeBuilder::count_elements(const Record& record, Node& node, Question& question) {
  const auto leave_out = [&](const char* why) { question.unenforced.push_back({"contains", "#", why}); };
  if (record.contains.size() > 1) leave_out("more than one for the same array");
  const ContainsRule& rule = record.contains.front();
  const uint64_t places = std::max<uint64_t>({node.parts.size(), node.min, node.max == kUnlimited ? 0 : node.max}) + 1;
  const uint64_t counts = uint64_t{rule.max == kUnlimited ? rule.min : rule.max} + 1;
  if (places * counts > kMaxCounted) {
    leave_out("it counts too far");
    return {};
  }
  Goal rest;
  for (const ArrayRule& array : record.arrays)
    join(rest, array.rest);
  Node::Counted counted{.parts = {}, .rest = Node::kNone, .min = rule.min, .max = rule.max};
  for (size_t i = 0; i <= node.parts.size(); ++i) {
    const bool is_rest = i == node.parts.size();
    if (is_rest && node.rest == Node::kNone) break;
    Goal goal;
    for (const ArrayRule& array : record.arrays)
      join(goal, i < array.first.size() ? array.first[i] : array.rest);
    if (is_rest) goal = rest;
    Goal with = goal;
    join(with, rule.wanted);
    INGLE_TRY((is_rest ? counted.rest : counted.parts.emplace_back()), node_of(with));
    if (rule.max == kUnlimited) continue;
    join(goal, !rule.wanted);
    INGLE_TRY((is_rest ? node.rest : node.parts[i]), node_of(goal));
  }
  node.counted = std::move(counted);
  return {};
}

/// The texts of a node that is made of few scalars.
std::optional<std::vector<std::string>> TreeBuilder::scalars_of(NodeId id, size_t limit) {
  const Node& node = tree_.nodes[id];
  if (node.kind == Node::Kind::kLiteral) return std::vector<std::string>{node.text};
  if (node.kind != Node::Kind::kUnion || node.parts.empty() || node.parts.size() > limit) return std::nullopt;
  std::vector<std::string> texts;
  for (const NodeId part : node.parts) {
    if (tree_.nodes[part].kind != Node::Kind::kLiteral) return std::nullopt;
    texts.push_back(tree_.nodes[part].text);
  }
  return texts;
}

/// Arrays of different elements: enumerated where the elements have few values.
Status TreeBuilder::append_unique(const Record& record, Node node, Parts& parts, Question& question) {
  std::vector<std::vector<std::string>> first;
  std::optional<std::vector<std::string>> rest;
  bool is_finite = !node.counted && depth_ < kMaxDepth;
  for (size_t i = 0; is_finite && i <= node.parts.size(); ++i) {
    const NodeId id = i < node.parts.size() ? node.parts[i] : node.rest;
    if (id == Node::kNone) break;
    INGLE_TRY_VOID(answer(id));
    auto texts = scalars_of(id, kMaxDifferent);
    is_finite = texts.has_value();
    if (is_finite && i < node.parts.size()) first.push_back(std::move(*texts));
    if (is_finite && i == node.parts.size()) rest = std::move(texts);
  }
  std::vector<std::vector<std::string>> arrays = {{}};
  for (size_t i = 0; is_finite && i < arrays.size(); ++i) {
    const size_t n = arrays[i].size();
    if (n >= node.max || (n >= first.size() && !rest)) continue;
    for (const std::string& text : n < first.size() ? first[n] : *rest) {
      if (std::ranges::find(arrays[i], text) != arrays[i].end()) continue;
      arrays.push_back(arrays[i]);
      arrays.back().push_back(text);
    }
    is_finite = arrays.size() <= kMaxEnumerated;
  }
  if (!is_finite) {
    question.unenforced.push_back(
        {"uniqueItems", record.unique_path, "elements are not compared while they are written"});
    INGLE_TRY(const NodeId id, add(std::move(node)));
    parts.push_back(id);
    return {};
  }
  INGLE_TRY_VOID(expander_.spend(arrays.size() * kMaxDifferent * 8));  // each of their values is looked up
  for (const auto& texts : arrays) {
    if (texts.size() < node.min) continue;
    Node array{.kind = Node::Kind::kArray};
    array.min = array.max = static_cast<uint32_t>(texts.size());
    for (const std::string& text : texts) {
      INGLE_TRY(const NodeId part, literal(text));
      array.parts.push_back(part);
    }
    INGLE_TRY(const NodeId id, add(std::move(array)));
    parts.push_back(id);
  }
  return {};
}

/// A member that must be there: it is one of those that are named. Where others may come it is left to a check.
Status TreeBuilder::append_demanded(const Record& record, Parts& parts, Question& question) {
  INGLE_TRY_VOID(expander_.spend(2 * entries_of(record)));
  Record rest = record;
  const Demand demand = std::move(rest.demands.back());
  rest.demands.pop_back();
  Goal others;
  for (const ObjectRule& rule : record.objects)
    join(others, rule.patterns.empty() ? rule.others : Goal{});
  INGLE_TRY(const NodeId value, node_of(others));
  if (value != nothing_) {
    question.unenforced.push_back(demand.otherwise);
    return append_object(rest, parts, question);
  }
  std::set<std::string> names(record.required.begin(), record.required.end());
  for (const ObjectRule& rule : record.objects) {
    for (const auto& [name, goal] : rule.named)
      names.insert(name);
  }
  for (const std::string& name : names) {
    if (!demand.names.contains(name)) continue;
    INGLE_TRY_VOID(expander_.spend(entries_of(rest)));
    Record with = rest;
    ObjectRule rule;
    rule.named.emplace_back(name, demand.value);
    with.objects.push_back(std::move(rule));
    with.required.push_back(name);
    if (is_impossible(with)) continue;
    INGLE_TRY_VOID(append_object(with, parts, question));
  }
  return {};
}

Status TreeBuilder::append_object(const Record& record, Parts& parts, Question& question) {
  if (!record.demands.empty()) return append_demanded(record, parts, question);
  Node node{.kind = Node::Kind::kObject, .min = record.min_properties, .max = record.max_properties};
  for (const Json* value : record.excluded) {
    if (!value->is_object()) continue;
    if (value->empty()) {
      node.min = std::max(node.min, 1U);
    } else {
      question.unenforced.push_back({"not", "#", "an object cannot be left out"});
    }
  }
  // Members come in the order of "properties"; then those that are only named elsewhere.
  std::vector<std::string> names;
  std::set<std::string_view> listed;
  const auto list = [&](const std::string& name) {
    if (listed.insert(name).second) names.push_back(name);
  };
  for (const ObjectRule& rule : record.objects) {
    for (const auto& [name, goal] : rule.named)
      list(name);
  }
  std::ranges::for_each(record.required, list);
  std::ranges::for_each(record.forbidden, list);
  const std::set<std::string_view> required(record.required.begin(), record.required.end());
  const std::set<std::string_view> forbidden(record.forbidden.begin(), record.forbidden.end());
  size_t n_patterns = 0;
  for (const ObjectRule& rule : record.objects)
    n_patterns += rule.patterns.size();
  INGLE_TRY_VOID(expander_.spend(entries_of(record) + names.size() * (n_patterns + joined(record.objects.size()))));
  const std::vector<NameRule> rules(record.objects.begin(), record.objects.end());
  for (const std::string& name : names) {
    Goal goal;
    for (const NameRule& rule : rules)
      rule.add_to(goal, name);
    if (forbidden.contains(name)) goal = {Item{&kNever}};
    INGLE_TRY(const NodeId value, node_of(goal));
    const bool is_required = required.contains(name);
    if (is_required) {
      INGLE_TRY(const bool is_impossible, is_nothing(value));
      if (is_impossible) return {};
    }
    node.properties.push_back({string_text(name), value, is_required});
  }
  if (required.size() > node.max) return {};
  INGLE_TRY_VOID(append_others(record, names, node, question));
  // Two such members could be the same one twice.
  if (!node.others.empty() && node.min >= required.size() + 2)
    question.unenforced.push_back({"minProperties", "#", "names that are not listed are not compared"});
  INGLE_TRY(const NodeId id, add(std::move(node)));
  parts.push_back(id);
  return {};
}

/// Every name but these.
Result<Language> TreeBuilder::other_names(const std::vector<std::string>& names) {
  if (names.empty()) return Language::any();
  std::vector<std::string> key = names;
  std::ranges::sort(key);
  if (const auto known = other_names_.find(key); known != other_names_.end()) return known->second;
  INGLE_TRY(const Language named, Language::of_literals(key, &expander_.budget()));
  INGLE_TRY(const Language others, named.complement(&expander_.budget()));
  return other_names_.emplace(std::move(key), others).first->second;
}

Status TreeBuilder::append_others(const Record& record, const std::vector<std::string>& names, Node& node,
                                  Question& question) {
  Goal goal;
  bool has_patterns = false;
  for (const ObjectRule& rule : record.objects) {
    has_patterns |= !rule.patterns.empty();
    if (rule.patterns.empty()) join(goal, rule.others);
  }
  INGLE_TRY(const NodeId value, node_of(goal));
  if (value == nothing_) return {};
  const Result<Language> others = other_names(names);
  if (!others)
    return std::unexpected(Error::refused("schema: an object has too many properties").hint("use a smaller schema"));
  if (has_patterns) {
    std::optional<std::vector<Region>> regions = std::vector<Region>{{*others, {}}};
    for (const ObjectRule& rule : record.objects) {
      if (regions) regions = cut(std::move(*regions), rule, expander_.budget());
    }
    if (regions) {
      for (Region& region : *regions) {
        INGLE_TRY(const NodeId of_region, node_of(region.goal));
        if (of_region != nothing_) node.others.push_back({std::move(region.names), of_region});
      }
      return {};
    }
    question.unenforced.push_back({"patternProperties", "#", "the patterns together are too large"});
  }
  node.others.push_back({*others, value});
  return {};
}

}  // namespace ingle::text::grammar
