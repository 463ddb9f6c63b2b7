// Expander: a goal -> the records that together say the same. Alternatives (anyOf, oneOf, if, not, dependencies) are multiplied
// out, what stands beside them included.
//
// What cannot be said by a record is left out, never added: the records take every document that the goal takes. Each record
// tells what was left out of it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "text/grammar/copy_values.h"
#include "text/grammar/keywords.h"
#include "text/grammar/record.h"
#include "text/grammar/schema.h"
#include "text/grammar/schema_index.h"

namespace ingle::text::grammar {

class Expander {
 public:
  using Json = nlohmann::ordered_json;
  /// Whether two schemas are known to have no value in common that fits the record.
  using AreDisjoint = std::function<Result<bool>(const Json&, const Json&, const Record&)>;
  /// The strings that a schema takes as names; nothing where that is no language.
  using NamesOf = std::function<Result<std::optional<Language>>(const Item&)>;

  Expander(SchemaIndex& index, std::span<const CopySource> copy_sources, const SchemaOptions& options,
           AreDisjoint are_disjoint, NamesOf names_of)
      : index_(index),
        copy_sources_(copy_sources),
        options_(options),
        own_budget_(options.limits),
        budget_(options.budget != nullptr ? *options.budget : own_budget_),
        are_disjoint_(std::move(are_disjoint)),
        names_of_(std::move(names_of)) {}

  Result<std::vector<Record>> expand(const Goal& goal);
  const std::set<std::string>& ignored() const { return ignored_; }
  /// Of all languages of the schema.
  Budget& budget() { return budget_.language_steps; }
  /// Counts what is copied or compared for the whole schema: one step of merging may move thousands of names.
  Status spend(uint64_t n_entries);

 private:
  /// The schemas that hold of the same value and led here, innermost first: one of them again is a circle.
  struct Chain {
    const Json* schema;
    std::shared_ptr<const Chain> outer;
    uint32_t length;
  };
  struct Context {
    std::shared_ptr<const Chain> chain;
    std::vector<uint32_t> scopes;  // schemas around with unevaluated..., by their number in the branch
  };
  /// What is evaluated in a schema with unevaluatedProperties or unevaluatedItems.
  struct Scope {
    const Json* schema;
    std::vector<size_t> objects;  // indices of rules in the record
    std::vector<size_t> arrays;
    bool all_properties = false;
    bool all_items = false;
    bool is_unsure = false;  // something was left out that may have evaluated more
  };
  struct Way {
    std::vector<Item> items = {};
    Types types = kAllTypes;
    std::function<void(Record&)> restrict = {};
  };
  struct Choice {
    Context context;
    std::vector<Way> ways = {};
    std::string keyword;
    std::string path;
    bool is_exclusion = false;     // only says that something must not hold
    const Json* one_of = nullptr;  // each way is one of these, and none of the others
  };
  struct Branch {
    Record record;
    std::vector<std::pair<Item, std::vector<uint32_t>>> seen;
    std::vector<std::shared_ptr<const Choice>> choices;
    size_t n_chosen = 0;
    std::vector<Scope> scopes;
  };
  enum class Effort : uint8_t { kAll, kNoExclusions, kNoChoices };

  Result<std::vector<Record>> try_expand(const Goal& goal);
  Status solve(Branch branch, std::vector<Record>& out);
  Status apply(Branch& branch, const Choice& choice, const Way& way);
  Status exclude_others(Branch& branch, const Choice& choice, size_t chosen);
  Status finish(Branch& branch, std::vector<Record>& out);
  Status close_scopes(Branch& branch);

  // expand.cpp: one place that must hold, or must not.
  Status require(Branch& branch, const Item& item, const Context& context);
  Status require_schema(Branch& branch, const Json& schema, Context context);
  Status require_keyword(Branch& branch, const Json& schema, const Keyword& keyword, const Context& context);
  Status choose(Branch& branch, Choice choice);
  void leave_out(Branch& branch, const Context& context, const Keyword& keyword, std::string_view why);

  // expand_keywords.cpp: what holds of one type, and what leads to other schemas.
  Status require_multiple(Branch& branch, const Keyword& keyword, const Context& context);
  Status require_string(Branch& branch, const Keyword& keyword, const Context& context);
  Status require_array(Branch& branch, const Json& schema, const Context& context);
  Status require_contains(Branch& branch, const Json& schema, const Context& context);
  Status require_object(Branch& branch, const Json& schema, const Context& context);
  Status require_names(Branch& branch, const Keyword& keyword, const Context& context);
  Status require_copy(Branch& branch, const Json& schema, const Keyword& keyword);
  Status require_copied_values(Branch& branch, const Keyword& keyword, uint32_t source, Types types, bool is_date);
  Result<Language> copied(uint32_t source, CopyAs as);
  Status require_alternatives(Branch& branch, const Keyword& keyword, const Context& context);
  Status require_condition(Branch& branch, const Json& schema, const Keyword& keyword, const Context& context);
  Status require_dependencies(Branch& branch, const Keyword& keyword, const Context& context);
  Result<const Json*> target_of(const Json& schema, const Keyword& keyword);
  Result<std::optional<Language>> language_of_pattern(const std::string& pattern, const std::string& path);
  Result<ArrayRule> array_rule(const Json& schema);
  bool stands_alone(const Json& schema) const;

  // negate.cpp: the ways in which a schema can fail.
  Status forbid_schema(Branch& branch, const Json& schema, const Context& context);
  Status ways_to_break(const Json& schema, const Keyword& keyword, Choice& choice);
  Status break_number(const Json& schema, const Keyword& keyword, Choice& choice);
  Status break_string(const Keyword& keyword, Choice& choice);
  Status break_array(const Json& schema, const Keyword& keyword, Choice& choice);
  Status break_object(const Json& schema, const Keyword& keyword, Choice& choice);
  Status demand_member(const Json& schema, const Keyword& keyword, Choice& choice);
  Status break_combination(const Json& schema, const Keyword& keyword, Choice& choice);
  static void break_anyhow(Choice& choice, Types types, const Keyword& keyword);

  SchemaIndex& index_;
  std::span<const CopySource> copy_sources_;
  const SchemaOptions& options_;
  SchemaBudget own_budget_;
  SchemaBudget& budget_;
  AreDisjoint are_disjoint_;
  NamesOf names_of_;
  Effort effort_ = Effort::kAll;
  size_t steps_ = 0;  // of this goal
  uint64_t entries_of_goal_ = 0;
  bool is_too_much_ = false;
  std::map<std::string, std::optional<Language>> patterns_;  // nothing: it cannot be enforced
  std::map<std::pair<uint32_t, CopyAs>, Language> copied_;   // by source
  std::set<std::string> ignored_;
};

}  // namespace ingle::text::grammar
