#include "text/grammar/gbnf_parser.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <map>

#include "text/grammar/distance.h"

namespace ingle::text::grammar {
namespace {

using Item = GbnfTree::Item;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_name(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

void append_utf8(std::string& out, char32_t c) {
  utf8proc_uint8_t bytes[4];
  const auto n = utf8proc_encode_char(static_cast<utf8proc_int32_t>(c), bytes);
  out.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(n));
}

class Parser {
 public:
  Parser(std::string_view text, const GbnfLimits& limits) : text_(text), limits_(limits) {}

  Result<GbnfTree> run() && {
    skip_space(true);
    while (at_ < text_.size()) {
      INGLE_TRY_VOID(rule());
      skip_space(true);
    }
    for (size_t i = 0; i < tree_.rules.size(); ++i) {
      if (is_defined_[i]) continue;
      at_ = mentioned_at_[i];
      return wrong("there is no rule '" + tree_.rules[i].name + "'", "define it: " + tree_.rules[i].name + " ::= ...");
    }
    const auto root = names_.find("root");
    if (root == names_.end()) {
      return std::unexpected(
          Error::usage("grammar: there is no rule 'root'").hint("the rule 'root' says what the whole text must be"));
    }
    tree_.root = root->second;
    return std::move(tree_);
  }

 private:
  bool is_at(char c) const { return at_ < text_.size() && text_[at_] == c; }
  bool take(char c) {
    if (!is_at(c)) return false;
    ++at_;
    return true;
  }

  std::pair<uint32_t, uint32_t> place(size_t at) const {
    const std::string_view before = text_.substr(0, at);
    const size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
    const auto is_lead = [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; };
    return {1 + static_cast<uint32_t>(std::ranges::count(before, '\n')),
            1 + static_cast<uint32_t>(std::ranges::count_if(before.substr(line_begin), is_lead))};
  }

  Error error_at(size_t at, ErrorCode code, std::string_view what) const {
    const auto [line, column] = place(at);
    return {code, fmt::format("grammar: line {}, column {}: {}", line, column, what)};
  }
  std::unexpected<Error> wrong(std::string_view what, std::string hint = "") const {
    return std::unexpected(error_at(at_, ErrorCode::kUsage, what).hint(std::move(hint)));
  }
  std::unexpected<Error> refuse(std::string_view what, std::string hint = "") const {
    return std::unexpected(error_at(at_, ErrorCode::kRefused, what).hint(std::move(hint)));
  }

  void skip_space(bool lines) {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (c == ' ' || c == '\t' || (lines && (c == '\n' || c == '\r'))) {
        ++at_;
      } else {
        return;
      }
    }
  }

  uint32_t rule_named(std::string_view name, size_t at) {
    const auto [found, is_new] = names_.try_emplace(std::string(name), static_cast<uint32_t>(tree_.rules.size()));
    if (is_new) {
      tree_.rules.push_back({.name = std::string(name)});
      mentioned_at_.push_back(at);
      is_defined_.push_back(false);
    }
    return found->second;
  }

  std::string_view name() {
    const size_t begin = at_;
    while (at_ < text_.size() && is_name(text_[at_]))
      ++at_;
    return text_.substr(begin, at_ - begin);
  }

  Status rule() {
    const size_t begin = at_;
    const std::string_view rule_name = name();
    if (rule_name.empty()) return wrong("the name of a rule was expected", "a rule is: name ::= \"text\" other-rule");
    skip_space(false);
    if (!text_.substr(at_).starts_with("::="))
      return wrong(fmt::format("'::=' was expected after '{}'", rule_name), "a rule is: name ::= \"text\" other-rule");
    at_ += 3;
    skip_space(true);
    const uint32_t id = rule_named(rule_name, begin);
    if (is_defined_[id]) {
      at_ = begin;
      return wrong(fmt::format("the rule '{}' is defined twice", rule_name), "join the two with '|'");
    }
    INGLE_TRY(GbnfTree::Group body, alternatives(0));
    if (at_ < text_.size() && text_[at_] != '\n' && text_[at_] != '\r') return unexpected_here();
    tree_.rules[id].body = std::move(body);
    is_defined_[id] = true;
    return {};
  }

