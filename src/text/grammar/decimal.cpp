#include "text/grammar/decimal.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <tuple>

namespace ingle::text::grammar {
namespace {

/// Beyond every number that a grammar writes, so that a bound there says nothing, or all.
const Decimal& beyond() {
  static const Decimal value{false, "1" + std::string(kMaxWholeDigits, '0'), ""};
  return value;
}

bool is_zero(const Decimal& d) {
  return d.whole == "0" && d.fraction.empty();
}

int compare_sizes(const Decimal& a, const Decimal& b) {
  if (a.whole.size() != b.whole.size()) return a.whole.size() < b.whole.size() ? -1 : 1;
  if (const int order = a.whole.compare(b.whole); order != 0) return order;
  return a.fraction.compare(b.fraction);  // no trailing zeros, so text order is the order of values
}

/// Numbers without sign between two bounds, digit by digit: `low` and `high` say that all digits so far are the bound's.
class Emitter {
 public:
  Emitter(ProgramBuilder& builder, bool whole, const Bound& least, const std::optional<Bound>& most, OpId next)
      : builder_(builder), whole_(whole), least_(least), most_(most), next_(next) {}

  OpId run() {
    const size_t shortest = least_.value.whole.size();
    const size_t longest = most_ ? std::min<size_t>(most_->value.whole.size(), kMaxWholeDigits) : kMaxWholeDigits;
    std::vector<OpId> lengths;
    for (size_t n = shortest; n <= longest; ++n) {
      n_digits_ = n;
      whole_ops_.clear();
      lengths.push_back(whole_digits(0, n == shortest, most_ && n == most_->value.whole.size()));
    }
    return builder_.choice(lengths);
  }

 private:
  OpId whole_digits(size_t at, bool low, bool high) {
    if (at == n_digits_) return end_of_whole(low, high);
    const auto key = std::tuple(at, low, high);
    if (const auto found = whole_ops_.find(key); found != whole_ops_.end()) return found->second;
    const char first = at == 0 && n_digits_ > 1 ? '1' : '0';
    const OpId op =
        digits(low ? std::max(least_.value.whole[at], first) : first, low ? least_.value.whole[at] : '\0',
               high ? most_->value.whole[at] : '9', high, [&](bool l, bool h) { return whole_digits(at + 1, l, h); });
    whole_ops_[key] = op;
    return op;
  }

  /// One digit from `from` to `to`; it stays at the lower bound where it is `tight`, at the upper where it is `to`.
  template <typename Then>
  OpId digits(char from, char tight, char to, bool high, Then then) {
    std::vector<OpId> alternatives;
    std::map<std::pair<bool, bool>, ByteSet> groups;
    for (char digit = from; digit <= to; ++digit)
      groups[{digit == tight, high && digit == to}].set(static_cast<uint8_t>(digit));
    for (const auto& [flags, set] : groups)
      alternatives.push_back(builder_.bytes(set, then(flags.first, flags.second)));
    return builder_.choice(alternatives);
  }

  OpId end_of_whole(bool low, bool high) {
    const OpId end = may_end(0, low, high) ? next_ : ProgramBuilder::kNever;
    if (whole_) return end;
    return builder_.choice({end, builder_.byte('.', fraction_digits(0, low, high, true))});
  }

  /// Whether the number may have `at` digits of fraction: those that are missing are zeros.
  bool may_end(size_t at, bool low, bool high) const {
    const auto rest_is_zero = [at](const Decimal& d) { return at >= d.fraction.size(); };
    if (low && (!rest_is_zero(least_.value) || least_.exclusive)) return false;
    return !(high && most_->exclusive && rest_is_zero(most_->value));
  }

  OpId fraction_digits(size_t at, bool low, bool high, bool needs_digit) {
    const OpId end = !needs_digit && may_end(at, low, high) ? next_ : ProgramBuilder::kNever;
    if (at >= kMaxFractionDigits) return end;
    const auto key = std::tuple(at, low, high);
    if (const auto found = fraction_ops_.find(key); found != fraction_ops_.end()) return found->second;
    const auto digit_of = [at](const Decimal& d) { return at < d.fraction.size() ? d.fraction[at] : '0'; };
    const char least = low ? digit_of(least_.value) : '0';
    const OpId more = digits(least, low ? least : '\0', high ? digit_of(most_->value) : '9', high,
                             [&](bool l, bool h) { return fraction_digits(at + 1, l, h, false); });
    const OpId op = builder_.choice({end, more});
    fraction_ops_[key] = op;
    return op;
  }

