#include "text/grammar/tree_builder.h"

#include <fmt/format.h>

#include <algorithm>

#include "text/grammar/decimal.h"
#include "text/grammar/json_text.h"
#include "text/grammar/multiples.h"
#include "text/grammar/number_language.h"

namespace ingle::text::grammar {
namespace {

void append_text(std::string& key, const std::optional<Bound>& bound) {
  if (!bound) {
    key += '|';
    return;
  }
  key += fmt::format("{}{}.{}{}|", bound->value.negative ? "-" : "", bound->value.whole, bound->value.fraction,
                     bound->exclusive ? "!" : "");
}

/// Two nodes that say the same have the same text. Languages are told apart by where they are.
std::string text_of(const Node& node) {
  std::string key = fmt::format("{}|{}|{}|{}|{}|{}|", static_cast<int>(node.kind), node.min, node.max, node.fractional,
                                node.copy, node.rest);
  append_text(key, node.least);
  append_text(key, node.most);
  append_text(key, node.multiple_of ? std::optional<Bound>({*node.multiple_of, false}) : std::nullopt);
  if (node.language) key += fmt::format("{}|", static_cast<const void*>(node.language->shared().get()));
  for (const NodeId part : node.parts)
    key += fmt::format("{},", part);
  if (node.counted) {
    key += fmt::format("c{} {} {}:", node.counted->rest, node.counted->min, node.counted->max);
    for (const NodeId part : node.counted->parts)
      key += fmt::format("{},", part);
  }
  for (const Node::Others& others : node.others)
    key += fmt::format("o{} {},", static_cast<const void*>(others.names.shared().get()), others.value);
  for (const Node::Property& property : node.properties)
    key += fmt::format("{}{}{},", property.key, property.required ? '!' : '?', property.value);
  return key + node.text;
}

Types types_in(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNothing:
      return 0;
    case Node::Kind::kLiteral:
      return type_of(nlohmann::ordered_json::parse(node.text));
    case Node::Kind::kInteger:
      return kWholeType;
    case Node::Kind::kNumber:
      return kNumberTypes;
    case Node::Kind::kString:
    case Node::Kind::kCopy:
      return kStringType;
    case Node::Kind::kArray:
      return kArrayType;
    case Node::Kind::kObject:
      return kObjectType;
    case Node::Kind::kUnion:
      break;
  }
  return kAllTypes;
}

/// Texts of numbers that are not whole.
const Language& fractions() {
  static const Language language = Language::from_whole_pattern("-?[0-9]+\\.[0-9]*[1-9][0-9]*").value();
  return language;
}

}  // namespace

TreeBuilder::TreeBuilder(SchemaIndex& index, std::span<const CopySource> copy_sources, const SchemaOptions& options)
    : options_(options),
      expander_(
          index, copy_sources, options,
          [this](const Json& a, const Json& b, const Record& around) { return are_disjoint(a, b, around); },
          [this](const Item& item) { return names_of(item); }) {}

Result<SchemaTree> TreeBuilder::build(const Json& root) {
  INGLE_TRY_VOID(make_any());
  INGLE_TRY(nothing_, add({}));
  Goal goal = {Item{&root}};
  if (options_.only_objects) goal.push_back(Item{&SchemaIndex::any_object()});
  INGLE_TRY(const NodeId start, node_of(goal));
  while (!waiting_.empty()) {
    const NodeId next = waiting_.front();
    waiting_.pop_front();
    INGLE_TRY_VOID(answer(next));
  }
  return finish(start);
}

Result<NodeId> TreeBuilder::add_open(Node node) {
  if (tree_.nodes.size() >= options_.limits.max_nodes) {
    return std::unexpected(
        Error::refused(fmt::format("schema: more than {} values are described", options_.limits.max_nodes))
            .hint("use a smaller schema"));
  }
  tree_.nodes.push_back(std::move(node));
  return static_cast<NodeId>(tree_.nodes.size() - 1);
}

/// A node that does not change any more: there is one of each.
Result<NodeId> TreeBuilder::add(Node node) {
  std::string key = text_of(node);
  if (const auto known = known_.find(key); known != known_.end()) return known->second;
  INGLE_TRY(const NodeId id, add_open(std::move(node)));
  known_.emplace(std::move(key), id);
  return id;
}

