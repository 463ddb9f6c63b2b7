#include "engine/vocabulary.h"

#include "engine/prompt.h"
#include "engine/read_text.h"

namespace ingle::engine {
namespace {

class Vocabulary final : public chat::Completer {
 public:
  Vocabulary(chat::Description description, std::unique_ptr<text::Tokenizer> tokenizer,
             std::shared_ptr<const text::ChatTemplate> chat_template)
      : description_(std::move(description)),
        tokenizer_(std::move(tokenizer)),
        template_(std::move(chat_template)),
        prompter_(*tokenizer_, template_.get()) {}

  Result<chat::Description> describe() override { return description_; }
  Result<std::string> render(const chat::ChatPrompt& prompt) override {
    INGLE_TRY(const auto segments, prompter_.render(prompt));
    std::string text;
    for (const auto& segment : segments)
      text += segment.text;
    return text;
  }
  Result<std::vector<int32_t>> tokenize(const chat::TokenizeRequest& request) override {
    return read_text(*tokenizer_, request, description_.name);
  }
  Result<std::string> detokenize(std::span<const int32_t> tokens) override { return tokenizer_->decode(tokens, true); }

  Status complete(chat::CompleteRequest, chat::EventSink) override { return nothing_computes(); }
  void cancel(std::string_view) override {}
  Result<std::vector<float>> score(const chat::ScoreRequest&) override { return nothing_computes(); }
  Status embed(chat::EmbedRequest, chat::EventSink) override { return nothing_computes(); }
  Result<std::vector<std::vector<float>>> tag(const chat::EmbedTokens&) override { return nothing_computes(); }
  Result<std::string> fork(std::string_view) override { return nothing_computes(); }
  void release(std::string_view) override {}
  Result<chat::Stats> stats() override { return chat::Stats{}; }

 private:
  static std::unexpected<Error> nothing_computes() {
    return std::unexpected(Error::unsupported("only the vocabulary of this model was loaded"));
  }

  const chat::Description description_;
  const std::unique_ptr<text::Tokenizer> tokenizer_;
  const std::shared_ptr<const text::ChatTemplate> template_;
  const Prompter prompter_;
};

}  // namespace

std::unique_ptr<chat::Completer> make_vocabulary(chat::Description description,
                                                 std::unique_ptr<text::Tokenizer> tokenizer,
                                                 std::shared_ptr<const text::ChatTemplate> chat_template) {
  return std::make_unique<Vocabulary>(std::move(description), std::move(tokenizer), std::move(chat_template));
}

}  // namespace ingle::engine
