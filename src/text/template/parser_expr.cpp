#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <optional>

#include "text/template/natives.h"
#include "text/template/parser_base.h"
#include "text/template/unicode.h"

namespace ingle::text::jinja {
namespace {

std::optional<char32_t> read_hex(std::string_view text, size_t at, size_t count) {
  if (at + count > text.size()) return std::nullopt;
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data() + at, text.data() + at + count, value, 16);
  if (error != std::errc() || end != text.data() + at + count) return std::nullopt;
  return static_cast<char32_t>(value);
}

// The escapes of a Python string; std::nullopt when one is malformed or no Unicode scalar value.
std::optional<std::string> unescape(std::string_view text) {
  constexpr std::string_view kLetters = "ntrabfv\\'\"";
  constexpr std::string_view kMeanings = "\n\t\r\a\b\f\v\\'\"";
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out.push_back(text[i]);
      continue;
    }
    const char c = text[++i];
    if (c == '\n') continue;
    if (const size_t letter = kLetters.find(c); letter != std::string_view::npos) {
      out.push_back(kMeanings[letter]);
    } else if (c == 'x' || c == 'u' || c == 'U') {
      const size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : 8;
      const auto value = read_hex(text, i + 1, digits);
      if (!value || *value > 0x10FFFF || (*value >= 0xD800 && *value < 0xE000)) return std::nullopt;
      append_utf8(out, *value);
      i += digits;
    } else if (c >= '0' && c <= '7') {
      char32_t value = 0;
      size_t digits = 0;
      for (; digits < 3 && i + digits < text.size() && text[i + digits] >= '0' && text[i + digits] <= '7'; ++digits) {
        value = value * 8 + static_cast<char32_t>(text[i + digits] - '0');
      }
      append_utf8(out, value);
      i += digits - 1;
    } else if (c == 'N') {
      return std::nullopt;  // names of characters: a table of a megabyte that no chat template needs
    } else {
      out.push_back('\\');
      out.push_back(c);
    }
  }
  return out;
}

std::string without_underscores(std::string_view text) {
  std::string out(text);
  std::erase(out, '_');
  return out;
}

std::optional<CompareOp> compare_op(std::string_view text) {
  if (text == "==") return CompareOp::kEqual;
  if (text == "!=") return CompareOp::kNotEqual;
  if (text == "<") return CompareOp::kLess;
  if (text == "<=") return CompareOp::kLessEqual;
  if (text == ">") return CompareOp::kGreater;
  if (text == ">=") return CompareOp::kGreaterEqual;
  return std::nullopt;
}

}  // namespace

Result<const Expr*> ExpressionParser::expression(Conditional with) {
  const Nesting nesting(*this);
  if (nesting.depth > kMaxNesting) return too_deep();
  return with == Conditional::kYes ? conditional() : disjunction();
}

Result<const Expr*> ExpressionParser::conditional() {
  INGLE_TRY(const Expr* node, disjunction());
  while (at_name("if")) {
    Expr& choice = make(ExprKind::kIf, next().line);
    INGLE_TRY(const Expr* test, disjunction());
    const Expr* otherwise = nullptr;
    if (skip_name("else")) {
      INGLE_TRY(otherwise, expression());
    }
    choice.children = {test, node, otherwise};
    node = &choice;
  }
  return node;
}

Result<const Expr*> ExpressionParser::disjunction() {
  INGLE_TRY(const Expr* first, conjunction());
  if (!at_name("or")) return first;
  Expr& node = make(ExprKind::kOr, current().line);
  node.children.push_back(first);
  while (skip_name("or")) {
    INGLE_TRY(const Expr* term, conjunction());
    node.children.push_back(term);
  }
  return &node;
}

Result<const Expr*> ExpressionParser::conjunction() {
  INGLE_TRY(const Expr* first, negation());
  if (!at_name("and")) return first;
  Expr& node = make(ExprKind::kAnd, current().line);
  node.children.push_back(first);
  while (skip_name("and")) {
    INGLE_TRY(const Expr* term, negation());
    node.children.push_back(term);
  }
  return &node;
}

Result<const Expr*> ExpressionParser::negation() {
  if (!at_name("not")) return comparison();
  const Nesting nesting(*this);
  if (nesting.depth > kMaxNesting) return too_deep();
  Expr& node = make(ExprKind::kNot, next().line);
  INGLE_TRY(const Expr* operand, negation());
  node.children = {operand};
  return &node;
}