/// Free JSON: a node that refers to itself.
Status TreeBuilder::make_any() {
  INGLE_TRY(any_, add_open({.kind = Node::Kind::kUnion}));
  Parts parts;
  for (const char* word : {"null", "true", "false"}) {
    INGLE_TRY(const NodeId id, literal(word));
    parts.push_back(id);
  }
  for (const Node::Kind kind : {Node::Kind::kNumber, Node::Kind::kString}) {
    INGLE_TRY(const NodeId id, add({.kind = kind}));
    parts.push_back(id);
  }
  INGLE_TRY(const NodeId array, add({.kind = Node::Kind::kArray, .rest = any_}));
  INGLE_TRY(const NodeId object, add({.kind = Node::Kind::kObject, .others = {{Language::any(), any_}}}));
  parts.push_back(array);
  parts.push_back(object);
  tree_.nodes[any_].parts = std::move(parts);
  return {};
}

Result<NodeId> TreeBuilder::node_of(const Goal& goal) {
  if (goal.empty()) return any_;
  for (const Item& item : goal) {
    if (item.schema->is_boolean() && item.schema->get<bool>() == item.is_negated) return nothing_;
  }
  std::vector<Item> key = goal;
  std::ranges::sort(key);
  if (const auto known = goals_.find(key); known != goals_.end()) return known->second;
  INGLE_TRY(const NodeId id, add_open({.kind = Node::Kind::kUnion}));
  goals_.emplace(std::move(key), id);
  questions_[id].goal = goal;
  waiting_.push_back(id);
  return id;
}

Status TreeBuilder::answer(NodeId id) {
  const auto found = questions_.find(id);
  if (found == questions_.end() || found->second.progress != Progress::kWaiting) return {};
  found->second.progress = Progress::kOpen;
  Question question{found->second.goal, Progress::kDone, {}};
  ++depth_;
  INGLE_TRY(auto records, expander_.expand(question.goal));
  Parts parts;
  for (Record& record : records)
    INGLE_TRY_VOID(append(record, parts, question));
  --depth_;
  Parts unique;
  std::set<NodeId> seen;
  for (const NodeId part : parts) {
    if (seen.insert(part).second) unique.push_back(part);
  }
  Node& node = tree_.nodes[id];
  node.kind = unique.empty() ? Node::Kind::kNothing : Node::Kind::kUnion;
  node.parts = std::move(unique);
  questions_[id] = std::move(question);
  return {};
}

Result<bool> TreeBuilder::is_nothing(NodeId id) {
  if (depth_ < kMaxDepth) INGLE_TRY_VOID(answer(id));
  const Node& node = tree_.nodes[id];
  return node.kind == Node::Kind::kNothing;
}

Result<bool> TreeBuilder::are_disjoint(const Json& a, const Json& b, const Record& around) {
  INGLE_TRY(const NodeId both, node_of({Item{&a}, Item{&b}}));
  INGLE_TRY(const bool is_empty, is_nothing(both));
  if (is_empty) return true;
  const auto question = questions_.find(both);
  if (question == questions_.end() || question->second.progress != Progress::kDone) return false;
  for (const NodeId part : Parts(tree_.nodes[both].parts)) {
    const Node& node = tree_.nodes[part];
    if ((types_in(node) & around.types) == 0) continue;
    bool is_impossible = false;
    for (const Node::Property& property : std::vector(node.properties)) {  // looking further moves the nodes
      if (std::ranges::none_of(around.required, [&](const auto& key) { return string_text(key) == property.key; }))
        continue;
      INGLE_TRY(is_impossible, is_nothing(property.value));
      if (is_impossible) break;
    }
    if (!is_impossible) return false;
  }
  return true;
}

Result<std::optional<Language>> TreeBuilder::names_of(const Item& item) {
  INGLE_TRY(const NodeId id, node_of({item}));
  INGLE_TRY_VOID(answer(id));
  const auto question = questions_.find(id);
  const bool is_exact = question == questions_.end() ||
                        (question->second.progress == Progress::kDone && question->second.unenforced.empty());
  if (!is_exact) return std::nullopt;
  const Node& node = tree_.nodes[id];
  Language names = Language::none();
  const Parts parts = node.kind == Node::Kind::kUnion ? node.parts : Parts{id};
  for (const NodeId part : parts) {
    const Node& value = tree_.nodes[part];
    Result<Language> more = Language::none();
    if (value.kind == Node::Kind::kLiteral && value.text.starts_with('"')) {
      more = Language::literal(Json::parse(value.text).get<std::string>(), &expander_.budget());
    } else if (value.kind == Node::Kind::kString) {
      more = value.language ? *value.language : Language::of_lengths(value.min, value.max, &expander_.budget());
    } else if (value.kind == Node::Kind::kCopy) {
      return std::nullopt;
    }
    if (more) more = names.unite(*more, &expander_.budget());
    if (!more) return std::nullopt;
    names = *more;
  }
  return names;
}

