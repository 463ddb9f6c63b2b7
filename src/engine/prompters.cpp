#include "engine/prompters.h"

#include <fmt/format.h>

#include <algorithm>

namespace ingle::engine {
namespace {

constexpr size_t kMaxOthers = 8;
constexpr size_t kMaxTemplateBytes = 1 << 20;

}  // namespace

Prompters::Prompters(const text::Tokenizer& tokenizer, const text::ChatTemplate* chat_template)
    : tokenizer_(tokenizer), own_(std::make_shared<const Prompter>(tokenizer, chat_template)) {}

Result<std::shared_ptr<const Prompter>> Prompters::of(const chat::Prompt& prompt) {
  if (const auto* chat_prompt = std::get_if<chat::ChatPrompt>(&prompt)) return of(*chat_prompt);
  return own_;
}

Result<std::shared_ptr<const Prompter>> Prompters::of(const chat::ChatPrompt& prompt) {
  const std::string& source = prompt.chat_template;
  if (source.empty()) return own_;
  if (source.size() > kMaxTemplateBytes)
    return std::unexpected(Error::usage(fmt::format("a template has at most {} bytes", kMaxTemplateBytes)));
  const std::lock_guard lock(others_mutex_);
  auto found = std::ranges::find(others_, source, [](const auto& other) { return other->chat_template->source(); });
  if (found == others_.end()) {
    auto compiled = text::ChatTemplate::compile(source);
    if (!compiled) return std::unexpected(Error::usage("the template is none: " + compiled.error().message()));
    others_.push_front(std::make_shared<const Other>(tokenizer_, *std::move(compiled)));
    if (others_.size() > kMaxOthers) others_.pop_back();
    found = others_.begin();
  }
  others_.splice(others_.begin(), others_, found);
  const std::shared_ptr<const Other> other = *found;
  return std::shared_ptr<const Prompter>(other, &other->prompter);
}

}  // namespace ingle::engine
