#include "text/grammar/number_language.h"

#include <charconv>
#include <map>
#include <numeric>
#include <string>
#include <tuple>

namespace ingle::text::grammar {
namespace {

constexpr uint64_t kMaxRemainders = 20'000;

// The characters of a number, as classes of an automaton.
enum Symbol : uint32_t { kDigit0 = 0, kDigit9 = 9, kPoint, kMinus, kElse, kSymbols };

CodePointClasses symbol_classes() {
  // '-', '.', '/', the digits, and all the rest.
  std::vector<CodePointClasses::Piece> pieces = {{0, kElse}, {'-', kMinus}, {'.', kPoint}, {'/', kElse}};
  for (uint32_t digit = 0; digit < 10; ++digit)
    pieces.push_back({'0' + digit, kDigit0 + digit});
  pieces.push_back({':', kElse});
  return CodePointClasses(std::move(pieces));
}

/// Builds an automaton over the symbols from a step function over states of any kind that can be compared.
template <typename State, typename Step, typename Accepts>
Result<Language> explore(const State& start, Step step, Accepts accepts, Budget& budget) {
  const CodePointClasses classes = symbol_classes();
  std::vector<Symbol> symbol_of(kSymbols);
  for (uint32_t symbol = 0; symbol < kSymbols; ++symbol) {
    constexpr std::u32string_view kSamples = U"0123456789.-a";
    symbol_of[classes.of(kSamples[symbol])] = static_cast<Symbol>(symbol);
  }
  RawDfa raw{.classes = classes, .next = {}, .accepts = {false}, .start = 1};
  raw.next.resize(kSymbols, 0);
  std::map<State, uint32_t> ids = {{start, 1}};
  std::vector<State> states = {start, start};  // number 0 is dead
  for (size_t i = 1; i < states.size(); ++i) {
    if (!budget.take(kSymbols) || states.size() * kSymbols > Dfa::kMaxEntries) return too_large();
    const State state = states[i];
    raw.accepts.push_back(accepts(state));
    for (uint32_t c = 0; c < kSymbols; ++c) {
      const std::optional<State> next = step(state, symbol_of[c]);
      if (!next) {
        raw.next.push_back(0);
        continue;
      }
      const auto [found, is_new] = ids.try_emplace(*next, static_cast<uint32_t>(states.size()));
      if (is_new) states.push_back(*next);
      raw.next.push_back(found->second);
    }
  }
  return Language::from_automaton(raw, &budget);
}

/// Where a number is: its sign, digits before the point, digits after it.
struct Shape {
  bool negative = false;
  bool is_zero = false;  // one 0 stands before the point: no digit may follow it there
  bool has_point = false;
  uint32_t n_whole = 0;
  uint32_t n_fraction = 0;
  friend auto operator<=>(const Shape&, const Shape&) = default;
};

std::optional<Shape> advance(Shape shape, Symbol symbol, bool whole) {
  if (symbol == kMinus) {
    if (shape.negative || shape.n_whole > 0) return std::nullopt;
    shape.negative = true;
    return shape;
  }
  if (symbol == kPoint) {
    if (whole || shape.n_whole == 0 || shape.has_point) return std::nullopt;
    shape.has_point = true;
    return shape;
  }
  if (symbol > kDigit9) return std::nullopt;
  if (shape.has_point) {
    if (++shape.n_fraction > kMaxFractionDigits) return std::nullopt;
    return shape;
  }
  if (shape.is_zero || (whole && shape.negative && symbol == kDigit0 && shape.n_whole == 0)) return std::nullopt;
  shape.is_zero = shape.n_whole == 0 && symbol == kDigit0;
  if (++shape.n_whole > kMaxWholeDigits) return std::nullopt;
  return shape;
}

bool is_complete(const Shape& shape) {
  return shape.n_whole > 0 && (!shape.has_point || shape.n_fraction > 0);
}

/// How the size of the number so far compares with that of the bound, as many digits of which are compared.
struct Comparison {
  Shape shape;
  int order = 0;  // of the digits so far: -1, 0, 1
  friend auto operator<=>(const Comparison&, const Comparison&) = default;
};

int order_of(char a, char b) {
  return a == b ? 0 : (a < b ? -1 : 1);
}

/// Numbers on the allowed side of a bound.
Result<Language> within_bound(bool whole, const Bound& bound, bool is_lower, Budget& budget) {
  const std::string& digits = bound.value.whole;
  const std::string& fraction = bound.value.fraction;
  const auto step = [&](const Comparison& from, Symbol symbol) -> std::optional<Comparison> {
    const auto shape = advance(from.shape, symbol, whole);
    if (!shape) return std::nullopt;
    Comparison to{*shape, from.order};
    if (symbol == kPoint && digits.size() != shape->n_whole) to.order = shape->n_whole < digits.size() ? -1 : 1;
    if (symbol > kDigit9) return to;
    const char digit = static_cast<char>('0' + symbol);
    const size_t at = (shape->has_point ? shape->n_fraction : shape->n_whole) - 1;
    const std::string& of_bound = shape->has_point ? fraction : digits;
    // Digits beyond those of the bound before the point are settled by their number.
    const char other = at < of_bound.size() ? of_bound[at] : (shape->has_point ? '0' : digit);
    if (to.order == 0) to.order = order_of(digit, other);
    // What is decided needs no count any more: states stay few.
    if (shape->has_point && to.order != 0) to.shape.n_fraction = 1;
    return to;
  };
  const auto accepts = [&](const Comparison& state) {
    if (!is_complete(state.shape)) return false;
    int order = state.order;
    if (!state.shape.has_point && state.shape.n_whole != digits.size())
      order = state.shape.n_whole < digits.size() ? -1 : 1;
    if (order == 0 && (state.shape.has_point ? state.shape.n_fraction : 0) < fraction.size()) order = -1;
    const bool bound_is_zero = digits == "0" && fraction.empty();
    const bool is_same_zero = bound_is_zero && order == 0;  // -0 is 0
    if (state.shape.negative != bound.value.negative && !is_same_zero) {
      order = state.shape.negative ? -1 : 1;
    } else if (state.shape.negative) {
      order = -order;
    }
    if (order == 0) return !bound.exclusive;
    return (order > 0) == is_lower;
  };
  return explore(Comparison{}, step, accepts, budget);
}

struct Remainder {
  Shape shape;
  uint64_t rest = 0;
  friend auto operator<=>(const Remainder&, const Remainder&) = default;
};

/// Multiples of `divisor` / 10^n_places.
Result<Language> multiples(bool whole, uint64_t divisor, uint32_t n_places, Budget& budget) {
  const auto step = [&](const Remainder& from, Symbol symbol) -> std::optional<Remainder> {
    auto shape = advance(from.shape, symbol, whole);
    if (!shape || shape->n_fraction > n_places) return std::nullopt;
    // The count of digits before the point is the business of the bounds.
    shape->n_whole = std::min(shape->n_whole, 1U);
    Remainder to{*shape, from.rest};
    if (symbol <= kDigit9) to.rest = (from.rest * 10 + symbol) % divisor;
    return to;
  };
  const auto accepts = [&](const Remainder& state) {
    uint64_t rest = state.rest;
    for (uint32_t i = state.shape.n_fraction; i < n_places; ++i)
      rest = rest * 10 % divisor;
    return is_complete(state.shape) && rest == 0;
  };
  return explore(Remainder{}, step, accepts, budget);
}

/// Every number that is written without an exponent.
Result<Language> all_numbers(bool whole, Budget& budget) {
  return explore(
      Shape{}, [&](const Shape& shape, Symbol symbol) { return advance(shape, symbol, whole); },
      [](const Shape& shape) { return is_complete(shape); }, budget);
}

}  // namespace

Result<Language> language_of_numbers(bool whole, const std::optional<Bound>& least, const std::optional<Bound>& most,
                                     const std::optional<Decimal>& multiple_of, Budget* given) {
  Budget own;
  Budget& budget = given != nullptr ? *given : own;
  INGLE_TRY(Language numbers, all_numbers(whole, budget));
  for (const auto* bound : {&least, &most}) {
    if (!*bound) continue;
    INGLE_TRY(const Language side, within_bound(whole, **bound, bound == &least, budget));
    INGLE_TRY(numbers, numbers.intersect(side, &budget));
  }
  if (!multiple_of) return numbers;
  const std::string digits = multiple_of->whole + multiple_of->fraction;
  uint64_t divisor = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), divisor);
  auto n_places = static_cast<uint32_t>(multiple_of->fraction.size());
  if (error == std::errc() && whole) {
    // A whole number is a multiple of 2.5 exactly when it is one of 5.
    for (; n_places > 0; --n_places)
      divisor /= std::gcd(divisor, uint64_t{10});
  }
  if (error != std::errc() || divisor == 0 || divisor > kMaxRemainders)
    return std::unexpected(Error::refused("multiples of " + multiple_of->whole +
                                          (multiple_of->fraction.empty() ? "" : "." + multiple_of->fraction) +
                                          " have too many remainders to be told apart"));
  INGLE_TRY(const Language right, multiples(whole, divisor, n_places, budget));
  return numbers.intersect(right, &budget);
}

}  // namespace ingle::text::grammar