Result<NodeId> TreeBuilder::node_of_value(const Json& value) {
  if (!value.is_structured()) return literal(scalar_text(value));
  Node node{.kind = value.is_array() ? Node::Kind::kArray : Node::Kind::kObject};
  if (value.is_array()) node.min = node.max = static_cast<uint32_t>(value.size());
  for (const auto& [key, element] : value.items()) {
    INGLE_TRY(const NodeId part, node_of_value(element));
    if (value.is_array()) {
      node.parts.push_back(part);
    } else {
      node.properties.push_back({string_text(key), part, true});
    }
  }
  return add(std::move(node));
}

Status TreeBuilder::append(Record& record, Parts& parts, Question& question) {
  question.unenforced.insert(question.unenforced.end(), record.unenforced.begin(), record.unenforced.end());
  if (record.values) return append_values(record, parts, question);
  INGLE_TRY_VOID(append_words(record, parts));
  if ((record.types & kNumberTypes) != 0) INGLE_TRY_VOID(append_numbers(record, parts, question));
  if ((record.types & kStringType) != 0) INGLE_TRY_VOID(append_string(record, parts, question));
  if ((record.types & kArrayType) != 0) INGLE_TRY_VOID(append_array(record, parts, question));
  if ((record.types & kObjectType) != 0) INGLE_TRY_VOID(append_object(record, parts, question));
  return {};
}

/// Of the listed values those that fit everything else.
Status TreeBuilder::append_values(Record& record, Parts& parts, Question& question) {
  const auto values = std::move(*record.values);
  record.values.reset();
  record.unenforced.clear();
  const auto excluded = std::exchange(record.excluded, {});
  Parts rest;
  INGLE_TRY_VOID(append(record, rest, question));
  for (const Json* value : values) {
    INGLE_TRY_VOID(expander_.spend(weight_of(*value) * (1 + excluded.size())));
    if (std::ranges::any_of(excluded, [&](const Json* other) { return are_equal(*value, *other); })) continue;
    for (const NodeId part : rest) {
      INGLE_TRY(const bool fits, takes(part, *value, question.unenforced));
      if (!fits) continue;
      INGLE_TRY(const NodeId id, node_of_value(*value));
      parts.push_back(id);
      break;
    }
  }
  return {};
}

Status TreeBuilder::append_words(const Record& record, Parts& parts) {
  const std::pair<Json, Types> words[] = {{nullptr, kNullType}, {true, kBooleanType}, {false, kBooleanType}};
  for (const auto& [word, type] : words) {
    const Json& value = word;
    if ((record.types & type) == 0 ||
        std::ranges::any_of(record.excluded, [&](const Json* other) { return *other == value; }))
      continue;
    INGLE_TRY(const NodeId id, literal(word.dump()));
    parts.push_back(id);
  }
  return {};
}

/// The numbers between those that are excluded.
Status TreeBuilder::append_numbers(const Record& record, Parts& parts, Question& question) {
  Node node{.kind = (record.types & kFractionalType) != 0 ? Node::Kind::kNumber : Node::Kind::kInteger};
  node.fractional = (record.types & kWholeType) == 0;
  node.least = record.least;
  node.most = record.most;
  for (const Decimal& multiple : record.multiples) {
    if (node.kind == Node::Kind::kInteger && is_multiple({.negative = false, .whole = "1", .fraction = ""}, multiple))
      continue;
    const auto common = node.multiple_of ? common_multiple(*node.multiple_of, multiple) : multiple;
    if (common) {
      node.multiple_of = common;
    } else {
      question.unenforced.push_back({"multipleOf", "#", "the least common multiple is too large"});
    }
  }
  std::vector<Decimal> holes;
  for (const Json* value : record.excluded) {
    if (!value->is_number()) continue;
    if (const auto decimal = parse_decimal(scalar_text(*value))) {
      holes.push_back(*decimal);
    } else {
      question.unenforced.push_back({"not", "#", fmt::format("the number {} cannot be left out", value->dump())});
    }
  }
  std::ranges::sort(holes, [](const Decimal& a, const Decimal& b) { return compare(a, b) < 0; });
  for (size_t i = 0; i <= holes.size(); ++i) {
    Node piece = node;
    if (i > 0) tighten(piece.least, {holes[i - 1], true}, true);
    if (i < holes.size()) tighten(piece.most, {holes[i], true}, false);
    if (piece.least && piece.most && compare(piece.least->value, piece.most->value) > 0) continue;
    if (piece.multiple_of || piece.fractional || record.copied_numbers) {
      auto written = language_of_numbers(piece.kind == Node::Kind::kInteger, piece.least, piece.most, piece.multiple_of,
                                         &expander_.budget());
      if (written && piece.fractional) written = written->intersect(fractions(), &expander_.budget());
      if (written && record.copied_numbers) written = written->intersect(*record.copied_numbers, &expander_.budget());
      if (!written && record.copied_numbers) return std::unexpected(std::move(written).error().within("schema"));
      if (!written) {
        question.unenforced.push_back({"multipleOf", "#", "its multiples cannot be told digit by digit"});
        piece.multiple_of.reset();
        piece.fractional = false;
      } else if (written->is_empty()) {
        continue;
      } else {
        piece.language = *written;
      }
    }
    INGLE_TRY(const NodeId id, add(std::move(piece)));
    parts.push_back(id);
  }
  return {};
}

