// From what a request wants continued to token ids: template, marking of foreign text, BOS.
//
// A Prompter borrows the model's tokenizer and template; both are immutable, so any thread may call it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "chat/types.h"
#include "engine/tool_use.h"
#include "text/template/chat_template.h"
#include "text/thinking/format.h"
#include "text/tokenizer/tokenizer.h"

namespace ingle::engine {

class Prompter {
 public:
  /// `chat_template` may be null: messages are then completed as the plain text they are.
  Prompter(const text::Tokenizer& tokenizer, const text::ChatTemplate* chat_template)
      : tokenizer_(tokenizer),
        template_(chat_template),
        tools_(chat_template),
        thinking_(chat_template == nullptr ? nullptr : text::thinking::format_of(chat_template->source())) {}

  const ToolUse& tools() const { return tools_; }
  /// nullptr: the model does not think.
  const text::thinking::Format* thinking() const { return thinking_; }

  Result<std::vector<text::RenderedSegment>> render(const chat::ChatPrompt& prompt) const;

  /// `continues`: the tokens go on after others, so no BOS comes before them. Ids are below `n_vocab`.
  Result<std::vector<int32_t>> encode(const chat::Prompt& prompt, bool continues, uint32_t n_vocab) const;

 private:
  Result<std::vector<text::RenderedSegment>> render_turns(const chat::ChatPrompt& prompt) const;
  Result<std::vector<text::RenderedSegment>> render_begun(chat::ChatPrompt prompt) const;
  Status close_thinking(const chat::ChatPrompt& prompt, std::vector<text::RenderedSegment>& segments) const;
  std::vector<int32_t> encode_segments(const std::vector<text::RenderedSegment>& segments, bool add_bos) const;

  const text::Tokenizer& tokenizer_;
  const text::ChatTemplate* template_;
  ToolUse tools_;
  const text::thinking::Format* thinking_;
};

/// The messages as the array that templates expect; OpenAI's field names, as Hugging Face uses them.
std::string messages_json(const std::vector<chat::Message>& messages);

}  // namespace ingle::engine
