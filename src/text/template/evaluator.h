// Evaluator: runs a parsed template once, paying for every step from the fuel of its heap.
//
// One rendering, one thread. Filters, tests and methods call back into it (map, loop(...), attributes).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/template/ast.h"
#include "text/template/value.h"

namespace ingle::text::jinja {

struct EvaluatorLimits {
  uint32_t depth = 0;             // macros and recursive loops within each other
  uint64_t max_output_bytes = 0;  // of any text being built
};

class Evaluator {
 public:
  Evaluator(const Tree& tree, Heap& heap, EvaluatorLimits limits, int64_t now_unix)
      : tree_(tree), heap_(heap), limits_(limits), now_unix_(now_unix) {}

  /// Renders with the variables of `globals`. Errors of the template itself name its line.
  Result<MarkedText> run(Scope& globals);

  Result<Value> call(const Value& callee, std::span<const Value> positional, std::span<const NamedValue> named);
  Result<Value> call_native(const Native& native, const Value& self, std::span<const Value> positional,
                            std::span<const NamedValue> named);
  /// What iterating over `value` gives; a generator is used up by it.
  Result<std::vector<Value>> items(const Value& value);
  /// object.name, which prefers methods, and object[key], which prefers items.
  Result<Value> attribute(const Value& object, const Str& name);
  Result<Value> item(const Value& object, const Value& key);

  /// object[bounds[0]:bounds[1]:bounds[2]], none for a bound that is not given.
  Result<Value> slice(const Value& object, const Value* bounds);

  int64_t now_unix() const { return now_unix_; }

 private:
  // Levels of eval and exec on the stack: a few hundred bytes each, more with sanitizers.
  static constexpr uint32_t kMaxNesting = 1000;

  enum class Flow : uint8_t { kNext, kBreak, kContinue };
  struct Arguments {
    std::vector<Value> positional;
    std::vector<NamedValue> named;
  };

  Result<Value> eval(const Expr& expr);
  Result<Value> eval_branch(const Expr& expr);
  Result<Value> eval_name(NameId name);
  Result<Value> eval_slice(const Expr& expr);
  Result<Value> eval_call(const Expr& expr);
  Result<Value> eval_filter(const Expr& expr);
  Result<Value> eval_test(const Expr& expr);
  Result<Value> eval_unary(const Expr& expr);
  Result<Value> eval_binary(const Expr& expr);
  Result<Value> eval_logic(const Expr& expr);
  Result<Value> eval_compare(const Expr& expr);
  Result<Value> eval_concat(const Expr& expr);
  Result<Value> eval_if(const Expr& expr);
  Result<Value> eval_sequence(const Expr& expr);
  Result<Value> eval_dict(const Expr& expr);
  Result<Arguments> eval_arguments(const std::vector<Argument>& arguments);
  Result<Value> index_sequence(const Value& object, int64_t index);
  Result<Value> method_or_undefined(const Value& object, const Str& name);
  Result<Value> loop_attribute(const Value& object, const Str& name);

  Result<Flow> exec(const Body& body);
  Result<Flow> exec(const Stmt& stmt);
  Status exec_output(const Stmt& stmt);
  Result<Flow> exec_if(const Stmt& stmt);
  Status exec_for(const Stmt& stmt);
  Result<std::vector<Value>> filtered(const Stmt& stmt, std::vector<Value> items);
  Status run_loop(const Stmt& stmt, Scope& around, std::vector<Value> items, int64_t depth);
  Result<Flow> exec_set_block(const Stmt& stmt);
  Status exec_macro(const Stmt& stmt);
  Status exec_call_block(const Stmt& stmt);
  Result<Flow> exec_filter_block(const Stmt& stmt);
  Result<Flow> exec_with(const Stmt& stmt);
  Result<Flow> exec_scope(const Body& body);
  Status emit(const Value& value);
  Status assign(const Expr& target, const Value& value);

  /// Runs `body` in a new scope and returns what it printed.
  Result<Value> capture(const Body& body, Flow& flow);
  Result<Value> call_macro(const Function& function, std::span<const Value> positional,
                           std::span<const NamedValue> named);
  Status bind_parameters(const Function& function, std::span<const Value> positional,
                         std::span<const NamedValue> named);
  Result<Value> call_loop(Loop& loop, std::span<const Value> positional);

  static const Value* find(const Scope& scope, NameId name);
  void set(Scope& scope, NameId name, const Value& value);
  Function* make_macro(const Macro& macro);

  const Tree& tree_;
  Heap& heap_;
  EvaluatorLimits limits_;
  int64_t now_unix_;
  Scope* scope_ = nullptr;
  MarkedText* out_ = nullptr;
  Value block_text_;  // what a filter block or a filtered set has printed
  uint32_t line_ = 0;
  uint32_t calls_ = 0;    // macros and recursive loops running
  uint32_t nesting_ = 0;  // of eval and exec: bounds the use of the stack
};

}  // namespace ingle::text::jinja