Status TreeBuilder::append_string(const Record& record, Parts& parts, Question& question) {
  Node node{.kind = record.copy ? Node::Kind::kCopy : Node::Kind::kString};
  node.min = record.min_length;
  node.max = record.max_length;
  std::vector<std::string> excluded;
  for (const Json* value : record.excluded) {
    if (value->is_string()) excluded.push_back(value->get<std::string>());
  }
  if (record.copy) {
    node.copy = *record.copy;
    if (!record.languages.empty() || !excluded.empty()) {
      return std::unexpected(Error::refused("schema: 'x-ingle-copy' cannot be combined with its neighbours")
                                 .hint("only type, minLength and maxLength may stand beside it"));
    }
  } else if (!record.languages.empty() || !excluded.empty()) {
    const auto narrow = [&](Result<Language> other, bool keep) {
      Budget* budget = &expander_.budget();
      if (other && node.language)
        other = keep ? node.language->intersect(*other, budget) : node.language->without(*other, budget);
      if (other && !node.language && !keep) other = other->complement(budget);
      if (other) {
        node.language = *other;
      } else {
        question.unenforced.push_back({"pattern", "#", "together with its neighbours it is too large"});
      }
    };
    for (const Language& language : record.languages)
      narrow(language, true);
    if (node.min > 0 || node.max != kUnlimited)
      narrow(Language::of_lengths(node.min, node.max, &expander_.budget()), true);
    if (!excluded.empty()) narrow(Language::of_literals(excluded, &expander_.budget()), false);
    if (node.language) {
      if (node.language->is_empty()) return {};
      node.min = 0;
      node.max = kUnlimited;
    }
  }
  INGLE_TRY(const NodeId id, add(std::move(node)));
  parts.push_back(id);
  return {};
}

/// The nodes that the root reaches, in the order in which they are met; unions of one are passed over.
Result<SchemaTree> TreeBuilder::finish(NodeId root) {
  SchemaTree out;
  std::unordered_map<NodeId, NodeId> numbers;
  std::vector<NodeId> met;
  std::set<std::string> told;
  const auto number = [&](NodeId& id) {
    if (id == Node::kNone) return;
    while (true) {
      if (const auto question = questions_.find(id); question != questions_.end()) {
        for (const Unenforced& left_out : question->second.unenforced) {
          if (told.insert(left_out.path + left_out.why).second) out.unenforced.push_back(left_out);
        }
      }
      const Node& node = tree_.nodes[id];
      if (node.kind != Node::Kind::kUnion || node.parts.size() != 1) break;
      id = node.parts.front();
    }
    const auto [known, is_new] = numbers.try_emplace(id, static_cast<NodeId>(met.size()));
    if (is_new) met.push_back(id);
    id = known->second;
  };
  number(root);
  out.root = root;
  for (size_t i = 0; i < met.size(); ++i) {
    Node node = std::move(tree_.nodes[met[i]]);
    for (NodeId& part : node.parts)
      number(part);
    number(node.rest);
    if (node.counted) {
      for (NodeId& part : node.counted->parts)
        number(part);
      number(node.counted->rest);
    }
    for (Node::Property& property : node.properties)
      number(property.value);
    for (Node::Others& others : node.others)
      number(others.value);
    out.nodes.push_back(std::move(node));
  }
  out.ignored.assign(expander_.ignored().begin(), expander_.ignored().end());
  return out;
}

}  // namespace ingle::text::grammar
