#include "text/grammar/constraint.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <numeric>
#include <utility>

#include "text/grammar/gbnf.h"

namespace ingle::text::grammar {
namespace {

constexpr size_t kMostForcedAhead = 4;  // bytes, so that what is cut to whole characters has them all

bool is_single(std::span<const uint64_t> set) {
  return std::transform_reduce(set.begin(), set.end(), 0, std::plus(),
                               [](uint64_t bits) { return std::popcount(bits); }) == 1;
}

}  // namespace

Result<Constraint> Constraint::from_schema(std::string_view json, std::span<const CopySource> sources,
                                           std::shared_ptr<const TokenTrie> tokens) {
  INGLE_TRY(auto compiled, compile_schema(json, sources, tokens->single_bytes()));
  return Constraint(std::make_shared<Masker>(std::move(compiled.program), std::move(tokens)));
}

Result<Constraint> Constraint::from_grammar(std::string_view gbnf, std::shared_ptr<const TokenTrie> tokens) {
  INGLE_TRY(auto program, compile_gbnf(gbnf, tokens->single_bytes()));
  return Constraint(std::make_shared<Masker>(std::move(program), std::move(tokens)));
}

Constraint::Constraint(const Constraint& other)
    : masker_(other.masker_), place_(other.place_ == kBegin ? kBegin : masker_->share(other.place_)) {}

Constraint& Constraint::operator=(const Constraint& other) {
  return *this = Constraint(other);
}

Constraint::Constraint(Constraint&& other) noexcept
    : masker_(std::move(other.masker_)), place_(std::exchange(other.place_, kBegin)) {}

Constraint& Constraint::operator=(Constraint&& other) noexcept {
  std::swap(masker_, other.masker_);
  std::swap(place_, other.place_);
  return *this;
}

Constraint::~Constraint() {
  if (place_ != kBegin) masker_->leave(place_);
}

std::optional<ShortAnswer> Constraint::find_short_answer(uint32_t most) const {
  Masker masker = masker_->apart();
  ShortAnswer answer;
  Masker::Place place = masker.enter(masker.automaton().start());
  while (masker.automaton().distance(masker.at(place)) > 0) {
    if (answer.tokens.size() >= most) return std::nullopt;
    const std::span<const uint64_t> nearest = masker.nearest(place);
    const auto word = std::ranges::find_if(nearest, [](uint64_t bits) { return bits != 0; });
    if (word == nearest.end()) return std::nullopt;
    const auto token = static_cast<TokenId>((word - nearest.begin()) * 64 + std::countr_zero(*word));
    const std::string_view piece = masker.tokens().piece(token);
    answer.is_only = answer.is_only && (masker.forced(place, piece.size() + kMostForcedAhead).starts_with(piece) ||
                                        is_single(masker.allowed(place)));
    answer.tokens.push_back(token);
    place = masker.accept(place, token);
  }
  return answer;
}

Masker::Place Constraint::place() const {
  if (place_ == kBegin) place_ = masker_->enter(masker_->automaton().start());
  return place_;
}

}  // namespace ingle::text::grammar
