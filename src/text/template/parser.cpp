#include "text/template/parser.h"

#include <fmt/format.h>

#include "text/template/natives.h"
#include "text/template/parser_base.h"

namespace ingle::text::jinja {

Tree::Tree() {
  intern("loop");
  intern("caller");
  intern("varargs");
  intern("kwargs");
}

NameId Tree::intern(std::string_view name) {
  if (const auto found = name_ids.find(name); found != name_ids.end()) return found->second;
  const auto id = static_cast<NameId>(name_texts.size());
  name_texts.push_back(literal(name));
  name_ids.emplace(name_texts.back()->text.bytes(), id);
  return id;
}

const Str* Tree::literal(std::string_view bytes) {
  return &strings.emplace_back(MarkedText(bytes, true));
}

bool TokenStream::skip_op(std::string_view text) {
  if (!at_op(text)) return false;
  next();
  return true;
}

bool TokenStream::skip_name(std::string_view text) {
  if (!at_name(text)) return false;
  next();
  return true;
}

std::unexpected<Error> TokenStream::fail_at(const Token& token, std::string_view what) {
  return std::unexpected(syntax_error(token.line, token.column, what));
}

std::unexpected<Error> TokenStream::unexpected() const {
  constexpr size_t kShown = 40;
  switch (current().type) {
    case TokenType::kEnd:
      return fail("unexpected end of the template");
    case TokenType::kVariableEnd:
    case TokenType::kBlockEnd:
      return fail("unexpected end of a tag");
    case TokenType::kData:
      return fail("unexpected text");
    default:
      return fail(fmt::format("unexpected '{}'", current().text.substr(0, kShown)));
  }
}

Status TokenStream::expect_op(std::string_view text) {
  if (skip_op(text)) return {};
  Error error = unexpected().error();
  return std::unexpected(Error::corrupt(fmt::format("{}, expected '{}'", error.message(), text)));
}

Status TokenStream::expect_name(std::string_view text) {
  if (skip_name(text)) return {};
  Error error = unexpected().error();
  return std::unexpected(Error::corrupt(fmt::format("{}, expected '{}'", error.message(), text)));
}

Status TokenStream::expect(TokenType type) {
  if (current().type != type) return unexpected();
  next();
  return {};
}

Result<std::string_view> TokenStream::identifier() {
  if (current().type != TokenType::kName) return unexpected();
  return next().text;
}

Expr& TokenStream::make(ExprKind kind, uint32_t line) {
  Expr& node = tree_.exprs.emplace_back();
  node.kind = kind;
  node.line = line;
  return node;
}

namespace {

using EndWords = std::initializer_list<std::string_view>;

class Parser : public ExpressionParser {
 public:
  using ExpressionParser::ExpressionParser;

  Status run() {
    INGLE_TRY(tree_.body, statements({}));
    return {};
  }

 private:
  Stmt& make_stmt(StmtKind kind, uint32_t line) {
    Stmt& node = tree_.stmts.emplace_back();
    node.kind = kind;
    node.line = line;
    return node;
  }

  bool at_one_of(EndWords words) const {
    for (const std::string_view word : words) {
      if (at_name(word)) return true;
    }
    return false;
  }

  // Text and tags up to a block tag that begins with one of `ends`, which becomes the current token; up to the end of
  // the template when there are none.
  Result<Body> statements(EndWords ends) {
    const Nesting nesting(*this);
    if (nesting.depth > kMaxNesting) return too_deep();
    Body body;
    for (;;) {
      const Token& token = current();
      if (token.type == TokenType::kEnd) {
        if (ends.size() == 0) return body;
        return fail(fmt::format("the template ends where '{}' is missing", *(ends.end() - 1)));
      }
      next();
      if (token.type == TokenType::kData) {
        Expr& data = make(ExprKind::kConst, token.line);
        data.value = Value::of(tree_.literal(token.text));
        output(body, &data);
      } else if (token.type == TokenType::kVariableBegin) {
        INGLE_TRY(const Expr* shown, tuple());
        INGLE_TRY_VOID(expect(TokenType::kVariableEnd));
        output(body, shown);
      } else {
        if (at_one_of(ends)) return body;
        INGLE_TRY_VOID(statement(body));
        INGLE_TRY_VOID(expect(TokenType::kBlockEnd));
      }
    }
  }

  void output(Body& body, const Expr* shown) {
    Stmt& node = make_stmt(StmtKind::kOutput, shown->line);
    node.expr = shown;
    body.push_back(&node);
  }

  // The rest of a tag and its body; stops at the end word, or after it if `drop`.
  Result<Body> body_until(EndWords ends, bool drop = true) {
    skip_op(":");
    INGLE_TRY_VOID(expect(TokenType::kBlockEnd));
    INGLE_TRY(Body body, statements(ends));
    if (drop) next();
    return body;
  }