Result<const Expr*> ExpressionParser::comparison() {
  INGLE_TRY(const Expr* first, sum());
  Expr* node = nullptr;
  for (;;) {
    std::optional<CompareOp> op;
    if (current().type == TokenType::kOperator) op = compare_op(current().text);
    if (at_name("in")) op = CompareOp::kIn;
    if (at_name("not") && is_name(look(), "in")) op = CompareOp::kNotIn;
    if (!op) break;
    if (node == nullptr) {
      node = &make(ExprKind::kCompare, current().line);
      node->children.push_back(first);
    }
    if (*op == CompareOp::kNotIn) next();
    next();
    INGLE_TRY(const Expr* operand, sum());
    node->children.push_back(operand);
    node->compare.push_back(*op);
  }
  return node == nullptr ? first : node;
}

Result<const Expr*> ExpressionParser::sum() {
  INGLE_TRY(const Expr* left, concatenation());
  while (at_op("+") || at_op("-")) {
    const Token& token = next();
    Expr& node = make(ExprKind::kBinary, token.line);
    node.op = token.text == "+" ? BinaryOp::kAdd : BinaryOp::kSub;
    INGLE_TRY(const Expr* right, concatenation());
    node.children = {left, right};
    left = &node;
  }
  return left;
}

Result<const Expr*> ExpressionParser::concatenation() {
  INGLE_TRY(const Expr* first, product());
  if (!at_op("~")) return first;
  Expr& node = make(ExprKind::kConcat, current().line);
  node.children.push_back(first);
  while (skip_op("~")) {
    INGLE_TRY(const Expr* term, product());
    node.children.push_back(term);
  }
  return &node;
}

Result<const Expr*> ExpressionParser::product() {
  INGLE_TRY(const Expr* left, power());
  while (at_op("*") || at_op("/") || at_op("//") || at_op("%")) {
    const Token& token = next();
    Expr& node = make(ExprKind::kBinary, token.line);
    node.op = token.text == "*"   ? BinaryOp::kMul
              : token.text == "/" ? BinaryOp::kDiv
              : token.text == "%" ? BinaryOp::kMod
                                  : BinaryOp::kFloorDiv;
    INGLE_TRY(const Expr* right, power());
    node.children = {left, right};
    left = &node;
  }
  return left;
}

Result<const Expr*> ExpressionParser::power() {
  INGLE_TRY(const Expr* left, unary(true));
  while (at_op("**")) {
    Expr& node = make(ExprKind::kBinary, next().line);
    node.op = BinaryOp::kPow;
    INGLE_TRY(const Expr* right, unary(true));
    node.children = {left, right};
    left = &node;
  }
  return left;
}

Result<const Expr*> ExpressionParser::unary(bool with_filters) {
  const Nesting nesting(*this);
  if (nesting.depth > kMaxNesting) return too_deep();
  const Expr* node = nullptr;
  if (at_op("-") || at_op("+")) {
    const Token& token = next();
    Expr& sign = make(token.text == "-" ? ExprKind::kNegate : ExprKind::kPlus, token.line);
    INGLE_TRY(const Expr* operand, unary(false));
    sign.children = {operand};
    node = &sign;
  } else {
    INGLE_TRY(node, primary());
  }
  INGLE_TRY(node, postfix(node));
  return with_filters ? filters_and_tests(node) : node;
}

Result<const Expr*> ExpressionParser::primary() {
  const Token& token = current();
  switch (token.type) {
    case TokenType::kName:
      return name();
    case TokenType::kString:
      return string();
    case TokenType::kInteger:
    case TokenType::kFloat:
      return number();
    default:
      break;
  }
  if (at_op("[")) return list();
  if (at_op("{")) return dict();
  if (skip_op("(")) {
    INGLE_TRY(const Expr* node, tuple(Conditional::kYes, {}, true));
    INGLE_TRY_VOID(expect_op(")"));
    return node;
  }
  return unexpected();
}

Result<const Expr*> ExpressionParser::name() {
  const Token& token = next();
  const std::string_view text = token.text;
  const bool yes = text == "true" || text == "True";
  if (yes || text == "false" || text == "False" || text == "none" || text == "None") {
    Expr& constant = make(ExprKind::kConst, token.line);
    constant.value = text == "none" || text == "None" ? Value::none() : Value::of(yes);
    return &constant;
  }
  Expr& node = make(ExprKind::kName, token.line);
  node.name = tree_.intern(text);
  for (Macro* macro : macros_) {
    macro->uses_caller |= node.name == kCallerName;
    macro->uses_varargs |= node.name == kVarargsName;
    macro->uses_kwargs |= node.name == kKwargsName;
  }
  return &node;
}