  ProgramBuilder& builder_;
  bool whole_;
  const Bound& least_;
  const std::optional<Bound>& most_;
  OpId next_;
  size_t n_digits_ = 0;
  std::map<std::tuple<size_t, bool, bool>, OpId> whole_ops_;
  std::map<std::tuple<size_t, bool, bool>, OpId> fraction_ops_;
};

Bound negated(Bound bound) {
  bound.value.negative = !bound.value.negative && !is_zero(bound.value);
  return bound;
}

/// Numbers from `least` on, both bounds without sign.
OpId emit_positive(ProgramBuilder& builder, bool whole, const std::optional<Bound>& least,
                   const std::optional<Bound>& most, OpId next) {
  const Bound from = least && !least->value.negative ? *least : Bound{};
  if (most && (most->value.negative || compare_sizes(from.value, most->value) > 0)) return ProgramBuilder::kNever;
  if (compare_sizes(from.value, beyond()) >= 0) return ProgramBuilder::kNever;
  return Emitter(builder, whole, from, most, next).run();
}

/// From 10^18 on, up to what a double holds for certain: only exponents write so much.
OpId emit_far_number(ProgramBuilder& builder, OpId next) {
  const ByteSet digit = byte_range('0', '9');
  const OpId one = builder.bytes(digit, ProgramBuilder::kReturnOp);
  const OpId last = builder.bytes(digit, next);
  const OpId exponent =
      builder.choice({builder.byte('1', builder.bytes(byte_range('8', '9'), next)),
                      builder.bytes(byte_range('2', '9'), last), builder.byte('1', builder.bytes(digit, last))});
  const OpId sign = builder.byte('e', builder.optional(builder.byte('+', exponent), exponent));
  const OpId fraction = builder.byte('.', builder.bytes(digit, builder.repeat({one, 0, kMaxFractionDigits - 1}, sign)));
  return builder.bytes(byte_range('1', '9'), builder.optional(fraction, sign));
}

OpId emit_free_number(ProgramBuilder& builder, bool whole, OpId next) {
  const ByteSet digit = byte_range('0', '9');
  const OpId one = builder.bytes(digit, ProgramBuilder::kReturnOp);
  OpId after = next;
  if (!whole) {
    // Exponents up to 199: no number becomes infinite.
    const OpId two_digits = builder.bytes(digit, builder.optional(builder.bytes(digit, next), next));
    const OpId exponent =
        builder.choice({two_digits, builder.byte('1', builder.bytes(digit, builder.bytes(digit, next)))});
    const OpId sign = builder.optional(builder.bytes(byte_set("+-"), exponent), exponent);
    const OpId with_exponent = builder.optional(builder.bytes(byte_set("eE"), sign), next);
    const OpId more = builder.repeat({one, 0, kMaxFractionDigits - 1}, with_exponent);
    after = builder.optional(builder.byte('.', builder.bytes(digit, more)), with_exponent);
  }
  const OpId rest = builder.repeat({one, 0, kMaxWholeDigits - 1}, after);
  const OpId large = builder.bytes(byte_range('1', '9'), rest);
  const OpId zero = builder.byte('0', after);
  const OpId negative = builder.byte('-', whole ? large : builder.choice({large, zero}));
  return builder.choice({large, zero, negative});
}

}  // namespace

std::optional<Decimal> parse_decimal(std::string_view text) {
  if (text.find('e') != std::string_view::npos) {
    double value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    if (value < 1e18 && value > -1e18) return std::nullopt;
    Decimal far = beyond();
    far.negative = value < 0;
    return far;
  }
  Decimal decimal;
  decimal.negative = text.starts_with('-');
  if (decimal.negative) text.remove_prefix(1);
  const size_t point = std::min(text.find('.'), text.size());
  decimal.whole = text.substr(0, point);
  decimal.fraction = point < text.size() ? text.substr(point + 1) : std::string_view();
  while (decimal.fraction.ends_with('0'))
    decimal.fraction.pop_back();
  if (decimal.fraction.size() > kMaxFractionDigits) return std::nullopt;
  if (decimal.whole.size() > kMaxWholeDigits) {
    const bool negative = decimal.negative;
    decimal = beyond();
    decimal.negative = negative;
  }
  return decimal;
}

int compare(const Decimal& a, const Decimal& b) {
  if (a.negative != b.negative) return a.negative ? -1 : 1;
  return a.negative ? compare_sizes(b, a) : compare_sizes(a, b);
}

void tighten(std::optional<Bound>& bound, const Bound& other, bool is_lower) {
  if (!bound) {
    bound = other;
    return;
  }
  const int order = compare(other.value, bound->value);
  if (order == 0) {
    bound->exclusive |= other.exclusive;
  } else if ((order > 0) == is_lower) {
    bound = other;
  }
}

OpId emit_number(ProgramBuilder& builder, bool whole, const std::optional<Bound>& least,
                 const std::optional<Bound>& most, OpId next) {
  if (!least && !most) return emit_free_number(builder, whole, next);
  const OpId positive = emit_positive(builder, whole, least, most, next);
  // Below zero the bounds change sides; zero itself is written without a sign.
  std::optional<Bound> smallest = Bound{.value = {}, .exclusive = true};
  if (most && most->value.negative) smallest = negated(*most);
  std::optional<Bound> largest;
  if (least) largest = negated(*least);
  const bool none_below = least && !least->value.negative;
  const OpId negative =
      none_below ? ProgramBuilder::kNever : builder.byte('-', emit_positive(builder, whole, smallest, largest, next));
  const auto is_far = [](const std::optional<Bound>& bound) {
    return bound && compare_sizes(bound->value, beyond()) >= 0;
  };
  // Exponents are not compared: where a bound stands on their side there are none.
  const bool may_be_large = !whole && !most && !is_far(least);
  const bool may_be_low = !whole && !least && !is_far(most);
  const OpId far = may_be_large || may_be_low ? emit_far_number(builder, next) : ProgramBuilder::kNever;
  return builder.choice({positive, negative, may_be_large ? far : ProgramBuilder::kNever,
                         may_be_low ? builder.byte('-', far) : ProgramBuilder::kNever});
}

}  // namespace ingle::text::grammar
