// What a chat template can do, found by rendering small conversations and looking at what comes out.
//
// Pure: call it once after compiling, on any thread.
#pragma once

#include "text/template/chat_template.h"

namespace ingle::text {

struct TemplateCapabilities {
  bool system_role = false;    // a system message reaches the prompt; otherwise it is refused or lost
  bool tools = false;          // the tools given reach the prompt
  bool tool_calls = false;     // an assistant's calls and a tool's answer in the history reach the prompt
  bool content_parts = false;  // content may be an array of {type, text} rather than text
  friend bool operator==(const TemplateCapabilities&, const TemplateCapabilities&) = default;
};

TemplateCapabilities probe_capabilities(const ChatTemplate& chat_template);

}  // namespace ingle::text
