#include "text/grammar/constraint.h"

#include <utility>

#include "text/grammar/gbnf.h"

namespace ingle::text::grammar {

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

Masker::Place Constraint::place() const {
  if (place_ == kBegin) place_ = masker_->enter(masker_->automaton().start());
  return place_;
}

}  // namespace ingle::text::grammar
