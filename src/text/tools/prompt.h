// What a chat template is given for a request with tools: messages and definitions in the form that it can render.
//
// Pure functions; any thread. The abilities of a template are probed once, when a model is loaded.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "text/template/chat_template.h"
#include "text/tools/format.h"

namespace ingle::text::tools {

/// What a template does with tools, found by rendering probes.
struct TemplateAbilities {
  bool lists_tools = false;
  bool writes_calls = false;
  bool writes_several_calls = false;  // in one message
  bool writes_results = false;
  bool takes_system = false;
};
TemplateAbilities probe_template(const ChatTemplate& chat_template);

/// What the template is given instead of the request's own messages and tools.
struct PreparedPrompt {
  std::string messages_json;
  std::string tools_json;  // "": none, or they stand in the messages
};
/// Messages in OpenAI's shape (arguments of calls as objects). What the template cannot render becomes text: definitions in
/// the system message, calls and results as turns of assistant and user. Without tools only calls and results are seen to.
Result<PreparedPrompt> prepare_prompt(const Format& format, const TemplateAbilities& abilities,
                                      std::string_view messages_json, std::span<const Tool> tools,
                                      const CallRules& rules);

}  // namespace ingle::text::tools
