#include "text/tools/parser.h"

#include <algorithm>

namespace ingle::text::tools {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

std::string without_space(std::string_view text) {
  std::string kept;
  std::ranges::copy_if(text, std::back_inserter(kept), [](char c) { return !is_space(c); });
  return kept;
}

std::vector<std::string> callable_names(std::span<const Tool> tools, const CallRules& rules) {
  std::vector<std::string> names;
  for (const Tool& tool : tools) {
    if (rules.only.empty() || tool.name == rules.only) names.push_back(tool.name);
  }
  return names;
}

}  // namespace

CallParser::CallParser(const Format& format, std::span<const Tool> tools, const CallRules& rules)
    : syntax_(format.syntax),
      names_(callable_names(tools, rules)),
      openings_(syntax_, names_, !rules.document.empty()) {}

void CallParser::feed(std::string_view bytes, std::vector<CallEvent>& events) {
  out_ = &events;
  for (const char c : bytes)
    step(c);
  out_ = nullptr;
}

void CallParser::finish(std::vector<CallEvent>& events) {
  out_ = &events;
  switch (phase_) {
    case Phase::kFree:
      if (!after_call_) emit(CallEvent::Kind::kContent, held_);
      break;
    case Phase::kLead:
    case Phase::kName:
    case Phase::kMiddle:
      give_up();
      break;
    case Phase::kArguments:
      broken_ = true;
      emit(CallEvent::Kind::kEnd, {});
      break;
    default:
      break;
  }
  held_.clear();
  enter_free();
  out_ = nullptr;
}

void CallParser::step(char c) {
  switch (phase_) {
    case Phase::kFree:
      return step_free(c);
    case Phase::kLead:
      return step_lead(c);
    case Phase::kName:
      return step_name(c);
    case Phase::kMiddle:
      return step_middle(c);
    case Phase::kArguments:
      return step_arguments(c);
    case Phase::kFoot:
      return step_foot(c);
    case Phase::kAfterCall:
      return step_after_call(c);
    case Phase::kClose:
      return step_close(c);
  }
}

void CallParser::step_free(char c) {
  held_ += c;
  Openings::Match match;
  if (openings_.step(matcher_, c, match)) {
    const size_t n_before = held_.size() - (matcher_.offset - match.start);
    if (!after_call_) emit(CallEvent::Kind::kContent, std::string_view(held_).substr(0, n_before));
    held_.erase(0, n_before);
    after_call_ = false;
    wrapping_ = &syntax_.wrappings[match.wrapping];
    if (wrapping_->sure) {
      expected_ = (wrapping_->list ? "[" : "") + without_space(syntax_.head);
      enter_head();
    } else {
      name_ = names_[match.tool];
      expected_ = without_space(syntax_.middle.substr(1));
      phase_ = Phase::kMiddle;
    }
    return;
  }
  if (matcher_.dead) {
    // A control token that opens nothing is never generated under the grammar; its spelling is content.
    matcher_ = {.line_start = false, .offset = matcher_.offset};
  }
  if (after_call_ && matcher_.places.empty() && (is_space(c) || syntax_.between.find(c) != std::string_view::npos)) {
    matcher_.line_start = true;
    return;
  }
  if (after_call_ && !matcher_.places.empty()) return;
  after_call_ = false;
  size_t n_pending = 0;
  for (const Openings::Place& place : matcher_.places)
    n_pending = std::max(n_pending, matcher_.offset - place.start);
  const size_t n_clear = held_.size() - std::min(n_pending, held_.size());
  emit(CallEvent::Kind::kContent, std::string_view(held_).substr(0, n_clear));
  held_.erase(0, n_clear);
}

void CallParser::enter_head() {
  phase_ = expected_.empty() ? Phase::kName : Phase::kLead;
  name_.clear();
}

void CallParser::step_lead(char c) {
  held_ += c;
  if (is_space(c)) return;
  if (c != expected_.front()) return give_up();
  expected_.erase(0, 1);
  if (expected_.empty()) phase_ = Phase::kName;
}

