// The syntax tree of a template: plain nodes owned by one Tree, immutable after parsing and shared by all renderings.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/template/value.h"

namespace ingle::text::jinja {

using NameId = uint32_t;

struct Expr;
struct Stmt;
using Body = std::vector<const Stmt*>;

enum class ExprKind : uint8_t {
  kConst,       // value
  kName,        // name
  kAttribute,   // children[0] . value (a string)
  kNamespaced,  // name . value, as the target of a set
  kItem,        // children[0] [ children[1] ]
  kSlice,       // children[0] [ children[1] : children[2] : children[3] ], bounds may be null
  kCall,        // children[0] ( arguments )
  kFilter,      // children[0] | value ( arguments ); children[0] is null for the text of a block
  kTest,        // children[0] is value ( arguments )
  kNegate,
  kPlus,
  kNot,
  kBinary,   // children[0] op children[1]
  kAnd,      // children
  kOr,       // children
  kCompare,  // children[0] compare[0] children[1] compare[1] children[2] ...
  kConcat,   // children
  kIf,       // children[1] if children[0] else children[2], which may be null
  kList,
  kTuple,
  kDict,  // children: key, value, key, value ...
};

enum class BinaryOp : uint8_t { kAdd, kSub, kMul, kDiv, kFloorDiv, kMod, kPow };
enum class CompareOp : uint8_t { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual, kIn, kNotIn };

struct Argument {
  enum class Type : uint8_t { kPositional, kNamed, kList, kDict };
  Type type = Type::kPositional;
  const Str* name = nullptr;
  const Expr* value = nullptr;
};

struct Expr {
  ExprKind kind;
  BinaryOp op = BinaryOp::kAdd;
  uint32_t line = 0;
  NameId name = 0;
  Value value;
  const Native* native = nullptr;  // of a filter or test; null: nobody knows it, an error when it runs
  std::vector<const Expr*> children;
  std::vector<Argument> arguments;
  std::vector<CompareOp> compare;
};

struct Macro {
  struct Param {
    NameId name;
    const Str* text;
    const Expr* fallback;  // may be null
  };
  const Str* name = nullptr;
  std::vector<Param> params;
  Body body;
  // Which of the special variables the body mentions: only then a call may give more than the parameters.
  bool uses_caller = false;
  bool uses_kwargs = false;
  bool uses_varargs = false;
};

enum class StmtKind : uint8_t {
  kOutput,       // expr
  kIf,           // branches, otherwise
  kFor,          // target, expr, test, recursive, body, otherwise
  kSet,          // target = expr
  kSetBlock,     // target = body | expr (may be null)
  kMacro,        // macro, as target
  kCallBlock,    // expr (a call) with macro as caller
  kFilterBlock,  // body | expr
  kWith,         // branches: target and expr
  kScope,        // body
  kBreak,
  kContinue,
};

struct Branch {
  const Expr* expr;
  const Expr* target;
  Body body;
};

struct Stmt {
  StmtKind kind;
  bool recursive = false;
  uint32_t line = 0;
  const Expr* expr = nullptr;
  const Expr* target = nullptr;
  const Expr* test = nullptr;
  const Macro* macro = nullptr;
  std::vector<Branch> branches;
  Body body;
  Body otherwise;
};

/// Names that the evaluator itself writes; interned first, so that their ids are these.
inline constexpr NameId kLoopName = 0;
inline constexpr NameId kCallerName = 1;
inline constexpr NameId kVarargsName = 2;
inline constexpr NameId kKwargsName = 3;

struct Tree {
  Tree();
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  NameId intern(std::string_view name);
  const Str* literal(std::string_view bytes);
  const Str* name_text(NameId id) const { return name_texts[id]; }

  Body body;
  std::vector<const Str*> name_texts;
  std::unordered_map<std::string_view, NameId> name_ids;
  // deque: nodes refer to each other by address, and a deep tree is destroyed without recursion.
  std::deque<Expr> exprs;
  std::deque<Stmt> stmts;
  std::deque<Macro> macros;
  std::deque<Str> strings;
};

}  // namespace ingle::text::jinja
