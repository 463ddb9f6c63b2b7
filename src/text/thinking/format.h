// Models that think before they answer: how they mark it, and what their template does about it.
//
// A Format is a row of a table, found by the source of the chat template. Whether an answer begins with thinking is read
// off the end of each rendered prompt: templates open the thinking, close it at once, or leave it to the model. Constants
// and pure functions; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "text/template/chat_template.h"

namespace ingle::text::thinking {

struct Format {
  std::string_view name;
  std::string_view open;
  std::string_view close;
  std::string_view variable;  // of the template that turns it on and off; "": there is none
};

std::span<const Format> formats();
/// nullptr: the model does not think.
const Format* format_of(std::string_view template_source);

/// Where the answer to a prompt begins.
enum class Start : uint8_t {
  kMayThink,  // the model opens the thinking itself, or does not
  kThinks,    // the prompt has opened it
  kAnswers,   // the prompt has closed it
};
Start start_of(const Format& format, std::string_view prompt_end);

/// What the prompt must go on with so that the answer has no thinking, which the template alone does not prevent; "": nothing.
std::string ending_without_thinking(const Format& format, Start start, bool template_was_told);

}  // namespace ingle::text::thinking
