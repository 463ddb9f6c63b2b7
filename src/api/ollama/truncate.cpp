#include "api/ollama/truncate.h"

#include <algorithm>
#include <vector>

namespace ingle::api::ollama {
namespace {

/// Without the first `n` messages, those of the system apart.
std::vector<chat::Message> without(const std::vector<chat::Message>& messages, size_t n) {
  std::vector<chat::Message> kept;
  for (size_t i = 0; i < messages.size(); ++i) {
    if (i >= n || messages[i].role == "system") kept.push_back(messages[i]);
  }
  return kept;
}

Result<bool> fits(chat::Completer& model, const chat::ChatPrompt& prompt, size_t context) {
  INGLE_TRY(std::string text, model.render(prompt));
  INGLE_TRY(
      const auto tokens,
      model.tokenize({.text = chat::Private(std::move(text)), .recognise_control_tokens = true, .add_bos = true}));
  return prompt.before.size() + tokens.size() <= context;
}

}  // namespace

Result<size_t> leave_out_oldest(chat::Completer& model, chat::ChatPrompt& prompt, uint32_t context) {
  INGLE_TRY(const chat::Description description, model.describe());
  const size_t most = context == 0 ? description.context_limit : std::min(context, description.context_limit);
  INGLE_TRY(const bool fits_as_it_is, fits(model, prompt, most));
  if (fits_as_it_is || prompt.messages.empty()) return 0;
  const std::vector<chat::Message> all = std::move(prompt.messages);
  // A result whose call was left out would answer nothing.
  std::vector<size_t> cuts;
  for (size_t i = 1; i < all.size(); ++i) {
    if (all[i].role != "tool" && all[i - 1].role != "system") cuts.push_back(i);
  }
  if (cuts.empty()) {
    prompt.messages = all;
    return 0;
  }
  // The fewer messages, the fewer tokens: the first cut that is enough is found in a few tries.
  size_t low = 0;
  size_t high = cuts.size() - 1;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    prompt.messages = without(all, cuts[middle]);
    INGLE_TRY(const bool enough, fits(model, prompt, most));
    if (enough) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  prompt.messages = without(all, cuts[low]);
  return all.size() - prompt.messages.size();
}

}  // namespace ingle::api::ollama