  Status statement(Body& body) {
    if (current().type != TokenType::kName) return fail("expected the name of a tag");
    const Token& token = current();
    const std::string_view word = token.text;
    for (const Tag& tag : kTags) {
      if (tag.word != word) continue;
      Stmt& node = make_stmt(tag.kind, next().line);
      INGLE_TRY_VOID((this->*tag.parse)(node));
      body.push_back(&node);
      return {};
    }
    if (word == "print") {
      next();
      do {
        INGLE_TRY(const Expr* shown, expression());
        output(body, shown);
      } while (skip_op(","));
      return {};
    }
    if (word == "include" || word == "import" || word == "from" || word == "extends") {
      return std::unexpected(
          Error::unsupported(fmt::format("chat template, line {}: '{}' would read another file", token.line, word))
              .hint("a chat template must be complete in itself; give one with --template"));
    }
    return fail(fmt::format("unknown tag '{}'", word));
  }

  Status parse_if(Stmt& node) {
    for (;;) {
      INGLE_TRY(const Expr* test, tuple(Conditional::kNo));
      INGLE_TRY(Body body, body_until({"elif", "else", "endif"}, false));
      node.branches.push_back({test, nullptr, std::move(body)});
      const std::string_view word = next().text;
      if (word == "elif") continue;
      if (word == "else") {
        INGLE_TRY(node.otherwise, body_until({"endif"}));
      }
      return {};
    }
  }

  Status parse_for(Stmt& node) {
    ++loops_;
    auto variables = target("in", false);
    --loops_;
    INGLE_TRY(node.target, std::move(variables));
    INGLE_TRY_VOID(expect_name("in"));
    INGLE_TRY(node.expr, tuple(Conditional::kNo, "recursive"));
    if (skip_name("if")) {
      INGLE_TRY(node.test, expression());
    }
    node.recursive = skip_name("recursive");
    ++loops_;
    auto body = body_until({"else", "endfor"}, false);
    --loops_;
    INGLE_TRY(node.body, std::move(body));
    if (next().text == "else") {
      INGLE_TRY(node.otherwise, body_until({"endfor"}));
    }
    return {};
  }

  Status parse_set(Stmt& node) {
    INGLE_TRY(node.target, target({}, true));
    if (skip_op("=")) {
      INGLE_TRY(node.expr, tuple());
      return {};
    }
    node.kind = StmtKind::kSetBlock;
    INGLE_TRY(node.expr, filters(nullptr));
    INGLE_TRY(node.body, body_until({"endset"}));
    return {};
  }

  Result<Macro*> macro_rest(std::string_view name, bool with_params, const Expr** call, std::string_view end) {
    Macro& macro = tree_.macros.emplace_back();
    macro.name = tree_.literal(name);
    if (with_params) INGLE_TRY_VOID(parameters(macro));
    if (call != nullptr) {
      INGLE_TRY(*call, expression());
      if ((*call)->kind != ExprKind::kCall) return fail("expected a call");
    }
    const int loops = std::exchange(loops_, 0);
    macros_.push_back(&macro);
    auto body = body_until({end});
    macros_.pop_back();
    loops_ = loops;
    INGLE_TRY(macro.body, std::move(body));
    for (const Macro::Param& param : macro.params) {
      if (param.name == kCallerName) macro.uses_caller = false;
      if (param.name == kVarargsName) macro.uses_varargs = false;
      if (param.name == kKwargsName) macro.uses_kwargs = false;
    }
    return &macro;
  }

  Status parse_macro(Stmt& node) {
    Expr& name_node = make(ExprKind::kName, node.line);
    INGLE_TRY(const std::string_view name, identifier());
    name_node.name = tree_.intern(name);
    node.target = &name_node;
    if (!at_op("(")) return expect_op("(");
    INGLE_TRY(node.macro, macro_rest(name, true, nullptr, "endmacro"));
    return {};
  }

  Status parameters(Macro& macro) {
    next();
    while (!at_op(")")) {
      if (!macro.params.empty()) INGLE_TRY_VOID(expect_op(","));
      INGLE_TRY(const std::string_view name, identifier());
      const Expr* fallback = nullptr;
      if (skip_op("=")) {
        INGLE_TRY(fallback, expression());
      } else if (!macro.params.empty() && macro.params.back().fallback != nullptr) {
        return fail("a parameter without default follows one with default");
      }
      macro.params.push_back({tree_.intern(name), tree_.literal(name), fallback});
    }
    next();
    return {};
  }

  Status parse_call(Stmt& node) {
    INGLE_TRY(node.macro, macro_rest("caller", at_op("("), &node.expr, "endcall"));
    return {};
  }

