// TreeBuilder: goals -> nodes. One node for each set of places, made before what it contains: it may contain itself.
#pragma once

#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "text/grammar/expand.h"
#include "text/grammar/ir.h"
#include "text/grammar/record.h"

namespace ingle::text::grammar {

class TreeBuilder {
 public:
  using Json = nlohmann::ordered_json;

  TreeBuilder(SchemaIndex& index, std::span<const CopySource> copy_sources, const SchemaOptions& options);
  TreeBuilder(const TreeBuilder&) = delete;
  TreeBuilder& operator=(const TreeBuilder&) = delete;

  Result<SchemaTree> build(const Json& root);

 private:
  enum class Progress : uint8_t { kWaiting, kOpen, kDone };
  struct Question {
    Goal goal;
    Progress progress = Progress::kWaiting;
    std::vector<Unenforced> unenforced;
  };
  using Parts = std::vector<NodeId>;

  static constexpr uint32_t kMaxDepth = 24;  // of answers within answers; beyond it each waits for its turn

  Result<NodeId> node_of(const Goal& goal);
  Status answer(NodeId id);
  /// Known to be so; what is not looked into yet may hold something.
  Result<bool> is_nothing(NodeId id);
  Result<bool> are_disjoint(const Json& a, const Json& b, const Record& around);
  Result<std::optional<Language>> names_of(const Item& item);

  Result<NodeId> add(Node node);
  Result<NodeId> add_open(Node node);
  Result<NodeId> literal(std::string text) { return add({.kind = Node::Kind::kLiteral, .text = std::move(text)}); }
  Result<NodeId> node_of_value(const Json& value);
  Status make_any();
  Result<SchemaTree> finish(NodeId root);

  // One record.
  Status append(Record& record, Parts& parts, Question& question);
  Status append_values(Record& record, Parts& parts, Question& question);
  Status append_words(const Record& record, Parts& parts);
  Status append_numbers(const Record& record, Parts& parts, Question& question);
  Status append_string(const Record& record, Parts& parts, Question& question);
  // build_containers.cpp
  Status append_array(const Record& record, Parts& parts, Question& question);
  Status count_elements(const Record& record, Node& node, Question& question);
  Status append_unique(const Record& record, Node node, Parts& parts, Question& question);
  std::optional<std::vector<std::string>> scalars_of(NodeId id, size_t limit);
  Status append_demanded(const Record& record, Parts& parts, Question& question);
  Status append_object(const Record& record, Parts& parts, Question& question);
  Result<Language> other_names(const std::vector<std::string>& names);
  Status append_others(const Record& record, const std::vector<std::string>& names, Node& node, Question& question);
  // values.cpp
  using Told = std::vector<Unenforced>;
  Result<bool> takes(NodeId id, const Json& value, Told& left_out);
  Result<bool> takes_array(NodeId id, const Json& value, Told& left_out);
  Result<bool> takes_object(NodeId id, const Json& value, Told& left_out);

  const SchemaOptions& options_;
  Expander expander_;
  SchemaTree tree_;
  std::map<std::vector<Item>, NodeId> goals_;  // sorted
  std::unordered_map<NodeId, Question> questions_;
  std::deque<NodeId> waiting_;
  std::map<std::string, NodeId> known_;  // nodes by what they say
  std::map<std::vector<std::string>, Language> other_names_;
  NodeId any_ = 0;
  NodeId nothing_ = 0;
  uint32_t depth_ = 0;  // of answers that wait for others
};

}  // namespace ingle::text::grammar