  std::unexpected<Error> unexpected_here() const {
    const char c = text_[at_];
    if (c == ')') return wrong("a ')' without '('");
    if (c == '<' || c == '!') {
      return refuse("tokens cannot be named in a grammar",
                    "write what the token says as a text: \"...\"; the engine sees to the model's own end tokens");
    }
    return wrong(c > 0x20 && c < 0x7F ? fmt::format("'{}' was not expected", c) : "this character was not expected",
                 "texts stand between \", sets of characters in [...]");
  }

  /// Alternatives go on after a '|', which may end a line or begin the next one.
  Result<GbnfTree::Group> alternatives(uint32_t depth) {
    if (depth > limits_.max_depth) return too_deep();
    GbnfTree::Group out;
    while (true) {
      INGLE_TRY(GbnfTree::Sequence part, sequence(depth));
      out.push_back(std::move(part));
      if (!take_bar(depth > 0)) return out;
      if (++n_items_ > limits_.max_items) return too_many();
      skip_space(true);
    }
  }

  bool take_bar(bool nested) {
    if (take('|')) return true;
    if (nested) return false;
    const size_t end = at_;
    skip_space(true);
    if (take('|')) return true;
    at_ = end;
    return false;
  }

  std::unexpected<Error> too_deep() const {
    return refuse(fmt::format("groups nested deeper than {}", limits_.max_depth));
  }
  std::unexpected<Error> too_many() const {
    return refuse(fmt::format("more than {} texts, sets and references", limits_.max_items));
  }

