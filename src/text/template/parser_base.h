// What the two halves of the parser share: the token stream, errors with their place, and the limit on nesting.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/template/ast.h"
#include "text/template/lexer.h"

namespace ingle::text::jinja {

class TokenStream {
 public:
  TokenStream(std::span<const Token> tokens, Tree& tree) : tree_(tree), tokens_(tokens) {}

 protected:
  static constexpr int kMaxNesting = 200;

  struct Nesting {
    explicit Nesting(TokenStream& stream) : depth(++stream.depth_), stream_(stream) {}
    ~Nesting() { --stream_.depth_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;
    int depth;

   private:
    TokenStream& stream_;
  };

  const Token& current() const { return tokens_[at_]; }
  const Token& look() const { return tokens_[at_ + 1 < tokens_.size() ? at_ + 1 : at_]; }
  const Token& next() {
    const Token& token = tokens_[at_];
    if (at_ + 1 < tokens_.size()) ++at_;
    return token;
  }
  static bool is_op(const Token& token, std::string_view text) {
    return token.type == TokenType::kOperator && token.text == text;
  }
  static bool is_name(const Token& token, std::string_view text) {
    return token.type == TokenType::kName && token.text == text;
  }
  bool at_op(std::string_view text) const { return is_op(current(), text); }
  bool at_name(std::string_view text) const { return is_name(current(), text); }
  bool skip_op(std::string_view text);
  bool skip_name(std::string_view text);

  std::unexpected<Error> fail(std::string_view what) const { return fail_at(current(), what); }
  static std::unexpected<Error> fail_at(const Token& token, std::string_view what);
  std::unexpected<Error> too_deep() const { return fail("nested too deeply (more than 200 levels)"); }
  /// "unexpected X" for the current token.
  std::unexpected<Error> unexpected() const;
  Status expect_op(std::string_view text);
  Status expect_name(std::string_view text);
  Status expect(TokenType type);
  Result<std::string_view> identifier();

  Expr& make(ExprKind kind, uint32_t line);

  Tree& tree_;

 private:
  std::span<const Token> tokens_;
  size_t at_ = 0;
  int depth_ = 0;
};

/// Expressions: everything inside {{ }} and after the first word of {% %}.
class ExpressionParser : public TokenStream {
 protected:
  using TokenStream::TokenStream;

  enum class Conditional : bool { kNo, kYes };

  Result<const Expr*> expression(Conditional conditional = Conditional::kYes);
  /// One expression, or several with commas between them: a tuple. Ends before `end_name`, if that is not empty.
  Result<const Expr*> tuple(Conditional conditional = Conditional::kYes, std::string_view end_name = {},
                            bool in_parentheses = false);
  Result<const Expr*> filters(const Expr* piped, bool first_named = false);

  std::vector<Macro*> macros_;  // being parsed, outermost first

 private:
  Result<const Expr*> conditional();
  Result<const Expr*> disjunction();
  Result<const Expr*> conjunction();
  Result<const Expr*> negation();
  Result<const Expr*> comparison();
  Result<const Expr*> sum();
  Result<const Expr*> concatenation();
  Result<const Expr*> product();
  Result<const Expr*> power();
  Result<const Expr*> unary(bool with_filters);
  Result<const Expr*> primary();
  Result<const Expr*> name();
  Result<const Expr*> string();
  Result<const Expr*> number();
  Result<const Expr*> list();
  Result<const Expr*> dict();
  Result<const Expr*> postfix(const Expr* node);
  Result<const Expr*> filters_and_tests(const Expr* node);
  Result<const Expr*> subscript(const Expr* node);
  Result<const Expr*> subscribed(const Expr* node);
  Result<const Expr*> test(const Expr* node);
  Result<std::string> dotted_name();
  Result<std::vector<Argument>> arguments();
};

}  // namespace ingle::text::jinja
