#include "api/infill.h"

namespace ingle::api {
namespace {

/// The order in which such models were trained: files of the project (Qwen2.5-Coder, arXiv 2409.12186, figure 5), then
/// prefix, suffix, middle (Bavarian et al. 2022, arXiv 2207.14255, "PSM").
class Writer {
 public:
  Writer(chat::Completer& model, const chat::Description& description) : model_(model), description_(description) {
    if (description.adds_bos && description.bos >= 0) tokens_.push_back(description.bos);
  }

  Result<std::vector<int32_t>> write(const Infill& infill) {
    const chat::InfillTokens& marks = description_.infill;
    const bool knows_files = marks.repository >= 0 && marks.file >= 0;
    if (!infill.files.empty() && knows_files) {
      tokens_.push_back(marks.repository);
      INGLE_TRY_VOID(add("project\n"));
    }
    for (const Infill::File& file : infill.files) {
      if (knows_files) {
        tokens_.push_back(marks.file);
        INGLE_TRY_VOID(add(file.name.reveal() + "\n"));
      }
      INGLE_TRY_VOID(add(file.text.reveal() + "\n"));
    }
    if (!infill.files.empty() && knows_files) tokens_.push_back(marks.file);
    tokens_.push_back(marks.prefix);
    INGLE_TRY_VOID(add(infill.before.reveal()));
    tokens_.push_back(marks.suffix);
    INGLE_TRY_VOID(add(infill.after.reveal()));
    tokens_.push_back(marks.middle);
    INGLE_TRY_VOID(add(infill.begun.reveal()));
    return std::move(tokens_);
  }

 private:
  Status add(std::string text) {
    if (text.empty()) return {};
    INGLE_TRY(const auto more, model_.tokenize({.text = chat::Private(std::move(text))}));
    tokens_.insert(tokens_.end(), more.begin(), more.end());
    return {};
  }

  chat::Completer& model_;
  const chat::Description& description_;
  std::vector<int32_t> tokens_;
};

}  // namespace

Answer<chat::TokenPrompt> infill_prompt(chat::Completer& model, const Infill& infill, std::string_view field) {
  const auto description = model.describe();
  if (!description) return std::unexpected(Failure::from(description.error()));
  const chat::InfillTokens& marks = description->infill;
  if (marks.prefix < 0 || marks.suffix < 0 || marks.middle < 0)
    return std::unexpected(Failure{
        .status = 400,
        .param = std::string(field),
        .error = Error::unsupported("'" + std::string(field) + "': this model was not trained to fill in between texts")
                     .hint("qwen2.5-coder was")});
  auto tokens = Writer(model, *description).write(infill);
  if (!tokens) return std::unexpected(Failure::from(std::move(tokens).error()));
  return chat::TokenPrompt{*std::move(tokens)};
}

}  // namespace ingle::api