  Status parse_filter(Stmt& node) {
    INGLE_TRY(node.expr, filters(nullptr, true));
    INGLE_TRY(node.body, body_until({"endfilter"}));
    return {};
  }

  Status parse_with(Stmt& node) {
    while (current().type == TokenType::kName) {
      INGLE_TRY(const Expr* variable, target({}, false));
      INGLE_TRY_VOID(expect_op("="));
      INGLE_TRY(const Expr* value, expression());
      node.branches.push_back({value, variable, {}});
      if (!skip_op(",")) break;
    }
    INGLE_TRY(node.body, body_until({"endwith"}));
    return {};
  }

  // Marks what the model itself says, for training: renders as if it were not there.
  Status parse_generation(Stmt& node) {
    INGLE_TRY(node.body, body_until({"endgeneration"}));
    return {};
  }

  Status parse_autoescape(Stmt& node) {
    INGLE_TRY(const Expr* on, expression());
    if (on->kind != ExprKind::kConst || truthy(on->value)) return fail("autoescape is always off in chat templates");
    INGLE_TRY(node.body, body_until({"endautoescape"}));
    return {};
  }

  Status parse_block(Stmt& node) {
    INGLE_TRY(const std::string_view name, identifier());
    skip_name("scoped");
    skip_name("required");
    INGLE_TRY(node.body, body_until({"endblock"}));
    skip_name(name);
    return {};
  }

  Status parse_jump(Stmt&) {
    if (loops_ == 0) return fail("break and continue belong inside a for");
    return {};
  }

  // What can be assigned to: a name, a tuple of targets, and for set also namespace.name.
  Result<const Expr*> target(std::string_view end_name, bool namespaced) {
    const Nesting nesting(*this);
    if (nesting.depth > kMaxNesting) return too_deep();
    Expr& many = make(ExprKind::kTuple, current().line);
    bool is_tuple = false;
    while (current().type == TokenType::kName || at_op("(")) {
      if (!end_name.empty() && at_name(end_name)) break;
      INGLE_TRY(const Expr* one, single_target(namespaced));
      many.children.push_back(one);
      if (!skip_op(",")) break;
      is_tuple = true;
    }
    if (many.children.empty()) return unexpected();
    return is_tuple ? &many : many.children.front();
  }

  Result<const Expr*> single_target(bool namespaced) {
    if (skip_op("(")) {
      INGLE_TRY(const Expr* inner, target({}, namespaced));
      INGLE_TRY_VOID(expect_op(")"));
      return inner;
    }
    const Token& token = next();
    for (const std::string_view constant : {"true", "false", "none", "True", "False", "None"}) {
      if (token.text == constant) return fail_at(token, fmt::format("cannot assign to '{}'", constant));
    }
    Expr& node = make(ExprKind::kName, token.line);
    node.name = tree_.intern(token.text);
    if (namespaced && skip_op(".")) {
      node.kind = ExprKind::kNamespaced;
      INGLE_TRY(const std::string_view attribute, identifier());
      node.value = Value::of(tree_.literal(attribute));
      return &node;
    }
    if (node.name == kLoopName && loops_ > 0) return fail_at(token, "cannot assign to 'loop' inside a for");
    return &node;
  }

  struct Tag {
    std::string_view word;
    StmtKind kind;
    Status (Parser::*parse)(Stmt&);
  };
  static const Tag kTags[12];

  int loops_ = 0;  // around the current place, within the same macro
};

const Parser::Tag Parser::kTags[] = {
    {"if", StmtKind::kIf, &Parser::parse_if},
    {"for", StmtKind::kFor, &Parser::parse_for},
    {"set", StmtKind::kSet, &Parser::parse_set},
    {"macro", StmtKind::kMacro, &Parser::parse_macro},
    {"call", StmtKind::kCallBlock, &Parser::parse_call},
    {"filter", StmtKind::kFilterBlock, &Parser::parse_filter},
    {"with", StmtKind::kWith, &Parser::parse_with},
    {"generation", StmtKind::kScope, &Parser::parse_generation},
    {"autoescape", StmtKind::kScope, &Parser::parse_autoescape},
    {"block", StmtKind::kScope, &Parser::parse_block},
    {"break", StmtKind::kBreak, &Parser::parse_jump},
    {"continue", StmtKind::kContinue, &Parser::parse_jump},
};

}  // namespace

Result<std::unique_ptr<const Tree>> parse(std::string_view source) {
  INGLE_TRY(const Lexed lexed, lex(source));
  auto tree = std::make_unique<Tree>();
  INGLE_TRY_VOID(Parser(lexed.tokens, *tree).run());
  return tree;
}

}  // namespace ingle::text::jinja
