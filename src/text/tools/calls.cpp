#include "text/tools/calls.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>

#include "text/grammar/compile.h"
#include "text/grammar/distance.h"
#include "text/grammar/json_text.h"
#include "text/grammar/language.h"
#include "text/tools/openings.h"

namespace ingle::text::tools {
namespace {

using grammar::ByteSet;
using grammar::Language;
using grammar::OpId;
using grammar::ProgramBuilder;
using Json = nlohmann::ordered_json;

constexpr OpId kReturn = ProgramBuilder::kReturnOp;
constexpr OpId kNever = ProgramBuilder::kNever;
constexpr uint32_t kMaxCalls = 32;  // in one answer
constexpr int kMaxSchemaDepth = 64;
constexpr size_t kMaxStates = 50'000;  // of the machine that finds openings

/// The object can only be made with properties that it does not name.
bool needs_others(const Json& schema, const Json& properties) {
  const auto names_unlisted = [&](const Json& names) {
    return names.is_array() && std::ranges::any_of(names, [&](const Json& name) {
             return name.is_string() && !properties.contains(name.get_ref<const std::string&>());
           });
  };
  if (schema.contains("required") && names_unlisted(schema["required"])) return true;
  for (const char* key : {"dependentRequired", "dependencies"}) {
    if (schema.contains(key) && std::ranges::any_of(schema[key], names_unlisted)) return true;
  }
  const auto n_possible = std::ranges::count_if(properties, [](const Json& property) { return property != false; });
  const auto least = schema.find("minProperties");
  return least != schema.end() && least->is_number() && least->get<double>() > static_cast<double>(n_possible);
}

/// Objects that name their properties have no others unless they say so: what a model adds there is an invention.
// Recursive: the depth was limited when the schema was read.
void close_objects(Json& schema) {
  if (schema.is_array()) {
    for (Json& part : schema)
      close_objects(part);
  }
  if (!schema.is_object()) return;
  // The parts of these are joined with the object around them, which closing them alone would contradict.
  for (const char* key : {"allOf", "anyOf", "oneOf", "if", "not", "$ref", "dependentSchemas", "patternProperties",
                          "propertyNames", "unevaluatedProperties", "additionalProperties"}) {
    if (schema.contains(key)) return;
  }
  for (const char* key : {"items", "prefixItems"}) {
    if (schema.contains(key)) close_objects(schema[key]);
  }
  const auto properties = schema.find("properties");
  if (properties == schema.end() || !properties->is_object()) return;
  for (Json& property : *properties)
    close_objects(property);
  if (!needs_others(schema, *properties)) schema["additionalProperties"] = false;
}

class CallGrammar {
 public:
  CallGrammar(const Format& format, const CallRules& rules, ProgramBuilder& builder)
      : syntax_(format.syntax), rules_(rules), builder_(builder) {}

  Status add_tools(std::span<const Tool> tools) {
    for (const Tool& tool : tools) {
      if (!rules_.only.empty() && tool.name != rules_.only) continue;
      INGLE_TRY_VOID(read_arguments(tool));
      INGLE_TRY(const OpId arguments, rule_of(trees_.back(), place_of(tool.name)));
      names_.push_back(tool.name);
      values_.push_back(builder_.call(arguments, foot()));
      if (!may_be_text()) continue;
      INGLE_TRY(const OpId spaced, rule_of(trees_.back(), place_of(tool.name), grammar::Layout::kFree));
      spaced_values_.push_back(builder_.call(spaced, grammar::gap(builder_, foot())));
    }
    if (names_.empty()) {
      return std::unexpected(Error::usage(rules_.only.empty() ? std::string("there are no tools to call")
                                                              : fmt::format("there is no tool '{}'", rules_.only)));
    }
    std::vector<OpId> calls;
    for (size_t i = 0; i < names_.size(); ++i)
      calls.push_back(builder_.literal(names_[i], token_or_text(syntax_.middle, values_[i])));
    call_ = builder_.literal(syntax_.head, builder_.choice(calls));
    for (const Wrapping& wrapping : syntax_.wrappings) {
      tails_.push_back(tail_of(wrapping));
      bodies_.push_back(builder_.literal(wrapping.lead, first_call(wrapping, tails_.back())));
    }
    return {};
  }

  Result<OpId> answer() {
    if (may_be_text()) return free_text();
    if (rules_.required || !rules_.only.empty()) return calls_only();
    INGLE_TRY(const auto tree, tree_of(rules_.document, "response_format", {.may_check = !rules_.strict_document}));
    INGLE_TRY(const OpId document, rule_of(tree, "response_format"));
    return builder_.choice({calls_only(), document});
  }

  bool needs_check() const { return needs_check_; }

  /// Whether every tool can be called.
  bool is_whole(const grammar::Program& program) const {
    return std::ranges::all_of(values_, [&](OpId value) { return program.ops[value].distance < grammar::kFar; });
  }