  Result<GbnfTree::Sequence> sequence(uint32_t depth) {
    GbnfTree::Sequence out;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c != '"' && c != '[' && c != '(' && c != '.' && !is_name(c)) {
        if (c == '*' || c == '+' || c == '?' || c == '{')
          return wrong(fmt::format("nothing stands before this '{}'", c));
        break;
      }
      if (++n_items_ > limits_.max_items) return too_many();
      INGLE_TRY(Item next, item(depth));
      skip_space(depth > 0);
      while (is_at('*') || is_at('+') || is_at('?') || is_at('{')) {
        INGLE_TRY(next, counted(std::move(next), depth > 0));
        skip_space(depth > 0);
      }
      out.push_back(std::move(next));
    }
    return out;
  }

  Result<Item> item(uint32_t depth) {
    Item out;
    const size_t begin = at_;
    if (take('"')) {
      INGLE_TRY(out.text, literal(begin));
    } else if (take('[')) {
      out.kind = Item::Kind::kSet;
      INGLE_TRY(out.set, bracket(begin));
    } else if (take('.')) {
      out.kind = Item::Kind::kSet;
      out.set = all_code_points();
    } else if (take('(')) {
      out.kind = Item::Kind::kGroup;
      skip_space(true);
      INGLE_TRY(out.group, alternatives(depth + 1));
      if (at_ >= text_.size()) return std::unexpected(error_at(begin, ErrorCode::kUsage, "a '(' without ')'"));
      if (!take(')')) return unexpected_here();
      for (const GbnfTree::Sequence& part : out.group) {
        for (const Item& inner : part)
          out.height = std::max(out.height, inner.height + 1);
      }
      if (out.height > limits_.max_depth) return too_deep();
    } else {
      out.kind = Item::Kind::kRule;
      out.rule = rule_named(name(), begin);
    }
    return out;
  }

  /// A second repetition repeats the first as a whole.
  Result<Item> counted(Item item, bool nested) {
    if (++n_items_ > limits_.max_items) return too_many();
    uint32_t min = 0;
    uint32_t max = kUnlimited;
    if (take('?')) {
      max = 1;
    } else if (take('+')) {
      min = 1;
    } else if (!take('*')) {
      INGLE_TRY_VOID(braces(nested, min, max));
    }
    if (item.min != 1 || item.max != 1) {
      Item whole;
      whole.kind = Item::Kind::kGroup;
      whole.height = item.height + 1;
      if (whole.height > limits_.max_depth) return too_deep();
      whole.group.emplace_back().push_back(std::move(item));
      item = std::move(whole);
    }
    item.min = min;
    item.max = max;
    return item;
  }

  Status braces(bool nested, uint32_t& min, uint32_t& max) {
    ++at_;
    skip_space(nested);
    INGLE_TRY(min, number());
    max = min;
    skip_space(nested);
    if (take(',')) {
      max = kUnlimited;
      skip_space(nested);
      if (!is_at('}')) {
        INGLE_TRY(max, number());
      }
      skip_space(nested);
    }
    if (!take('}')) return wrong("'}' was expected", "a repetition is {3}, {3,} or {3,5}");
    if (min > max) return wrong(fmt::format("at least {} and at most {} repetitions", min, max));
    return {};
  }

  Result<uint32_t> number() {
    const size_t begin = at_;
    uint64_t value = 0;
    while (at_ < text_.size() && is_digit(text_[at_]) && value <= kFar)
      value = value * 10 + static_cast<uint64_t>(text_[at_++] - '0');
    if (at_ == begin) return wrong("a number was expected", "a repetition is {3}, {3,} or {3,5}");
    if (value > kFar) return refuse(fmt::format("a count above {}", kFar));
    return static_cast<uint32_t>(value);
  }

  Result<std::string> literal(size_t begin) {
    std::string out;
    while (at_ < text_.size() && text_[at_] != '\n') {
      if (take('"')) return out;
      INGLE_TRY(const char32_t c, character());
      append_utf8(out, c);
    }
    return std::unexpected(error_at(begin, ErrorCode::kUsage, "a text without its second '\"'")
                               .hint("write a line break as \\n, a quote as \\\""));
  }

  Result<CodePointSet> bracket(size_t begin) {
    const bool negated = take('^');
    CodePointSet ranges;
    while (at_ < text_.size() && text_[at_] != '\n') {
      if (take(']')) return negated ? complement_of(normal_set(std::move(ranges))) : normal_set(std::move(ranges));
      if (++n_items_ > limits_.max_items) return too_many();
      INGLE_TRY(const char32_t first, character());
      char32_t last = first;
      if (is_at('-') && at_ + 1 < text_.size() && text_[at_ + 1] != ']') {
        ++at_;
        INGLE_TRY(last, character());
        if (last < first) return wrong("a range in '[...]' that ends before it begins");
      }
      ranges.push_back({first, last});
    }
    return std::unexpected(error_at(begin, ErrorCode::kUsage, "a '[' without ']'"));
  }

  Result<char32_t> character() {
    if (take('\\')) return escape();
    utf8proc_int32_t code = 0;
    const auto n = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text_.data()) + at_,
                                    static_cast<utf8proc_ssize_t>(text_.size() - at_), &code);
    if (n <= 0) return wrong("bytes that are not UTF-8");
    at_ += static_cast<size_t>(n);
    return static_cast<char32_t>(code);
  }

  Result<char32_t> escape() {
    const char c = at_ < text_.size() ? text_[at_++] : '\0';
    switch (c) {
      case 'n':
        return U'\n';
      case 'r':
        return U'\r';
      case 't':
        return U'\t';
      case 'x':
        return hex(2);
      case 'u':
        return hex(4);
      case 'U':
        return hex(8);
      case '\\':
      case '"':
      case '[':
      case ']':
      case '-':
        return static_cast<char32_t>(c);
      default:
        --at_;
        return wrong("an escape that is not known", R"(known are \n \r \t \\ \" \[ \] \- \xHH \uHHHH \UHHHHHHHH)");
    }
  }

  Result<char32_t> hex(int n_digits) {
    constexpr std::string_view kDigits = "0123456789abcdefABCDEF";
    uint32_t value = 0;
    for (int i = 0; i < n_digits; ++i) {
      const size_t digit = at_ < text_.size() ? kDigits.find(text_[at_]) : std::string_view::npos;
      if (digit == std::string_view::npos) return wrong(fmt::format("{} hexadecimal digits were expected", n_digits));
      value = value * 16 + static_cast<uint32_t>(digit < 16 ? digit : digit - 6);
      ++at_;
    }
    if (value > kLastCodePoint || is_surrogate(value)) return wrong(fmt::format("U+{:X} is no character", value));
    return static_cast<char32_t>(value);
  }

  std::string_view text_;
  const GbnfLimits& limits_;
  size_t at_ = 0;
  size_t n_items_ = 0;
  GbnfTree tree_;
  std::map<std::string, uint32_t, std::less<>> names_;
  std::vector<size_t> mentioned_at_;  // of each rule, where first
  std::vector<bool> is_defined_;
};

}  // namespace

Result<GbnfTree> parse_gbnf(std::string_view text, const GbnfLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return std::unexpected(
        Error::refused(fmt::format("the grammar has {} bytes, at most {} are taken", text.size(), limits.max_bytes)));
  }
  return Parser(text, limits).run();
}

}  // namespace ingle::text::grammar