Result<const Expr*> ExpressionParser::string() {
  Expr& node = make(ExprKind::kConst, current().line);
  std::string text;
  while (current().type == TokenType::kString) {
    const std::string_view quoted = current().text;
    const auto part = unescape(quoted.substr(1, quoted.size() - 2));
    if (!part) return fail("malformed escape in a string");
    text += *part;
    next();
  }
  node.value = Value::of(tree_.literal(text));
  return &node;
}

Result<const Expr*> ExpressionParser::number() {
  const Token& token = next();
  Expr& node = make(ExprKind::kConst, token.line);
  const std::string digits = without_underscores(token.text);
  const char* end = digits.data() + digits.size();
  if (token.type == TokenType::kFloat) {
    double real = 0;
    // Out of range leaves strtod's infinity or zero, which is what Python gives.
    if (std::from_chars(digits.data(), end, real).ec != std::errc()) real = std::strtod(digits.c_str(), nullptr);
    node.value = Value::of(real);
    return &node;
  }
  int base = 10;
  if (digits.size() > 2 && digits[0] == '0') {
    const char radix = static_cast<char>(digits[1] | 0x20);
    base = radix == 'x' ? 16 : radix == 'o' ? 8 : radix == 'b' ? 2 : 10;
  }
  int64_t integer = 0;
  if (std::from_chars(digits.data() + (base == 10 ? 0 : 2), end, integer, base).ec != std::errc()) {
    return fail_at(token, "integer too large (64 bits at most)");
  }
  node.value = Value::of(integer);
  return &node;
}

Result<const Expr*> ExpressionParser::tuple(Conditional with, std::string_view end_name, bool in_parentheses) {
  const uint32_t line = current().line;
  std::vector<const Expr*> items;
  bool is_tuple = false;
  for (;;) {
    const TokenType type = current().type;
    if (type == TokenType::kVariableEnd || type == TokenType::kBlockEnd || at_op(")")) break;
    if (!end_name.empty() && at_name(end_name)) break;
    INGLE_TRY(const Expr* item, expression(with));
    items.push_back(item);
    if (!skip_op(",")) break;
    is_tuple = true;
  }
  if (!is_tuple && items.size() == 1) return items.front();
  if (!is_tuple && !in_parentheses) return fail("expected an expression");
  Expr& node = make(ExprKind::kTuple, line);
  node.children = std::move(items);
  return &node;
}

Result<const Expr*> ExpressionParser::list() {
  Expr& node = make(ExprKind::kList, next().line);
  while (!at_op("]")) {
    INGLE_TRY(const Expr* item, expression());
    node.children.push_back(item);
    if (!at_op("]")) INGLE_TRY_VOID(expect_op(","));
  }
  next();
  return &node;
}

Result<const Expr*> ExpressionParser::dict() {
  Expr& node = make(ExprKind::kDict, next().line);
  while (!at_op("}")) {
    INGLE_TRY(const Expr* key, expression());
    INGLE_TRY_VOID(expect_op(":"));
    INGLE_TRY(const Expr* value, expression());
    node.children.push_back(key);
    node.children.push_back(value);
    if (!at_op("}")) INGLE_TRY_VOID(expect_op(","));
  }
  next();
  return &node;
}

Result<const Expr*> ExpressionParser::postfix(const Expr* node) {
  for (;;) {
    if (at_op(".") || at_op("[")) {
      INGLE_TRY(node, subscript(node));
    } else if (at_op("(")) {
      Expr& call = make(ExprKind::kCall, current().line);
      call.children = {node};
      INGLE_TRY(call.arguments, arguments());
      node = &call;
    } else {
      return node;
    }
  }
}

Result<const Expr*> ExpressionParser::filters_and_tests(const Expr* node) {
  for (;;) {
    if (at_op("|")) {
      INGLE_TRY(node, filters(node));
    } else if (at_name("is")) {
      INGLE_TRY(node, test(node));
    } else if (at_op("(")) {
      Expr& call = make(ExprKind::kCall, current().line);
      call.children = {node};
      INGLE_TRY(call.arguments, arguments());
      node = &call;
    } else {
      return node;
    }
  }
}