  /// Names the tool whose arguments cannot be written.
  Status check_each(const ByteSet& available) const {
    for (size_t i = 0; i < trees_.size(); ++i) {
      auto alone = grammar::compile(trees_[i], {}, available);
      if (!alone) return std::unexpected(std::move(alone).error().within(place_of(names_[i])));
    }
    return {};
  }

 private:
  static std::string place_of(std::string_view tool) { return fmt::format("the parameters of the tool '{}'", tool); }

  bool may_be_text() const { return !rules_.required && rules_.only.empty() && rules_.document.empty(); }

  Status read_arguments(const Tool& tool) {
    INGLE_TRY(Json parameters, grammar::parse_json(tool.parameters_json, kMaxSchemaDepth, "parameters"));
    close_objects(parameters);
    const std::string what = place_of(tool.name);
    const std::string json = parameters.dump(-1, ' ', false, Json::error_handler_t::replace);
    INGLE_TRY(auto tree, tree_of(json, what, {.may_check = !tool.strict, .only_objects = true}));
    if (tree.nodes[tree.root].kind == grammar::Node::Kind::kNothing) {
      return std::unexpected(
          Error::usage(what + " take no object")
              .hint("arguments are always an object: {\"type\": \"object\", \"properties\": {...}}"));
    }
    trees_.push_back(std::move(tree));
    return {};
  }

  Result<grammar::SchemaTree> tree_of(const std::string& json, const std::string& what,
                                      grammar::SchemaOptions options) {
    options.budget = &budget_;
    auto tree = grammar::parse_schema(json, {}, options);
    if (!tree) return std::unexpected(std::move(tree).error().within(what));
    needs_check_ = needs_check_ || !tree->unenforced.empty();
    return tree;
  }

  /// A rule of its own, ending in the return.
  Result<OpId> rule_of(const grammar::SchemaTree& tree, const std::string& what,
                       grammar::Layout layout = grammar::Layout::kOneLine) {
    auto rule = grammar::emit_schema(builder_, tree, kReturn, layout);
    if (!rule) return std::unexpected(std::move(rule).error().within(what));
    return rule;
  }

