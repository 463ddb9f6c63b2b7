#include <fmt/format.h>

#include "api/openai/choices_encoder.h"
#include "api/openai/completions.h"
#include "base/utf8.h"

namespace ingle::api::openai {
namespace {

/// A token that is no text of its own, as OpenAI wrote such tokens.
std::string spelled(const std::string& bytes) {
  if (base::is_valid_utf8(bytes)) return bytes;
  std::string text = "bytes:";
  for (const char byte : bytes)
    text += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
  return text;
}

size_t n_code_points(std::string_view text) {
  size_t n = 0;
  for (const char byte : text)
    n += (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U ? 1 : 0;
  return n;
}

/// The old form: lists side by side. Offsets count code points of the choice's text.
class OldLogprobs {
 public:
  Json of_prompt(const Echo& echo) {
    Json json = empty();
    for (const chat::TokenLogprob& token : echo.tokens) {
      const bool is_first = json["tokens"].empty();
      add(json, token, is_first ? Json() : Json(token.logprob), nullptr);
    }
    return json;
  }

  void add(Json& json, std::span<const chat::TokenInfo> tokens) {
    for (const chat::TokenInfo& token : tokens) {
      if (token.is_end) continue;
      Json top = Json::object();
      for (const chat::TokenLogprob& other : token.top)
        top[spelled(other.text)] = other.logprob;
      top[spelled(token.chosen.text)] = token.chosen.logprob;  // also where it is none of the most likely
      add(json, token.chosen, token.chosen.logprob, std::move(top));
    }
  }

  static Json empty() {
    return {{"tokens", Json::array()},
            {"token_logprobs", Json::array()},
            {"top_logprobs", Json::array()},
            {"text_offset", Json::array()}};
  }

 private:
  void add(Json& json, const chat::TokenLogprob& token, Json logprob, Json top) {
    json["tokens"].push_back(spelled(token.text));
    json["token_logprobs"].push_back(std::move(logprob));
    json["top_logprobs"].push_back(std::move(top));
    json["text_offset"].push_back(offset_);
    offset_ += n_code_points(token.text);
  }

  size_t offset_ = 0;
};

class CompletionsEncoder : public ChoicesEncoder {
 public:
  CompletionsEncoder(AnswerFrame frame, std::shared_ptr<const std::vector<Echo>> echoes)
      : ChoicesEncoder(std::move(frame), "text_completion", "text_completion"), echoes_(std::move(echoes)) {}

  std::string begin(const chat::Prefill& /*prompt*/) override {
    std::string chunks;
    for (uint32_t choice = 0; choice < echoes_->size() * frame().n; ++choice) {
      const Echo& echo = echo_of(choice);
      OldLogprobs& logprobs = logprobs_.emplace_back();
      if (echo.text.empty()) continue;
      Json content = {{"text", echo.text}};
      if (frame().logprobs) content["logprobs"] = logprobs.of_prompt(echo);
      chunks += chunk_event(choice, content);
    }
    return chunks;
  }

  std::string choice_delta(uint32_t choice, const chat::Delta& delta) override {
    if (delta.text.empty() && delta.tokens.empty()) return {};
    Json content = {{"text", delta.text}};
    if (frame().logprobs) logprobs_[choice].add(content["logprobs"] = OldLogprobs::empty(), delta.tokens);
    return chunk_event(choice, content);
  }

 private:
  Json no_content() const override { return {{"text", ""}}; }

  Json whole_content(uint32_t choice, const WholeAnswer& answer) const override {
    const Echo& echo = echo_of(choice);
    Json content = {{"text", echo.text + answer.text}};
    if (frame().logprobs) {
      OldLogprobs writer;
      writer.add(content["logprobs"] = writer.of_prompt(echo), answer.tokens);
    }
    return content;
  }

  const Echo& echo_of(uint32_t choice) const { return (*echoes_)[choice / frame().n]; }

  const std::shared_ptr<const std::vector<Echo>> echoes_;  // filled in before anything is encoded
  std::vector<OldLogprobs> logprobs_;                      // of a stream's choices
};

}  // namespace

std::unique_ptr<AnswerEncoder> make_completions_encoder(AnswerFrame frame,
                                                        std::shared_ptr<const std::vector<Echo>> echoes) {
  return std::make_unique<CompletionsEncoder>(std::move(frame), std::move(echoes));
}

}  // namespace ingle::api::openai
