// Prompters: the model's own prompter, and those of templates that requests bring instead.
//
// A few of the latter are kept, the least recently used goes first. Belongs to an engine; any thread.
#pragma once

#include <list>
#include <memory>
#include <mutex>

#include "engine/prompt.h"

namespace ingle::engine {

class Prompters {
 public:
  /// `chat_template` as in Prompter; both are borrowed.
  Prompters(const text::Tokenizer& tokenizer, const text::ChatTemplate* chat_template);

  /// kUsage: the template that the prompt brings is none.
  Result<std::shared_ptr<const Prompter>> of(const chat::Prompt& prompt);
  Result<std::shared_ptr<const Prompter>> of(const chat::ChatPrompt& prompt);

 private:
  struct Other {
    Other(const text::Tokenizer& tokenizer, std::shared_ptr<const text::ChatTemplate> given)
        : chat_template(std::move(given)), prompter(tokenizer, chat_template.get()) {}
    const std::shared_ptr<const text::ChatTemplate> chat_template;
    const Prompter prompter;
  };

  const text::Tokenizer& tokenizer_;
  const std::shared_ptr<const Prompter> own_;
  std::mutex others_mutex_;
  std::list<std::shared_ptr<const Other>> others_;  // the last used first
};

}  // namespace ingle::engine
