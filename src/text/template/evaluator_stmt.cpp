#include <fmt/format.h>

#include <algorithm>

#include "text/template/evaluator.h"
#include "text/template/operators.h"
#include "text/template/printing.h"

namespace ingle::text::jinja {
Result<MarkedText> Evaluator::run(Scope& globals) {
  MarkedText out;
  out_ = &out;
  scope_ = heap_.scope(&globals);
  auto flow = exec(tree_.body);
  if (flow) return out;
  Error error = std::move(flow).error();
  if (error.code() != ErrorCode::kCorrupt && error.code() != ErrorCode::kExhausted) {
    return std::unexpected(std::move(error));
  }
  return std::unexpected(std::move(error).within(fmt::format("chat template, line {}", line_)));
}

const Value* Evaluator::find(const Scope& scope, NameId name) {
  for (const auto& [id, value] : scope.variables) {
    if (id == name) return &value;
  }
  return nullptr;
}

void Evaluator::set(Scope& scope, NameId name, const Value& value) {
  for (auto& [id, old] : scope.variables) {
    if (id == name) {
      old = value;
      return;
    }
  }
  scope.variables.emplace_back(name, value);
}

Result<Evaluator::Flow> Evaluator::exec(const Body& body) {
  for (const Stmt* stmt : body) {
    INGLE_TRY_VOID(heap_.spend(1));
    line_ = stmt->line;
    if (nesting_ >= kMaxNesting) {
      return std::unexpected(Error::exhausted("the chat template is nested too deeply (1000 levels)"));
    }
    ++nesting_;
    auto flow = exec(*stmt);
    --nesting_;
    if (!flow || *flow != Flow::kNext) return flow;
  }
  return Flow::kNext;
}

Result<Evaluator::Flow> Evaluator::exec(const Stmt& stmt) {
  const auto next = [](Status status) -> Result<Flow> {
    if (!status) return std::unexpected(std::move(status).error());
    return Flow::kNext;
  };
  switch (stmt.kind) {
    case StmtKind::kOutput:
      return next(exec_output(stmt));
    case StmtKind::kIf:
      return exec_if(stmt);
    case StmtKind::kFor:
      return next(exec_for(stmt));
    case StmtKind::kSet: {
      INGLE_TRY(const Value value, eval(*stmt.expr));
      return next(assign(*stmt.target, value));
    }
    case StmtKind::kSetBlock:
      return exec_set_block(stmt);
    case StmtKind::kMacro:
      return next(exec_macro(stmt));
    case StmtKind::kCallBlock:
      return next(exec_call_block(stmt));
    case StmtKind::kFilterBlock:
      return exec_filter_block(stmt);
    case StmtKind::kWith:
      return exec_with(stmt);
    case StmtKind::kScope:
      return exec_scope(stmt.body);
    case StmtKind::kBreak:
      return Flow::kBreak;
    case StmtKind::kContinue:
      return Flow::kContinue;
  }
  return Flow::kNext;
}

Status Evaluator::emit(const Value& value) {
  INGLE_TRY_VOID(write_str(heap_, *out_, value));
  if (out_->size() <= limits_.max_output_bytes) return {};
  return std::unexpected(
      Error::exhausted(fmt::format("the output is larger than its limit of {} bytes", limits_.max_output_bytes)));
}

Status Evaluator::exec_output(const Stmt& stmt) {
  INGLE_TRY(const Value value, eval(*stmt.expr));
  return emit(value);
}

Result<Evaluator::Flow> Evaluator::exec_if(const Stmt& stmt) {
  for (const Branch& branch : stmt.branches) {
    INGLE_TRY(const Value test, eval(*branch.expr));
    if (truthy(test)) return exec(branch.body);
  }
  return exec(stmt.otherwise);
}

Status Evaluator::exec_for(const Stmt& stmt) {
  INGLE_TRY(const Value iterable, eval(*stmt.expr));
  INGLE_TRY(std::vector<Value> values, items(iterable));
  if (stmt.recursive) {
    // loop(...) can run this body later, from anywhere.
    for (Scope* scope = scope_; scope != nullptr && !scope->captured; scope = scope->parent)
      scope->captured = true;
  }
  return run_loop(stmt, *scope_, std::move(values), 0);
}

Result<std::vector<Value>> Evaluator::filtered(const Stmt& stmt, std::vector<Value> values) {
  std::vector<Value> kept;
  Scope* outer = scope_;
  scope_ = heap_.scope(outer);
  for (const Value& value : values) {
    INGLE_TRY_VOID(assign(*stmt.target, value));
    INGLE_TRY(const Value test, eval(*stmt.test));
    if (truthy(test)) kept.push_back(value);
  }
  heap_.release(scope_);
  scope_ = outer;
  return kept;
}

Status Evaluator::run_loop(const Stmt& stmt, Scope& around, std::vector<Value> values, int64_t depth) {
  Scope* outer = std::exchange(scope_, &around);
  if (stmt.test != nullptr) {
    INGLE_TRY(values, filtered(stmt, std::move(values)));
  }
  Loop* loop = heap_.loop({.node = &stmt, .scope = &around, .items = std::move(values), .depth = depth});
  for (loop->index = 0; loop->index < loop->items.size(); ++loop->index) {
    INGLE_TRY_VOID(heap_.spend(1));
    scope_ = heap_.scope(&around);
    set(*scope_, kLoopName, Value::of(loop));
    INGLE_TRY_VOID(assign(*stmt.target, loop->items[loop->index]));
    INGLE_TRY(const Flow flow, exec(stmt.body));
    heap_.release(scope_);
    if (flow == Flow::kBreak) break;
  }
  if (loop->items.empty() && !stmt.otherwise.empty()) {
    scope_ = heap_.scope(&around);
    INGLE_TRY_VOID(exec(stmt.otherwise));
    heap_.release(scope_);
  }
  heap_.release(*loop);
  scope_ = outer;
  return {};
}

Status Evaluator::assign(const Expr& target, const Value& value) {
  if (target.kind == ExprKind::kName) {
    INGLE_TRY_VOID(heap_.spend(1 + scope_->variables.size() / 32));
    set(*scope_, target.name, value);
    return {};
  }
  if (target.kind == ExprKind::kNamespaced) {
    INGLE_TRY(const Value object, eval_name(target.name));
    if (!object.is(Kind::kNamespace)) {
      return std::unexpected(Error::corrupt("cannot assign an attribute of what is not a namespace"));
    }
    return put(heap_, *object.dict, target.value, value);
  }
  INGLE_TRY(const std::vector<Value> values, items(value));
  if (values.size() != target.children.size()) {
    return std::unexpected(Error::corrupt(
        fmt::format("cannot unpack {} values into {} variables", values.size(), target.children.size())));
  }
  for (size_t i = 0; i < values.size(); ++i)
    INGLE_TRY_VOID(assign(*target.children[i], values[i]));
  return {};
}

Result<Value> Evaluator::capture(const Body& body, Flow& flow) {
  MarkedText text;
  MarkedText* out = std::exchange(out_, &text);
  auto result = exec_scope(body);
  out_ = out;
  INGLE_TRY(flow, std::move(result));
  return heap_.text(std::move(text));
}

Result<Evaluator::Flow> Evaluator::exec_set_block(const Stmt& stmt) {
  Flow flow = Flow::kNext;
  INGLE_TRY(Value value, capture(stmt.body, flow));
  if (flow != Flow::kNext) return flow;
  if (stmt.expr != nullptr) {
    const Value outer = std::exchange(block_text_, value);
    INGLE_TRY(value, eval(*stmt.expr));
    block_text_ = outer;
  }
  INGLE_TRY_VOID(assign(*stmt.target, value));
  return Flow::kNext;
}

Function* Evaluator::make_macro(const Macro& macro) {
  for (Scope* scope = scope_; scope != nullptr && !scope->captured; scope = scope->parent)
    scope->captured = true;
  return heap_.function({.macro = &macro, .scope = scope_});
}

Status Evaluator::exec_macro(const Stmt& stmt) {
  return assign(*stmt.target, Value::of(make_macro(*stmt.macro)));
}

Status Evaluator::exec_call_block(const Stmt& stmt) {
  const Expr& expr = *stmt.expr;
  INGLE_TRY(const Value callee, eval(*expr.children[0]));
  INGLE_TRY(Arguments arguments, eval_arguments(expr.arguments));
  arguments.named.push_back({tree_.name_text(kCallerName), Value::of(make_macro(*stmt.macro))});
  INGLE_TRY(const Value value, call(callee, arguments.positional, arguments.named));
  return emit(value);
}

Result<Evaluator::Flow> Evaluator::exec_filter_block(const Stmt& stmt) {
  Flow flow = Flow::kNext;
  INGLE_TRY(const Value text, capture(stmt.body, flow));
  if (flow != Flow::kNext) return flow;
  const Value outer = std::exchange(block_text_, text);
  INGLE_TRY(const Value value, eval(*stmt.expr));
  block_text_ = outer;
  INGLE_TRY_VOID(emit(value));
  return Flow::kNext;
}

Result<Evaluator::Flow> Evaluator::exec_with(const Stmt& stmt) {
  std::vector<Value> values;
  for (const Branch& branch : stmt.branches) {
    INGLE_TRY(const Value value, eval(*branch.expr));
    values.push_back(value);
  }
  Scope* outer = scope_;
  scope_ = heap_.scope(outer);
  for (size_t i = 0; i < values.size(); ++i)
    INGLE_TRY_VOID(assign(*stmt.branches[i].target, values[i]));
  auto flow = exec(stmt.body);
  heap_.release(scope_);
  scope_ = outer;
  return flow;
}

Result<Evaluator::Flow> Evaluator::exec_scope(const Body& body) {
  Scope* outer = scope_;
  scope_ = heap_.scope(outer);
  auto flow = exec(body);
  heap_.release(scope_);
  scope_ = outer;
  return flow;
}

Status Evaluator::bind_parameters(const Function& function, std::span<const Value> positional,
                                  std::span<const NamedValue> named) {
  const Macro& macro = *function.macro;
  const auto takes = [&](std::string_view name, bool explicit_only) {
    return std::any_of(macro.params.begin(), macro.params.end(),
                       [&](const Macro::Param& param) { return param.text->text.bytes() == name; }) ||
           (!explicit_only && macro.uses_caller && name == "caller");
  };
  Dict* kwargs = macro.uses_kwargs ? heap_.dict() : nullptr;
  Value caller = Value::undefined(tree_.name_text(kCallerName));
  for (const NamedValue& entry : named) {
    const std::string_view name = entry.name->text.bytes();
    if (macro.uses_caller && name == "caller") caller = entry.value;
    if (takes(name, false)) continue;
    if (kwargs == nullptr) {
      return std::unexpected(type_error(
          fmt::format("macro '{}' takes no keyword argument '{}'", macro.name->text.bytes(), name.substr(0, 40))));
    }
    INGLE_TRY_VOID(put(heap_, *kwargs, Value::of(entry.name), entry.value));
  }
  if (positional.size() > macro.params.size() && !macro.uses_varargs) {
    return std::unexpected(type_error(
        fmt::format("macro '{}' takes not more than {} arguments", macro.name->text.bytes(), macro.params.size())));
  }
  if (macro.uses_caller) set(*scope_, kCallerName, caller);
  if (macro.uses_kwargs) set(*scope_, kKwargsName, Value::of(kwargs));
  if (macro.uses_varargs) {
    const auto rest = positional.subspan(std::min(positional.size(), macro.params.size()));
    set(*scope_, kVarargsName, Value::of(heap_.list(List::Type::kTuple, {rest.begin(), rest.end()})));
  }
  for (size_t i = 0; i < macro.params.size(); ++i) {
    const Macro::Param& param = macro.params[i];
    Value value = Value::undefined(param.text);
    const auto given = std::find_if(named.begin(), named.end(), [&](const NamedValue& entry) {
      return entry.name->text.bytes() == param.text->text.bytes();
    });
    if (i < positional.size()) {
      if (given != named.end()) return std::unexpected(type_error("a macro got two values for one argument"));
      value = positional[i];
    } else if (given != named.end()) {
      value = given->value;
    } else if (param.fallback != nullptr) {
      INGLE_TRY(value, eval(*param.fallback));
    }
    set(*scope_, param.name, value);
  }
  return {};
}

Result<Value> Evaluator::call_macro(const Function& function, std::span<const Value> positional,
                                    std::span<const NamedValue> named) {
  if (calls_ >= limits_.depth) {
    return std::unexpected(
        Error::exhausted(fmt::format("macros call each other more than {} levels deep", limits_.depth)));
  }
  INGLE_TRY_VOID(heap_.spend((1 + named.size()) * (1 + function.macro->params.size())));
  ++calls_;
  Scope* outer = std::exchange(scope_, heap_.scope(function.scope));
  MarkedText text;
  MarkedText* out = std::exchange(out_, &text);
  INGLE_TRY_VOID(bind_parameters(function, positional, named));
  INGLE_TRY_VOID(exec(function.macro->body));
  heap_.release(scope_);
  out_ = out;
  scope_ = outer;
  --calls_;
  return heap_.text(std::move(text));
}

Result<Value> Evaluator::call_loop(Loop& loop, std::span<const Value> positional) {
  if (!loop.node->recursive) return std::unexpected(type_error("only a loop marked 'recursive' can be called"));
  if (positional.size() != 1) return std::unexpected(type_error("loop() takes one argument"));
  if (calls_ >= limits_.depth) {
    return std::unexpected(Error::exhausted(fmt::format("a loop recurses more than {} levels deep", limits_.depth)));
  }
  INGLE_TRY(std::vector<Value> values, items(positional[0]));
  ++calls_;
  MarkedText text;
  MarkedText* out = std::exchange(out_, &text);
  INGLE_TRY_VOID(run_loop(*loop.node, *loop.scope, std::move(values), loop.depth + 1));
  out_ = out;
  --calls_;
  return heap_.text(std::move(text));
}

}  // namespace ingle::text::jinja