Result<const Expr*> ExpressionParser::subscript(const Expr* node) {
  if (at_op("[")) return subscribed(node);
  next();
  const Token& token = current();
  if (token.type == TokenType::kInteger) {
    Expr& item = make(ExprKind::kItem, token.line);
    INGLE_TRY(const Expr* index, number());
    item.children = {node, index};
    return &item;
  }
  INGLE_TRY(const std::string_view attribute, identifier());
  Expr& member = make(ExprKind::kAttribute, token.line);
  member.children = {node};
  member.value = Value::of(tree_.literal(attribute));
  return &member;
}

Result<const Expr*> ExpressionParser::subscribed(const Expr* node) {
  const uint32_t line = next().line;
  std::vector<const Expr*> parts;  // of a slice: start, stop, step
  const Expr* first = nullptr;
  if (!at_op(":")) {
    INGLE_TRY(first, tuple());
  }
  if (!at_op(":")) {
    INGLE_TRY_VOID(expect_op("]"));
    Expr& item = make(ExprKind::kItem, line);
    item.children = {node, first};
    return &item;
  }
  parts.push_back(first);
  for (int i = 0; i < 2; ++i) {
    const Expr* part = nullptr;
    if (skip_op(":") && !at_op(":") && !at_op("]")) {
      INGLE_TRY(part, expression());
    }
    parts.push_back(part);
  }
  INGLE_TRY_VOID(expect_op("]"));
  Expr& slice = make(ExprKind::kSlice, line);
  slice.children = {node, parts[0], parts[1], parts[2]};
  return &slice;
}

Result<std::string> ExpressionParser::dotted_name() {
  INGLE_TRY(const std::string_view first, identifier());
  std::string text(first);
  while (skip_op(".")) {
    INGLE_TRY(const std::string_view part, identifier());
    text += '.';
    text += part;
  }
  return text;
}

Result<const Expr*> ExpressionParser::filters(const Expr* piped, bool first_named) {
  while (first_named || at_op("|")) {
    if (!first_named) next();
    first_named = false;
    Expr& node = make(ExprKind::kFilter, current().line);
    INGLE_TRY(const std::string filter, dotted_name());
    node.value = Value::of(tree_.literal(filter));
    node.native = find_filter(filter);
    node.children = {piped};
    if (at_op("(")) {
      INGLE_TRY(node.arguments, arguments());
    }
    piped = &node;
  }
  return piped;
}

Result<const Expr*> ExpressionParser::test(const Expr* node) {
  const uint32_t line = next().line;
  const bool negated = skip_name("not");
  Expr& check = make(ExprKind::kTest, line);
  INGLE_TRY(const std::string test_name, dotted_name());
  check.value = Value::of(tree_.literal(test_name));
  check.native = find_test(test_name);
  check.children = {node};
  const Token& token = current();
  const bool word = token.type == TokenType::kName && token.text != "else" && token.text != "or" && token.text != "and";
  if (at_op("(")) {
    INGLE_TRY(check.arguments, arguments());
  } else if (word || token.type == TokenType::kString || token.type == TokenType::kInteger ||
             token.type == TokenType::kFloat || at_op("[") || at_op("{")) {
    if (at_name("is")) return fail("tests with 'is' cannot be chained");
    const Nesting nesting(*this);
    if (nesting.depth > kMaxNesting) return too_deep();
    INGLE_TRY(const Expr* argument, primary());
    INGLE_TRY(argument, postfix(argument));
    check.arguments.push_back({Argument::Type::kPositional, nullptr, argument});
  }
  if (!negated) return &check;
  Expr& inverse = make(ExprKind::kNot, line);
  inverse.children = {&check};
  return &inverse;
}

Result<std::vector<Argument>> ExpressionParser::arguments() {
  std::vector<Argument> result;
  bool seen_named = false;
  bool seen_list = false;
  bool seen_dict = false;
  next();
  while (!at_op(")")) {
    Argument argument;
    bool allowed = !seen_dict;
    if (skip_op("*")) {
      argument.type = Argument::Type::kList;
      allowed = allowed && !seen_list;
      seen_list = true;
    } else if (skip_op("**")) {
      argument.type = Argument::Type::kDict;
      seen_dict = true;
    } else if (current().type == TokenType::kName && is_op(look(), "=")) {
      argument.type = Argument::Type::kNamed;
      argument.name = tree_.literal(next().text);
      next();
      seen_named = true;
    } else {
      allowed = allowed && !seen_list && !seen_named;
    }
    if (!allowed) return fail("invalid order of arguments in a call");
    INGLE_TRY(argument.value, expression());
    result.push_back(argument);
    if (!at_op(")")) INGLE_TRY_VOID(expect_op(","));
  }
  next();
  return result;
}

}  // namespace ingle::text::jinja
