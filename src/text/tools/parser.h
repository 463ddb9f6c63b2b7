// CallParser: the bytes of an answer, in any cut, to content and calls.
//
// One an answer, one thread. It knows a call by the same Openings as the grammar, so that what was constrained as a call is
// read as one. Control tokens are spelled 0xFF and their text, as in grammars; plain spellings are taken too. Nothing is
// lost: text around calls is content, and so is what looked like a call until the answer ended in its middle.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/tools/format.h"
#include "text/tools/openings.h"

namespace ingle::text::tools {

struct CallEvent {
  enum class Kind : uint8_t {
    kContent,    // text: bytes for the reader
    kBegin,      // text: name of the tool
    kArguments,  // text: the next piece of the arguments' JSON
    kEnd,
  };
  Kind kind = Kind::kContent;
  std::string text = {};
  friend bool operator==(const CallEvent&, const CallEvent&) = default;
};

class CallParser {
 public:
  CallParser(const Format& format, std::span<const Tool> tools, const CallRules& rules = {});

  /// Appends what `bytes` bring. Neighbouring pieces of content or arguments are one event.
  void feed(std::string_view bytes, std::vector<CallEvent>& events);
  /// The answer is over.
  void finish(std::vector<CallEvent>& events);

  /// Bytes that are neither content nor of a call yet.
  size_t n_held() const { return held_.size(); }
  uint32_t n_calls() const { return n_calls_; }
  /// A call was begun that is none of the format: its text became content, or its arguments are cut.
  bool is_broken() const { return broken_; }

 private:
  enum class Phase : uint8_t { kFree, kLead, kName, kMiddle, kArguments, kFoot, kAfterCall, kClose };

  void step(char c);
  void step_free(char c);
  void step_lead(char c);
  void step_name(char c);
  void step_middle(char c);
  void step_arguments(char c);
  void step_foot(char c);
  void step_after_call(char c);
  void step_close(char c);
  void enter_head();
  void enter_free();
  void leave_call();
  void give_up();
  void emit(CallEvent::Kind kind, std::string_view text);

  const Syntax& syntax_;
  std::vector<std::string> names_;  // of the tools that may be called
  Openings openings_;
  std::vector<CallEvent>* out_ = nullptr;  // while feed or finish runs

  Phase phase_ = Phase::kFree;
  Openings::Matcher matcher_;
  std::string held_;         // kFree: what may belong to an opening; later: all of the call that is not told yet
  bool after_call_ = false;  // kFree: only white space came since the last call
  const Wrapping* wrapping_ = nullptr;
  std::string expected_;  // what is still to come of a fixed text, white space left out
  std::string name_;
  uint32_t depth_ = 0;  // of brackets in the arguments
  bool in_string_ = false;
  bool escaped_ = false;
  uint32_t n_calls_ = 0;
  bool broken_ = false;
};

}  // namespace ingle::text::tools