void CallParser::step_name(char c) {
  held_ += c;
  if (c == kControlByte || (name_.empty() && is_space(c))) return;
  if (c != syntax_.middle.front()) {
    name_ += c;
    if (name_.size() > kMaxNameBytes) give_up();
    return;
  }
  if (std::ranges::find(names_, name_) == names_.end()) return give_up();
  expected_ = without_space(syntax_.middle.substr(1));
  phase_ = Phase::kMiddle;
}

void CallParser::step_middle(char c) {
  held_ += c;
  if (is_space(c)) return;
  if (!expected_.empty()) {
    if (c != expected_.front()) return give_up();
    expected_.erase(0, 1);
    return;
  }
  if (c != '{') return give_up();
  held_.clear();
  ++n_calls_;
  emit(CallEvent::Kind::kBegin, name_);
  emit(CallEvent::Kind::kArguments, "{");
  phase_ = Phase::kArguments;
  depth_ = 1;
  in_string_ = false;
  escaped_ = false;
}

void CallParser::step_arguments(char c) {
  emit(CallEvent::Kind::kArguments, std::string_view(&c, 1));
  if (in_string_) {
    in_string_ = escaped_ || c != '"';
    escaped_ = !escaped_ && c == '\\';
    return;
  }
  if (c == '"') in_string_ = true;
  if (c == '{' || c == '[') ++depth_;
  if (c == '}' || c == ']') --depth_;
  if (depth_ > 0) return;
  emit(CallEvent::Kind::kEnd, {});
  phase_ = Phase::kFoot;
  if (syntax_.foot.empty()) leave_call();
}

/// Up to the end of the object that holds the arguments; an id may stand before it.
void CallParser::step_foot(char c) {
  if (in_string_) {
    in_string_ = escaped_ || c != '"';
    escaped_ = !escaped_ && c == '\\';
    return;
  }
  if (c == '"') in_string_ = true;
  if (c == '}') leave_call();
}

void CallParser::leave_call() {
  phase_ = Phase::kAfterCall;
  if (wrapping_->list) return;
  expected_ = without_space(wrapping_->close);
  phase_ = Phase::kClose;
  if (expected_.empty()) enter_free();
}

void CallParser::step_after_call(char c) {
  if (is_space(c)) return;
  if (c == ',') {
    expected_ = without_space(syntax_.head);
    held_.clear();
    enter_head();
    return;
  }
  expected_ = without_space(wrapping_->close);
  phase_ = Phase::kClose;
  if (c != ']') return step_close(c);
  if (expected_.empty()) enter_free();
}

void CallParser::step_close(char c) {
  if (is_space(c) || c == kControlByte) return;
  if (!expected_.empty() && c == expected_.front()) {
    expected_.erase(0, 1);
    if (expected_.empty()) enter_free();
    return;
  }
  enter_free();
  step_free(c);
}

void CallParser::enter_free() {
  phase_ = Phase::kFree;
  held_.clear();
  matcher_ = {};
  after_call_ = true;
}

/// What looked like a call is content after all.
void CallParser::give_up() {
  broken_ = true;
  const std::string text = std::move(held_);
  enter_free();
  after_call_ = false;
  matcher_.line_start = false;
  emit(CallEvent::Kind::kContent, text);
}

void CallParser::emit(CallEvent::Kind kind, std::string_view text) {
  if (kind == CallEvent::Kind::kEnd) {
    out_->push_back({kind});
    return;
  }
  std::string told(text);
  if (kind == CallEvent::Kind::kContent) std::erase(told, kControlByte);
  if (told.empty()) return;
  const bool goes_on = kind != CallEvent::Kind::kBegin && !out_->empty() && out_->back().kind == kind;
  if (goes_on) {
    out_->back().text += told;
  } else {
    out_->push_back({kind, std::move(told)});
  }
}

}  // namespace ingle::text::tools