  OpId foot() {
    const OpId plain = builder_.literal(syntax_.foot, kReturn);
    if (!syntax_.with_id) return plain;
    const ByteSet letters =
        grammar::byte_range('a', 'z') | grammar::byte_range('A', 'Z') | grammar::byte_range('0', '9');
    const OpId rest = builder_.byte('"', plain);
    const OpId id = builder_.repeat({.body = builder_.bytes(letters, kReturn), .min = 9, .max = 9}, rest);
    return builder_.optional(builder_.literal(R"(, "id": ")", id), plain);
  }

  /// After the last call of a group: what closes it, and further groups.
  OpId tail_of(const Wrapping& wrapping) {
    OpId more = kReturn;
    if (rules_.parallel && !wrapping.list) {
      const OpId body = builder_.call(call_, closed(wrapping, kReturn));
      const OpId group = builder_.literal(syntax_.between, opened(wrapping, builder_.literal(wrapping.lead, body)));
      more = builder_.repeat({.body = group, .min = 0, .max = kMaxCalls - 1}, kReturn);
    }
    OpId end = closed(wrapping, more);
    if (!wrapping.list) return end;
    end = builder_.byte(']', end);
    if (!rules_.parallel) return end;
    const OpId another = builder_.literal(", ", call_);
    return builder_.repeat({.body = another, .min = 0, .max = kMaxCalls - 1}, end);
  }

  OpId closed(const Wrapping& wrapping, OpId next) {
    return builder_.literal(wrapping.tail, token_or_text(wrapping.close, next));
  }
  OpId opened(const Wrapping& wrapping, OpId next) { return token_or_text(wrapping.open, next); }

  OpId first_call(const Wrapping& wrapping, OpId tail) {
    const OpId first = builder_.call(call_, tail);
    return wrapping.list ? builder_.byte('[', first) : first;
  }

  /// A marker is a control token in some vocabularies and plain text in others.
  OpId token_or_text(std::string_view marker, OpId next) {
    if (marker.empty()) return next;
    if (marker.front() != '[' && marker.front() != '<') return builder_.literal(marker, next);
    return builder_.choice({builder_.literal(marker, next), builder_.control(marker, next)});
  }

  OpId calls_only() {
    const Wrapping& wrapping = syntax_.wrappings.front();
    return opened(wrapping, bodies_.front());
  }

  /// What follows an opening.
  OpId after(const Openings::Match& match) {
    const Wrapping& wrapping = syntax_.wrappings[match.wrapping];
    if (wrapping.sure) return bodies_[match.wrapping];
    // The opening took the first byte of `middle`.
    const std::string_view middle = syntax_.middle.substr(1);
    if (!match.spaced) return builder_.literal(middle, builder_.call(values_[match.tool], tails_[match.wrapping]));
    // A model that has begun with line breaks wants more of them: where it may not end a line after the last value it
    // writes more digits instead.
    const OpId tail = wrapping.list ? grammar::gap(builder_, tails_[match.wrapping]) : tails_[match.wrapping];
    OpId op = builder_.call(spaced_values_[match.tool], tail);
    for (size_t i = middle.size(); i > 0; --i)
      op = middle[i - 1] == ' ' ? grammar::gap(builder_, op) : builder_.byte(middle[i - 1], op);
    return op;
  }

  Result<OpId> free_text();

  const Syntax& syntax_;
  const CallRules& rules_;
  ProgramBuilder& builder_;
  std::vector<std::string> names_;
  std::vector<grammar::SchemaTree> trees_;  // of the arguments, a tool each
  std::vector<OpId> values_;                // arguments and foot, a tool each
  std::vector<OpId> spaced_values_;         // the same with white space, for free text
  OpId call_ = kNever;                      // a whole call
  std::vector<OpId> tails_;                 // after the first call, a wrapping each
  std::vector<OpId> bodies_;                // after the opening, a wrapping each
  grammar::SchemaBudget budget_;            // of all tools together: as much as one schema may have
  bool needs_check_ = false;
};

/// Openings made into operations: one rule a state of the matcher. Text may end in any of them.
Result<OpId> CallGrammar::free_text() {
  const Openings openings(syntax_, names_, /*only_sure=*/false);
  std::map<Openings::Matcher, OpId> known;
  std::deque<Openings::Matcher> waiting;
  const auto rule_of = [&](Openings::Matcher state) {
    state.offset = 0;
    for (Openings::Place& place : state.places)
      place.start = 0;
    const auto [found, is_new] = known.try_emplace(state, kNever);
    if (is_new) {
      found->second = builder_.declare();
      waiting.push_back(std::move(state));
    }
    return found->second;
  };
  const OpId start = rule_of({});
  // A control token stands where the vocabulary has one; its plain spelling is found like any other text.
  std::vector<OpId> controls;
  for (size_t i = 0; i < syntax_.wrappings.size(); ++i) {
    if (syntax_.wrappings[i].sure) controls.push_back(builder_.control(syntax_.wrappings[i].open, bodies_[i]));
  }
  ByteSet others = grammar::byte_range(0, 0xFE);
  for (const char c : openings.alphabet())
    others.reset(static_cast<uint8_t>(c));
  while (!waiting.empty()) {
    if (known.size() > kMaxStates || builder_.full())
      return std::unexpected(Error::refused("tools: their names are too many and too long"));
    const Openings::Matcher state = std::move(waiting.front());
    waiting.pop_front();
    std::map<OpId, ByteSet> targets;
    const auto add = [&](const ByteSet& bytes, char c) {
      Openings::Matcher next = state;
      Openings::Match match;
      targets[openings.step(next, c, match) ? after(match) : rule_of(std::move(next))] |= bytes;
    };
    size_t other = 0;
    while (other < others.size() && !others[other])
      ++other;
    if (other < others.size()) add(others, static_cast<char>(other));
    for (const char c : openings.alphabet()) {
      if (c != kControlByte) add(ByteSet().set(static_cast<uint8_t>(c)), c);
    }
    std::vector<OpId> ways = controls;
    ways.push_back(kReturn);
    for (const auto& [target, bytes] : targets)
      ways.push_back(builder_.bytes(bytes, target));
    builder_.define(known.at(state), builder_.choice(ways));
  }
  return start;
}

}  // namespace

Result<CompiledCalls> compile_calls(const Format& format, std::span<const Tool> tools, const CallRules& rules,
                                    const ByteSet& available, const grammar::ControlSpellings& controls) {
  ProgramBuilder builder(available);
  builder.set_controls(&controls);
  CallGrammar grammar(format, rules, builder);
  INGLE_TRY_VOID(grammar.add_tools(tools));
  INGLE_TRY(const OpId start, grammar.answer());
  CompiledCalls compiled;
  compiled.needs_check = grammar.needs_check();
  auto program = std::move(builder).finish(start, "tools");
  if (!program || !grammar.is_whole(**program)) INGLE_TRY_VOID(grammar.check_each(available));
  INGLE_TRY(compiled.program, std::move(program));
  return compiled;
}

Result<std::shared_ptr<const grammar::Program>> compile_words(const Format& format, const ByteSet& available) {
  Language words = Language::any();
  for (const Wrapping& wrapping : format.syntax.wrappings) {
    if (!wrapping.sure || wrapping.open.empty()) continue;
    std::string opening;
    for (const char c : wrapping.open)
      opening += fmt::format("\\x{:02x}", static_cast<uint8_t>(c));
    INGLE_TRY(const Language calls, Language::from_pattern(opening));
    INGLE_TRY(words, words.without(calls));
  }
  ProgramBuilder builder(available);
  const OpId start = builder.language(words, grammar::Spelling::kPlain, ProgramBuilder::kReturnOp);
  return std::move(builder).finish(start, "words");
}

}  // namespace ingle::text::tools
